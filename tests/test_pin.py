"""The pins are rewritten in place, and nothing else of pyproject.toml is."""

from __future__ import annotations

import pytest

from tests.pin import with_list

TEXT = '[tool.uv]\n# why\nconstraint-dependencies = [\n    "a==1",\n]\nbuild-constraint-dependencies = []\n'


def test_one_list_is_replaced_and_the_rest_stays() -> None:
    after = with_list(TEXT, "constraint-dependencies", ["a==2", "b==1 ; sys_platform == 'win32'"])
    expected = '[\n    "a==2",\n    "b==1 ; sys_platform == \'win32\'",\n]'
    assert after == TEXT.replace('[\n    "a==1",\n]', expected)
    assert with_list(after, "build-constraint-dependencies", ["c==3"]).endswith('= [\n    "c==3",\n]\n')


def test_a_missing_list_is_an_error() -> None:
    with pytest.raises(SystemExit, match="0 lists"):
        with_list("[tool.uv]\n", "constraint-dependencies", [])
