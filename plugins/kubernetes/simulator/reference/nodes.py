"""The nodes of the reference cluster, with their capacities and address blocks."""

from __future__ import annotations

from typing import Any, NamedTuple

Object = dict[str, Any]


class Machine(NamedTuple):
    """One node: its address, role, taint key, capacity and block of pod addresses."""

    name: str
    address: str
    role: str
    taints: tuple[tuple[str, str], ...]
    cpu: int
    memory: int
    block: str


_MASTER, _PULSAR = (("node-role.kubernetes.io/control-plane", ""),), (("dedicated", "pulsar"),)
MACHINES = (
    Machine("k8s-master1", "10.8.111.202", "control-plane", _MASTER, 4, 8, "10.244.10.0/26"),
    Machine("k8s-node1", "10.8.111.203", "", (), 8, 32, "10.244.21.0/26"),
    Machine("k8s-node2", "10.8.111.204", "", (), 8, 32, "10.244.22.0/26"),
    Machine("k8s-node3", "10.8.111.205", "", (), 8, 32, "10.244.23.0/26"),
    Machine("node1", "10.8.111.211", "pulsar", _PULSAR, 4, 16, "10.244.226.64/26"),
    Machine("node2", "10.8.111.212", "pulsar", _PULSAR, 4, 16, "10.244.63.64/26"),
    Machine("node3", "10.8.111.213", "pulsar", _PULSAR, 4, 16, "10.244.46.64/26"),
)


def node(machine: Machine, version: str) -> Object:
    """The Node object of a machine, as its kubelet registers it."""
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": machine.name,
        "kubernetes.io/os": "linux",
    }
    if machine.role:
        labels[f"node-role.kubernetes.io/{machine.role}"] = "pulsar" if machine.role == "pulsar" else ""
    spec: Object = {"podCIDR": machine.block, "podCIDRs": [machine.block]}
    if machine.taints:
        taints = [{"key": key, "value": value, "effect": "NoSchedule"} for key, value in machine.taints]
        spec["taints"] = [{name: text for name, text in taint.items() if text} for taint in taints]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": machine.name, "labels": labels, "annotations": {"lab/address": machine.address}},
        "spec": spec,
        "status": status(machine, version),
    }


def status(machine: Machine, version: str) -> Object:
    """Capacity, addresses and software of a machine."""
    disk = 200
    capacity = {
        "cpu": str(machine.cpu),
        "ephemeral-storage": f"{disk}Gi",
        "memory": f"{machine.memory}Gi",
        "pods": "110",
    }
    room = {
        "cpu": f"{machine.cpu * 1000 - 200}m",
        "ephemeral-storage": f"{disk - 20}Gi",
        "memory": f"{machine.memory * 1024 - 512}Mi",
        "pods": "110",
    }
    return {
        "capacity": capacity,
        "allocatable": room,
        "addresses": [
            {"type": "InternalIP", "address": machine.address},
            {"type": "Hostname", "address": machine.name},
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": {
            "machineID": "",
            "systemUUID": "",
            "bootID": "",
            "kernelVersion": "6.1.0",
            "osImage": "Debian GNU/Linux 12 (bookworm)",
            "containerRuntimeVersion": "containerd://1.7.27",
            "kubeletVersion": version,
            "kubeProxyVersion": "",
            "operatingSystem": "linux",
            "architecture": "amd64",
        },
    }
