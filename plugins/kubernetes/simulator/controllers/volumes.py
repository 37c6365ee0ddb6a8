"""Volumes and claims: binding, provisioning, protection by finalizers, and what they forbid the scheduler."""

from __future__ import annotations

from typing import Any

from plugins.kubernetes.simulator.controllers.base import Desk
from plugins.kubernetes.simulator.controllers.queue import Queue
from plugins.kubernetes.simulator.fields import child, rows, words
from plugins.kubernetes.simulator.kinds import CLAIMS, PODS, STORAGE_CLASSES, VOLUMES
from plugins.kubernetes.simulator.quantity import quantity
from plugins.kubernetes.simulator.selectors import requirement
from plugins.kubernetes.simulator.store import Change, Entry
from plugins.kubernetes.simulator.world import key_of

Object = dict[str, Any]
NO_PROVISIONER = "kubernetes.io/no-provisioner"
CLAIM_FINALIZER, VOLUME_FINALIZER = "kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"


def claims_of(pod_spec: Object) -> list[str]:
    """The names of the claims that a pod mounts."""
    found = (volume.get("persistentVolumeClaim") for volume in rows(pod_spec, "volumes"))
    return [item["claimName"] for item in found if item]


def pinned(volume: Entry, labels: dict[str, str]) -> bool:
    """Whether a volume can be used on a node with these labels."""
    required = child(volume.spec, "nodeAffinity").get("required")
    if not required:
        return True
    return any(
        all(requirement(item)(labels) for item in rows(term, "matchExpressions"))
        for term in rows(required, "nodeSelectorTerms")
    )


class Volumes:
    """The volume controller and the scheduler's view of volumes."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.store = desk, desk.store
        self.claims = Queue(lambda: desk.world.clock, self._claim)
        self.volumes = Queue(lambda: desk.world.clock, self._volume)
        self.store.listen(self._claim_changed, CLAIMS)
        self.store.listen(self._volume_changed, VOLUMES)
        self.store.listen(self._pod_changed, PODS)

    def _claim_changed(self, change: Change) -> None:
        self.claims.add(change.new.key)
        if name := change.new.spec.get("volumeName"):
            self.volumes.add(name)

    def _volume_changed(self, change: Change) -> None:
        self.volumes.add(change.new.key)
        if claim := change.new.spec.get("claimRef"):
            self.claims.add(key_of(claim["namespace"], claim["name"]))

    def _pod_changed(self, change: Change) -> None:
        if change.type == "DELETED":
            for name in claims_of(change.new.spec):
                self.claims.add(key_of(change.new.namespace, name))

    def _claim(self, key: str) -> None:
        claim = self.store.get(CLAIMS, key)
        if claim is None:
            return
        if claim.deleting:
            self._release(claim)
        elif not claim.spec.get("volumeName"):
            storage = self.store.get(STORAGE_CLASSES, claim.spec.get("storageClassName", ""))
            late = storage is not None and storage.body.get("volumeBindingMode") == "WaitForFirstConsumer"
            found = self._reserved(claim) or (None if late else self._available(claim))
            if found is not None:
                self._join(claim, found)
            elif not late and storage is not None and storage.body["provisioner"] != NO_PROVISIONER:
                self._provision(claim, storage, "")
            elif late:
                message = "waiting for first consumer to be created before binding"
                self.desk.event(claim, "WaitForFirstConsumer", message, source="persistentvolume-controller")

    def _release(self, claim: Entry) -> None:
        for pod in self.store.each(PODS, claim.namespace):
            if claim.name in claims_of(pod.spec):
                return

        def edit(body: Object) -> None:
            left = [name for name in words(body["metadata"], "finalizers") if name != CLAIM_FINALIZER]
            body["metadata"]["finalizers"] = left

        self.desk.world.change(CLAIMS, claim.key, edit)

    def _volume(self, name: str) -> None:
        volume = self.store.get(VOLUMES, name)
        if volume is None:
            return
        ref = child(volume.spec, "claimRef")
        claim = self.store.get(CLAIMS, key_of(ref["namespace"], ref["name"])) if ref else None
        bound = claim is not None and claim.spec.get("volumeName") == name and ref.get("uid") == claim.uid
        phase = "Bound" if bound else "Released" if ref.get("uid") else "Available"
        if phase != volume.status.get("phase"):
            since = {"lastPhaseTransitionTime": self.desk.world.now()}
            self.desk.world.set_status(volume, {"phase": phase} | since)
        if phase == "Released" and volume.spec["persistentVolumeReclaimPolicy"] == "Delete" and not volume.deleting:
            self.desk.world.delete(volume)
        if volume.deleting and not bound:
            self.desk.world.change(VOLUMES, name, _unprotect)

    def _reserved(self, claim: Entry) -> Entry | None:
        for volume in self.store.each(VOLUMES):
            ref = child(volume.spec, "claimRef")
            if (ref.get("namespace"), ref.get("name")) == (claim.namespace, claim.name) and ref.get(
                "uid", claim.uid
            ) == claim.uid:
                return volume
        return None

    def _available(self, claim: Entry, labels: dict[str, str] | None = None) -> Entry | None:
        wanted = quantity(claim.spec["resources"]["requests"]["storage"])
        fitting = [
            volume
            for volume in self.store.each(VOLUMES)
            if not volume.spec.get("claimRef")
            and volume.spec.get("storageClassName", "") == claim.spec.get("storageClassName", "")
            and quantity(volume.spec["capacity"]["storage"]) >= wanted
            and set(words(claim.spec, "accessModes")) <= set(words(volume.spec, "accessModes"))
            and (labels is None or pinned(volume, labels))
        ]
        return min(fitting, key=lambda volume: quantity(volume.spec["capacity"]["storage"]), default=None)

    def _provision(self, claim: Entry, storage: Entry, node: str) -> None:
        name = f"pvc-{claim.uid}"
        body: Object = {
            "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": storage.body["provisioner"]}},
            "spec": {
                "capacity": {"storage": claim.spec["resources"]["requests"]["storage"]},
                "csi": {"driver": storage.body["provisioner"], "volumeHandle": name},
                "accessModes": claim.spec["accessModes"],
                "claimRef": _reference(claim),
                "persistentVolumeReclaimPolicy": storage.body.get("reclaimPolicy", "Delete"),
                "storageClassName": storage.name,
            },
        }
        made = self.desk.world.create(VOLUMES, body)
        message = f"Successfully provisioned volume {name}"
        self.desk.event(claim, "ProvisioningSucceeded", message, source=storage.body["provisioner"])
        self._join(claim, made)

    def _join(self, claim: Entry, volume: Entry) -> None:
        def take(body: Object) -> None:
            body["spec"]["claimRef"] = _reference(claim)

        def give(body: Object) -> None:
            marks = body["metadata"].setdefault("annotations", {})
            marks |= {"pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes"}
            body["spec"]["volumeName"] = volume.name
            body["status"] = {
                "phase": "Bound",
                "accessModes": volume.spec["accessModes"],
                "capacity": volume.spec["capacity"],
            }

        self.desk.world.change(VOLUMES, volume.key, take)
        self.desk.world.change(CLAIMS, claim.key, give)

    def problem(self, pod: Entry) -> str:
        """Why no node at all will do, because of a claim."""
        for name in claims_of(pod.spec):
            claim = self.store.get(CLAIMS, key_of(pod.namespace, name))
            if claim is None:
                return f'persistentvolumeclaim "{name}" not found'
            if claim.deleting:
                return f'persistentvolumeclaim "{name}" is being deleted'
            if not claim.spec.get("volumeName") and not self._binds_late(claim):
                return "pod has unbound immediate PersistentVolumeClaims"
        return ""

    def _binds_late(self, claim: Entry) -> bool:
        storage = self.store.get(STORAGE_CLASSES, claim.spec.get("storageClassName", ""))
        return storage is not None and storage.body.get("volumeBindingMode") == "WaitForFirstConsumer"

    def conflict(self, pod: Entry, node: Entry) -> str:
        """Why a pod's volumes cannot be used on a node."""
        for name in claims_of(pod.spec):
            claim = self.store.get(CLAIMS, key_of(pod.namespace, name))
            if claim is None:
                continue
            volume = self.store.get(VOLUMES, claim.spec.get("volumeName", ""))
            if volume is not None:
                if not pinned(volume, node.labels):
                    return "node(s) didn't match PersistentVolume's node affinity"
            elif claim.spec.get("volumeName"):
                return "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
            elif not self._provisioned(claim) and self._available(claim, node.labels) is None:
                return "node(s) didn't find available persistent volumes to bind"
        return ""

    def _provisioned(self, claim: Entry) -> bool:
        storage = self.store.get(STORAGE_CLASSES, claim.spec.get("storageClassName", ""))
        return storage is not None and storage.body["provisioner"] != NO_PROVISIONER

    def bind(self, pod: Entry, node: Entry) -> None:
        """Bind what waited for the pod's node."""
        for name in claims_of(pod.spec):
            claim = self.store.get(CLAIMS, key_of(pod.namespace, name))
            if claim is None or claim.spec.get("volumeName"):
                continue
            found = self._reserved(claim) or self._available(claim, node.labels)
            storage = self.store.get(STORAGE_CLASSES, claim.spec.get("storageClassName", ""))
            if found is not None:
                self._join(claim, found)
            elif storage is not None:
                self._provision(claim, storage, node.name)


def _unprotect(body: Object) -> None:
    left = [name for name in words(body["metadata"], "finalizers") if name != VOLUME_FINALIZER]
    body["metadata"]["finalizers"] = left


def _reference(claim: Entry) -> Object:
    return {
        "kind": "PersistentVolumeClaim",
        "namespace": claim.namespace,
        "name": claim.name,
        "uid": claim.uid,
        "apiVersion": "v1",
        "resourceVersion": claim.meta["resourceVersion"],
    }
