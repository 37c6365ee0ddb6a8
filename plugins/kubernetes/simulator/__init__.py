"""The simulated Kubernetes cluster that answers on a loopback socket.

It is the demo, the training ground and the tests' other half. `serve` opens it in this event loop; `python -m
plugins.kubernetes.simulator` runs it as a process of its own. It is never imported by runtime code.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from plugins.kubernetes.simulator.access import ADMIN, Rights
from plugins.kubernetes.simulator.api import Api
from plugins.kubernetes.simulator.clock import Clock, LiveClock, ManualClock
from plugins.kubernetes.simulator.cluster import Cluster
from plugins.kubernetes.simulator.kubeconfig import write_kubeconfig
from plugins.kubernetes.simulator.reference.build import reference
from plugins.kubernetes.simulator.scenarios import SCENARIOS, Stage, play
from plugins.kubernetes.simulator.transport import Transport
from plugins.kubernetes.simulator.world import World

__all__ = ["SCENARIOS", "Clock", "Cluster", "LiveClock", "ManualClock", "Simulator", "World", "serve"]


@dataclass(slots=True)
class Simulator:
    """A running simulated cluster. `cluster` is what scripts act on; `rights` holds users and rules."""

    cluster: Cluster
    rights: Rights
    api: Api
    transport: Transport
    clock: Clock
    kubeconfig: Path
    token: str

    @property
    def world(self) -> World:
        return self.cluster.world

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.transport.port}"

    async def close(self) -> None:
        """End connections and everything that was to come."""
        self.clock.close()
        await self.transport.close()


async def serve(
    directory: Path,
    *,
    scenario: str | None = None,
    clock: Clock | None = None,
    port: int = 0,
    cluster: Cluster | None = None,
) -> Simulator:
    """Serve the reference topology (or `cluster`) on 127.0.0.1 and write a kubeconfig (0600) into `directory`.

    Raises KeyError for a scenario that `SCENARIOS` does not name.
    """
    if scenario is not None and scenario not in SCENARIOS:
        raise KeyError(f"no scenario {scenario!r}; there are {', '.join(sorted(SCENARIOS))}")
    time = clock or LiveClock()
    made = cluster or reference(time)
    rights = Rights()
    token = rights.token_for(ADMIN)
    api = Api(made.world, rights)
    transport = Transport(api.answer)
    await transport.open(port)
    simulator = Simulator(made, rights, api, transport, time, directory / "kubeconfig", token)
    write_kubeconfig(simulator.kubeconfig, simulator.url, token)
    if scenario is not None:
        play(scenario, Stage(made, rights, transport, token))
    return simulator
