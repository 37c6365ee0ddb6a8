from __future__ import annotations

from console.plugin import Column
from screens.sortkeys import RESERVED, sort_letters


def letters(*titles: str, taken: tuple[str, ...] = ()) -> dict[str, str]:
    columns = [Column[str](title, value=str) for title in titles]
    return {letter: titles[index] for letter, index in sort_letters(columns, taken).items()}


def test_each_column_gets_its_first_free_letter() -> None:
    assert letters("NAME", "STATE", "AGE", "CPU") == {"N": "NAME", "S": "STATE", "A": "AGE", "C": "CPU"}
    assert letters("NAME", "NODE", "STATE", "STARTS") == {"N": "NAME", "D": "NODE", "S": "STATE", "T": "STARTS"}


def test_letters_of_actions_and_of_the_console_are_left_alone() -> None:
    assert letters("NAME", taken=("N",)) == {"A": "NAME"}
    assert letters("NAME", taken=("shift+n", "n", "ctrl+a")) == {"A": "NAME"}
    assert not RESERVED & letters("FORGE", "ROOF", "OF").keys()
    assert letters("OF", "名前", "%") == {}
