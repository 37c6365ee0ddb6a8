"""Where one lab lives: its folder, its network namespace, its ports. One lab a folder; labs do not see each other.

Set by environment: LAB_DIR (default `.lab` of this checkout), LAB_NAME (the namespace, default from the folder),
LAB_KUBE_PORT (the API server's; it is on 127.0.0.1 inside of the namespace, so equal ports are no conflict).
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[2]
# Binaries outlive a checkout. Read at import, since tests see a home folder of their own.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pilothouse-lab"


class LabError(Exception):
    """The lab cannot do what was asked; says what is missing and where to look."""


@dataclass(frozen=True, slots=True)
class Place:
    """The folder, the network namespace and the first of seven ports of one lab."""

    root: Path
    name: str
    port: int

    @classmethod
    def from_environment(cls) -> Place:
        folder = Path(os.environ.get("LAB_DIR") or CHECKOUT / ".lab").resolve()
        mark = hashlib.sha256(str(folder).encode()).hexdigest()[:6]
        name = os.environ.get("LAB_NAME") or f"pilothouse-test-{mark}"
        return cls(root=folder / "kubernetes", name=name, port=int(os.environ.get("LAB_KUBE_PORT", "17443")))

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def logs(self) -> Path:
        return self.root / "log"

    @property
    def pids(self) -> Path:
        return self.root / "pid"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.root / "kubeconfig"

    @property
    def viewer_kubeconfig(self) -> Path:
        """Of a user who may read what the ClusterRole `view` lets read: no Secrets, no nodes, no volumes."""
        return self.root / "viewer.kubeconfig"

    @property
    def baseline(self) -> Path:
        """What stood in the reference topology when it was settled."""
        return self.root / "baseline.json"

    @property
    def staged_systems(self) -> Path:
        """Which systems have real servers, see staging.py."""
        return self.root / "staged-systems.json"

    @property
    def staged_pods(self) -> Path:
        """What the kubelets' API knows of the processes behind pods; it reads this file whenever it changes."""
        return self.root / "staged.json"

    @property
    def environment(self) -> dict[str, str]:
        """By which another process of the lab's own finds the same lab and the same cache."""
        own = {"LAB_DIR": self.root.parent, "LAB_NAME": self.name, "LAB_KUBE_PORT": self.port}
        own |= {"XDG_CACHE_HOME": CACHE.parent, "PYTHONPATH": CHECKOUT}
        return {key: str(value) for key, value in own.items()}

    @property
    def server(self) -> str:
        return f"https://127.0.0.1:{self.port}"
