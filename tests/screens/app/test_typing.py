"""Keys typed faster than pages open must act on what they were meant for."""

from __future__ import annotations

from textual import events

from tests.screens.app.steering import driving


async def test_a_burst_of_keys_is_used_in_order_whatever_each_one_opens() -> None:
    async with driving() as driver:
        await driver.order("boats")
        await driver.sees("anna")
        await driver.order("nodes")
        for key in ("colon", *"boats", "enter", "down", "down", "y"):
            character = ":" if key == "colon" else "\r" if key == "enter" else key if len(key) == 1 else None
            driver.app.post_message(events.Key(key, character))
        await driver.sees("YAML oslo/clara", "name: clara")


async def test_a_cursor_that_moves_is_where_it_was_sent_before_the_next_key_acts() -> None:
    async with driving() as driver:
        await driver.order("boats")
        await driver.sees("anna")
        for key in ("down", "h", "down", "h"):
            driver.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await driver.sees("hail")
        await driver.press("enter")
        await driver.until(lambda: driver.sea.done == ["hailed bertha"], "the second boat was hailed")
