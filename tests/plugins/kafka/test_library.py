"""What the library does otherwise than its own classes."""

from __future__ import annotations

import socket
from importlib import import_module
from typing import Any

from plugins.kafka.client.library import heard_out


class Listener:
    """A transport's protocol, which writes down what it is told."""

    _sensors = None

    def __init__(self) -> None:
        self.told: list[object] = []

    def data_received(self, data: bytes) -> None:
        self.told.append(data)

    def connection_lost(self, error: BaseException | None) -> None:
        self.told.append(str(error))


def test_an_answer_that_came_together_with_the_end_is_heard() -> None:
    """A broker closes a tenth of a second after it refused a login; on a busy machine both are read at once."""
    selector: Any = import_module("kafka.net.selector")
    transports: Any = import_module("kafka.net.transport")
    net, (ours, broker) = selector.NetworkSelector(), socket.socketpair()
    ours.setblocking(False)
    broker.sendall(b"refused, because")
    broker.close()
    transport, listener = heard_out(transports.KafkaTCPTransport(net, ours)), Listener()
    transport.set_protocol(listener)
    transport.resume_reading()
    for _ in range(10):
        if len(listener.told) < 2:
            net.poll(timeout_ms=1000)
    net.close()
    assert listener.told == [b"refused, because", "KafkaConnectionError: socket disconnected"]
