"""Writes the kubeconfig of the simulated cluster, readable by its owner alone."""

from __future__ import annotations

import os
from pathlib import Path

_TEXT = """apiVersion: v1
kind: Config
current-context: sandbox
clusters:
- name: sandbox
  cluster:
    server: {url}
contexts:
- name: sandbox
  context:
    cluster: sandbox
    user: operator
users:
- name: operator
  user:
    token: {token}
"""


def write_kubeconfig(path: Path, url: str, token: str) -> None:
    """Write it anew with mode 0600."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(_TEXT.format(url=url, token=token))
