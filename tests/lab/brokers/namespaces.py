"""The network namespaces of staged pods: eth0 with the pod's address, a cable to the lab's bridge, and its names.

Their names begin with the lab's own, so that labs of several folders stand side by side; addresses and cables are
local to the lab's namespace. /etc/netns/NAME plays the cluster's DNS: the lab's own namespace knows none of its names.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.lab.brokers.pods import Pod, hosts, pods
from tests.lab.world import network
from tests.lab.world.place import Place

_ETC = Path("/etc/netns")
_NOBODY = "nameserver 127.0.0.1\noptions attempts:1 timeout:1\n"  # who asks for another name is refused at once


def create(place: Place, wanted: list[Pod]) -> None:
    """Make the pods' namespaces, but for those that exist."""
    everybody = pods(place)
    for pod in wanted:
        etc = _ETC / pod.netns
        etc.mkdir(parents=True, exist_ok=True)
        (etc / "hosts").write_text(hosts(pod, everybody))
        (etc / "resolv.conf").write_text(_NOBODY)
        if network.path(pod.netns).exists():
            continue
        network.ip("netns", "add", pod.netns)
        for line in (
            f"-n {place.name} link add {pod.device} type veth peer name eth0 netns {pod.netns}",
            f"-n {place.name} link set {pod.device} master pods0 up",
            f"-n {pod.netns} link set lo up",
            f"-n {pod.netns} address add {pod.address}/17 dev eth0",
            f"-n {pod.netns} link set eth0 up",
            f"-n {pod.netns} route add default via {network.GATEWAY}",
        ):
            network.ip(*line.split())


def connect(place: Place, pod: Pod, *, connected: bool) -> None:
    """Plug the pod's cable in or out: nobody is told, connections hang."""
    network.ip("-n", place.name, "link", "set", pod.device, "up" if connected else "down")


def remove(place: Place) -> None:
    """Remove all of this lab's; whatever ran inside must have ended."""
    for pod in pods(place):
        network.delete(pod.netns)
        shutil.rmtree(_ETC / pod.netns, ignore_errors=True)
