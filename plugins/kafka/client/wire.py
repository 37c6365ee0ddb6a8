"""One connection manager of kafka-python on its own I/O thread, as awaitable requests. The only place that runs it.

Why not its admin client: its constructor blocks, and one that failed leaves its thread behind; its fan-outs ask one
broker after the other and fail as a whole. Here each request is one broker's, with a deadline, and failures are that
broker's alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from console.errors import ConsoleError, SourceError, Unauthorized, Unreachable
from console.spending import Spending
from plugins.kafka.client.failures import translated
from plugins.kafka.client.library import Library
from plugins.kafka.client.tunnel import Way

WITHIN = 8.0
CONNECT_WITHIN = 5.0
OVER = 3.0
"""Seconds beyond that until a start is given up whatever the library does (a name that is resolved blocks it)."""
AT_ONCE = 4
"""Requests in flight per broker; kafka-python refuses the sixth."""
HEDGE = 2.0
"""Seconds after which what any broker can tell is asked of another one too."""
QUIET = 10.0
"""Seconds for which a broker that did not answer in time is not asked again: who needs it fails at once."""
_LATE = ("RequestTimedOutError", "KafkaTimeoutError")
REST = 2.0
"""Seconds for which a failed start is not tried again: what waits for it fails with the same reason."""
BIGGEST = 256 * 1024 * 1024
PARTS = (
    *(f"kafka.protocol.{part}" for part in ("metadata", "admin", "consumer", "producer")),
    f"{__package__}.protocol",
)
"""Where messages are defined: the library's, and our own."""


class Wire:
    """See the module. `options` are kafka-python's (bootstrap_servers, security_protocol, ssl_context, sasl_*)."""

    def __init__(self, options: Mapping[str, Any], way: Way, name: str) -> None:
        self.requests: Counter[int] = Counter()
        """Requests sent, by broker (-1: whichever was free)."""
        self._options = options
        self._way = way
        self._name = name
        self._manager: Any = None
        self._library: Library | None = None
        self._said: dict[Any, str] = {}
        self._opening: asyncio.Task[None] | None = None
        self._failed: tuple[float, ConsoleError] | None = None
        self._turns: dict[int, asyncio.Semaphore] = {}
        self._quiet: dict[int, tuple[float, ConsoleError]] = {}
        self._turn = 0
        self._closed = False
        self.spending = Spending()

    async def send(self, request: Any, node: int | None = None, *, within: float | None = None) -> Any:
        """The answer of broker `node`, or of whichever answers first. Raises ConsoleError; errors in answers stay.

        Without a node the request must only read: another broker is asked too where the first one takes long.
        """
        manager = await self._ready()
        within = WITHIN if within is None else within
        if node is not None:
            return await self._asked(manager, request, node, within)
        tasks: list[asyncio.Task[Any]] = []
        try:
            for one in self._order(manager):
                tasks.append(asyncio.create_task(self._asked(manager, request, one, within)))
                await asyncio.wait(tasks, timeout=HEDGE, return_when=asyncio.FIRST_COMPLETED)
                if any(_answered(task) for task in tasks):
                    break
            while not any(_answered(task) for task in tasks) and any(not task.done() for task in tasks):
                waiting = [task for task in tasks if not task.done()]
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            return await next((task for task in tasks if _answered(task)), tasks[0])
        finally:
            for task in tasks:
                task.cancel()
                task.add_done_callback(_looked_at)

    def _order(self, manager: Any) -> Sequence[int | None]:
        """Brokers in turn, those last that lately did not answer; at most three of them."""
        nodes = sorted(int(broker.node_id) for broker in manager.cluster.brokers())
        self._turn += 1
        start = self._turn % len(nodes) if nodes else 0
        turned = [*nodes[start:], *nodes[:start]]
        return sorted(turned, key=lambda node: self._is_quiet(node) is not None)[:3] or [None]

    def _is_quiet(self, node: int) -> ConsoleError | None:
        """Why a broker is not asked now."""
        until, error = self._quiet.get(node, (0.0, None))
        return error if asyncio.get_running_loop().time() < until else None

    async def _asked(self, manager: Any, request: Any, node: int | None, within: float) -> Any:
        key = -1 if node is None else node
        where = self._name if node is None else f"{self._name} broker {node}"
        quiet = self._is_quiet(key)
        if quiet is not None:
            raise _again(quiet)
        self.requests[key] += 1
        self.spending.count()
        async with self._turns.setdefault(key, asyncio.Semaphore(AT_ONCE)):
            try:
                async with asyncio.timeout(within + CONNECT_WITHIN + 1):
                    answer = await self._bridged(manager.call_soon(manager.send, request, node, int(within * 1000)))
            except (ConsoleError, asyncio.CancelledError):
                raise
            except BaseException as error:
                raise self._failure(error, node, where) from error
        self._quiet.pop(key, None)
        return answer

    def _failure(self, error: BaseException, node: int | None, where: str) -> ConsoleError:
        if self._closed:
            return Unreachable("the connections were given up", where=where)
        if type(error).__name__ == "UnknownBrokerIdError" and self._manager is not None:
            self._manager.call_soon(self._manager.cluster.request_update)
        late = isinstance(error, TimeoutError)
        made = Unreachable("no answer in time", where=where) if late else translated(error, where, self._why(node))
        if node is not None and (late or type(error).__name__ in _LATE):
            self._quiet[node] = (asyncio.get_running_loop().time() + QUIET, made)
        return made

    async def version(self, name: str) -> int:
        """The highest version of a request (`OffsetFetch`) that the cluster and we speak; -1 where it has none."""
        manager = await self._ready()
        return self.speaks(manager.broker_version_data, name)

    def speaks(self, versions: Any, name: str) -> int:
        """As `version`, of one broker's own answer."""
        request = message(f"{name}Request")
        try:
            return int(versions.api_version(request))
        except Exception as error:
            if "Version" not in type(error).__name__:
                raise
            return -1

    async def release(self, node: int) -> str:
        """The release that a broker's requests tell of: `4.1`; from its own ApiVersions. Raises ConsoleError."""
        manager = await self._ready()
        quiet = self._is_quiet(node)
        if quiet is not None:
            raise _again(quiet)
        try:
            async with asyncio.timeout(CONNECT_WITHIN + 1):
                connection = await self._bridged(manager.call_soon(_connected, manager, node))
        except Exception as error:
            raise translated(error, f"{self._name} broker {node}", self._why(node)) from error
        return ".".join(str(part) for part in connection.broker_version or ())

    async def _bridged(self, theirs: Any) -> Any:
        """Wait for the library's future on our loop."""
        loop = asyncio.get_running_loop()
        ours: asyncio.Future[Any] = loop.create_future()

        def done(value: Any, error: BaseException | None = None) -> None:
            if ours.done():
                return
            if error is None:
                ours.set_result(value)
            else:
                ours.set_exception(error)

        def over(value: Any, error: BaseException | None = None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(done, value, error)

        def failed(error: BaseException) -> None:
            over(None, error)

        theirs.add_callback(over)
        theirs.add_errback(failed)
        return await ours

    # -- life

    async def _ready(self) -> Any:
        if self._closed:
            raise Unreachable("the connections were given up", where=self._name)
        if self._manager is not None:
            return self._manager
        now = asyncio.get_running_loop().time()
        if self._failed is not None and now - self._failed[0] < REST:
            raise _again(self._failed[1])
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
            self._opening.add_done_callback(_looked_at)
        try:
            await asyncio.shield(self._opening)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._closed and task is not None and not task.cancelling():  # the start was ended, not who waits for it
                raise Unreachable("the connections were given up", where=self._name) from None
            raise
        return self._manager

    async def _open(self) -> None:
        try:
            library = await self._begun()
            try:
                try:
                    await self._bootstrapped(library)
                except Exception as error:
                    if isinstance(error, TimeoutError) or not library.manager.untried():
                        raise
                    await self._bootstrapped(library)  # one that hangs took all the time: the others' turn
            except BaseException as error:
                await asyncio.to_thread(library.end)
                if not isinstance(error, Exception):
                    raise
                raise self._start_error(error) from error
            self._library, self._manager, self._failed = library, library.manager, None
        except ConsoleError as error:
            self._failed = (asyncio.get_running_loop().time(), error)
            raise
        finally:
            self._opening = None

    async def _bootstrapped(self, library: Library) -> None:
        async with asyncio.timeout(CONNECT_WITHIN + OVER):
            await self._bridged(library.manager.bootstrap_async(int(CONNECT_WITHIN * 1000)))

    async def _begun(self) -> Library:
        """The library at work; who gives up meanwhile leaves no thread behind."""
        building = asyncio.ensure_future(asyncio.to_thread(self._built))
        try:
            return await asyncio.shield(building)
        except asyncio.CancelledError:
            library = await building
            await asyncio.to_thread(library.end)
            raise

    def _built(self) -> Library:
        """On a thread: imports the library, makes its loop and starts it. Connects to nothing."""
        logging.getLogger("kafka").setLevel(logging.CRITICAL)  # its failures come to us as values; it logs each attempt
        options = {
            "client_id": "pilothouse",
            "request_timeout_ms": int(WITHIN * 1000),
            "socket_connection_setup_timeout_ms": int(CONNECT_WITHIN * 1000),
            "socket_connection_setup_timeout_max_ms": int(CONNECT_WITHIN * 1000),
            "reconnect_backoff_ms": 200,
            "reconnect_backoff_max_ms": 5000,
            "receive_message_max_bytes": BIGGEST,
            "metadata_max_age_ms": 60_000,
            "proxy_url": self._way.url,
            **self._options,
        }
        return Library(options, self._said.__setitem__)

    def _start_error(self, error: Exception) -> ConsoleError:
        why = next((text for text in reversed(list(self._said.values())) if text), "")
        dialled = next(iter(self._way.trouble.values()), "")
        made = translated(error, self._name, dialled or why)
        if isinstance(error, TimeoutError) or (type(error).__name__ == "KafkaTimeoutError" and not (why or dialled)):
            servers = ", ".join(self._options.get("bootstrap_servers", ()))
            return Unreachable(f"no broker of {servers} answered in {CONNECT_WITHIN:.0f} s", where=self._name)
        if "uthentication" in why and not isinstance(made, Unauthorized):
            return Unauthorized(why, where=self._name, next_step="look at mechanism, username and password")
        return made

    def _why(self, node: int | None) -> str:
        if node is None or self._manager is None:
            return ""
        broker = self._manager.cluster.broker_metadata(node)
        dialled = self._way.trouble.get((broker.host, broker.port), "") if broker is not None else ""
        return dialled or self._said.get(node, "")

    async def aclose(self) -> None:
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        library, self._library, self._manager = self._library, None, None
        if library is not None:
            await asyncio.to_thread(library.end)


def message(name: str) -> Any:
    """A class of the protocol by its name: `MetadataRequest`."""
    for part in PARTS:
        found = getattr(import_module(part), name, None)
        if found is not None:
            return found
    raise AssertionError(name)


async def _connected(manager: Any, node: int) -> Any:
    return await manager.get_connection(node)


def _again(error: ConsoleError) -> ConsoleError:
    kind = type(error) if isinstance(error, SourceError) else Unreachable
    return kind(error.what, where=error.where, next_step=error.next_step)


def _answered(task: asyncio.Task[Any]) -> bool:
    """Whether it has an answer, or a refusal that another broker would give too."""
    if not task.done() or task.cancelled():
        return False
    return not isinstance(task.exception(), Unreachable)


def _looked_at(task: asyncio.Task[Any]) -> None:
    """Whoever waited may have gone; its failure is then nobody's."""
    if not task.cancelled():
        task.exception()
