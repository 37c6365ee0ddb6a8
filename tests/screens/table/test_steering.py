from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from screens.widgets.order import Order
from screens.widgets.steering import Steering, thumb


def order_of(keys: list[str]) -> Order[str]:
    order: Order[str] = Order(lambda key, row: (row, key))
    for _ in order.rebuild({key: f"{at:06}" for at, key in enumerate(keys)}):
        pass
    return order


def names(count: int) -> list[str]:
    return [f"r{number}" for number in range(count)]


def at(count: int, index: int, body: int = 10) -> Steering:
    steering = Steering()
    steering.go(order_of(names(count)), body, index)
    return steering


def test_rows_that_come_above_leave_the_cursors_row_where_it_stands_on_the_screen() -> None:
    steering = at(100, 50)
    height = steering.index - steering.top
    steering.follow(order_of(["new1", "new2", *names(100)]), 10)
    assert (steering.key, steering.index, steering.index - steering.top) == ("r50", 52, height)


def test_a_cursor_that_nobody_moved_stays_on_the_first_line() -> None:
    steering = Steering()
    steering.follow(order_of(names(5)), 10)
    steering.follow(order_of(["new", *names(5)]), 10)
    assert (steering.key, steering.index, steering.top) == ("new", 0, 0)


def test_when_the_cursors_row_goes_the_row_in_its_place_takes_over() -> None:
    steering = at(20, 12)
    steering.follow(order_of([name for name in names(20) if name != "r12"]), 10)
    assert (steering.key, steering.index) == ("r13", 12)
    steering.follow(order_of(names(3)), 10)
    assert (steering.key, steering.index, steering.top) == ("r2", 2, 0)
    steering.follow(order_of([]), 10)
    assert (steering.key, steering.index) == (None, 0)


def test_the_wheel_moves_the_window_and_takes_the_cursor_along_at_its_edge() -> None:
    steering = at(100, 0)
    steering.scroll(order_of(names(100)), 10, 5)
    assert (steering.top, steering.index, steering.key) == (5, 5, "r5")
    steering.scroll(order_of(names(100)), 10, 1000)
    assert (steering.top, steering.index) == (90, 90)


def test_marks_belong_to_keys_and_a_range_goes_from_the_last_mark_to_the_cursor() -> None:
    order, steering = order_of(names(10)), at(10, 2)
    steering.mark(order)
    steering.go(order, 10, 5)
    steering.mark_range(order)
    assert steering.marks == {"r2", "r3", "r4", "r5"}
    steering.go(order, 10, 3)
    steering.mark(order)
    assert steering.marks == {"r2", "r4", "r5"}
    steering.unmark(["r2"])
    assert steering.marks == {"r4", "r5"}
    steering.unmark()
    assert steering.marks == set()


KEYS = st.lists(st.sampled_from(names(30)), unique=True, max_size=30)


@given(st.lists(st.tuples(KEYS, st.integers(-40, 40), st.sampled_from("gsf")), max_size=15), st.integers(0, 12))
def test_the_cursor_is_always_on_a_row_and_the_window_always_full(
    moves: list[tuple[list[str], int, str]], body: int
) -> None:
    steering = Steering()
    for keys, by, how in moves:
        order = order_of(keys)
        steering.follow(order, body)
        if how == "g":
            steering.go(order, body, steering.index + by)
        elif how == "s":
            steering.scroll(order, body, by)
        assert steering.key == (order.key_at(steering.index) if keys else None)
        assert 0 <= steering.top <= max(0, len(keys) - max(1, body))
        if how == "g" and keys and body:
            assert steering.top <= steering.index < steering.top + body


@given(st.integers(0, 10_000), st.integers(0, 60), st.integers(0, 10_000))
def test_the_scroll_bar_stays_inside_the_window(count: int, body: int, top: int) -> None:
    bar = thumb(count, body, min(top, max(0, count - body)))
    assert (len(bar) == 0) is (count <= body or body == 0)
    assert all(0 <= line < body for line in bar)
