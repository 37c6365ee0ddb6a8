"""The staged pods of one lab: what they are called, where they live, and what the cluster's DNS would tell them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from tests.lab.world.api import Object
from tests.lab.world.place import Place
from tests.lab.world.staging import SETS, SYSTEMS, everything


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """A pod, and the members that run in it: one for each of its first containers."""

    system: str
    space: str
    set: str
    name: str
    service: str
    address: str
    members: tuple[str, ...]
    netns: str

    @property
    def key(self) -> str:
        return f"{self.space}/{self.name}"

    @property
    def short(self) -> str:
        """Its name within the cluster, without the cluster's domain."""
        return f"{self.name}.{self.service}.{self.space}.svc"

    @property
    def host(self) -> str:
        return f"{self.short}.cluster.local"

    @property
    def device(self) -> str:
        """The lab's end of its cable."""
        return "pod" + self.address.removeprefix("10.244.")


def pods(place: Place, systems: Iterable[str] = SYSTEMS) -> list[Pod]:
    """The pods of these systems, whether they run or not."""
    wanted = set(systems)
    return [
        Pod(
            system=one.system, space=one.space, set=one.name, name=f"{one.name}-{n}", service=one.service,
            address=str(ip_address(one.address) + n), members=tuple(f"{kind}-{n}" for kind in one.kinds),
            netns=f"{place.name}-{one.name}-{n}",
        )
        for one in SETS if one.system in wanted for n in range(one.replicas)
    ]  # fmt: skip


def hosts(viewer: Pod, everybody: list[Pod]) -> str:
    """What this pod's hosts file says: itself, the other staged pods, and the Services before them."""
    items = list(everything())
    services = [item for item in items if item["kind"] == "Service"]
    labels = {
        (item["metadata"]["namespace"], item["metadata"]["name"]): _labels(item)
        for item in items
        if item["kind"] == "StatefulSet"
    }
    lines = ["127.0.0.1 localhost", f"{viewer.address} {viewer.host} {viewer.name}"]
    for pod in everybody:
        names = [f"{pod.name}.{pod.service}", *_services(pod, services, labels[pod.space, pod.set])]
        lines += [f"{pod.address} {' '.join(_spellings(name, pod.space, viewer))}" for name in names]
    return "\n".join(lines) + "\n"


def _labels(item: Object) -> dict[str, str]:
    return dict(item["spec"]["template"]["metadata"]["labels"])


def _services(pod: Pod, services: list[Object], labels: dict[str, str]) -> Iterator[str]:
    for item in services:
        if item["metadata"]["namespace"] == pod.space and item["spec"]["selector"].items() <= labels.items():
            yield item["metadata"]["name"]


def _spellings(name: str, space: str, viewer: Pod) -> Iterator[str]:
    """The names under which a pod can resolve `name`; the shortest only within one Kubernetes namespace."""
    yield from (f"{name}.{space}.svc.cluster.local", f"{name}.{space}.svc", f"{name}.{space}")
    if viewer.space == space:
        yield name
