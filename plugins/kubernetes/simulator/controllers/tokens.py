"""Bootstrap tokens.

The cleaner deletes expired ones; the signer vouches for cluster-info with each of them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from binascii import Error as BadBase64
from typing import Any

from plugins.kubernetes.simulator.clock import seconds_of
from plugins.kubernetes.simulator.controllers.base import Desk
from plugins.kubernetes.simulator.controllers.queue import Queue
from plugins.kubernetes.simulator.fields import texts
from plugins.kubernetes.simulator.kinds import CONFIG_MAPS, SECRETS
from plugins.kubernetes.simulator.store import Change, Entry

Object = dict[str, Any]
TOKEN_TYPE = "bootstrap.kubernetes.io/token"  # noqa: S105 - the type of a Secret
INFO = "kube-public/cluster-info"
SIGNATURE = "jws-kubeconfig-"


def values(secret: Entry) -> dict[str, str]:
    """The decoded data of a secret; what is no text is left out."""
    made: dict[str, str] = {}
    for key, value in texts(secret.body, "data").items():
        try:
            made[key] = base64.b64decode(value).decode()
        except (BadBase64, UnicodeDecodeError):
            continue
    return made


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def detached_signature(content: str, token_id: str, secret: str) -> str:
    """The JWS (HS256) of a text without the text in the middle, as kubeadm's joiners verify it."""
    head = _url64(b'{"alg":"HS256","kid":"%s"}' % token_id.encode())
    signed = hmac.new(secret.encode(), f"{head}.{_url64(content.encode())}".encode(), hashlib.sha256)
    return f"{head}..{_url64(signed.digest())}"


class Tokens:
    """Follows the token Secrets in kube-system."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.clean = Queue(lambda: desk.world.clock, self._clean)
        self.sign = Queue(lambda: desk.world.clock, lambda _: self._sign(), delay=0.2)
        desk.store.listen(self._secret_changed, SECRETS)
        desk.store.listen(self._info_changed, CONFIG_MAPS)

    def _secret_changed(self, change: Change) -> None:
        entry = change.new
        if entry.namespace == "kube-system" and entry.body.get("type") == TOKEN_TYPE:
            self.sign.add("")
            if change.type != "DELETED":
                self.clean.add(entry.key)

    def _info_changed(self, change: Change) -> None:
        if change.new.key == INFO and change.type != "DELETED":
            self.sign.add("")

    def _clean(self, key: str) -> None:
        entry = self.desk.store.get(SECRETS, key)
        if entry is None:
            return
        expiration = values(entry).get("expiration")
        if not expiration:
            return
        try:
            left = seconds_of(expiration) - self.desk.world.clock.now()
        except ValueError:
            left = 0.0
        if left <= 0:
            self.desk.world.delete(entry)
        else:
            self.clean.later(key, left)

    def _sign(self) -> None:
        info = self.desk.store.get(CONFIG_MAPS, INFO)
        if info is None or "kubeconfig" not in texts(info.body, "data"):
            return
        content = info.body["data"]["kubeconfig"]
        signatures: dict[str, str] = {}
        for secret in self.desk.store.each(SECRETS, "kube-system"):
            if secret.body.get("type") != TOKEN_TYPE:
                continue
            held = values(secret)
            if held.get("usage-bootstrap-signing") == "true" and held.get("token-id") and held.get("token-secret"):
                name = f"{SIGNATURE}{held['token-id']}"
                signatures[name] = detached_signature(content, held["token-id"], held["token-secret"])

        def edit(body: Object) -> None:
            kept = {key: value for key, value in body["data"].items() if not key.startswith(SIGNATURE)}
            body["data"] = kept | signatures

        self.desk.world.change(CONFIG_MAPS, INFO, edit)
