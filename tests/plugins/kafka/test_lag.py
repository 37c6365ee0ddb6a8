"""The verdict of a window, as tables: commits and ends of each poll, and what they mean."""

from __future__ import annotations

import pytest

from plugins.kafka.lag import APART, ENOUGH, SAMPLES, Sample, Standing, Window, added, catch_up, judged, rates, worst


def window(committed: list[int], end: list[int]) -> Window:
    return tuple(Sample(APART * n, APART * n, c, e) for n, (c, e) in enumerate(zip(committed, end, strict=True)))


FLAT = [100] * 10


@pytest.mark.parametrize(
    ("committed", "end", "members", "standing"),
    [
        ([100] * 10, FLAT, 1, Standing.OK),
        ([100] * 10, FLAT, 0, Standing.OK),
        ([60] * 10, FLAT, 0, Standing.STOP),
        ([60] * 10, FLAT, 3, Standing.STALL),
        ([60] * (ENOUGH - 1), FLAT[: ENOUGH - 1], 0, Standing.UNKNOWN),
        ([60] * ENOUGH, FLAT[:ENOUGH], 0, Standing.STOP),
        # caught up within the window: it lags since then only
        ([100] * 10, [100, 100, 101, 102, 103, 104, 105, 106, 107, 120], 1, Standing.OK),
        # behind in the whole window: the lag grows, stays, shrinks at times
        ([10, 11, 12, 13, 14, 15, 16, 17, 18, 19], [100 + 9 * n for n in range(10)], 1, Standing.WARN),
        ([10, 20, 30, 40, 50, 60, 70, 80, 90, 100], [1010 + 10 * n for n in range(10)], 1, Standing.WARN),
        ([10, 20, 30, 40, 55, 60, 70, 80, 90, 100], [1010 + 10 * n for n in range(10)], 1, Standing.OK),
        # went back, and stays behind; went back and passed the place again
        ([50, 60, 20, 21, 22, 23, 24, 25, 26, 27], FLAT, 1, Standing.REWIND),
        ([50, 60, 20, 40, 61, 70, 80, 90, 95, 100], FLAT, 1, Standing.OK),
        # what is produced between two polls is no lag
        ([0, 100, 200, 300, 400, 500, 600, 700, 800, 900], [100 * n for n in range(1, 11)], 1, Standing.OK),
    ],
)
def test_a_window_is_judged(committed: list[int], end: list[int], members: int, standing: Standing) -> None:
    assert judged(window(committed, end), members=members) is standing


def test_an_allowed_lag_is_none() -> None:
    assert judged(window([60] * 10, FLAT), members=1, allowed=40) is Standing.OK
    assert judged(window([60] * 10, FLAT), members=1, allowed=39) is Standing.STALL
    assert judged((), members=1) is Standing.UNKNOWN


def test_samples_that_come_early_take_the_place_of_the_newest() -> None:
    seen = added((), 0.0, 1, 10)
    seen = added(seen, 4.0, 2, 11)
    seen = added(seen, 9.9, 3, 12)
    assert seen == (Sample(0.0, 9.9, 3, 12),)
    seen = added(seen, 10.0, 4, 13)
    assert [(sample.slot, sample.committed) for sample in seen] == [(0.0, 3), (10.0, 4)]


def test_a_window_slides() -> None:
    seen: Window = ()
    for n in range(25):
        seen = added(seen, APART * n, n, 100)
    assert len(seen) == SAMPLES
    assert (seen[0].committed, seen[-1].committed) == (15, 24)


def test_rates_are_of_the_window_and_need_two_moments() -> None:
    assert rates(window([10], [20])) is None
    assert rates(window([10, 30], [20, 60])) == (20 / APART, 40 / APART)


@pytest.mark.parametrize(
    ("lag", "consumed", "produced", "seconds"),
    [(0, 0.0, 5.0, 0.0), (100, 12.0, 2.0, 10.0), (100, 2.0, 2.0, None), (100, 0.0, 0.0, None)],
)
def test_catching_up_takes_the_gain(lag: int, consumed: float, produced: float, seconds: float | None) -> None:
    assert catch_up(lag, consumed, produced) == seconds


def test_a_group_stands_as_its_worst_partition() -> None:
    assert worst([]) is Standing.OK
    assert worst([Standing.OK, Standing.STALL, Standing.WARN]) is Standing.STALL
    assert worst([Standing.OK, Standing.UNKNOWN]) is Standing.UNKNOWN
