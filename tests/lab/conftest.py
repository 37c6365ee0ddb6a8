"""Tests of played pods come before those of real servers: once a system is staged, it stays so for the session."""

from __future__ import annotations

import pytest

from tests.lab.fixtures import names_of_fixtures


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_needs_real_servers)


def _needs_real_servers(item: pytest.Item) -> bool:
    """By its fixtures; the systems' contracts, each in a folder of its own, ask for them when they run."""
    own_contract = item.path.parent.parent.name == "contracts" and item.get_closest_marker("lab") is not None
    return own_contract or "staged" in names_of_fixtures(item)
