"""One lab as tests and benchmarks use it: started, filled, disturbed, and brought back."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from tests.lab.brokers import bringup
from tests.lab.brokers.systems import systems
from tests.lab.world import binaries, credentials, load, network, plane, restore, staging
from tests.lab.world.api import Api
from tests.lab.world.place import HERE, LabError, Place

_RUN_SECONDS = 600.0


class Lab:
    """A control plane with the reference topology. Whoever started it is in its network namespace until `close`.

    Times are seconds. Everything raises LabError, which says what is missing and where to look.
    """

    def __init__(self, place: Place | None = None) -> None:
        self.place = place or Place.from_environment()
        self._outside: int | None = None
        self._lock: IO[bytes] | None = None

    # -- life ------------------------------------------------------------------------------------------------------

    def start(self, *, played: bool = True) -> None:
        """Build what is missing, enter the namespace, start what does not run, and have the reference topology.

        A lab that was left running is taken as it is, and brought back to the topology. Its real servers are stopped
        where all pods shall be `played`, or where nobody plays their kubelets any more.
        """
        binaries.require()
        self._claim()
        binaries.build()
        network.make(self.place.name)
        self.enter()
        credentials.prepare(self.place)
        for name in plane.IN_ORDER:
            plane.start(self.place, name)
        if staging.staged(self.place) and (played or not plane.running(self.place, plane.STAGE)):
            bringup.down(self.place)
        if self.place.baseline.exists():
            self.reset()
        else:
            self.kubectl("apply", "-f", str(HERE / "base.yaml"))
            self._publish_cluster_info()
            with Api(self.place) as api:
                restore.fill(api, self.place)

    def enter(self) -> None:
        """Go into the namespace of a lab that runs."""
        if self._outside is None:
            self._outside = network.enter(self.place.name)

    def close(self) -> None:
        """Leave the namespace; the lab goes on."""
        if self._outside is not None:
            network.leave(self._outside)
            self._outside = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def down(self, *, purge: bool = False) -> None:
        """Stop everything that this lab started; with `purge`, also remove its data and its namespace."""
        bringup.down(self.place, purge=purge)
        for name in reversed(plane.IN_ORDER):
            if name == plane.KWOK or plane.running(self.place, name):
                self._thaw(name)
                plane.stop(self.place, name)
        self.close()
        if purge:
            plane.purge(self.place)

    def _claim(self) -> None:
        self.place.root.mkdir(parents=True, exist_ok=True)
        lock = (self.place.root.parent / "lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise LabError(f"the lab in {self.place.root.parent} is in use by another run; set LAB_DIR") from None
        self._lock = lock

    @property
    def ours(self) -> bool:
        """Whether this is the run that uses the lab."""
        return self._lock is not None

    # -- for tests -------------------------------------------------------------------------------------------------

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.place.kubeconfig

    @property
    def viewer_kubeconfig(self) -> Path:
        """The kubeconfig of a user who has only the ClusterRole `view`."""
        return self.place.viewer_kubeconfig

    @property
    def env(self) -> dict[str, str]:
        """The environment for a child process: this one's, with KUBECONFIG."""
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig)}

    def run(self, command: Sequence[str], *, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command inside, with KUBECONFIG set and `text` as its input; it may fail, but not hang for ever."""
        return subprocess.run(
            command, input=text, capture_output=True, text=True, env=self.env, check=False, timeout=_RUN_SECONDS
        )

    def kubectl(self, *arguments: str, text: str | None = None) -> str:
        """What kubectl says, as the administrator; a failure is a LabError with its complaint."""
        done = self.run(["kubectl", f"--kubeconfig={self.kubeconfig}", *arguments], text=text)
        if done.returncode:
            raise LabError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def api(self) -> Api:
        """A connection of the lab's own for `with`, as the administrator: for checks beside what is checked."""
        return Api(self.place)

    def audit(self) -> list[dict[str, object]]:
        """Every change that the API server was asked for since the lab was made, oldest first, up to a second late."""
        lines = (self.place.logs / "audit.log").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def api_stop(self) -> None:
        """The API server is killed: connections break, new ones are refused."""
        plane.stop(self.place, plane.API, signal.SIGKILL)

    def api_start(self) -> None:
        """Start the API server again and wait until it is ready."""
        plane.start(self.place, plane.API)

    def api_freeze(self) -> None:
        """The API server hangs: connections stay open and nothing is answered, until `api_thaw`."""
        pid = plane.running(self.place, plane.API)
        if pid is None:
            raise LabError("the API server does not run")
        os.kill(pid, signal.SIGSTOP)

    def api_thaw(self) -> None:
        """End `api_freeze`."""
        self._thaw(plane.API)

    def _thaw(self, name: str) -> None:
        if pid := plane.running(self.place, name):
            os.kill(pid, signal.SIGCONT)

    def scale(self, nodes: int, pods: int) -> None:
        """Add this many empty nodes and this many ready pods in namespaces load-0 to load-9; `reset` removes them."""
        with Api(self.place) as api:
            load.scale(api, nodes, pods)

    def churn(self, rate: float, seconds: float) -> int:
        """Delete RATE load pods a second, which are replaced; blocks for `seconds` and returns how many it were."""
        with Api(self.place) as api:
            return load.churn(api, rate, seconds)

    def reset(self) -> None:
        """Back to the reference topology, all ready. Pods stay on the nodes that they moved to."""
        self.api_thaw()
        for name in plane.IN_ORDER:
            plane.start(self.place, name)
        with Api(self.place) as api:
            load.clear(api)
            restore.restore(api, self.place)

    def settle(self) -> None:
        """Wait until all nodes, pods, sets and budgets are well."""
        with Api(self.place) as api:
            restore.settle(api, staging.staged(self.place))

    def wait_for_heartbeats(self) -> None:
        """Wait until every node has sent a heartbeat; after an outage they come late."""
        with Api(self.place) as api:
            restore.wait_for_heartbeats(api)

    def status(self) -> str:
        """One line a component."""
        lines: list[str] = []
        for name in plane.IN_ORDER:
            pid = plane.running(self.place, name)
            lines.append(f"{name:26}pid {pid:<10}{plane.memory(pid):6} MB" if pid else f"{name:26}stopped")
        for system in systems(self.place, staging.staged(self.place)):
            for member, process in system.process.items():
                pid = process.pid()
                about = f"pid {pid:<10}{plane.memory(pid):6} MB" if pid else "stopped"
                lines.append(f"{member:26}{about}  {system.pod[member].key} {system.pod[member].address}")
        return "\n".join(lines)

    def _publish_cluster_info(self) -> None:
        """What `kubeadm init` leaves in kube-public, so that join tokens get signed."""
        authority = base64.b64encode((self.place.pki / "ca.crt").read_bytes()).decode()
        cluster = {"server": self.place.server, "certificate-authority-data": authority}
        config = {"apiVersion": "v1", "kind": "Config", "clusters": [{"name": "", "cluster": cluster}]}
        meta = {"name": "cluster-info", "namespace": "kube-public"}
        item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"kubeconfig": json.dumps(config)}}
        self.kubectl("apply", "-f", "-", text=json.dumps(item))


def started(place: Place | None = None, *, played: bool = True) -> tuple[Lab, float]:
    """A lab with the reference topology, all pods `played` or some of them real, and how many seconds that took."""
    before = time.monotonic()
    lab = Lab(place)
    try:
        lab.start(played=played)
    except BaseException:
        if lab.ours:  # else another run's would be stopped
            lab.down()
        raise
    return lab, time.monotonic() - before
