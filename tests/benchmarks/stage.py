"""What every benchmark stands on: the lab, how much load is in it, a home of its own, and the programs that are run.

The lab is brought to a load and kept there; benchmarks that need the same one run in a row.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.lab import Lab, started
from tests.lab.world import plane
from tests.terminal import PILOTHOUSE, Terminal

EMPTY = (sys.executable, str(Path(__file__).with_name("empty_app.py")))
_CALM = 0.15
"""Share of a core that the control plane uses when nothing is asked of it, with 10,000 pods, rounded up."""


@dataclass(slots=True)
class Stage:
    """The lab and the size of things. `short` is for machines that have little time and much else to do."""

    lab: Lab
    home: Path
    short: bool
    loaded: int = 0
    said: list[str] = field(default_factory=list[str])

    @property
    def pods(self) -> int:
        """Load pods in the large benchmarks."""
        return 2_000 if self.short else 10_000

    @property
    def env(self) -> Mapping[str, str]:
        """The environment of what is measured; nothing of the caller's configuration is in it."""
        keep = {name: os.environ[name] for name in ("PATH", "VIRTUAL_ENV") if name in os.environ}
        return {**keep, "HOME": str(self.home), "KUBECONFIG": str(self.lab.kubeconfig)}

    def load(self, pods: int) -> None:
        """Have so many load pods, and a control plane that has come to rest."""
        if pods > self.loaded:
            self.say(f"makes {pods:,} pods")
            self.lab.scale(max(10, pods // 100), pods)
            self.loaded = pods
        self.calm()

    def calm(self, within: float = 180.0) -> None:
        """Wait until the control plane has nothing more to do; controllers tidy up long after the last pod is ready."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            before = self._plane_cpu()
            time.sleep(2)
            if (self._plane_cpu() - before) / 2 < _CALM * (2 if self.loaded else 1):
                return
        self.say(f"the control plane did not come to rest within {within:.0f} s; numbers suffer from it")

    def _plane_cpu(self) -> float:
        tick, total = os.sysconf("SC_CLK_TCK"), 0
        for name in plane.IN_ORDER:
            with contextlib.suppress(OSError, TypeError):
                pid = plane.running(self.lab.place, name)
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                total += int(fields[11]) + int(fields[12])
        return total / tick

    def console(self, *arguments: str, **extra: str) -> Terminal:
        """The real console in a terminal of 120x40, in its dark theme."""
        return Terminal([PILOTHOUSE, "--theme", "dark", *arguments], env={**self.env, **extra})

    def live_pods(self, **extra: str) -> Terminal:
        """The console on the pods pane, with all rows painted and the screen at rest."""
        console = self.console("--start", "pods", **extra)
        try:
            console.until(self.shows_all, 60)
            console.quiet(1.0)
        except BaseException:
            console.end()
            raise
        return console

    def count(self) -> int:
        """Pods that the server has now, of any kind."""
        with self.lab.api() as api:
            _, answer = api.call("GET", "/api/v1/pods?limit=1")
        return len(answer["items"]) + answer["metadata"].get("remainingItemCount", 0)

    def shows_all(self, text: str) -> bool:
        """Whether the pods pane is live and shows all pods that there are just now: a few come and go by themselves."""
        line = next((line for line in text.splitlines() if line.startswith(" pods (")), "")
        return line.endswith("live") and f"({self.count():,})" in line

    def curl(self, path: str) -> float:
        """Seconds that curl needs for an answer, unpaged and compact (with its own name it would be sent indented)."""
        pki = self.lab.place.pki
        login = ["--cacert", str(pki / "ca.crt"), "--cert", str(pki / "admin.crt"), "--key", str(pki / "admin.key")]
        command = ["curl", "-sS", "-A", "bench", "-o", "/dev/null", *login, f"{self.lab.place.server}{path}"]
        before = time.monotonic()
        subprocess.run(command, check=True)
        return time.monotonic() - before

    @contextmanager
    def changing(self, rate: float) -> Generator[None]:
        """So many pods a second change, until the block ends."""
        command = [sys.executable, "-m", "tests.benchmarks.changes", str(rate)]
        with subprocess.Popen(command, env=self.lab.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            try:
                yield
            finally:
                said, _ = process.communicate(b"", timeout=20)
                self.say(said.decode().strip())

    def say(self, text: str) -> None:
        """Something that a reader of the numbers should know."""
        self.said.append(text)
        print(f"  {text}", file=sys.stderr, flush=True)


@contextmanager
def stage(*, short: bool) -> Generator[Stage]:
    """The lab for benchmarks, gone at the end; LAB_KEEP=1 leaves it, with its load, for the next run."""
    lab, took = started()
    print(f"  the lab is up after {took:.0f} s", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as home:
        try:
            yield Stage(lab, Path(home), short)
        finally:
            if os.environ.get("LAB_KEEP"):
                lab.close()
            else:
                lab.down(purge=True)
