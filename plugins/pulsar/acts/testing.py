"""A message there and back, on a topic of its own that is made before and deleted after."""

from __future__ import annotations

import contextlib
import uuid

from console.errors import BadAnswer, ConsoleError
from console.plugin import Act, Action
from plugins.pulsar.acts.asking import client_of
from plugins.pulsar.client.paths import path_of
from plugins.pulsar.model.names import whole
from plugins.pulsar.model.rows import NamespaceRow

PREFIX = "pilothouse-test-"


async def round_trip(act: Act, row: NamespaceRow) -> str:
    """Produce and consume one message; nobody else's topic sees it."""
    client = client_of(act)
    name = f"{row.name}/{PREFIX}{uuid.uuid4().hex[:12]}"
    await client.admin.call("PUT", f"/admin/v2/{path_of(name)}", raw=b"", deadline=30.0)
    clock = client.reach.clock
    try:
        took: dict[str, float] = {}
        async with client.speaker.speak("round", whole(name)) as lines:
            began = clock.monotonic()
            async for spoken in lines:
                now = clock.monotonic()
                if spoken.ready:
                    began = now
                elif spoken.sent:
                    took["sent"] = now - began
                elif spoken.received is not None:
                    took["received"] = now - began
                    if not spoken.received:
                        raise BadAnswer("another message came back than was sent", where=name)
        if "received" not in took:
            raise BadAnswer("no message came back", where=name)
    finally:
        with contextlib.suppress(ConsoleError):
            await client.admin.call("DELETE", f"/admin/v2/{path_of(name)}", params={"force": "true"}, deadline=30.0)
    sent, received = (f"{1000 * took[key]:.0f} ms" for key in ("sent", "received"))
    return f"a message was stored in {row.name} after {sent} and received after {received}"


ROUND_TRIP: Action[NamespaceRow] = Action(
    "round-trip",
    "test round trip",
    round_trip,
    help="produce and consume a message on a topic of its own, which is deleted after it",
)
