"""Volumes and claims: the two halves of what the server gives, and both joined with pods, nodes and fill."""

from __future__ import annotations

from collections.abc import Iterable

from console.plugin import Facts, Join, Table, Touch
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.nodes import Node
from plugins.kubernetes.model.pods import Pod, claim_keys
from plugins.kubernetes.model.usage import Fill, Summary
from plugins.kubernetes.model.volumes import Claim, Volume
from plugins.kubernetes.model.wire import Row


class VolumeView(Row, frozen=True, gc=False):
    """A volume with its claim, or a claim without a volume. `pods`: names of those that use it now."""

    volume: Volume | None
    claim: Claim | None
    pods: tuple[str, ...] = ()
    host: str = ""
    host_state: str = ""
    fill: Fill | None = None

    @property
    def key(self) -> str:
        row = self.volume or self.claim
        return tables.storage_key(row) if row is not None else ""

    @property
    def name(self) -> str:
        return self.volume.name if self.volume else self.claim.name if self.claim else ""

    @property
    def phase(self) -> str:
        """Of the volume; a claim without one is Pending or Lost."""
        return self.volume.phase if self.volume else self.claim.phase if self.claim else ""

    @property
    def claim_key(self) -> str:
        return self.claim.key if self.claim else self.volume.claim if self.volume else ""

    @property
    def namespace(self) -> str:
        return self.claim_key.partition("/")[0]

    @property
    def size(self) -> int:
        return self.volume.size if self.volume else self.claim.requested if self.claim else 0

    @property
    def storage_class(self) -> str:
        return self.volume.storage_class if self.volume else self.claim.storage_class if self.claim else ""


VIEWS: Table[VolumeView] = Table("volumeviews", lambda row: row.key)


def build(row: Volume | Claim, facts: Facts) -> Iterable[VolumeView]:
    """One line; a claim that has its volume stands on the volume's line."""
    if isinstance(row, Claim):
        if not row.volume or tables.volume(facts, row.volume) is None:
            yield VolumeView(None, row, _users(row.key, facts), row.selected_node, fill=_fill(row.key, facts))
        return
    claim = tables.claim(facts, row.claim) if row.claim else None
    host = row.hosts[0] if len(row.hosts) == 1 else ",".join(row.hosts)
    node = facts.get(tables.NODES, host) if host else None
    yield VolumeView(
        volume=row,
        claim=claim if claim is not None and claim.volume in {row.name, ""} else None,
        pods=_users(row.claim, facts),
        host=host,
        host_state="" if not host else node.state if node is not None else "gone",
        fill=_fill(row.claim, facts),
    )


def _users(claim: str, facts: Facts) -> tuple[str, ...]:
    return tuple(sorted(pod.name for pod in facts.by(tables.PODS_BY_CLAIM, claim) if not pod.finished)) if claim else ()


def _fill(claim: str, facts: Facts) -> Fill | None:
    pods = facts.by(tables.PODS_BY_CLAIM, claim) if claim else ()
    for pod in pods:
        summary = facts.get(tables.SUMMARIES, pod.node)
        for one in summary.claims if summary else ():
            if one.claim == claim:
                return one.fill
    return None


def _of_claims(claims: Iterable[str], facts: Facts) -> set[str]:
    return {tables.storage_key(row) for claim in claims for row in facts.by(tables.STORAGE_BY_CLAIM, claim)}


def _of_row(row: Volume | Claim, facts: Facts) -> Iterable[str]:
    """Both sides of a binding, also while only one of them says so."""
    found = _of_claims((tables.claim_of(row),), facts)
    return {*found, f"pv/{row.volume}"} if isinstance(row, Claim) and row.volume else found


def _of_pod(pod: Pod, facts: Facts) -> Iterable[str]:
    return _of_claims(claim_keys(pod), facts) if pod.claims else ()


def _of_node(node: Node, facts: Facts) -> Iterable[str]:
    return [f"pv/{volume.name}" for volume in tables.volumes_on(facts, node.name)]


def _of_summary(summary: Summary, facts: Facts) -> Iterable[str]:
    return _of_claims([one.claim for one in summary.claims], facts)


STORAGE_JOINS: tuple[Join[Volume | Claim, VolumeView], ...] = (
    Join(
        VIEWS,
        tables.STORAGE,
        build,
        (
            Touch(tables.STORAGE, _of_row),
            Touch(tables.PODS, _of_pod),
            Touch(tables.NODES, _of_node),
            Touch(tables.SUMMARIES, _of_summary),
        ),
    ),
)
