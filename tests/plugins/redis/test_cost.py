"""`pilothouse doctor` tells how many requests its look cost an instance: exactly those that were sent."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.plugins.redis.facts import group
from tests.terminal import PILOTHOUSE


async def test_doctor_tells_what_its_look_cost(home: Path) -> None:
    async with group() as simulator:
        at = [f"127.0.0.1:{place.port}" for name, place in simulator.places.items() if name.startswith("sentinel")]
        file = home / "console.toml"
        file.write_text(f'[[redis]]\nname = "x"\nsentinels = {json.dumps(at)}\ntimeout = 20.0\n', encoding="utf-8")
        command = (PILOTHOUSE, "doctor", "--config", str(file), "-o", "json")
        done = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        printed, _ = await done.communicate()
        heard = sum(len(place.asked) for place in simulator.places.values())
    told = json.loads(printed)
    [line] = [check for check in told["checks"] if check["topic"] == "redis x: requests"]
    number, _, rest = line["text"].partition(" ")
    assert int(number) >= 6, "three servers and three Sentinels"
    assert int(number) <= heard
    assert rest == "for this look; a pane's title tells how many a second while it is open"
