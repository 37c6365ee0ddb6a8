"""Somebody who stands at the machines: stops a drained node's kubelet, and types the join once there is a token for it.

The join goes the way of `kubeadm join`: a certificate signing request by the token, its approval, the certificate, then
the Node, which becomes Ready later. Without a token that is valid and signed for, nothing joins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from plugins.kubernetes.simulator.clock import seconds_of
from plugins.kubernetes.simulator.controllers.base import Desk
from plugins.kubernetes.simulator.controllers.nodes import Nodes
from plugins.kubernetes.simulator.controllers.tokens import INFO, SIGNATURE, TOKEN_TYPE, values
from plugins.kubernetes.simulator.fields import texts
from plugins.kubernetes.simulator.kinds import CONFIG_MAPS, NODES, PODS, REQUESTS, SECRETS
from plugins.kubernetes.simulator.store import Change, Entry

Object = dict[str, Any]
LOOKS_EVERY, STOPS_AFTER, TYPES_FOR, SIGNS_IN = 5.0, 20.0, 8.0, 1.0
SIGNER = "kubernetes.io/kube-apiserver-client-kubelet"


class Attendant:
    """Follows token Secrets; after `reset_drained` also cordoned nodes on which nothing movable is left."""

    def __init__(self, desk: Desk, nodes: Nodes, join: Callable[[str], None]) -> None:
        self.desk, self.nodes, self._join = desk, nodes, join
        self._empty_since: dict[str, float] = {}
        self._reset: set[str] = set()
        """Machines that were reset and have not taken pods since: once is enough."""
        desk.store.listen(self._secret_changed, SECRETS)
        for entry in tuple(desk.store.each(SECRETS, "kube-system")):
            self._found(entry)
        self._resets = False

    def reset_drained(self) -> None:
        """From now on the kubelet of a drained node is stopped after a while."""
        if not self._resets:
            self._resets = True
            self.desk.world.clock.after(LOOKS_EVERY, self._look)

    def _look(self) -> None:
        now = self.desk.world.clock.now()
        for node in tuple(self.desk.store.each(NODES)):
            if not node.spec.get("unschedulable"):
                self._reset.discard(node.name)
            if node.name in self._reset:
                continue
            if not node.spec.get("unschedulable") or self._movable(node.name):
                self._empty_since.pop(node.name, None)
            elif now - self._empty_since.setdefault(node.name, now) >= STOPS_AFTER:
                self.nodes.stop(node.name)
                self._reset.add(node.name)
                del self._empty_since[node.name]
        self.desk.world.clock.after(LOOKS_EVERY, self._look)

    def _movable(self, name: str) -> bool:
        pods = (pod for pod in self.desk.store.each(PODS) if pod.spec.get("nodeName") == name)
        return any(all(owner["kind"] != "DaemonSet" for owner in pod.meta.get("ownerReferences") or ()) for pod in pods)

    def _secret_changed(self, change: Change) -> None:
        if change.type == "ADDED":
            self._found(change.new)

    def _found(self, entry: Entry) -> None:
        """A token that names, last in its description, a machine whose Node was deleted."""
        if entry.body.get("type") == TOKEN_TYPE:
            name = values(entry).get("description", "").rpartition(" ")[2]
            if name in self.nodes.forgotten:
                self.desk.world.clock.after(TYPES_FOR, lambda: self._type(name, entry))

    def _type(self, name: str, secret: Entry) -> None:
        """`kubeadm join` on the machine."""
        token = self._valid(secret)
        if not token or self.desk.node(name) is not None:
            return
        made = self.desk.world.create(
            REQUESTS,
            {
                "metadata": {"name": f"csr-{self.desk.world.suffix()}"},
                "spec": {
                    "request": "aW52ZW50ZWQ=",
                    "signerName": SIGNER,
                    "username": f"system:bootstrap:{token}",
                    "usages": ["digital signature", "client auth"],
                },
                "status": {},
            },
        )
        condition = {"type": "Approved", "status": "True", "reason": "AutoApproved", "message": "Auto approving"}
        after = self.desk.world.clock.after
        after(SIGNS_IN, lambda: self._say(made, {"conditions": [condition]}))
        after(2 * SIGNS_IN, lambda: self._say(made, {"conditions": [condition], "certificate": "aW52ZW50ZWQ="}))
        after(3 * SIGNS_IN, lambda: self._arrive(name))

    def _valid(self, secret: Entry) -> str:
        """The token's id, while its Secret is there, has not ended, and cluster-info is signed with it."""
        held = values(secret)
        token, until = held.get("token-id", ""), held.get("expiration", "")
        info = self.desk.store.get(CONFIG_MAPS, INFO)
        if self.desk.store.get(SECRETS, secret.key) is None or info is None:
            return ""
        if until and seconds_of(until) <= self.desk.world.clock.now():
            return ""
        return token if f"{SIGNATURE}{token}" in texts(info.body, "data") else ""

    def _say(self, request: Entry, status: Object) -> None:
        found = self.desk.store.get(REQUESTS, request.key)
        if found is not None:
            self.desk.world.set_status(found, status)

    def _arrive(self, name: str) -> None:
        if self.desk.node(name) is None:
            self._join(name)
