"""Single messages by REST: what a message is, cleaned and cut, for people. Acknowledges nothing."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from console.text import clean
from plugins.pulsar.client.admin import Admin
from plugins.pulsar.client.paths import part, path_of

SHOWN = 400
"""Characters of a message that are shown."""
_BYTES = 64


class Message(msgspec.Struct, frozen=True):
    """One message; `text` is printable, or hexadecimal digits where it is none."""

    id: str
    at: str
    key: str
    producer: str
    size: int
    text: str
    batch: int = 1

    def line(self) -> str:
        """All of it in one line."""
        parts = [self.id, self.at, f"{self.size} B"]
        if self.batch > 1:
            parts.append(f"batch of {self.batch}")
        if self.key:
            parts.append(f"key {self.key}")
        if self.producer:
            parts.append(f"by {self.producer}")
        return f"{', '.join(parts)}: {self.text}"


async def peek(admin: Admin, topic: str, subscription: str, position: int) -> Message:
    """The message at a position, from 1, of what the subscription has not acknowledged. Raises NotFound."""
    path = f"/admin/v2/{path_of(topic)}/subscription/{part(subscription)}/position/{position}"
    return await _read(admin, path, {})


async def examine(admin: Admin, topic: str, *, position: int, latest: bool) -> Message:
    """A message by its place from the end (or the beginning), 1 first. Since 2.7; raises NotFound."""
    params = {"initialPosition": "latest" if latest else "earliest", "messagePosition": str(position)}
    return await _read(admin, f"/admin/v2/{path_of(topic)}/examinemessage", params)


async def _read(admin: Admin, path: str, params: Mapping[str, str]) -> Message:
    answer = await admin.whole("GET", path, params=params)
    return message_of(answer.headers, answer.body)


def message_of(headers: Mapping[str, str], body: bytes) -> Message:
    """A REST answer as a message: what is known of it is in headers `X-Pulsar-*`."""
    told = {name.lower(): value for name, value in headers.items()}
    batch = told.get("x-pulsar-num-batch-message", "1")
    return Message(
        clean(told.get("x-pulsar-message-id", ""), 60),
        clean(told.get("x-pulsar-publish-time", ""), 40),
        clean(told.get("x-pulsar-partition-key", ""), 100),
        clean(told.get("x-pulsar-producer-name", ""), 100),
        len(body),
        shown(body),
        int(batch) if batch.isdecimal() else 1,
    )


def shown(body: bytes) -> str:
    """Text where it is text, else the first bytes as hexadecimal digits; at most 400 characters."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        more = "…" if len(body) > _BYTES else ""
        return f"hex {body[:_BYTES].hex(' ')}{more}"
    return clean(text, SHOWN)
