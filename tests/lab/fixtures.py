"""The lab for tests: one control plane a session, brought back to the reference topology where a test asks for it.

The session's main thread goes into the lab's network namespace when the first lab test asks for `lab`, and leaves it at
the end; tests in between that are not marked need loopback only, which is there too. They are known to all tests, since
a session has one lab.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.lab.lab import Lab, started
from tests.lab.world import plane

_JUDGES = (plane.CONTROLLERS, plane.SCHEDULER)


@pytest.fixture(scope="session")
def running_lab() -> Iterator[Lab]:
    """The lab of this session. LAB_KEEP=1 leaves it running for the next one, which then starts in seconds."""
    lab, _ = started()
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
