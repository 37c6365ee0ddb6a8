"""Tests of played pods come before those of real servers: once a system is staged, it stays so for the session."""

from __future__ import annotations

import pytest

from tests.lab.fixtures import needs_real_servers


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=needs_real_servers)
