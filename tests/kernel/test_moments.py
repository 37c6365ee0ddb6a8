"""An announced time is read as people type it, always lies ahead, and is refused in words."""

from __future__ import annotations

import datetime

import pytest

from console.errors import UsageError
from console.moments import moment

NOON = datetime.datetime(2026, 11, 21, 12, 0, tzinfo=datetime.UTC).astimezone()
NOW = NOON.timestamp()


@pytest.mark.parametrize(("text", "seconds"), [("2h", 7200), ("90m", 5400), ("1d2h", 93600), (" 45s ", 45)])
def test_spans_count_from_now(text: str, seconds: float) -> None:
    assert moment(text, NOW) - NOW == seconds


def test_a_time_of_day_is_the_next_one() -> None:
    ahead, before = NOON + datetime.timedelta(hours=2), NOON - datetime.timedelta(hours=2)
    assert moment(ahead.strftime("%H:%M"), NOW) - NOW == 7200
    assert moment(before.strftime("%H:%M"), NOW) - NOW == 22 * 3600


def test_a_date_may_have_a_zone() -> None:
    assert moment("2026-11-21T18:00:00Z", NOW) - NOW == 6 * 3600
    assert moment("2026-11-21T18:00:00+02:00", NOW) - NOW == 4 * 3600


@pytest.mark.parametrize(
    ("text", "why"), [("", "is no time"), ("soon", "is no time"), ("25:00", "no time of day"), ("0h", "is over"),
                      ("2026-11-20T18:00", "is over already")]
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_an_example(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as refused:
        moment(text, NOW)
    assert "18:00" in str(refused.value)
