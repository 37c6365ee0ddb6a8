"""BookKeeper by the HTTP of its bookies: states, disks, the cluster's replication, ledgers with too few copies.

404 is no failure where its text says that all is well, and only there; another 404 is unknown, never healthy.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from console.errors import NotFound, ServerFault, SourceError, Unreachable
from console.text import clean
from plugins.pulsar.client.admin import Admin, text
from plugins.pulsar.client.members import Member, same_host, which
from plugins.pulsar.client.web import decoded
from plugins.pulsar.model import wire
from plugins.pulsar.model.rows import BookieRow, LedgerRow

T = TypeVar("T")
HEALTHY = "No under replicated ledgers found"
_WITHIN = 5.0
_SLOW = 60.0
_COUNTED_EVERY = 120.0
_COUNT = re.compile(rb"^bookie_ledgers_count(?:\{[^}]*\})? ([0-9.eE+]+)$", re.MULTILINE)
_NUMBER = re.compile(r"-?\d+")


class Cluster(msgspec.Struct, frozen=True):
    """What any bookie says of all: ids that are registered, the auditor, autorecovery. None: could not be asked."""

    writable: Mapping[str, str] | None = None
    readonly: Mapping[str, str] | None = None
    auditor: str | None = None
    recovery: bool | None = None
    delay: int | None = None


class Bookies:
    """Rows for two tables; each bookie is asked itself, the rest is asked of the first that answers."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    async def rows(self) -> Sequence[BookieRow]:
        """One row a bookie: those whose HTTP is known, and those that the cluster names beside them."""
        members = await self._admin.members.bookies()
        cluster, racks, known = await asyncio.gather(self.cluster(members), self._racks(), self._all())
        rows = list(await asyncio.gather(*(self._one(one, cluster, racks) for one in members)))
        rows = [_recognized(row, one, known) for row, one in zip(rows, members, strict=True)]
        taken = {row.id for row in rows}
        named = [*(cluster.writable or ()), *(cluster.readonly or ()), *known]
        return rows + [
            _elsewhere(clean(one, 253), cluster, racks) for one in dict.fromkeys(named) if clean(one, 253) not in taken
        ]

    async def ledgers(self) -> Sequence[LedgerRow]:
        """Ledgers with too few copies. A scan of the metadata store: seldom, and with a long deadline."""
        where = "/api/v1/autorecovery/list_under_replicated_ledger"
        try:
            body = await self.ask(where, params={"printmissingreplica": "true"}, deadline=_SLOW)
        except NotFound as error:
            if HEALTHY in error.what:
                return []
            raise ServerFault(error.what, where=where) from error
        return under_replicated(body, where)

    async def cluster(self, members: Sequence[Member]) -> Cluster:
        """What they say together, as far as one of them answers."""
        list_of = "/api/v1/bookie/list_bookies"
        writable, readonly, auditor, recovery, delay = await asyncio.gather(
            self._try(members, list_of, {"type": "rw", "print_hostnames": "true"}),
            self._try(members, list_of, {"type": "ro", "print_hostnames": "true"}),
            self._try(members, "/api/v1/autorecovery/who_is_auditor"),
            self._try(members, "/api/v1/autorecovery/status"),
            self._try(members, "/api/v1/autorecovery/lost_bookie_recovery_delay"),
        )
        number = _NUMBER.findall(text(delay)) if delay is not None else []
        return Cluster(
            _ids(writable),
            _ids(readonly),
            clean(text(auditor).partition("Auditor: ")[2], 253) or None if auditor is not None else None,
            decoded(recovery, wire.Enabled, "autorecovery/status").enabled if recovery else None,
            int(number[-1]) if number else None,
        )

    async def ask(  # noqa: PLR0913 - one request, as HTTP has it
        self,
        path: str,
        *,
        method: str = "GET",
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        base: str = "",
        deadline: float = _WITHIN,
    ) -> bytes:
        """One request to one bookie, or to the first that answers. Bookies ask for no token and get none."""
        failed: SourceError | None = None
        for one in [base] if base else [member.url for member in await self._admin.members.bookies()]:
            try:
                return await self._admin.web.send(one, method, path, params=params, body=body, deadline=deadline)
            except Unreachable as error:
                failed = error
                if method != "GET" and "no answer" in error.what:
                    raise  # it may have been done
        raise failed or NotFound("no bookie is known", where=path)

    async def _try(self, members: Sequence[Member], path: str, params: Mapping[str, str] | None = None) -> bytes | None:
        """The first answer; None where none has it (404: this version does not, or there is no auditor)."""
        for member in members:
            try:
                return await self._admin.web.send(member.url, "GET", path, params=params, deadline=_WITHIN)
            except NotFound:
                return None
            except SourceError:
                continue
        return None

    async def _one(self, member: Member, cluster: Cluster, racks: Mapping[str, str]) -> BookieRow:
        row = BookieRow(
            member.name,
            url=member.url,
            pod=member.pod,
            namespace=member.namespace,
            node=member.node,
            recovery=cluster.recovery,
            delay=cluster.delay,
        )
        try:
            state, space, own = await asyncio.gather(
                self._read(member, "/api/v1/bookie/state", wire.BookieState),
                self._read(member, "/api/v1/bookie/info", wire.BookieSpace),
                self._id(member, cluster),
            )
        except SourceError as error:
            own = _by_host(member, cluster)
            away = bool(own) or cluster.writable is None
            return msgspec.structs.replace(
                row,
                id=own,
                mode=_mode(own, cluster) if away else "away",
                rack=racks.get(own, ""),
                fault=clean(str(error), 300),
            )
        return msgspec.structs.replace(
            row,
            id=own,
            mode="ro" if state.read_only else _mode(own, cluster) if own and cluster.writable is not None else "rw",
            running=state.running and not state.shutting_down,
            free=space.free_space,
            total=space.total_space,
            ledgers=await self._ledgers(member),
            rack=racks.get(own, ""),
            auditor=None if cluster.auditor is None else cluster.auditor == own,
        )

    async def _read(self, member: Member, path: str, form: type[T]) -> T:
        return decoded(await self._admin.web.send(member.url, "GET", path, deadline=_WITHIN), form, path)

    async def _id(self, member: Member, cluster: Cluster) -> str:
        """Its own id, by its own configuration; else the registered one with its host."""
        key = ("bookie", member.url)
        try:
            told = await self._admin.kept.get(
                key, 300.0, lambda: self._read(member, "/api/v1/config/server_config", wire.BookieConfig)
            )
        except NotFound:
            return _by_host(member, cluster)
        if told.bookie_id:
            return clean(told.bookie_id, 253)
        if told.advertised_address:
            return clean(f"{told.advertised_address}:{told.bookie_port}", 253)
        return _by_host(member, cluster)

    async def _ledgers(self, member: Member) -> int | None:
        """How many ledgers it has parts of, by its metrics page (200 KB): every two minutes."""

        async def ask() -> int | None:
            body = await self._admin.web.send(member.url, "GET", "/metrics", deadline=_WITHIN)
            found = [float(number) for number in _COUNT.findall(body)]
            return int(max(found)) if found else None

        try:
            return await self._admin.kept.get(("ledgers", member.url), _COUNTED_EVERY, ask)
        except SourceError:
            return None

    async def _racks(self) -> Mapping[str, str]:
        try:
            groups = await self._admin.kept.get(
                "racks",
                _SLOW,
                lambda: self._admin.get("/admin/v2/bookies/racks-info", dict[str, dict[str, wire.Rack]]),
            )
        except SourceError:
            return {}
        return {clean(one, 253): clean(told.rack, 200) for some in groups.values() for one, told in some.items()}

    async def _all(self) -> Sequence[str]:
        """Ids of all bookies that ever registered (2.8+): identity only, for it names those that are gone, too."""

        async def ask() -> Sequence[str]:
            told = await self._admin.get("/admin/v2/bookies/all", dict[str, list[dict[str, str]]])
            return [one.get("bookieId", "") for one in told.get("bookies", [])]

        try:
            return await self._admin.kept.get("bookies-all", _SLOW, ask)
        except SourceError:
            return []


def under_replicated(body: bytes, where: str) -> Sequence[LedgerRow]:
    """`{"LEDGER": ["BOOKIE", ...]}`, or a list of ledgers where the version does not name the missing."""
    if body.lstrip().startswith(b"["):
        return [LedgerRow(one) for one in decoded(body, list[int], where)]
    told = decoded(body, dict[str, list[str]], where)
    return [LedgerRow(int(one), tuple(clean(each, 253) for each in missing)) for one, missing in told.items()]


def _ids(body: bytes | None) -> Mapping[str, str] | None:
    if body is None:
        return None
    told = decoded(body, dict[str, str | None], "list_bookies")
    return {clean(one, 253): host or "" for one, host in told.items()}


def _mode(own: str, cluster: Cluster) -> str:
    if cluster.writable is None or not own:
        return ""
    if own in cluster.writable:
        return "rw"
    return "ro" if own in (cluster.readonly or {}) else "away"


def _by_host(member: Member, cluster: Cluster) -> str:
    known = {**(cluster.writable or {}), **(cluster.readonly or {})}
    if own := which(known, member):
        return own
    named = [one for one, host in known.items() if host and same_host(host, member)]
    return named[0] if len(named) == 1 else ""


def _recognized(row: BookieRow, member: Member, known: Sequence[str]) -> BookieRow:
    """One that neither answers nor is registered, by the ids that there ever were: else it would be there twice."""
    return row if row.id else msgspec.structs.replace(row, id=which([clean(one, 253) for one in known], member))


def _elsewhere(own: str, cluster: Cluster, racks: Mapping[str, str]) -> BookieRow:
    mode = _mode(own, cluster)
    fault = "its HTTP is not known" if mode in {"rw", "ro"} else "registered once, not registered now"
    return BookieRow(
        own,
        id=own,
        mode=mode,
        rack=racks.get(own, ""),
        auditor=None if cluster.auditor is None else cluster.auditor == own,
        recovery=cluster.recovery,
        delay=cluster.delay,
        fault=fault if cluster.writable is not None else "could not be asked",
    )
