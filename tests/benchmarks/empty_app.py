"""The yardstick for the start: a Textual application with nothing in it."""

from __future__ import annotations

from textual.app import App


class EmptyApp(App[None]):
    """Paints a blank screen."""


if __name__ == "__main__":
    EmptyApp().run()
