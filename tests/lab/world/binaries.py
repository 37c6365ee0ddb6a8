"""The two binaries of a lab, built once from source and kept in the user's cache: labplane and kwok.

labplane is etcd, the API server, the controller manager, the scheduler, kubeadm and the kubelets' API in one. Its name
carries a hash of its sources, so that a change builds anew and labs of several checkouts share what is equal.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys

from tests.lab.world.place import CACHE, HERE, LabError

KUBERNETES, KWOK = "v1.35.4", "v0.8.0"
BIN = CACHE / "bin"
_SOURCES = sorted((HERE / "labplane").iterdir())
PLANE = BIN / f"labplane-{hashlib.sha256(b''.join(path.read_bytes() for path in _SOURCES)).hexdigest()[:8]}"
KWOK_BINARY = BIN / f"kwok-{KWOK}"


def missing() -> list[str]:
    """What this machine lacks for a lab, in words; empty where it has all."""
    found: list[str] = []
    if sys.platform != "linux":
        return ["Linux: the lab uses network namespaces"]
    if os.geteuid() != 0:
        found.append("root: only root makes network namespaces")
    tools = ["ip", "openssl", "kubectl"]
    if not (PLANE.exists() and KWOK_BINARY.exists()):
        tools.append("go")
    reasons = {"go": "Go 1.25 or newer, once, to build the control plane", "ip": "ip (iproute2)"}
    found += [reasons.get(tool, tool) for tool in tools if shutil.which(tool) is None]
    return found


def require() -> None:
    """Raise a LabError that names all that this machine lacks for a lab."""
    if lacks := missing():
        raise LabError(f"the lab cannot run here; it needs {'; '.join(lacks)}")


def build() -> None:
    """Build what is not there; takes 6 to 15 minutes on two cores and needs a Go module proxy.

    Each binary appears under its name when it is whole, so that an interrupted build leaves nothing that looks done.
    """
    BIN.mkdir(parents=True, exist_ok=True)
    if not PLANE.exists():
        major, minor = KUBERNETES.lstrip("v").split(".")[:2]
        version = "k8s.io/component-base/version"
        stamps = {"gitVersion": KUBERNETES, "gitMajor": major, "gitMinor": minor}
        flags = " ".join(["-s -w", *(f"-X {version}.{key}={value}" for key, value in stamps.items())])
        part = PLANE.with_suffix(f".{os.getpid()}")
        _go(["build", "-ldflags", flags, "-o", str(part), "."], str(HERE / "labplane"), {})
        part.rename(PLANE)
    if not KWOK_BINARY.exists():
        folder = BIN / f"part-{os.getpid()}"
        folder.mkdir()
        _go(["install", "-ldflags", "-s -w", f"sigs.k8s.io/kwok/cmd/kwok@{KWOK}"], str(folder), {"GOBIN": str(folder)})
        (folder / "kwok").rename(KWOK_BINARY)
        folder.rmdir()


def _go(arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    done = subprocess.run(["go", *arguments], cwd=folder, env={**os.environ, **environment}, check=False)
    if done.returncode:
        raise LabError(f"go {arguments[0]} failed with {done.returncode} in {folder}; what it said stands above")
