"""What is typed on the machine itself, in the right order, for each story of a node's return. Pure.

Order matters: `kubeadm reset` first, since it needs the node's own kubeconfig and manifests, then what it leaves behind
(network configuration, rules of the packet filter, /etc/kubernetes), then the join. Nothing here touches the
directories of local volumes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """How a node comes back: as it was; with `kubeadm reset`; with a new image; as another machine."""

    REBOOTED = "rebooted"
    RESET = "reset"
    REIMAGED = "reimaged"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Machine:
    """What must be known of the node: its name, what the others run, and where its volumes lie.

    `version` is the kubelets' (`v1.35.4`), `endpoint` the API server's `HOST:PORT`, `paths` are of local volumes.
    """

    name: str
    version: str = ""
    endpoint: str = ""
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together, under a title."""

    title: str
    lines: tuple[str, ...]


STOP = Block("stop the kubelet", ("systemctl stop kubelet",))
_RESET = Block("reset; it asks, and leaves the directories of local volumes alone", ("kubeadm reset",))
_CLEAN = Block(
    "clean what a reset leaves behind",
    (
        "rm -rf /etc/cni/net.d /etc/kubernetes/* $HOME/.kube",
        "ip link delete cni0 2>/dev/null; ip link delete flannel.1 2>/dev/null",
        "iptables -F && iptables -t nat -F && iptables -t mangle -F && iptables -X",
        "ipvsadm --clear 2>/dev/null  # only where kube-proxy runs in mode ipvs",
    ),
)
_SWAP = Block("no swap, now and after a reboot", ("swapoff -a", "sed -i '/\\sswap\\s/s/^[^#]/#&/' /etc/fstab"))
_MODULES = Block(
    "kernel modules",
    (
        "printf 'overlay\\nbr_netfilter\\n' > /etc/modules-load.d/k8s.conf",
        "modprobe overlay && modprobe br_netfilter",
    ),
)
_SETTINGS = "net.bridge.bridge-nf-call-iptables net.bridge.bridge-nf-call-ip6tables net.ipv4.ip_forward"
_SYSCTL = Block("kernel settings", (f"printf '%s=1\\n' {_SETTINGS} > /etc/sysctl.d/k8s.conf", "sysctl --system"))
_CLOCK = Block("the clock", ("systemctl enable --now chronyd", "chronyc -a makestep"))
_CONTAINERD = Block(
    "containerd: cgroups by systemd, and a pause image that can be pulled from here",
    (
        "containerd config default > /etc/containerd/config.toml",
        "sed -i 's/SystemdCgroup = false/SystemdCgroup = true/' /etc/containerd/config.toml",
        "grep -nE 'sandbox_image|sandbox =' /etc/containerd/config.toml  # must be as on the other nodes",
        "systemctl enable --now containerd && systemctl restart containerd",
    ),
)
_SAFE = re.compile(r"[A-Za-z0-9_./:@%+,=~-]+")


def leaving(way: Way) -> tuple[Block, ...]:
    """Before the Node is deleted: its kubelet must be silent."""
    if way is Way.REPLACED:
        return (Block("switch the old machine off", ("poweroff",)),)
    return (STOP,)


def joining(way: Way, machine: Machine, line: str) -> tuple[Block, ...]:
    """After the Node was deleted: what leads to the join line, and the line itself, last."""
    join = Block("join", (line,))
    if way is Way.RESET:
        return (STOP, _RESET, _CLEAN, join)
    return (_named(machine), *_host(machine), *_directories(machine.paths), join)


def as_text(where: str, blocks: Sequence[Block]) -> str:
    """The blocks as lines for a person; comments name what each is for, so that all of it can be pasted."""
    lines = [f"# on {where}, as root"]
    for block in blocks:
        lines += [f"# {block.title}", *block.lines]
    return "\n".join(lines)


def quoted(text: str) -> str:
    """A word for a shell, whatever is in it."""
    return text if _SAFE.fullmatch(text) else "'" + text.replace("'", "'\\''") + "'"


def _named(machine: Machine) -> Block:
    host = machine.endpoint.rpartition(":")[0]
    check = f"getent hosts {quoted(host)}  # must lead to the API server; else a line in /etc/hosts"
    lines = (f"hostnamectl set-hostname {quoted(machine.name)}", *((check,) if host else ()))
    return Block("its name, and that of the API server", lines)


def _host(machine: Machine) -> tuple[Block, ...]:
    version = machine.version.removeprefix("v")
    packages = f"kubelet-{version} kubeadm-{version}" if version else "kubelet kubeadm"
    install = Block(
        "kubelet and kubeadm in the version of the other nodes; the kubelet restarts until the join, which is normal",
        (f"yum install -y {packages} --disableexcludes=kubernetes", "systemctl enable --now kubelet"),
    )
    return (_SWAP, _MODULES, _SYSCTL, _CLOCK, _CONTAINERD, install)


def _directories(paths: Sequence[str]) -> tuple[Block, ...]:
    if not paths:
        return ()
    made = tuple(f"mkdir -p {quoted(path)}" for path in paths)
    return (Block("directories of its local volumes: mount their disks there first, if they still exist", made),)
