from __future__ import annotations

from functools import cmp_to_key

from hypothesis import given
from hypothesis import strategies as st

from console.plugin import Sortable
from screens.widgets.ranking import BROKEN, graded, natural

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8))
VALUES = st.one_of(SCALARS, st.tuples(SCALARS, SCALARS), st.tuples(SCALARS))


@given(st.lists(VALUES, max_size=20))
def test_any_two_values_compare_in_both_directions(values: list[Sortable]) -> None:
    for descending in (False, True):
        keys = [graded(value, descending=descending) for value in values]
        turned = [graded(value, descending=descending) for value in reversed(values)]
        assert sorted(keys) == sorted(turned)


@given(st.lists(st.text(max_size=6), max_size=12))
def test_text_descends_exactly_as_it_ascends(texts: list[str]) -> None:
    distinct = list({natural(text): text for text in texts}.values())
    up = sorted(distinct, key=graded)
    down = sorted(distinct, key=lambda text: graded(text, descending=True))
    assert down == up[::-1]


@given(st.lists(st.tuples(st.integers(), st.text(max_size=3)), max_size=8, unique=True))
def test_tuples_descend_exactly_as_they_ascend(values: list[tuple[int, str]]) -> None:
    distinct = list({graded(value): value for value in values}.values())
    up = sorted(distinct, key=graded)
    down = sorted(distinct, key=lambda value: graded(value, descending=True))
    assert down == up[::-1]


def test_nothing_is_last_both_ways_and_behind_what_is_broken() -> None:
    for descending in (False, True):
        keys = [graded(value, descending=descending) for value in (None, float("nan"), 3, "x", (1,))]
        assert sorted([*keys, BROKEN])[-3] == BROKEN
        assert sorted([*keys, BROKEN])[-2:] == [graded(None), graded(None)]


def test_digits_in_names_count_as_numbers() -> None:
    names = ["kafka-10", "kafka-9", "kafka-1", "kafka", "kafka-100", "kafka-1a", "kafka-012345678901"]
    assert sorted(names, key=natural) == [
        "kafka",
        "kafka-1",
        "kafka-1a",
        "kafka-9",
        "kafka-10",
        "kafka-100",
        "kafka-012345678901",
    ]


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_numbers_in_text_compare_as_numbers(one: int, other: int) -> None:
    def by_text(a: int, b: int) -> int:
        return (natural(f"n{a}") > natural(f"n{b}")) - (natural(f"n{a}") < natural(f"n{b}"))

    assert sorted([one, other], key=cmp_to_key(by_text)) == sorted([one, other])
