"""The theme for slow links and small terminals: the terminal's own 16 colours, and the one without any colour."""

from __future__ import annotations

from textual.theme import Theme

from themes.look import Look

ANSI = Look(
    "ansi",
    "the terminal's own 16 colours; the fewest bytes",
    Theme(
        name="ansi",
        ansi=True,
        primary="ansi_blue",
        secondary="ansi_cyan",
        accent="ansi_cyan",
        warning="ansi_yellow",
        error="ansi_red",
        success="ansi_green",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        variables={
            "ansi-background": "ansi_black",
            "ansi-foreground": "ansi_white",
            "block-cursor-foreground": "ansi_black",
            "block-cursor-background": "ansi_cyan",
            "border": "ansi_cyan",
            "border-blurred": "ansi_default",
            "footer-background": "ansi_default",
            "footer-key-foreground": "ansi_cyan",
            "input-cursor-background": "ansi_white",
            "input-cursor-foreground": "ansi_black",
            "input-selection-background": "ansi_blue",
            "scrollbar": "ansi_cyan",
            "scrollbar-background": "ansi_default",
            "scrollbar-corner-color": "ansi_default",
        },
    ),
    {
        "plain": "",
        "ok": "ansi_green",
        "warn": "ansi_yellow",
        "bad": "bold ansi_red",
        "muted": "dim",
        "accent": "bold ansi_cyan",
        "busy": "ansi_magenta",
        "header": "bold",
        "sorted": "bold ansi_cyan",
        "cursor": "reverse",
        "cursor-away": "underline",
        "marked": "bold ansi_yellow",
        "fresh": "bold underline",
        "stale": "dim",
        "title": "bold",
        "key": "bold ansi_cyan",
        "label": "",
        "rule": "dim",
    },
)

COLOURLESS = {
    "plain": "",
    "ok": "",
    "warn": "bold",
    "bad": "bold reverse",
    "muted": "dim",
    "accent": "bold",
    "busy": "italic",
    "header": "bold",
    "sorted": "bold underline",
    "cursor": "reverse",
    "cursor-away": "underline",
    "marked": "bold",
    "fresh": "underline",
    "stale": "dim",
    "title": "bold",
    "key": "bold",
    "label": "",
    "rule": "dim",
}
"""Styles under NO_COLOR, whatever the theme: attributes only."""
