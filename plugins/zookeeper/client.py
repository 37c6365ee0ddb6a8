"""Every byte that goes to ZooKeeper: four-letter words over a raw stream, or the AdminServer where a word is closed.

A word is one connection that the server ends. What a server allows is asked of it, and asked again each minute.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from msgspec.structs import replace

from console.errors import BadAnswer, ConfigError, ConsoleError, Forbidden, NotFound, SourceError, Unreachable
from console.http import HttpClient, Target, TlsStream, Trust, context_of, tls_context, transport_error
from console.plugin import Instance, Platform, Reach, Server, Stream
from console.tables import Tls
from plugins.zookeeper.config import ADMIN_PORTS, CLIENT_PORT, Named
from plugins.zookeeper.finding import Charted
from plugins.zookeeper.model import words
from plugins.zookeeper.model.rows import Member, Ring, Seat, ring
from plugins.zookeeper.model.words import Closed, Empty, Membership, Said
from plugins.zookeeper.sockets import directly

_CYCLE, _SELDOM, _PODS_FOR = 2.0, 60.0, 15.0
_CHUNK, _LONGEST = 65536, 1 << 22


def connect(instance: Instance, reach: Reach) -> Client:
    """The client of an ensemble; nothing is asked yet."""
    return Client(instance, reach)


@dataclass(slots=True)
class _Memory:
    """What need not be asked again each cycle of one member."""

    closed_until: float = 0.0
    """Until when the word `mntr` is not tried."""
    admin: int = 0
    """The port at which its AdminServer answered."""
    membership: Membership | None = None
    membership_at: float = float("-inf")


class Client:
    """`members` and `rings` are what the sources ask; both come of one round."""

    def __init__(self, instance: Instance, reach: Reach) -> None:
        self.settings: Named | Charted = instance.settings
        self.name = instance.id.name
        self.clock = reach.clock
        self.trust = ""
        """Why there is no certificate, where one would be wanted; empty where there is one, or none is wanted."""
        self._platform = reach.platform if isinstance(self.settings, Charted) else None
        self._version = reach.version
        self._spending = reach.spending
        self._memory: dict[str, _Memory] = {}
        self._http: dict[tuple[str, int], HttpClient] = {}
        self._context: ssl.SSLContext | None = None
        self._trusted_at = float("-inf")
        self._seats: tuple[float, tuple[Seat, ...]] = (float("-inf"), ())
        self._asking = asyncio.Lock()
        self._last: tuple[float, tuple[Member, ...]] | None = None

    async def members(self) -> Iterable[Member]:
        """One row a member, also where it is silent."""
        return await self.round()

    async def rings(self) -> Iterable[Ring]:
        """The ensemble as a whole; nothing where no member is known."""
        members = await self.round()
        return [ring(self.name, members)] if members else []

    async def round(self) -> tuple[Member, ...]:
        """Ask everybody, side by side; an answer serves for a cycle."""
        async with self._asking:
            now = self.clock.monotonic()
            if self._last is not None and now - self._last[0] < _CYCLE:
                return self._last[1]
            await self._trusted(now)
            seats = await self._seated(now)
            asked = await asyncio.gather(*(self._ask(seat, now) for seat in seats))
            members = tuple(_compared(_voting(_with_unseen(asked))))
            self._last = (self.clock.monotonic(), members)
            return members

    async def aclose(self) -> None:
        """Close what is kept open."""
        await asyncio.gather(*(one.aclose() for one in self._http.values()))
        self._http.clear()

    async def _seated(self, now: float) -> tuple[Seat, ...]:
        if isinstance(self.settings, Named):
            admin = self.settings.admin or ((("", 0),) * len(self.settings.servers))
            return tuple(
                Seat(f"{host}:{port}", host, port, (at[1],) if at[1] else (), at[0])
                for (host, port), at in zip(self.settings.servers, admin, strict=True)
            )
        if self._platform is None:
            raise Unreachable("no cluster is open", where=self.name)
        if now - self._seats[0] >= _PODS_FOR:
            self._seats = (now, await _pods(self._platform, self.settings))
        return self._seats[1]

    async def _ask(self, seat: Seat, now: float) -> Member:
        """One member. Failure is a value: its row says so, and the others stay."""
        memory = self._memory.setdefault(seat.name, _Memory())
        if seat.pod is None and self._platform is not None:
            return Member(seat, problem="its pod is not there", membership=memory.membership)
        try:
            said, by, missing = await self._state(seat, memory, now)
        except ConsoleError as error:
            memory.membership_at = float("-inf")
            own = memory.membership
            return Member(seat, id=own.own if own else None, problem=self._why(error), membership=own)
        if said.serving and now - memory.membership_at >= _SELDOM:
            memory.membership = await self._membership(seat, memory) or memory.membership
            memory.membership_at = now
        own = memory.membership
        return Member(seat, own.own if own else None, None, said, missing, by, own)

    async def _state(self, seat: Seat, memory: _Memory, now: float) -> tuple[Said, str, str]:
        """(what it says, how it was read, what is missing). Raises where nothing can be read."""
        if now >= memory.closed_until:
            short, long = await asyncio.gather(
                self._word(seat, "srvr"), self._word(seat, "mntr"), return_exceptions=True
            )
            try:
                return words.together(words.mntr(_said(long)), words.srvr(_said(short))), "mntr, srvr", ""
            except Closed:
                memory.closed_until = now + _SELDOM
            except Empty:
                return words.srvr(_said(short)), "srvr", "it hangs up at mntr: a version before 3.4"
        try:
            found = await self._admin(seat, memory, "monitor")
            more = words.stats(await self._admin(seat, memory, "srvr"))
            return words.together(words.monitor(found), more), "AdminServer", ""
        except SourceError as error:
            if words.NOT_SERVING in error.what:
                return Said(serving=False), "AdminServer", ""
            closed = f"mntr is not in 4lw.commands.whitelist, and no AdminServer answers ({error.what})"
        try:
            return words.srvr(await self._word(seat, "srvr")), "srvr", closed
        except Closed as error:
            raise Forbidden(closed.replace("mntr is", "srvr and mntr are"), where=seat.address) from error

    async def _membership(self, seat: Seat, memory: _Memory) -> Membership | None:
        """Who belongs to the ensemble; None where no way is open."""
        try:
            return words.conf(await self._word(seat, "conf"))
        except (Closed, SourceError):
            pass
        try:
            view = await self._admin(seat, memory, "voting_view")
            return words.voting(view, await self._admin(seat, memory, "configuration"))
        except SourceError:
            return None

    async def _word(self, seat: Seat, word: str) -> str:
        """The whole answer of a four-letter word. Raises Closed, or what the network says."""
        timeout = self.settings.timeout
        try:
            async with asyncio.timeout(timeout):
                return words.opened((await self._spoken(seat, word.encode())).decode("utf-8", "replace"))
        except TimeoutError as error:
            raise Unreachable(f"no answer within {timeout:g} s", where=seat.address) from error
        except OSError as error:
            raise transport_error(error, seat.address) from error

    async def _spoken(self, seat: Seat, word: bytes) -> bytes:
        self._spending.count()
        stream = await self._dial(seat.host, seat.port)
        nudge: asyncio.Task[None] | None = None
        try:
            if self._context is not None:
                stream = await self._secured(stream, seat)
            await stream.write(word)
            if self._context is None:
                nudge = asyncio.create_task(self._nudge(stream))
            parts: list[bytes] = []
            while data := await stream.read(_CHUNK):
                parts.append(data)
                if sum(map(len, parts)) > _LONGEST:
                    raise BadAnswer("the answer has no end", where=seat.address)
            return b"".join(parts)
        finally:
            if nudge is not None:
                nudge.cancel()
            await stream.close()

    async def _nudge(self, stream: Stream) -> None:
        """A server that wants TLS waits for a fifth byte before it says so; one that does not has long answered."""
        await self.clock.sleep(self.settings.timeout / 2)
        with suppress(OSError, ConsoleError):
            await stream.write(b"\n")

    async def _secured(self, stream: Stream, seat: Seat) -> Stream:
        """TLS on top. A server of Strimzi that turns out not to speak it is spoken to without, for a while."""
        assert self._context is not None  # noqa: S101 - the caller looked
        named = self.settings.tls.server_name if isinstance(self.settings, Named) else ""
        secured = TlsStream(stream, self._context, named or seat.host)
        try:
            await secured.handshake()
        except ssl.SSLError as error:
            if isinstance(self.settings, Charted) and not isinstance(error, ssl.SSLCertVerificationError):
                self._context = None
            raise
        return secured

    async def _admin(self, seat: Seat, memory: _Memory, command: str) -> bytes:
        """One command of the AdminServer, at the port that answered before or the first that does."""
        host, refused = seat.admin_host or seat.host, NotFound("no address of it is known")
        for port in (memory.admin,) if memory.admin else seat.admin:
            try:
                answer = await self._http_of(host, port).request(
                    "GET", f"/commands/{command}", deadline=self.settings.timeout
                )
            except SourceError as error:
                memory.admin, refused = 0, NotFound(f"port {port}: {error.what}")
            else:
                memory.admin = port
                return answer.body
        raise refused

    def _http_of(self, host: str, port: int) -> HttpClient:
        if (host, port) not in self._http:
            named = f"[{host}]" if ":" in host else host
            dial = self._platform.dial if self._platform is not None else None
            target = Target(f"http://{named}:{port}", version=self._version, dial=dial, spending=self._spending)
            self._http[host, port] = HttpClient(target, connections=2)
        return self._http[host, port]

    @property
    def _dial(self) -> Callable[[str, int], Awaitable[Stream]]:
        return self._platform.dial if self._platform is not None else directly

    async def _trusted(self, now: float) -> None:
        """The certificate with which 2181 is spoken to, where one is wanted: Strimzi's, or the settings'."""
        if self._context is not None or now - self._trusted_at < _SELDOM:
            return
        self._trusted_at = now
        if isinstance(self.settings, Named):
            if self.settings.tls != Tls():
                self._context = await asyncio.to_thread(
                    context_of, self.settings.tls, where=f"[[zookeeper]] {self.name}"
                )
        elif self.settings.strimzi and self._platform is not None:
            try:
                self._context = await _strimzi(self._platform, self.settings)
                self.trust = ""
            except SourceError as error:
                self.trust = f"{error.where}: {error.what}" if error.where else error.what

    def _why(self, error: ConsoleError) -> str:
        said = f"{error.what}; {error.next_step}" if error.next_step else error.what
        if not self.trust:
            return said
        return f"UNKNOWN: 2181 wants mutual TLS, and its certificate cannot be read: {self.trust} (without it: {said})"


def _said(answer: str | BaseException) -> str:
    """The answer of one of two words that were asked together."""
    if isinstance(answer, BaseException):
        raise answer
    return answer


async def _pods(platform: Platform, settings: Charted) -> tuple[Seat, ...]:
    """A pod that is wanted and not there is a seat too: its member is silent, not gone."""
    of = settings.set
    there = {server.pod.name: _seat(server) for server in await platform.servers(of)}
    for number in range(of.replicas):
        name = f"{of.name}-{number}"
        there.setdefault(name, Seat(name, f"{name}.{of.service}.{of.namespace}.svc", CLIENT_PORT))
    return tuple(there[name] for name in sorted(there))


def _seat(server: Server) -> Seat:
    return Seat(server.pod.name, server.host, CLIENT_PORT, ADMIN_PORTS, "", server.pod, server.node)


async def _strimzi(platform: Platform, settings: Charted) -> ssl.SSLContext:
    """The cluster operator's own certificate. Raises Forbidden or NotFound, with the Secret's name."""
    space = settings.set.namespace
    found: dict[str, bytes] = {}
    for name in (f"{settings.strimzi}-cluster-operator-certs", f"{settings.strimzi}-cluster-ca-cert"):
        try:
            found |= await platform.secret(space, name)
        except SourceError as error:
            raise type(error)(error.what, where=f"Secret {space}/{name}") from error
    keys = ("ca.crt", "cluster-operator.crt", "cluster-operator.key")
    missing = [key for key in keys if key not in found]
    if missing:
        raise NotFound(f"the Secrets have no {missing[0]}", where=f"{space}/{settings.strimzi}")
    try:
        trust = Trust(authorities=found[keys[0]], certificate=found[keys[1]], key=found[keys[2]])
        return await asyncio.to_thread(tls_context, trust, where=settings.strimzi)
    except ConfigError as error:
        raise BadAnswer(error.what, where=settings.strimzi) from error


def _with_unseen(members: Iterable[Member]) -> list[Member]:
    """Also those that only the ensemble's configuration names, where every number of those asked is known."""
    rows = list(members)
    known = {one.id for one in rows}
    told = next((one.membership for one in rows if one.membership and one.membership.members), None)
    if told is None or None in known or len(rows) >= len(told.members):
        return rows
    for one in told.members:
        if one.id not in known:
            seat = Seat(f"server.{one.id}", one.address, 0)
            rows.append(Member(seat, one.id, one.votes, problem="the ensemble names it, the configuration does not"))
    return rows


def _voting(members: Iterable[Member]) -> list[Member]:
    """Who has a vote: by the ensemble's configuration and each member's own number, else by its mode."""
    rows = list(members)
    told = {voter.id: voter.votes for one in rows if one.membership for voter in one.membership.members}
    found: list[Member] = []
    for one in rows:
        own = False if one.state == "observer" else None if one.said is None else one.said.mode == "leader" or None
        votes = told.get(one.id, own) if one.id is not None else own
        found.append(replace(one, votes=one.votes if one.votes is not None else votes))
    return found


def _compared(members: list[Member]) -> list[Member]:
    """How far each is behind the leader. Two epochs have no distance: the older is told as such."""
    leader = next((one.said for one in members if one.said and one.state == "leader"), None)
    if leader is None or leader.zxid is None:
        return members
    found: list[Member] = []
    for one in members:
        zxid = one.said.zxid if one.said else None
        if zxid is None or one.said is None:
            found.append(one)
        elif one.said.epoch == leader.epoch:
            found.append(replace(one, behind=max(0, leader.zxid - zxid)))
        else:
            found.append(replace(one, old_epoch=zxid < leader.zxid))
    return found
