"""The `:` line: words to a place or an order, and what may come next. Pure: what exists is told by `Known`.

:pods kafka            a pane, limited to a namespace        :ctx NAME     another context
:sts kafka /filter     and filtered                          :ns NAME      limit the shown pane (`all`: lift it)
:pods node=node1       limited by any facet                  :theme NAME   another theme
:ds kafka              an alias that limits its pane itself
:KIND                  anything else the server has          :q            quit
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from screens.trail import Place, scoped

ORDERS = {"q": "quit", "quit": "quit", "exit": "quit"}
TAKES_NAME = {"ctx": "ctx", "context": "ctx", "theme": "theme", "ns": "ns", "namespace": "ns"}
PAGES = {"overview": "overview", "help": "help", "forwards": "forwards", "pf": "forwards", "home": "overview"}
ALL_NAMESPACES = frozenset({"all", "-", "*", "0"})


class Known(Struct, frozen=True):
    """What the line may name: words of panes (name or alias -> pane name), namespaces, contexts, kinds, themes.

    `limits` are the facets by which some of the aliases limit their pane.
    """

    panes: dict[str, str] = field(default_factory=dict[str, str])
    limits: dict[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    namespaces: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()


class Order(Struct, frozen=True):
    """Something that is not a place: `quit`, `ctx NAME`, `ns NAME`, `theme NAME`, or `find WORD` with its place."""

    verb: str
    name: str = ""
    place: Place | None = None


def parse(line: str, known: Known) -> Place | Order | str:
    """What a line asks for; a str is one line that says why nothing can be done with it."""
    text = line.strip().removeprefix(":").strip()
    text, pattern = _split_filter(text)
    words = text.split()
    if not words:
        return "type a pane, a kind or an order, such as nodes, pods kafka, or q"
    head, rest = words[0].lower(), words[1:]
    if head in ORDERS:
        return Order(ORDERS[head])
    if head in TAKES_NAME:
        return Order(TAKES_NAME[head], rest[0] if rest else "")
    if head in PAGES:
        return Place(PAGES[head], name=" ".join(rest))
    facets = _facets(rest)
    if isinstance(facets, str):
        return facets
    place = Place(
        "pane", known.panes.get(head, head), scope=scoped({**known.limits.get(head, {}), **facets}), filter=pattern
    )
    return place if head in known.panes else Order("find", head, place)


def _split_filter(text: str) -> tuple[str, str]:
    """`sts kafka /pattern` -> (`sts kafka`, `pattern`); a slash inside a word is part of the word."""
    at = text.find(" /")
    return (text[:at], text[at + 2 :].strip()) if at >= 0 else (text, "")


def _facets(words: Sequence[str]) -> dict[str, str] | str:
    facets: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if equals and key and value:
            facets[key] = value
        elif equals:
            return f"{word}: write a facet as name=value, such as node=node1"
        elif "namespace" in facets:
            return f"{word}: only one namespace can be named; limit further with name=value or /filter"
        else:
            facets["namespace"] = word
    if facets.get("namespace") in ALL_NAMESPACES:
        del facets["namespace"]
    return facets


def complete(line: str, known: Known) -> tuple[str, ...]:
    """Whole lines that `line` may become, best first."""
    text = line.removeprefix(":").lstrip()
    words = text.split()
    if not words or (len(words) == 1 and not text.endswith(" ")):
        return _first(words[0].lower() if words else "", known)
    head, last = words[0].lower(), "" if text.endswith(" ") else words[-1]
    if last.startswith("/"):
        return ()
    stem = text[: len(text) - len(last)]
    pool: Sequence[str] = known.namespaces
    match TAKES_NAME.get(head):
        case "ctx":
            pool = known.contexts
        case "theme":
            pool = known.themes
        case "ns":
            pool = ("all", *known.namespaces)
        case _ if head in PAGES or head in ORDERS:
            return ()
        case _:
            pass
    return tuple(stem + word for word in pool if word.startswith(last) and word != last)


def _first(start: str, known: Known) -> tuple[str, ...]:
    names = sorted(set(known.panes.values()))
    own = [*names, "overview", "help", "ctx", "ns", "theme", "forwards", "q"]
    aliases = sorted(set(known.panes) - set(names))
    words = dict.fromkeys([*own, *aliases, *known.kinds])
    return tuple(word for word in words if word.startswith(start) and word != start)
