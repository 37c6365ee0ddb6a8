from __future__ import annotations

import pytest

from tests.screens.app.steering import driving


async def test_without_colour_nothing_of_the_screen_carries_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    async with driving(size=(100, 24)) as driver:
        await driver.order("boats")
        await driver.sees("anna", "● live")
        strips = driver.app.screen._compositor.render_strips()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        styles = [segment.style for strip in strips for segment in strip if segment.style]
        assert styles
        assert {str(style.color) for style in styles if style.color and not style.color.is_default} == set()
        assert {str(style.bgcolor) for style in styles if style.bgcolor and not style.bgcolor.is_default} == set()
