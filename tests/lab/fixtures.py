"""The lab for tests: one control plane a session, brought back to the reference topology where a test asks for it.

The session's main thread goes into the lab's network namespace when the first lab test asks for `lab`, and leaves it at
the end; tests in between that are not marked need loopback only, which is there too. They are known to all tests, since
a session has one lab.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.lab.brokers.bringup import retire
from tests.lab.brokers.staged import Staged, have
from tests.lab.lab import Lab, started
from tests.lab.world import plane
from tests.lab.world.older import OLDER

_JUDGES = (plane.CONTROLLERS, plane.SCHEDULER)
_LIGHT_FIRST = ("kafka", "strimzi", "redis", "rabbitmq")
"""By a word in a test's name: what is staged takes some of the processor to the end, and Pulsar most."""


@pytest.fixture(scope="session")
def running_lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """The lab of this session. LAB_KEEP=1 leaves it running for the next one, which then starts in seconds.

    Tests of played pods come first and meet no real server; where there are none, servers of the run before are kept.
    """
    played = any(not needs_real_servers(item) and item.get_closest_marker("lab") for item in request.session.items)
    lab, _ = started(played=played)
    yield lab
    if os.environ.get("LAB_KEEP"):
        lab.close()
    else:
        lab.down(purge=True)


@pytest.fixture
def lab(running_lab: Lab) -> Iterator[Lab]:
    """The lab, with its API server answering before and after the test."""
    yield running_lab
    running_lab.api_thaw()
    running_lab.api_start()


@pytest.fixture
def fresh_lab(lab: Lab) -> Iterator[Lab]:
    """The lab with the reference topology, which is brought back after the test."""
    yield lab
    lab.reset()


@pytest.fixture
def unjudged(lab: Lab) -> Iterator[Lab]:
    """Without controllers and scheduler, which judge by what they missed in an outage.

    The first mark all pods unready where heartbeats are late; the other ends itself when pods have moved.
    """
    for name in _JUDGES:
        plane.stop(lab.place, name)
    yield lab
    lab.wait_for_heartbeats()
    for name in _JUDGES:
        plane.start(lab.place, name)


@pytest.fixture
def staged(request: pytest.FixtureRequest, lab: Lab) -> Iterator[Callable[[str], Staged]]:
    """Ask for a system by name: its pods are real servers from the first test on that asks, until the session's end.

    What a test does to members by the methods of Staged is undone after it. An old version goes after the last test
    that is marked `older` with its name: so many JVMs at once would slow the others.
    """
    asked: dict[str, Staged] = {}
    old: set[str] = set()

    def ask(name: str) -> Staged:
        if name in OLDER:
            old.add(name)
        if name not in asked:
            asked[name] = have(lab.place, name)
        return asked[name]

    yield ask
    lab.api_thaw()
    lab.api_start()
    leaving = {name for name in old if not _wanted_later(request, name)}
    for name in leaving:
        retire(lab.place, name)
    for name in asked.keys() - leaving:
        asked[name].mend()


def _wanted_later(request: pytest.FixtureRequest, name: str) -> bool:
    items = request.session.items
    return any(old_version_of(item) == name for item in items[items.index(request.node) + 1 :])


def old_version_of(item: pytest.Item) -> str:
    """The old version that a test is marked to need; empty where it needs none."""
    mark = item.get_closest_marker("older")
    return str(mark.args[0]) if mark else ""


def turn(item: pytest.Item) -> tuple[int, str]:
    """When a test runs: those of played pods first, then each old version's, then those of today's real servers.

    Once one of today's is staged, it stays for the session, so those go one system after the other.
    """
    if old := old_version_of(item):
        return 1, old
    if not needs_real_servers(item):
        return 0, ""
    return 2, str(next((rank for rank, word in enumerate(_LIGHT_FIRST) if word in item.nodeid), len(_LIGHT_FIRST)))


def needs_real_servers(item: pytest.Item) -> bool:
    """By its fixtures; the systems' contracts, each in a folder of its own, ask for them when they run."""
    own_contract = item.path.parent.parent.name == "contracts" and item.get_closest_marker("lab") is not None
    return own_contract or "staged" in names_of_fixtures(item)


def names_of_fixtures(item: pytest.Item) -> list[str]:
    """What a test asks for by name."""
    return item.fixturenames if isinstance(item, pytest.Function) else []
