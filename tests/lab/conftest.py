"""Tests of played pods come before those of real servers, see `turn`."""

from __future__ import annotations

import pytest

from tests.lab.fixtures import turn


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=turn)
