"""The lab's network namespace: a network of its own with no way out, in which the addresses of all nodes are local.

What listens on a node's or a pod's address in there behaves as that node or pod. A process is inside when its main
thread is; whatever it starts from then on, threads and processes, is inside too.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from pathlib import Path

from tests.lab.world.place import LabError

_NEW_NET = 0x40000000  # CLONE_NEWNET; os.setns came with Python 3.12
_LOCAL = ("10.8.111.0/24", "10.244.0.0/17", "10.9.0.0/16")  # nodes, kwok's pods, load nodes
GATEWAY = "10.244.128.1"  # of the bridge to pods that have namespaces of their own


def ip(*arguments: str) -> str:
    """What `ip` says, or a LabError with its complaint."""
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def path(name: str) -> Path:
    return Path("/run/netns") / name


def make(name: str) -> None:
    """Make the namespace, if it is not there."""
    if path(name).exists():
        return
    ip("netns", "add", name)
    ip("-n", name, "link", "set", "lo", "up")
    for block in _LOCAL:
        ip("-n", name, "route", "add", "local", block, "dev", "lo")
    ip("-n", name, "link", "add", "pods0", "type", "bridge")
    ip("-n", name, "address", "add", f"{GATEWAY}/17", "dev", "pods0")
    ip("-n", name, "link", "set", "pods0", "up")


def enter(name: str) -> int:
    """Go inside; returns the descriptor of where we were, for `leave`."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    inside = os.open(path(name), os.O_RDONLY | os.O_CLOEXEC)
    try:
        _switch(inside)
    finally:
        os.close(inside)
    return before


def leave(before: int) -> None:
    """Go back to where `enter` was called."""
    _switch(before)
    os.close(before)


def _switch(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _NEW_NET):
        number = ctypes.get_errno()
        raise LabError(f"cannot change the network namespace: {os.strerror(number)}")


def is_inside(pid: int, name: str) -> bool:
    """Whether this process is in the namespace: a process id from a file may be anybody's by now."""
    try:
        theirs, ours = Path(f"/proc/{pid}/ns/net").stat(), path(name).stat()
    except OSError:
        return False
    return (theirs.st_dev, theirs.st_ino) == (ours.st_dev, ours.st_ino)


def delete(name: str) -> None:
    """Remove the namespace; the kernel keeps it for whoever is still inside."""
    if path(name).exists():
        ip("netns", "delete", name)
