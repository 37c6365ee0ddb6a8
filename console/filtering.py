"""The filter language of tables: one line of text to a test of rows, shared by the `/` line and `get --filter`.

    kafka running          every word is a regular expression, ignoring case; all must be found in the row's text
    !running               the word must not be found; "two words" in quotes are one expression
    node=node1,node2       a facet (else a label) is one of these; node!=node1: it is none of them
    -l app=x,tier in (a)   a label selector in Kubernetes' own grammar; takes the rest of the line
    -f kfk0                letters in this order in the row's name; takes the rest of the line

Owns parsing and testing. Refuses to know panes and clocks: a `Subject` gives a row's text, name, labels and facets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from console.errors import UsageError
from console.selector import parse_selector

_WORD = re.compile(r'\s*(!?)(?:"([^"]*)"|(\S*))')
_SCOPE = re.compile(r"([A-Za-z][\w./-]*)(!?=)([^=~\s][^\s]*)$")
_SHAPE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]])*\]|[()]|[*+]|\{\d*,\d*\}|.", re.DOTALL)
_PLAIN = re.compile(r"[\w :,/@#%&=<>-]*$")


class Subject(Protocol):
    """What can be asked of a row; each is called at most when a term needs it."""

    def text(self) -> str:
        """The row as people read it: its cells, joined by blanks."""
        ...

    def name(self) -> str: ...

    def labels(self) -> Mapping[str, str]: ...

    def facets(self) -> Mapping[str, str]: ...


Term = Callable[[Subject], bool]


class Filter(Struct, frozen=True):
    """A parsed line. `accepts` is true where every term holds; a line without terms accepts everything."""

    line: str = ""
    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def accepts(self, subject: Subject) -> bool:
        return all(term(subject) for term in self.terms)


EVERYTHING = Filter()


def parse_filter(line: str) -> Filter:
    """The filter that `line` writes. Raises UsageError with the word and what is wrong about it."""
    terms: list[Term] = []
    rest = line.strip()
    while rest:
        flag, _, tail = rest.partition(" ")
        if flag in {"-l", "-f"}:
            tail = tail.strip()
            if not tail:
                raise UsageError(
                    f"{flag} needs {'a label selector' if flag == '-l' else 'letters of a name'} behind it"
                )
            terms.append(_labelled(tail) if flag == "-l" else _fuzzy(tail))
            break
        word = _WORD.match(rest)
        if word is None:  # pragma: no cover - a stripped, non-empty rest always begins with a word
            break
        rest = rest[word.end() :].strip()
        terms.append(
            _term(word[2] if word[2] is not None else word[3], inverse=bool(word[1]), quoted=word[2] is not None)
        )
    return Filter(line.strip(), tuple(term for term in terms if term is not _always))


def _always(_subject: Subject) -> bool:
    return True


def _term(word: str, *, inverse: bool, quoted: bool) -> Term:
    if not word:
        return _always
    scope = None if quoted else _SCOPE.match(word)
    found = _scoped(scope[1], scope[2] == "!=", scope[3]) if scope else _pattern(word)
    return (lambda subject: not found(subject)) if inverse else found


def _pattern(word: str) -> Term:
    if _PLAIN.match(word):
        low = word.casefold()
        return lambda subject: low in subject.text().casefold()
    if _endless(word):
        raise UsageError(f"{word} repeats what repeats, which can take for ever; write it with one repeat")
    try:
        search = re.compile(word, re.IGNORECASE).search
    except (re.error, RecursionError, OverflowError) as error:
        at = getattr(error, "pos", None)
        place = f" at character {at + 1}" if isinstance(at, int) else ""
        reason = getattr(error, "msg", None) or str(error)
        raise UsageError(f"{word} is no regular expression: {reason}{place}") from error
    return lambda subject: search(subject.text()) is not None


def _endless(pattern: str) -> bool:
    """Whether a repeat stands inside a repeat (`(a+)+`): on a row that does not match, Python tries every division.

    Nothing can stop a search that is under way, and the screen would stand still with it.
    """
    repeats_within = [False]
    closed = False
    for part in _SHAPE.findall(pattern):
        if part == "(":
            repeats_within.append(False)
        elif part == ")" and len(repeats_within) > 1:
            closed = repeats_within.pop()
            repeats_within[-1] |= closed
            continue
        elif part[0] in "*+{":
            if closed:
                return True
            repeats_within[-1] = True
        closed = False
    return False


def _scoped(name: str, inverse: bool, values: str) -> Term:  # noqa: FBT001 - one caller, one meaning
    wanted = frozenset(values.split(","))

    def holds(subject: Subject) -> bool:
        facets = subject.facets()
        have = facets[name] if name in facets else subject.labels().get(name)
        return (have not in wanted) if inverse else (have in wanted)

    return holds


def _labelled(text: str) -> Term:
    selector = parse_selector(text)
    return lambda subject: selector.matches(subject.labels())


def _fuzzy(text: str) -> Term:
    letters = text.casefold().replace(" ", "")

    def holds(subject: Subject) -> bool:
        rest = iter(subject.name().casefold())
        return all(letter in rest for letter in letters)

    return holds
