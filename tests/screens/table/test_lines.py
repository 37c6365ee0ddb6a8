from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from console.model import Tone
from console.plugin import Cell, Column
from screens.glyphs import ASCII, UNICODE, glyphs_for
from screens.paint import Paint, fit, shorten, span, steady
from screens.widgets.columns import Measured, place
from screens.widgets.lines import LineLook, Ruler, difference, finish, header_segments, row_segments
from themes import ANSI, DARK

PAINT = Paint(DARK, UNICODE)
COLUMNS = (
    Column[str]("NAME", value=str),
    Column[str]("STATE", value=str),
    Column[str]("N", value=str, align="right"),
)
HOSTILE = [
    "\x1b]52;c;x\x07",
    "[/b]",
    "x" * 10_000,
    "中文船",
    "مرحبا",
    "e\u0301\u0301",
    "👩‍👩‍👧",
    "a\u200bb",
    "ไทยดี",
    "\u202eevil",
    "",
]


def ruler(room: int, left: int = 0) -> Ruler:
    return Ruler(COLUMNS, place(COLUMNS, [Measured(10), Measured(12, glyphs=True), Measured(3)], room), room, left)


def line(cells: list[Cell], room: int = 60, left: int = 0, **look: object) -> str:
    segments = row_segments(PAINT, ruler(room, left), cells, LineLook(**look))  # pyright: ignore[reportArgumentType]
    return finish(segments, ruler(room, left), Segment("|"), Style.null()).text


def test_columns_stand_under_their_titles_whatever_is_in_them() -> None:
    titles = finish(header_segments(PAINT, ruler(60), 2, descending=True), ruler(60), Segment("|"), Style.null()).text
    rows = [
        [Cell("中文船"), Cell("ok", Tone.OK), Cell("7")],
        [Cell("x" * 50), Cell("plain"), Cell("12", Tone.BAD)],
        [Cell("e\u0301a"), Cell("", Tone.OK), Cell("3")],
    ]
    assert [titles, *(line(cells) for cells in rows)] == [
        " NAME          STATE        N↓                              |",
        " 中文船      ● ok            7                              |",
        " xxxxxx…xxx    plain       ✗ …                              |",
        " e\u0301a                          3                              |",
    ]


@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30)), min_size=3, max_size=3), st.integers(1, 90))
def test_every_line_is_exactly_as_wide_as_the_pane_and_holds_nothing_a_terminal_would_obey(
    texts: list[str], room: int
) -> None:
    text = line([Cell(text, Tone.WARN) for text in texts], room)
    assert cell_len(text) == room + 1
    assert text.isprintable()
    assert len(text) < 5 * (room + 1)


@given(st.text(max_size=40), st.integers(0, 30), st.sampled_from(["left", "right"]))
def test_text_is_cut_or_filled_to_its_cells(text: str, cells: int, align: str) -> None:
    assert span(fit(steady(text), cells, align=align)) == cells


def test_a_long_name_keeps_its_end_by_which_it_is_told_from_its_sisters() -> None:
    assert line([Cell("my-cluster-kafka-2"), Cell("x"), Cell("1")]).startswith(" my-clu…a-2  ")
    assert line([Cell("my-cluster-kafka-2"), Cell("x"), Cell("1")], branch="└ ").startswith(" └ my-c…a-2  ")
    assert shorten("short", 5) == "short"
    assert shorten("rabbit@my-ha-2.my-ha-discovery.rabbitmq.svc.cluster.local", 20) == "rabbit@my-ha-2.my-h…"
    assert shorten("rabbit@my-ha-2.my-ha-discovery.rabbitmq.svc.cluster.local", 14) == "rabbit@my-ha-2"
    assert shorten("rabbit@my-ha-2.my-ha-discovery.rabbitmq.svc.cluster.local", 9) == "rabbi…a-2"
    assert shorten("broker-2.broker.pulsar.svc:8080", 12) == "broker-2.br…"
    assert shorten("orders.region-2.events", 12) == "orders.…ents"
    assert shorten("中文名字很长", 4) == "中文名字很长"
    assert span(shorten("x" * 10_000, 20)) == 20


def test_the_name_stays_when_the_rest_is_scrolled_sideways() -> None:
    cells = [Cell("kafka-1"), Cell("Running"), Cell("7")]
    assert line(cells, 30).startswith(" kafka-1       Running")
    assert line(cells, 26, left=2).startswith(" kafka-1     Running")


def test_marks_changes_and_trees_are_shown_by_more_than_colour() -> None:
    cells = [Cell("kafka-1"), Cell("Running", Tone.OK), Cell("7")]
    assert line(cells, marked=True).startswith("▌kafka-1")
    assert line(cells, branch="└ ").startswith(" └ kafka-1")
    fresh = row_segments(Paint(ANSI, UNICODE), ruler(60), cells, LineLook(fresh=frozenset({2})))
    assert [
        (segment.text, segment.style.underline) for segment in fresh if segment.style and segment.style.underline
    ] == [("  7", True)]


def test_only_what_differs_between_two_lines_is_painted() -> None:
    def strip(*texts: str) -> Strip:
        return Strip([Segment(text) for text in texts])

    old = strip("abc", "def", "ghi")
    assert difference(old, old) is None
    assert difference(old, strip("abc", "def", "ghi")) is None
    assert difference(old, strip("abc", "xyz", "ghi")) == (3, 6)
    assert difference(old, strip("xyz", "def", "ghi")) == (0, 3)
    assert difference(old, strip("abc", "de", "xghi")) == (5, 6)
    assert difference(old, strip("abc", "中!", "ghi")) == (3, 6)
    assert difference(strip("中国"), strip("中文")) == (0, 4)


def test_every_tone_has_its_own_glyph_in_both_sets() -> None:
    for glyphs in (UNICODE, ASCII):
        signs = [glyphs.of(tone) for tone in Tone if tone is not Tone.PLAIN]
        assert len(set(signs)) == len(signs)
        assert all(cell_len(sign) == 1 for sign in signs)
    assert all(sign.isascii() for sign in ASCII.tones.values())


def test_the_terminals_own_words_decide_which_glyphs_it_gets() -> None:
    assert glyphs_for({"TERM": "xterm", "LANG": "de_DE.UTF-8"}) is UNICODE
    assert glyphs_for({"TERM": "xterm", "LANG": "C.utf8"}) is UNICODE
    assert glyphs_for({"TERM": "linux", "LANG": "de_DE.UTF-8"}) is ASCII
    assert glyphs_for({"TERM": "xterm", "LANG": "C"}) is ASCII
    assert glyphs_for({"TERM": "xterm", "LANG": "de_DE.UTF-8", "LC_ALL": "C"}) is ASCII
    assert glyphs_for({"TERM": "xterm"}) is ASCII
    assert glyphs_for({"TERM": "xterm", "LC_CTYPE": "C.UTF-8", "LANG": "C"}) is ASCII
    assert glyphs_for({"TERM": "xterm", "LC_CTYPE": "C.UTF-8"}) is ASCII
    assert glyphs_for({"TERM": "xterm", "LC_CTYPE": "UTF-8"}) is UNICODE
    assert glyphs_for({"TERM": "xterm", "LC_CTYPE": "C.UTF-8", "LANG": "en_US.UTF-8"}) is UNICODE


def test_ascii_lines_hold_only_ascii_of_ours() -> None:
    paint = Paint(ANSI, ASCII, colourless=True)
    cells = [Cell("a-very-long-name"), Cell("Running", Tone.OK), Cell("7", Tone.WARN)]
    text = finish(
        row_segments(paint, ruler(60), cells, LineLook(marked=True)), ruler(60), Segment(" "), Style.null()
    ).text
    assert text.isascii()
    assert "+ Running" in text
    assert "! 7" in text
