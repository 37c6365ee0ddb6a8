"""The components of the control plane as processes: their commands, start, stop, and whether they are ready.

Owns only processes that it started itself: a process id is believed while that process is in the lab's namespace.
"""

from __future__ import annotations

import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.lab.world import binaries, network
from tests.lab.world.place import HERE, LabError, Place

ETCD, API, CONTROLLERS, SCHEDULER = "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"
KUBELETS, KWOK, STAGE = "kubelet-api", "kwok", "stage"
IN_ORDER = (ETCD, API, CONTROLLERS, SCHEDULER, KUBELETS, KWOK)
_READY_SECONDS = 180.0
_STOP_SECONDS = 20.0


def command(place: Place, name: str) -> list[str]:
    """The command line of one component."""
    if name == KWOK:
        return [str(binaries.KWOK_BINARY), *_flags(_kwok(place))]
    if name == STAGE:  # the kubelets of pods with real servers
        return [sys.executable, "-m", "tests.lab.brokers.stage"]
    table = {ETCD: _etcd, API: _api, CONTROLLERS: _controllers, SCHEDULER: _scheduler, KUBELETS: _kubelets}
    return [str(binaries.PLANE), name, *_flags(table[name](place))]


def _flags(values: dict[str, object]) -> list[str]:
    return [f"--{key}={value}" for key, value in values.items()]


def _etcd(place: Place) -> dict[str, object]:
    client, peer = f"http://127.0.0.1:{place.port + 1}", f"http://127.0.0.1:{place.port + 2}"
    return {
        "name": "lab",
        "data-dir": place.data / "etcd",
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"lab={peer}",
        "unsafe-no-fsync": "true",
        "quota-backend-bytes": 8 << 30,
        "log-level": "warn",
        "auto-compaction-retention": "5m",
    }


def _api(place: Place) -> dict[str, object]:
    pki = place.pki
    return {
        "etcd-servers": f"http://127.0.0.1:{place.port + 1}",
        "bind-address": "127.0.0.1",
        "advertise-address": "127.0.0.1",
        "endpoint-reconciler-type": "none",
        "secure-port": place.port,
        "tls-cert-file": pki / "apiserver.crt",
        "tls-private-key-file": pki / "apiserver.key",
        "client-ca-file": pki / "ca.crt",
        "kubelet-client-certificate": pki / "admin.crt",
        "kubelet-client-key": pki / "admin.key",
        # As kubeadm has it, which also gives no authority for the kubelets' own certificates.
        "kubelet-preferred-address-types": "InternalIP",
        "service-account-key-file": pki / "sa.pub",
        "service-account-signing-key-file": pki / "sa.key",
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-cluster-ip-range": "10.0.0.0/16",
        "authorization-mode": "Node,RBAC",
        "token-auth-file": pki / "tokens.csv",
        "enable-bootstrap-token-auth": "true",
        "audit-policy-file": HERE / "audit.yaml",
        "audit-log-path": place.logs / "audit.log",
        "audit-log-mode": "batch",
        "allow-privileged": "true",
        "profiling": "false",
        "max-requests-inflight": 800,
        "max-mutating-requests-inflight": 400,
    }


def _client(place: Place, port: int) -> dict[str, object]:
    return {
        "kubeconfig": place.kubeconfig,
        "secure-port": port,
        "bind-address": "127.0.0.1",
        "leader-elect": "false",
        "kube-api-qps": 200,
        "kube-api-burst": 400,
    }


def _controllers(place: Place) -> dict[str, object]:
    pki = place.pki
    return {
        **_client(place, place.port + 3),
        "controllers": "*,bootstrap-signer-controller,token-cleaner-controller",
        "root-ca-file": pki / "ca.crt",
        "service-account-private-key-file": pki / "sa.key",
        "cluster-signing-cert-file": pki / "ca.crt",
        "cluster-signing-key-file": pki / "ca.key",
        "use-service-account-credentials": "false",
        "node-monitor-grace-period": "40s",
    }


def _scheduler(place: Place) -> dict[str, object]:
    return _client(place, place.port + 4)


def _kubelets(place: Place) -> dict[str, object]:
    return {
        "kubeconfig": place.kubeconfig,
        "pods": place.staged_pods,
        "listen": f"0.0.0.0:{place.port + 5}",
        "tls-cert-file": place.pki / "kubelet.crt",
        "tls-private-key-file": place.pki / "kubelet.key",
        "client-ca-file": place.pki / "ca.crt",
    }


def _kwok(place: Place) -> dict[str, object]:
    return {
        "kubeconfig": place.kubeconfig,
        "manage-all-nodes": "true",
        "config": HERE / "kwok.yaml",
        "node-ip": "127.0.0.1",
        "node-port": place.port + 5,
        "cidr": "10.244.0.0/17",
        "server-address": f"127.0.0.1:{place.port + 6}",
        "node-lease-duration-seconds": 40,
    }


def running(place: Place, name: str) -> int | None:
    """The component's process id, or None where it does not run."""
    try:
        pid = int((place.pids / name).read_text())
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (OSError, ValueError):
        return None
    return pid if state != "Z" and network.is_inside(pid, place.name) else None


def start(place: Place, name: str) -> None:
    """Start one component, if it does not run, and wait for etcd and the API server to be ready."""
    if not running(place, name):
        environment = {**os.environ, **place.environment, "KUBE_FEATURE_WatchListClient": "true"}
        with (place.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command(place, name), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=place.data,
                env=environment, start_new_session=True,
            )  # fmt: skip
        (place.pids / name).write_text(str(process.pid))
        process.returncode = 0  # it outlives us on purpose, and is found again by its id
    if name == ETCD:
        _wait_for(place, name, f"http://127.0.0.1:{place.port + 1}/health")
    elif name == API:
        _wait_for(place, name, f"{place.server}/readyz")


def stop(place: Place, name: str, how: signal.Signals = signal.SIGTERM) -> None:
    """End one component; one that does not listen is killed after a while."""
    pid = running(place, name)
    if pid is None:
        return
    os.kill(pid, how)
    deadline = time.monotonic() + _STOP_SECONDS
    while running(place, name):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
        _reap(pid)
    while _lingers(pid):
        time.sleep(0.05)
        _reap(pid)
    (place.pids / name).unlink(missing_ok=True)


def _lingers(pid: int) -> bool:
    """Whether threads of a dead process are still there: until the last one is gone its ports are taken."""
    try:
        return len(list(Path(f"/proc/{pid}/task").iterdir())) > 1
    except OSError:
        return False


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return  # started by another command


def purge(place: Place) -> None:
    """Remove what a stopped lab leaves: data, certificates, logs, its namespace."""
    shutil.rmtree(place.root, ignore_errors=True)
    network.delete(place.name)


def memory(pid: int) -> int:
    """Resident memory in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))


def _wait_for(place: Place, name: str, url: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not _answers(place, url):
        if not running(place, name) or time.monotonic() > deadline:
            log = place.logs / f"{name}.log"
            last = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
            raise LabError(f"{name} is not ready; the end of {log}:\n{last}")
        time.sleep(0.1)


def _answers(place: Place, url: str) -> bool:
    trust = ssl.create_default_context(cafile=str(place.pki / "ca.crt")) if url.startswith("https") else None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code in {401, 403}
    except OSError:
        return False
