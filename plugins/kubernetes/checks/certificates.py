"""Whether a control-plane node could join now: the certificates that it would be given, and what renews them. Pure."""

from __future__ import annotations

from console.format import until_words
from console.model import Answer, Reason, Ref
from plugins.kubernetes.model.certificates import RENEW, Certificates

TOPIC = "certificates"
_SECRET = Ref("secret", "kubeadm-certs", "kube-system")
_WHO = "Secret kube-system/kubeadm-certs"
_HOW = f"`{RENEW}` on another control-plane host makes it anew, for two hours, and prints the key that the join needs"


def certificate_reason(found: Certificates, now: float) -> Reason:
    """The state of the Secret, until when, and the command."""
    if not found.there:
        return Reason(Answer.NO, TOPIC, f"{_WHO} is not there: {_HOW}", _SECRET)
    if found.expires is not None and found.expires <= now:
        return Reason(Answer.NO, TOPIC, f"{_WHO} has run out: {_HOW}", _SECRET)
    until = until_words(found.expires, now) if found.expires is not None else "and no token ends it"
    text = f"{_WHO} is there {until}; the join needs the key that was printed with it, else: {_HOW}"
    return Reason(Answer.SAFE, TOPIC, text, _SECRET)


def unread(why: str) -> Reason:
    """It could not be looked at."""
    return Reason(Answer.UNKNOWN, TOPIC, f"whether {_WHO} is there could not be read: {why}; {_HOW}", _SECRET)
