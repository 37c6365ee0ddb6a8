"""What a drain and a rejoin do on Kubernetes' own level: cordon, evict, verify; ready, uncordon, whole again.

Owns the steps (data) and the code of their kinds. The verdict is plugins.kubernetes.checks.verdict's. Refuses I/O of
its own: every request goes through the client that a step is given, with a precondition (uid, resource version).
"""

from __future__ import annotations

from console.plugin import Hooks
from plugins.kubernetes.checks.presence import present
from plugins.kubernetes.checks.verdict import READS
from plugins.kubernetes.maintenance.asking import asked
from plugins.kubernetes.maintenance.cordoning import CORDON, UNCORDON
from plugins.kubernetes.maintenance.evicting import EVICT
from plugins.kubernetes.maintenance.freeing import FREE
from plugins.kubernetes.maintenance.identity import FITS, IDENTITY, NETWORK
from plugins.kubernetes.maintenance.judging import ANSWERED, PREFLIGHT, members, prospects, verdict
from plugins.kubernetes.maintenance.leaving import DELETE, SILENT
from plugins.kubernetes.maintenance.minting import JOIN, REVOKE, TOKEN
from plugins.kubernetes.maintenance.planning import steps
from plugins.kubernetes.maintenance.proving import proof
from plugins.kubernetes.maintenance.quorum import QUORUM
from plugins.kubernetes.maintenance.returning import READY, WHOLE
from plugins.kubernetes.maintenance.verifying import VERIFY

__all__ = ["HOOKS"]

HOOKS = Hooks(
    reads=READS,
    members=members,
    verdict=verdict,
    steps=steps,
    kinds={
        "preflight": PREFLIGHT,
        "cordon": CORDON,
        "answered": ANSWERED,
        "evict": EVICT,
        "verify": VERIFY,
        "ready": READY,
        "uncordon": UNCORDON,
        "whole": WHOLE,
        "silent": SILENT,
        "delete": DELETE,
        "token": TOKEN,
        "join": JOIN,
        "identity": IDENTITY,
        "network": NETWORK,
        "revoke": REVOKE,
        "fits": FITS,
        "free": FREE,
        "quorum": QUORUM,
    },
    proof=proof,
    prospects=prospects,
    present=present,
    asked=asked,
)
