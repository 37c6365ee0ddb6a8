"""Put real servers behind the pods of a system, and take them away again.

    python -m tests.lab.brokers.bringup SYSTEM ...     within a lab that runs, for the fixture of tests

The servers start first and are healthy when their pods are made; so all is up in half the time that a chart would take.
"""

from __future__ import annotations

import base64
import json
import shutil
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest

from tests.lab.brokers import namespaces, packages
from tests.lab.brokers.logs import log_of
from tests.lab.brokers.pods import Pod
from tests.lab.brokers.system import System, kill, kill_all
from tests.lab.brokers.systems import USUAL, systems
from tests.lab.world import plane, staging
from tests.lab.world.api import Api, Object, item_path
from tests.lab.world.older import objects
from tests.lab.world.place import LabError, Place

_READY_SECONDS = 300.0
_GONE = 404


def install(place: Place, names: Iterable[str]) -> None:
    """Fetch what these systems need; outside of the lab's namespace, which has no way out."""
    wanted = systems(place, names)
    packages.install(name for system in wanted for name in system.packages)
    for system in wanted:
        system.fetch()
    require(wanted)


def require(wanted: Iterable[System]) -> None:
    """Raise a LabError that names all that these systems lack."""
    if lacks := [f"{system.name}: {lack}" for system in wanted for lack in system.missing()]:
        raise LabError(f"`uv run python -m tests.lab brokers install` is needed; missing: {'; '.join(lacks)}")


def up(place: Place, names: Iterable[str]) -> None:
    """Have these systems behind their pods; within the lab's namespace. What is there already is kept."""
    wanted = systems(place, names)
    require(wanted)
    namespaces.create(place, [pod for system in wanted for pod in system.pods])
    with ThreadPoolExecutor(len(wanted)) as pool:
        list(pool.map(_start, wanted))
    secrets = [item for system in wanted for item in _secrets(system)]
    older = [item for system in wanted for item in objects(system.name)]
    names = [system.name for system in wanted]
    staging.record(place, names, [item_path(item) for item in [*secrets, *older]])
    _tell_kubelets(place)
    with Api(place) as api:
        _stage(api, place)
        api.apply_all(secrets)
        plane.stop(place, plane.STAGE)  # it plays those that were staged when it started
        plane.start(place, plane.STAGE)
        _wait_until_ready(api, place, wanted)


def down(place: Place, *, purge: bool = False) -> None:
    """Stop all servers; their pods are played ones again after the next reset. `purge` takes their data, too."""
    plane.stop(place, plane.STAGE)  # first: nobody starts again what stops now
    if purge:
        kill_all(place)
        namespaces.remove(place)
    elif used := [system for system in systems(place) if system.home.exists()]:
        with ThreadPoolExecutor(len(used)) as pool:
            list(pool.map(System.end, used))
    staging.forget(place)
    place.staged_pods.unlink(missing_ok=True)


def retire(place: Place, name: str) -> None:
    """Take an old version away, with its namespace and data; what else is staged goes on."""
    (system,) = systems(place, [name])
    plane.stop(place, plane.STAGE)  # first: nobody starts again what ends now
    kill(system.process.values())
    shutil.rmtree(system.home, ignore_errors=True)
    staging.forget_older(place, name)
    _tell_kubelets(place)
    if staging.staged(place):
        plane.start(place, plane.STAGE)
    with Api(place) as api:
        _remove_space(api, system.space)


def _remove_space(api: Api, space: str) -> None:
    """Remove a Kubernetes namespace whose pods have nobody who would stop them."""
    path, deadline = f"/api/v1/namespaces/{space}", time.monotonic() + _READY_SECONDS
    api.call("DELETE", path)
    while api.call("GET", path)[0] != _GONE:
        if time.monotonic() > deadline:
            raise LabError(f"the namespace {space} does not go away")
        api.call("DELETE", f"{path}/pods?gracePeriodSeconds=0")
        time.sleep(0.5)


def _start(system: System) -> None:
    system.home.mkdir(parents=True, exist_ok=True)
    for process in system.process.values():
        process.hold.unlink(missing_ok=True)
    system.start()
    system.write_tools()


def _secrets(system: System) -> list[Object]:
    """They carry the lab's mark, since a reset leaves them alone."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"namespace": system.space, "name": name},
            "type": "Opaque",
            "data": {key: base64.b64encode(value).decode() for key, value in values.items()},
        }
        for name, values in system.secrets().items()
    ]


def _tell_kubelets(place: Place) -> None:
    """Say what stands behind each staged pod: a way in for exec, its log, its processes, its volumes."""
    sets = {item["metadata"]["name"]: item["spec"] for item in staging.everything() if item["kind"] == "StatefulSet"}
    table: dict[str, Object] = {}
    for system in systems(place, staging.staged(place)):
        for pod in system.pods:
            log = log_of(place, pod)
            log.parent.mkdir(parents=True, exist_ok=True)
            log.touch()
            spec = sets[pod.set]
            volumes = {
                claim["metadata"]["name"]: str(system.home / system.speaker(pod))
                for claim in spec["volumeClaimTemplates"]
            }
            table[pod.key] = {
                "netns": pod.netns, "log": str(log), "containers": _containers(system, pod, spec), "volumes": volumes,
            }  # fmt: skip
    young = place.staged_pods.with_suffix(".new")
    young.write_text(json.dumps(table, indent=1))
    young.replace(place.staged_pods)


def _containers(system: System, pod: Pod, spec: Object) -> Object:
    """By name; one without a member has the tools of the first."""
    found: Object = {}
    for container, member in zip_longest(spec["template"]["spec"]["containers"], pod.members):
        entry = system.entry(pod, member or system.speaker(pod))
        found[container["name"]] = {"exec": entry, "pidfile": str(system.process[member].pidfile) if member else ""}
    return found


def _stage(api: Api, place: Place) -> None:
    """Change the sets."""
    api.apply_all(staging.topology(place))
    for item in staging.left_out(place):
        api.call("DELETE", f"{item_path(item)}?propagationPolicy=Background")


def _remove_played(api: Api, wanted: list[System]) -> None:
    """Again and again: while a set rolls, the controller also makes pods of the revision that goes."""
    sets = {one.name for one in staging.SETS}
    for system in wanted:
        for pod in api.items(f"/api/v1/namespaces/{system.space}/pods"):
            meta = pod["metadata"]
            ours = any(owner["name"] in sets for owner in meta.get("ownerReferences", []))
            if ours and staging.PROCESS not in meta.get("annotations", {}):
                path = f"/api/v1/namespaces/{system.space}/pods/{meta['name']}"
                api.call("DELETE", f"{path}?gracePeriodSeconds=0")


def _wait_until_ready(api: Api, place: Place, wanted: list[System]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while waiting := [pod.key for system in wanted for pod in system.pods if not is_ready(api, pod)]:
        if time.monotonic() > deadline:
            raise LabError(f"not ready: {', '.join(waiting)}; see {place.logs / 'stage.log'}")
        _remove_played(api, wanted)
        time.sleep(0.5)


def is_ready(api: Api, pod: Pod) -> bool:
    """Whether the pod is a staged one, and ready."""
    status, item = api.call("GET", f"/api/v1/namespaces/{pod.space}/pods/{pod.name}")
    meta = item.get("metadata", {})
    if status != 200 or "deletionTimestamp" in meta or staging.PROCESS not in meta.get("annotations", {}):
        return False
    conditions = item["status"].get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def main() -> None:
    """Bring up the systems that are named."""
    try:
        up(Place.from_environment(), sys.argv[1:] or USUAL)
    except LabError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
