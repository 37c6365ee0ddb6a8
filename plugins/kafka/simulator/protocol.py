"""Frames of Kafka's protocol, with kafka-python's own message classes: what it encodes is what it understands."""

from __future__ import annotations

import io
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from plugins.kafka.client.wire import PARTS

OWN = (0, 1, 2, 3, 8, 9, 15, 16, 17, 18, 19, 20, 21, 29, 32, 35, 36, 37, 42, 43, 44, 45, 46, 55, 60, 69)
"""What `answers` and `changes` answer, by API key; a release has some of these only."""
_PARTS = (*PARTS, "kafka.protocol.sasl")


def classes() -> Mapping[int, tuple[Any, Any]]:
    """Request and response class by API key."""
    found: dict[int, tuple[Any, Any]] = {}
    for part in _PARTS:
        module = import_module(part)
        for name in dir(module):
            if name.endswith("Request") and hasattr(getattr(module, name), "API_KEY"):
                answer = getattr(module, f"{name.removesuffix('Request')}Response", None)
                found[int(getattr(module, name).API_KEY)] = (getattr(module, name), answer)
    return found


def versions(release: tuple[int, ...]) -> Mapping[int, tuple[int, int]]:
    """Lowest and highest version of each request in a release, as the library knows them."""
    known: Any = import_module("kafka.protocol.broker_version_data").BROKER_API_VERSIONS
    every: Mapping[int, tuple[int, int]] = known[release]
    return every


class Incoming:
    """One request: its key and version, the decoded `body`, and what its answer is made with."""

    def __init__(self, frame: bytes, known: Mapping[int, tuple[Any, Any]]) -> None:
        self.key = int.from_bytes(frame[0:2], "big")
        self.version = int.from_bytes(frame[2:4], "big")
        self.correlation = int.from_bytes(frame[4:8], "big", signed=True)
        if self.key not in known:
            raise LookupError(f"the simulator does not know request {self.key}")
        self.kind, self._answer = known[self.key]
        self.body: Any = None
        if self.version <= self.kind.max_version:
            data = io.BytesIO(frame)
            self.kind.parse_header(data, version=self.version)
            self.body = self.kind.decode(data.read(), version=self.version)

    @property
    def answer(self) -> Any:
        """The answer's class; its nested structures are attributes."""
        return self._answer

    def frame(self, answer: Any, version: int | None = None) -> bytes:
        """The bytes of an answer, with its size in front."""
        answer.API_VERSION = self.version if version is None else version
        answer.with_header(correlation_id=self.correlation)
        return bytes(answer.encode(header=True, framed=True))
