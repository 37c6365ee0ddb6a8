"""The cluster as a whole: the world with its scheduler, kubelets and controllers.

Also what an operator or a scenario does to it from outside.
"""

from __future__ import annotations

from typing import Any

from plugins.kubernetes.simulator.clock import Clock
from plugins.kubernetes.simulator.controllers.attendant import Attendant
from plugins.kubernetes.simulator.controllers.base import Desk
from plugins.kubernetes.simulator.controllers.budgets import Budgets
from plugins.kubernetes.simulator.controllers.daemons import DaemonSets, Jobs
from plugins.kubernetes.simulator.controllers.endpoints import Endpoints
from plugins.kubernetes.simulator.controllers.kubelets import Kubelets
from plugins.kubernetes.simulator.controllers.nodes import Nodes
from plugins.kubernetes.simulator.controllers.replicas import Deployments, ReplicaSets
from plugins.kubernetes.simulator.controllers.scheduler import Scheduler
from plugins.kubernetes.simulator.controllers.statefulsets import StatefulSets
from plugins.kubernetes.simulator.controllers.tokens import Tokens
from plugins.kubernetes.simulator.controllers.volumes import Volumes
from plugins.kubernetes.simulator.fields import child
from plugins.kubernetes.simulator.garbage import Garbage
from plugins.kubernetes.simulator.kinds import CONFIG_MAPS, EVENTS, NAMESPACES, NODES, PODS, by_kind
from plugins.kubernetes.simulator.store import Change, Entry
from plugins.kubernetes.simulator.world import World

Object = dict[str, Any]


class Cluster:
    """World and controllers, wired once."""

    def __init__(self, clock: Clock | None = None, *, seed: int = 7, version: str = "v1.35.4") -> None:
        self.world = World(clock, seed=seed, version=version)
        self.desk = Desk(self.world)
        self.garbage = Garbage(self.world)
        self.volumes = Volumes(self.desk)
        self.scheduler = Scheduler(self.desk, self.volumes)
        self.kubelets = Kubelets(self.desk)
        self.nodes = Nodes(self.desk, self.kubelets)
        self.sets = StatefulSets(self.desk)
        self.replica_sets = ReplicaSets(self.desk)
        self.deployments = Deployments(self.desk)
        self.daemon_sets = DaemonSets(self.desk)
        self.jobs = Jobs(self.desk)
        self.budgets = Budgets(self.desk)
        self.endpoints = Endpoints(self.desk)
        self.tokens = Tokens(self.desk)
        self.attendant: Attendant | None = None
        self.world.store.listen(self._new_namespace, NAMESPACES)

    def _new_namespace(self, change: Change) -> None:
        if change.type != "ADDED":
            return
        name = change.new.name

        def furnish() -> None:
            if self.world.store.get(NAMESPACES, name) is None:
                return
            self.desk.default_account(name)
            if self.world.store.get(CONFIG_MAPS, f"{name}/kube-root-ca.crt") is None:
                meta = {"name": "kube-root-ca.crt", "namespace": name}
                self.world.create(CONFIG_MAPS, {"metadata": meta, "data": {"ca.crt": "invented"}})

        self.world.clock.after(0.02, furnish)

    def add(self, item: Object) -> Entry:
        """Create an object from its manifest; its namespace is made when it is not there."""
        kind = by_kind(item["apiVersion"], item["kind"])
        if kind is None:
            raise ValueError(f"the simulator does not serve {item['apiVersion']} {item['kind']}")
        space = child(item, "metadata").get("namespace", "")
        if space and self.world.store.get(NAMESPACES, space) is None:
            self.world.create(NAMESPACES, {"metadata": {"name": space}})
        return self.world.create(kind, item)

    def forget_events(self) -> None:
        """Events are kept for an hour; none is left from days ago."""
        for key in tuple(self.world.store.keys(EVENTS)):
            self.world.store.remove(EVENTS, key)

    def cordon(self, name: str) -> None:
        """Mark a node unschedulable."""

        def edit(body: Object) -> None:
            body["spec"]["unschedulable"] = True

        self.world.change(NODES, name, edit)

    def delete_pods(self, *keys: str) -> None:
        """Delete pods (`namespace/name`) as a person would."""
        for key in keys:
            pod = self.world.store.get(PODS, key)
            if pod is not None:
                self.world.delete(pod)

    def stop_node(self, name: str) -> None:
        """A machine dies: its heartbeats end."""
        self.nodes.stop(name)

    def start_node(self, name: str) -> None:
        """A machine is back."""
        self.nodes.start(name)

    def join_node(self, name: str) -> None:
        """The machine of a deleted Node joins anew, as `kubeadm join` has it: no label or taint of before is kept."""
        gone = self.nodes.forgotten.pop(name, None)
        if gone is None or self.world.store.get(NODES, name) is not None:
            raise ValueError(f"{name} is no machine whose Node was deleted")
        known = ("beta.kubernetes.io/", "kubernetes.io/")
        labels = {key: text for key, text in gone.labels.items() if key.startswith(known)}
        keep = {key: text for key, text in gone.annotations.items() if key == "lab/address"}
        status = {key: value for key, value in gone.status.items() if key != "conditions"}
        spec = {key: value for key, value in gone.spec.items() if key.startswith("podCIDR")}
        self.world.faults.down_nodes.discard(name)
        meta = {"name": name, "labels": labels, "annotations": keep}
        self.world.create(NODES, {"metadata": meta, "spec": spec, "status": status})

    def attend(self, *, resets: bool = False) -> None:
        """Somebody stands at the machines and types what a rejoin asks for (see controllers.attendant)."""
        if self.attendant is None:
            self.attendant = Attendant(self.desk, self.nodes, self.join_node)
        if resets:
            self.attendant.reset_drained()

    def lose_disk(self, *volumes: str) -> None:
        """The directories of these volumes are gone from their node: what mounts them does not start again."""
        self.world.faults.lost_disks.update(volumes)

    def find_disk(self, *volumes: str) -> None:
        """The directories are there again."""
        self.world.faults.lost_disks.difference_update(volumes)
        self.kubelets.look_again()

    def crash(self, *pods: str) -> None:
        """The first container of these pods (`namespace/name`) exits again and again."""
        self.world.faults.crashing.update(pods)
        self.kubelets.look_again()

    def heal(self, *pods: str) -> None:
        """These pods stay up, start and stop as they should."""
        faults = self.world.faults
        for held in (faults.crashing, faults.stuck, faults.hanging):
            held.difference_update(pods)
        self.kubelets.look_again()
