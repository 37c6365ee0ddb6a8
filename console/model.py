"""The shared words of kernel, plugins and screens. Frozen values only: no I/O, no clock, no system.

system      a kind of software (kubernetes, kafka); an instance is one of it (`my-cluster` in namespace kafka)
member      one server of an instance, usually one pod
snapshot    the newest rows of a source, and how long ago they were true
verdict     SAFE, DECIDE (safe after listed decisions), NO (with need and have) or UNKNOWN (unknown is unsafe)
finding     something wrong, with evidence and the next step
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum, IntEnum, StrEnum
from typing import Generic, NewType, TypeVar

from msgspec import Struct, field

R = TypeVar("R")
NodeName = NewType("NodeName", str)


class Tone(Enum):
    """What a cell means; a theme decides colour and glyph, so that monochrome loses nothing."""

    PLAIN = "plain"
    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    MUTED = "muted"
    ACCENT = "accent"
    BUSY = "busy"

    # Each member is one object. The standard hash of an Enum is a call of Python, for every cell that is drawn.
    __hash__ = object.__hash__


class Severity(IntEnum):
    """critical: lost now; high: one more failure away; warning: degraded; info: good to know."""

    INFO = 0
    WARNING = 1
    HIGH = 2
    CRITICAL = 3


class InstanceId(Struct, frozen=True):
    """One instance of a system: (`kubernetes`, `lab`), (`kafka`, `kafka/my-cluster`)."""

    system: str
    name: str

    def __str__(self) -> str:
        return f"{self.system}:{self.name}"

    def answers(self, word: str) -> bool:
        """Whether a person means it by `word`: its name, or the last part of it."""
        return word.lower() in {name.lower() for name in (self.name, self.name.rpartition("/")[2], str(self))}


class Ref(Struct, frozen=True):
    """A thing that can be named: kind in lower case (`pod`, `node`, `topic`), namespace empty where there is none."""

    kind: str
    name: str
    namespace: str = ""
    uid: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class Member(Struct, frozen=True):
    """One server of an instance and the node on which it stands (empty while it waits for one)."""

    instance: InstanceId
    name: str
    node: NodeName
    pod: Ref | None = None
    role: str = ""
    healthy: bool | None = None


class Finding(Struct, frozen=True):
    """Something wrong: what, on what, since when, the evidence, and what to do next."""

    id: str
    severity: Severity
    subject: Ref
    title: str
    evidence: tuple[str, ...] = ()
    next_step: str = ""
    node: NodeName = NodeName("")
    since: float | None = None


class Answer(StrEnum):
    """The four verdicts, from best to worst."""

    SAFE = "SAFE"
    DECIDE = "DECIDE"
    NO = "NO"
    UNKNOWN = "UNKNOWN"


_WORST = {Answer.SAFE: 0, Answer.DECIDE: 1, Answer.NO: 2, Answer.UNKNOWN: 3}


class Reason(Struct, frozen=True):
    """One line of a verdict: its own answer, the topic (`budgets`, `zookeeper`), and the arithmetic in words.

    A DECIDE reason carries `decision`, the id under which a person consents (`emptydir`, `unmanaged`, ...).
    """

    answer: Answer
    topic: str
    text: str
    subject: Ref | None = None
    decision: str = ""

    @property
    def rest(self) -> str:
        """The text behind its topic, which it does not name again: `etcd` and `0 of 1 members would be left`."""
        named = next((start for start in (f"{self.topic}: ", f"{self.topic} ") if self.text.startswith(start)), "")
        return self.text.removeprefix(named)

    def __str__(self) -> str:
        return f"{self.topic}: {self.rest}"


class Verdict(Struct, frozen=True):
    """What a drain would meet. The worst reason decides; UNKNOWN is worse than NO, since unknown is unsafe."""

    reasons: tuple[Reason, ...] = ()

    @property
    def answer(self) -> Answer:
        return max((r.answer for r in self.reasons), key=_WORST.__getitem__, default=Answer.SAFE)

    @property
    def leading(self) -> Reason | None:
        """The reason that decides: the first of the worst."""
        worst = self.answer
        return next((r for r in self.reasons if r.answer is worst), None)

    @property
    def decisions(self) -> tuple[Reason, ...]:
        return tuple(r for r in self.reasons if r.answer is Answer.DECIDE)

    @classmethod
    def merged(cls, verdicts: Iterable[Verdict]) -> Verdict:
        """All reasons of several systems as one verdict."""
        return cls(tuple(reason for verdict in verdicts for reason in verdict.reasons))


class Prospect(Struct, frozen=True):
    """What a run does to one thing on a node: `what` is a word for machines (`moves`, `waits`), `text` is for people.

    `several` is the phrase for many of the same `what` (`stay pending`); `reasons` are its own: what holds it, what is
    lost with it.
    """

    subject: Ref
    node: NodeName
    what: str
    text: str
    several: str
    reasons: tuple[Reason, ...] = ()

    @property
    def answer(self) -> Answer:
        return Verdict(self.reasons).answer


class Presence(Struct, frozen=True):
    """One thing of a run's nodes as it is now: `state` in a word (`stays`, `held`, `waits`, `gone`), and why, in words.

    `tone` WARN or BAD: something holds it, and `text` says what. `since` is when the state began (epoch s, 0: unknown).
    """

    subject: Ref
    state: str
    text: str
    tone: Tone
    since: float = 0.0


class SourceState(StrEnum):
    """LOADING: nothing yet; LIVE; STALE: rows are old, `error` says why; FORBIDDEN: a right is missing."""

    LOADING = "loading"
    LIVE = "live"
    STALE = "stale"
    FORBIDDEN = "forbidden"


class Snapshot(Struct, Generic[R], frozen=True):
    """The newest rows of one source, by key. `taken_at`: when they were last known true (epoch s); 0 before any."""

    rows: Mapping[str, R] = field(default_factory=dict[str, R])
    state: SourceState = SourceState.LOADING
    taken_at: float = 0.0
    took: float = 0.0
    error: str = ""
    since: float = 0.0
    """When the present state began (epoch s): `stale since`."""
    note: str = ""
    """How the source is degraded, by name: `only namespaces kafka, pulsar`."""
    generation: int = 0
    complete: bool = False
    """False until one whole list was seen: rows may be missing, so nothing may be judged by their absence."""


class Delta(Struct, frozen=True):
    """The keys that one publication added, changed and removed."""

    added: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    @property
    def touched(self) -> frozenset[str]:
        return self.added | self.changed | self.removed
