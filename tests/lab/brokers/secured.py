"""Certificates for listeners with TLS that stand beside the plain ones, by the lab's own authority."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.lab.brokers.pods import Pod
from tests.lab.world.credentials import certificate


def server_certificate(pki: Path, name: str, pods: Iterable[Pod]) -> tuple[Path, Path]:
    """One certificate and its key for all servers of a system, by their names and addresses; made once."""
    files = (pki / f"{name}.crt", pki / f"{name}.key")
    if not all(one.exists() for one in files):
        names = [word for pod in pods for word in (f"DNS:{pod.host}", f"DNS:{pod.short}", f"IP:{pod.address}")]
        certificate(pki, name, f"/CN={name}", ",".join(dict.fromkeys(names)))
    return files


def server_pem(pki: Path, name: str, pods: Iterable[Pod]) -> Path:
    """Both in one file, the key first, as servers in Java want it."""
    crt, key = server_certificate(pki, name, pods)
    both = pki / f"{name}.pem"
    if not both.exists():
        both.write_text(key.read_text() + crt.read_text())
    return both
