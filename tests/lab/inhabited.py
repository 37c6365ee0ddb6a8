"""A pod with this very namespace behind it, so that the kubelet's code runs real commands and connections.

For tests of played pods: where real servers are staged, the kubelets would forget them.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager

from tests.lab.lab import Lab

SPACE, POD = "pulsar", "pulsar-zookeeper-0"


@contextmanager
def inhabited(lab: Lab) -> Generator[str]:
    """Have real processes behind every container of one pod; its name."""
    found = json.loads(lab.kubectl("-n", SPACE, "get", "pod", POD, "-o", "json"))
    containers = {one["name"]: {"exec": ["/usr/bin/env"], "pidfile": ""} for one in found["spec"]["containers"]}
    behind = {f"{SPACE}/{POD}": {"netns": lab.place.name, "log": "", "containers": containers, "volumes": {}}}
    path = lab.place.staged_pods
    assert not path.exists(), "systems are staged: their processes would be forgotten"
    path.write_text(json.dumps(behind))
    try:
        yield POD
    finally:
        path.unlink()
