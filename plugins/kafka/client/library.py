"""kafka-python's loop and connection manager, made and ended so that nothing of them is left behind.

What its own classes do otherwise (3.0.12), each seen as a thread or a socket that stayed:

- A loop that is told to stop before its thread has begun runs for ever: `run_forever` forgets what it was told.
- `close` from another thread, while the loop still runs, ends half-way. Here the loop's own thread closes it, always.
- A connection with bytes to write is not closed before they are written, which the end of the loop forbids.
- A TLS handshake that fails leaves its socket, and one that is never answered has no deadline.
- A login that is refused is tried again and again until the start's deadline, or never again once it has started.
- What comes together with the connection's end is thrown away: to who looks late, a refused login was only a cut.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from console.text import clean

_REFUSED = ("SaslAuthenticationFailedError", "UnsupportedSaslMechanismError", "IllegalSaslStateError")
REFUSED_FOR = 2.0
"""Seconds for which a login that was refused is not tried again."""
END_WITHIN = 5.0
"""Seconds that an end waits for the loop's thread; one that resolves a name meanwhile ends by itself, later."""


class Library:
    """A loop on a thread of its own with its manager. Every method may be called from any thread; makes no connection.

    `said` is told, by node, why a connection was lost. Importing the library takes some 0.2 s: make it on a thread.
    """

    def __init__(self, options: Mapping[str, Any], said: Callable[[Any, str], None]) -> None:
        selector: Any = import_module("kafka.net.selector")
        self._net: Any = selector.NetworkSelector(**options)
        self.manager: Any = _manager(said)(self._net, **options)
        begun = threading.Event()
        self._net.call_soon(begun.set)
        self._thread = threading.Thread(target=self._live, name="kafka-io-pilothouse", daemon=True)
        self._thread.start()
        begun.wait()

    def _live(self) -> None:
        net = self._net
        try:
            with contextlib.suppress(Exception):  # it is told in the futures that wait
                net.run_forever()
        finally:
            net._io_thread = None  # noqa: SLF001 - `close` would wait for it, which is this thread
            net.close()

    def end(self) -> None:
        """Cut every connection, end the loop, and wait for its thread. May be called again."""
        with contextlib.suppress(Exception):  # it has ended by itself
            self._net.call_soon_threadsafe(self._cut)
        self._thread.join(END_WITHIN)

    def _cut(self) -> None:
        errors: Any = import_module("kafka.errors")
        with contextlib.suppress(Exception):
            for connection in list(self.manager._conns.values()):  # noqa: SLF001 - it has no other list
                connection.close(errors.Cancelled("the connections were given up"))
            self.manager.close()
        self._net._stop = True  # noqa: SLF001 - `stop` is for its own thread, and we are on the loop

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()


def _manager(said: Callable[[Any, str], None]) -> Any:
    managing: Any = import_module("kafka.net.manager")
    errors: Any = import_module("kafka.errors")
    base: Any = managing.KafkaConnectionManager
    refused: dict[Any, tuple[float, BaseException]] = {}
    silent: set[Any] = set()

    def get_connection(manager: Any, node_id: Any, *rest: Any, **named: Any) -> Any:
        until, why = refused.get(node_id, (0.0, None))
        if why is not None and time.monotonic() < until:
            raise why
        if node_id in silent and manager.untried():
            raise errors.NodeNotReadyError(node_id)  # it chooses at random where to begin: another one
        manager._auth_failures.pop(node_id, None)  # noqa: SLF001 - else it is never tried again
        connection = base.get_connection(manager, node_id, *rest, **named)
        if not connection.init_future.is_done:

            def lost(error: BaseException) -> None:
                said(node_id, text(error))
                if manager.cluster.is_bootstrap(node_id):
                    silent.add(node_id)
                if type(error).__name__ in _REFUSED:
                    refused[node_id] = (time.monotonic() + REFUSED_FOR, error)

            connection.init_future.add_errback(lost)
        return connection

    def untried(manager: Any) -> bool:
        return any(one.node_id not in silent for one in manager.cluster.bootstrap_brokers())

    members = {"get_connection": get_connection, "_build_transport": _transport, "untried": untried}
    return type("Manager", (base,), members)


async def _transport(manager: Any, node: Any, timeout_at: float | None = None) -> Any:
    """A connection with its handshake done. Raises KafkaConnectionError; its socket is closed then."""
    managing: Any = import_module("kafka.net.manager")
    errors: Any = import_module("kafka.errors")
    net, config = manager._net, manager.config  # noqa: SLF001
    sock = await managing.create_connection(
        net, node.host, node.port, config["socket_options"], proxy_url=config["proxy_url"], timeout_at=timeout_at
    )
    try:
        if not manager.ssl_enabled:
            return heard_out(managing.KafkaTCPTransport(net, sock, host=node.host))
        own = {key: value for key, value in config.items() if key.startswith("ssl_")}
        transport = managing.KafkaSSLTransport(net, sock, host=node.host, **own)
        sock = transport._sock  # noqa: SLF001 - the wrapped one; the plain one is no socket any more
        await _shaken(net, sock, timeout_at if timeout_at is not None else time.monotonic() + END_WITHIN)
    except BaseException as error:
        sock.close()
        if isinstance(error, Exception):
            raise errors.KafkaConnectionError(f"Handshake failed: {text(error)}") from error
        raise
    return heard_out(transport)


def heard_out(transport: Any) -> Any:
    """The same, but an answer is delivered before the end that came with it: the next look sees the end again."""
    look = transport._sock_recv  # noqa: SLF001

    def received() -> tuple[bytes, Exception | None]:
        data, end = look()
        return data, None if data else end

    transport._sock_recv = received  # noqa: SLF001
    return transport


async def _shaken(net: Any, sock: Any, timeout_at: float) -> None:
    while True:
        try:
            sock.do_handshake()
        except ssl.SSLWantReadError:
            await net.wait_read(sock, timeout_at)
        except ssl.SSLWantWriteError:
            await net.wait_write(sock, timeout_at)
        else:
            return


def text(error: Any) -> str:
    """What an error says, in one cleaned line; its name where it says nothing."""
    told = getattr(error, "strerror", "") or (
        str(error.args[0]) if getattr(error, "args", ()) and error.args[0] else ""
    )
    return clean(told or type(error).__name__, 300)
