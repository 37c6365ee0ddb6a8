"""Which lab tests need real servers, and that those of played pods come before them, see `turn`."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.lab.fixtures import needs_real_servers, turn


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """Mark before `-m` chooses, so that it may choose by that, and sort what is left."""
    for item in items:
        if item.get_closest_marker("lab") and needs_real_servers(item):
            item.add_marker(pytest.mark.servers)
    yield
    items.sort(key=turn)
