"""Rows, their tables, and the arithmetic of the quorum."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from console.model import NodeName, Ref
from console.plugin import Table
from console.rings import may_go
from plugins.zookeeper.model.words import Membership, Said

VOTING = frozenset({"leader", "follower", "standalone"})
NONE_MAY_GO = 0


class Seat(Struct, frozen=True):
    """Where one member is reached, and the pod that it is, where it is one."""

    name: str
    host: str
    port: int
    admin: tuple[int, ...] = ()
    admin_host: str = ""
    pod: Ref | None = None
    node: NodeName = NodeName("")

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"


class Member(Struct, frozen=True):
    """One member. `said` is None where nothing could be read; `problem` says why, and what is missing of the rest."""

    seat: Seat
    id: int | None = None
    votes: bool | None = None
    """Whether it has a vote; None where nobody says."""
    said: Said | None = None
    problem: str = ""
    read_by: str = ""
    membership: Membership | None = None
    behind: int | None = None
    """Transactions that the leader has and it has not, at about one moment; None where that is not known."""
    old_epoch: bool = False

    @property
    def name(self) -> str:
        return self.seat.name

    @property
    def serving(self) -> bool | None:
        """Whether it serves with a quorum; None where that is not known."""
        return None if self.said is None else self.said.serving and bool(self.said.mode)

    @property
    def state(self) -> str:
        """Its mode, or why it has none."""
        if self.said is None:
            return "unknown"
        return self.said.mode if self.said.serving else "not serving"


class Ring(Struct, frozen=True):
    """The ensemble as a whole. `synced` counts voters in sync with the leader, the leader too; None: nobody says."""

    name: str
    voters: int
    needed: int
    serving: int
    unknown: int
    observers: int
    leaders: tuple[str, ...]
    synced: int | None = None
    pending: int | None = None
    weighted: bool = False

    @property
    def spare(self) -> int | None:
        """How many more voters may go; below 0 there is no quorum. None where it cannot be told."""
        if self.weighted or not self.leaders:
            return None
        held = self.serving if self.synced is None else min(self.serving, self.synced)
        return held - self.needed

    @property
    def lost(self) -> bool:
        """Whether there is certainly no quorum: too few serve, and those that are unknown do not help."""
        return self.serving + self.unknown < self.needed

    @property
    def sentence(self) -> str:
        """`3 voters, quorum 2, 3 serving: one may go`."""
        said = [f"{self.voters} voter{'' if self.voters == 1 else 's'}", f"quorum {self.needed}"]
        said.append(f"{self.serving} serving")
        if self.unknown:
            said.append(f"{self.unknown} unknown")
        if self.synced is not None and self.synced < self.serving:
            said.append(f"{self.synced} in sync")
        return f"{', '.join(said)}: {self._end()}"

    def _end(self) -> str:
        spare = self.spare
        if self.weighted:
            return "votes are weighted, so who may go is UNKNOWN"
        if self.lost:
            return "there is no quorum"
        if spare is None:
            return "no leader is seen, so none may go"
        return may_go(max(0, spare))


MEMBERS = Table[Member]("zookeeper-members", lambda row: row.seat.name)
RINGS = Table[Ring]("zookeeper-rings", lambda row: row.name)


def ring(name: str, members: Sequence[Member]) -> Ring:
    """The ensemble of these rows. Unknown is unsafe: who cannot be read is not counted as serving."""
    told = [one.membership for one in members if one.membership and one.membership.members]
    votes = {voter.id: voter.votes for one in told for voter in one.members}
    leader = next((one for one in members if one.said and one.state == "leader"), None)
    leads = leader.said if leader else None
    sizes = [one.said.voters for one in members if one.said and one.said.voters]
    voters = sum(votes.values()) or max(sizes, default=0) or sum(one.votes is not False for one in members)
    voting = [one for one in members if one.votes is not False and one.state != "observer"]
    synced = None
    if leads is not None and leads.synced is not None:
        synced = leads.synced - (leads.synced_without_vote or 0) + 1
    return Ring(
        name,
        voters=voters,
        needed=voters // 2 + 1,
        serving=sum(one.serving is True and one.said is not None and one.said.mode in VOTING for one in voting),
        unknown=sum(one.serving is None for one in voting),
        observers=sum(one.votes is False or one.state == "observer" for one in members),
        leaders=tuple(one.name for one in members if one.state in {"leader", "standalone"}),
        synced=synced,
        pending=leads.pending if leads else None,
        weighted=any(one.weighted for one in told),
    )
