"""Changes at a steady rate, from a process of its own: one status patch of one pod each, so one watch event each.

    python -m tests.benchmarks.changes RATE        until its input is closed; then says how many it were

A fifth of them hit the first pods by name, which is what a table at its top shows; the others hit any pod.
"""

from __future__ import annotations

import http.client
import itertools
import json
import random
import select
import sys
import time

from tests.lab.world.api import Api, Object
from tests.lab.world.place import Place

_SHOWN = 30
Pod = tuple[str, str, list[Object]]
"""Namespace, name, and the status of its containers."""


def main() -> None:
    """Change pods until told to stop."""
    rate = float(sys.argv[1])
    api = Api(Place.from_environment())
    names = _names(api)
    near, chance = names[:_SHOWN], random.Random(1)
    print("ready", flush=True)
    started, done = time.monotonic(), 0
    for count in itertools.count(1):
        wait = started + done / rate - time.monotonic()
        if select.select([sys.stdin], [], [], max(0.0, wait))[0]:
            break
        change(api, chance.choice(near if count % 5 == 0 else names), count)
        done += 1
    took = time.monotonic() - started
    print(f"{done} changes in {took:.1f} s: {done / took:.0f} a second")


def change(api: Api, pod: Pod, count: int) -> None:
    """Give a pod's first container a restart count of its own."""
    space, name, containers = pod
    containers[0]["restartCount"] = count % 90 + 1
    path = f"/api/v1/namespaces/{space}/pods/{name}/status"
    change = {"status": {"containerStatuses": containers}}
    status, answer = api.call("PATCH", path, change, kind="application/merge-patch+json")
    if status not in {200, 404}:
        raise http.client.HTTPException(json.dumps(answer))


def first_by_name(api: Api) -> Pod:
    """The pod that a table sorted by name shows first."""
    return _names(api)[0]


def _names(api: Api) -> list[Pod]:
    """All running pods, by name."""
    found: list[Pod] = []
    token = ""
    while True:
        _, answer = api.call("GET", f"/api/v1/pods?limit=500&continue={token}")
        found += [
            (pod["metadata"]["namespace"], pod["metadata"]["name"], pod["status"]["containerStatuses"])
            for pod in answer["items"]
            if pod["status"].get("containerStatuses")
        ]
        token = answer["metadata"].get("continue", "")
        if not token:
            return sorted(found, key=lambda pod: pod[1])


if __name__ == "__main__":
    main()
