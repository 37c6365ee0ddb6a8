"""The pictures of the documentation: real screens on the simulated reference cluster, at a time that stands still.

`pytest --renew-pictures tests/docs` writes them to docs/images; without it the test looks whether the screens still say
what the documentation says of them.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from console import own
from console.config import Settings
from console.model import NodeName
from console.plugin import Effect, Target
from console.runtime import Runtime
from console.workflow import journal as journals
from console.workflow.codec import Entry
from console.workflow.events import Claimed, Intent, Planned, Remembered, Sent, StepDone, Waiting
from console.workflow.steps import Phase, Step
from plugins import kubernetes
from plugins.kubernetes.simulator import ManualClock, serve
from screens.app import Opening, PilothouseApp
from tests.clock import FakeClock
from tests.screens import fleet
from tests.screens.app.steering import Driver

IMAGES = Path(__file__).parents[2] / "docs" / "images"
RUN = "d-7k2"


@asynccontextmanager
async def _cluster(folder: Path, size: tuple[int, int]) -> AsyncGenerator[tuple[Driver, Runtime]]:
    """The program on the reference cluster, both at the same moment."""
    world = ManualClock()
    clock = FakeClock(world.now())
    simulator = await serve(folder, clock=world)
    opened: list[Runtime] = []

    async def kernel() -> Runtime:
        connection = {"kubeconfig": [str(simulator.kubeconfig)]}
        runtime = Runtime(Settings(), clock=clock, connection=connection, plugins=[kubernetes.PLUGIN])
        await runtime.open()
        await own.attach(runtime)
        opened.append(runtime)
        return runtime

    app = PilothouseApp(Opening(kernel, start="overview"))
    try:
        async with app.run_test(size=size) as pilot:
            driver = Driver(pilot, app, fleet.Sea(), clock)
            await driver.until(lambda: app.desk.opened and app.desk.page is not None, "an open desk")
            yield driver, opened[0]
    finally:
        await simulator.close()


def _keep(request: pytest.FixtureRequest, driver: Driver, name: str) -> None:
    if request.config.getoption("--renew-pictures"):
        IMAGES.mkdir(parents=True, exist_ok=True)
        driver.app.screen.refresh()
        picture = driver.app.export_screenshot(title="pilothouse")
        (IMAGES / f"{name}.svg").write_text(picture, encoding="utf-8")
    assert (IMAGES / f"{name}.svg").is_file(), f"docs/images/{name}.svg is missing: pytest --renew-pictures tests/docs"


async def test_the_picture_of_the_nodes(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    async with _cluster(tmp_path, (140, 18)) as (driver, _):
        await driver.order("nodes")
        await driver.sees("CAN GO?", "k8s-master1", "node3", "120Gi", "etcd")
        await driver.until(lambda: " %" in driver.text(), "use of CPU and memory")
        _keep(request, driver, "nodes")


async def test_the_picture_of_the_overview(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    async with _cluster(tmp_path, (140, 24)) as (driver, runtime):
        await _run(runtime, driver.clock.now())
        await driver.sees("7/7", "70/70 pods ready", "bootstrap token", "drain k8s-node1", "kernel update")
        _keep(request, driver, "overview")


async def test_the_picture_of_the_board(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    async with _cluster(tmp_path, (140, 18)) as (driver, runtime):
        await _run(runtime, driver.clock.now())
        await driver.order("runs")
        await driver.sees(RUN)
        await driver.press("enter")
        await driver.sees("5 of 8 steps", "holds up the eviction", "fencing 3")
        _keep(request, driver, "board")


def _step(name: str, title: str, phase: Phase, *after: str) -> Step:
    effect = Effect.READ if phase in {Phase.PREPARE, Phase.VERIFY} else Effect.CHANGE
    return Step(name, title, "kubernetes", "sandbox", "evict", phase, after=after, effect=effect)


async def _run(runtime: Runtime, now: float) -> None:
    """A drain half way, as its journal tells it."""
    pods = ("addapp-5d8f7c6b9-x2x8p", "subtractapp-66d9f-mm4zt", "istiod-7c9c4-vq8dl")
    steps = (
        _step("pre-flight", "pre-flight", Phase.PREPARE),
        _step("cordon", "cordon k8s-node1", Phase.CORDON, "pre-flight"),
        *(_step(pod, f"evict {pod}", Phase.EVICT, "cordon") for pod in pods),
        _step("kafka-1", "evict my-cluster-kafka-1", Phase.EVICT, *pods),
        _step("rabbit-2", "evict my-rabbitmq-ha-2", Phase.EVICT, "kafka-1"),
        _step("verify", "verify k8s-node1", Phase.VERIFY, "rabbit-2"),
    )
    began = now - 250
    target = Target("drain", (NodeName("k8s-node1"),))
    store = await runtime.offer(lambda offers: offers.journal)
    first = Planned(began, target, steps, author="jane (oncall)", origin="k8s-master1", reason="kernel update")
    page = await journals.create(store, RUN, first)
    facts = [
        Claimed(began + 1, 3, "jane on k8s-master1"),
        Intent(began + 1, "pre-flight"),
        StepDone(began + 1.8, "pre-flight", "every pod has a fate, 1 system answered"),
        Remembered(began + 2, "cordon", {"schedulable": True}),
        Intent(began + 2, "cordon"),
        StepDone(began + 2.1, "cordon", "was: schedulable"),
        *(Intent(began + 3, pod) for pod in pods),
        *(Sent(began + 3.2, pod, "eviction accepted") for pod in pods),
        *(StepDone(began + 9 + at, pod, "gone, replaced on k8s-node2") for at, pod in enumerate(pods)),
        Intent(began + 212, "kafka-1"),
        Sent(began + 212.3, "kafka-1", "eviction accepted"),
        Waiting(now - 38, "kafka-1", "1 container holds up the eviction: kafka, 12 of 30 s of its grace are left"),
    ]
    entries = [*page.entries, *(Entry(page.last + at, 3, fact) for at, fact in enumerate(facts, start=1))]
    await store.write(page.stored, journals.text_of(RUN, entries))
