"""What a plan asks of servers beside the rows: etcd's members for a drain, the certificates for a way back."""

from __future__ import annotations

from typing import Any

from console.errors import SourceError
from console.model import Verdict
from console.plugin import Facts, Target
from plugins.kubernetes.checks import certificates
from plugins.kubernetes.maintenance import quorum, replacing
from plugins.kubernetes.model import tables


async def asked(client: Any, facts: Facts, target: Target, found: Verdict) -> Verdict:
    """The verdict of a plan, completed; unchanged, and nobody asked, where no control-plane node is concerned."""
    if target.run == "drain":
        return await quorum.asked(client, facts, target, found)
    nodes = (facts.get(tables.NODES, name) for name in target.nodes)
    if not replacing.replaced(target) or not any(node is not None and node.control_plane for node in nodes):
        return found
    try:
        more = certificates.certificate_reason(await client.tokens.certificates(), facts.now)
    except SourceError as error:
        more = certificates.unread(str(error))
    return Verdict((*found.reasons, more))
