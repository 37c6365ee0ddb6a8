"""Ledgers of a real topic go to a long-term storage: a file system, which a namespace of its own chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.brokers.pulsar import Pulsar
from tests.lab.brokers.staged import Staged
from tests.lab.lab import Lab
from tests.lab.owned import Owned
from tests.lab.patience import until

pytestmark = pytest.mark.lab

_SPACE = "offload/test"
_TOPIC = f"{_SPACE}/kept"


@pytest.fixture
def pulsar(lab: Lab, staged: Callable[[str], Staged], tmp_path: Path) -> Iterator[Owned]:
    found = Owned(staged("pulsar"), "pulsar", lab)
    storage = {"managedLedgerOffloadDriver": "filesystem", "fileSystemURI": tmp_path.as_uri()}
    there = {"offloadersDirectory": str(Pulsar.offloader.parent)}
    with found.space(_SPACE):
        found.admin(f"namespaces/{_SPACE}/offloadPolicies", "POST", {**storage, **there})
        yield found


def test_closed_ledgers_go_to_the_storage_and_are_known_to_be_there(pulsar: Owned, tmp_path: Path) -> None:
    pulsar.admin(f"persistent/{_TOPIC}", "PUT")
    pulsar.admin(f"persistent/{_TOPIC}/subscription/late", "PUT")  # keeps the messages
    pulsar.produce(_TOPIC, 20)
    pulsar.admin(f"persistent/{_TOPIC}/unload", "PUT")  # a ledger ends with it, and the next one takes its place
    until(lambda: len(ledgers(pulsar)) > 1, "no ledger was closed")
    assert not any(one["offloaded"] for one in ledgers(pulsar))
    assert f"offload of 1 ledgers of {_TOPIC} " in pulsar.act(("topics", _TOPIC), "offload", keep="0")
    until(lambda: pulsar.admin(f"persistent/{_TOPIC}/offload")["status"] == "SUCCESS", "it is not offloaded")
    gone, opened = ledgers(pulsar)
    assert (gone["offloaded"], opened["offloaded"]) == (True, False)
    files = [path.parent.name for path in (tmp_path / _SPACE).rglob("data")]
    assert any(name.startswith(f"{gone['ledgerId']}-") for name in files), files
    again = pulsar.tried(("topics", _TOPIC), "offload", keep="0")
    assert again.returncode != 0
    assert "none is closed, not offloaded" in again.stderr + again.stdout


def ledgers(pulsar: Owned) -> list[dict[str, Any]]:
    """As their owner tells of them; the last one is open."""
    return pulsar.admin(f"persistent/{_TOPIC}/internalStats")["ledgers"]
