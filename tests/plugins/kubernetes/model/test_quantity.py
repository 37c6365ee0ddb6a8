from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.kubernetes.model.quantity import amount, cores, exact, millis

_SUFFIXES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9, "": 1}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("1.5Gi", 1_610_612_736),
        ("100M", 100_000_000),
        ("1e3", 1000),
        ("12E", 12 * 10**18),
        ("12E2", 1200),
        ("100m", 1),
        ("1n", 1),
        (".5", 1),
        ("5.", 5),
        (1024, 1024),
        (None, 0),
    ],
)
def test_amounts_are_rounded_up_to_whole_units(text: str | int | None, value: int) -> None:
    assert amount(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("250m", 250), ("2", 2000), ("0.1", 100), ("1u", 1), ("100n", 1), (1.5, 1500)]
)
def test_cpu_is_counted_in_thousandths(text: str | float, value: int) -> None:
    assert millis(text) == value


@pytest.mark.parametrize("text", ["", "Gi", "1 Gi", "1GiB", "--1", "0x10", "1e999999999", "1" * 70, "٣", "NaN", "inf"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        exact(text)


@given(st.integers(0, 10**9), st.sampled_from(sorted(_SUFFIXES)))
def test_a_suffix_is_a_factor(number: int, suffix: str) -> None:
    assert amount(f"{number}{suffix}") == number * _SUFFIXES[suffix]


@given(st.decimals(0, 10**6, places=4, allow_nan=False), st.sampled_from(["m", "", "Ki", "M"]))
def test_rounding_never_loses_anything(number: Decimal, suffix: str) -> None:
    text = f"{number:f}{suffix}"
    assert exact(text) <= amount(text) < exact(text) + 1
    assert exact(text) * 1000 <= millis(text)


@pytest.mark.parametrize(("milli", "text"), [(0, "0"), (250, "250m"), (1000, "1"), (1500, "1.5"), (16000, "16")])
def test_cores_are_written_as_people_say_them(milli: int, text: str) -> None:
    assert cores(milli) == text
