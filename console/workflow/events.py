"""What happens in a run: the facts of its journal, what a step's code said, and the commands that follow.

Owns three closed unions and nothing else. A `Fact` is written to the journal and outlives every process; a `Said` is
known to one runner only and is gone after a crash, so nothing that permits an act may be a Fact; a `Command` is what
the machine wants done. Times are epoch seconds, given by who writes the event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from console.plugin import Json, Target
from console.workflow.steps import Outcome, Step


class Choice(StrEnum):
    """What a person may answer when a run asks."""

    RETRY = "retry"
    SKIP = "skip"
    UNDO = "undo"
    STOP = "stop"


class End(StrEnum):
    """How a run ended: all done; undone after an abort; stopped by a person with nothing put back."""

    DONE = "done"
    ABORTED = "aborted"
    STOPPED = "stopped"


# --------------------------------------------------------------------------------------------------------------- facts


@dataclass(frozen=True, slots=True)
class Planned:
    """The frozen plan: what is to be done, for whom and why, and the proof taken before anything was changed."""

    at: float
    target: Target
    steps: tuple[Step, ...]
    author: str = ""
    origin: str = ""
    reason: str = ""
    version: str = ""
    proof: Mapping[str, str] = field(default_factory=dict[str, str])
    verdict: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claimed:
    """A runner took the run; from here on nobody may write under a smaller fencing number."""

    at: float
    fencing: int
    holder: str


@dataclass(frozen=True, slots=True)
class Released:
    """The runner let go of the run, which can be resumed at once."""

    at: float
    why: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """What must be put back when the step is undone; written before the step's first intent, and only once."""

    at: float
    step: str
    memory: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Intent:
    """The request of this step is about to be sent (`undo`: the request that puts it back)."""

    at: float
    step: str
    attempt: int = 1
    undo: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """The system took the request; the step waits until it has the effect."""

    at: float
    step: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the step (empty: the run) waits for, as a sentence with numbers."""

    at: float
    step: str
    reason: str


@dataclass(frozen=True, slots=True)
class StepDone:
    """It is so, and how that was seen."""

    at: float
    step: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A step's code failed in a way that trying again does not heal."""

    at: float
    step: str
    error: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The step waits for a person."""

    at: float
    step: str
    question: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A person's answer; any console that may write the journal can append it."""

    at: float
    step: str
    choice: Choice
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Undone:
    """The step was put back (or left as it is, by a person's word)."""

    at: float
    step: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Paused:
    """No new act until somebody continues the run."""

    at: float
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Continued:
    """The pause is over."""

    at: float
    by: str


@dataclass(frozen=True, slots=True)
class Aborted:
    """No new act; what was changed is put back in reverse order."""

    at: float
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The run is over; nothing follows. `proof` is what the first event's proof is compared with."""

    at: float
    end: End
    proof: Mapping[str, str] = field(default_factory=dict[str, str])


Fact = (
    Planned
    | Claimed
    | Released
    | Remembered
    | Intent
    | Sent
    | Waiting
    | StepDone
    | Failed
    | Asked
    | Answered
    | Undone
    | Paused
    | Continued
    | Aborted
    | Finished
)

# ------------------------------------------------------------------------------------- what one runner knows by itself


@dataclass(frozen=True, slots=True)
class Begun:
    """This runner holds all leases and starts to work; `undoable` are the steps whose kind can put them back."""

    at: float
    undoable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class GuardSaid:
    """A guard was asked just now."""

    at: float
    step: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class MemoryRead:
    """What is there now and must be put back later."""

    at: float
    step: str
    memory: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class ActSaid:
    """The act (or, where the step is being undone, the undo) came back with evidence."""

    at: float
    step: str
    evidence: str


@dataclass(frozen=True, slots=True)
class UntilSaid:
    """`until` was asked just now."""

    at: float
    step: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Stumbled:
    """A step's code raised. `delay`: it may be tried again after so many seconds; None: a person is asked.

    `wake`: what refused it is watched, so a change of facts is worth a look before the delay is over.
    """

    at: float
    step: str
    error: str
    delay: float | None = None
    wake: bool = False


Said = Begun | GuardSaid | MemoryRead | ActSaid | UntilSaid | Stumbled
Event = Fact | Said

# ------------------------------------------------------------------------------------------------------------ commands


@dataclass(frozen=True, slots=True)
class Guard:
    """Ask the step's guard, `after` seconds from now; sooner when facts change, if `wake`."""

    step: str
    after: float = 0.0
    wake: bool = True


@dataclass(frozen=True, slots=True)
class Remember:
    """Read what must be put back."""

    step: str


@dataclass(frozen=True, slots=True)
class Act:
    """Send the step's request: its guard said Go in this process, and its intent is in the journal."""

    step: str


@dataclass(frozen=True, slots=True)
class Until:
    """Look whether the step is finished, as for `Guard`."""

    step: str
    after: float = 0.0
    wake: bool = True


@dataclass(frozen=True, slots=True)
class Undo:
    """Put the step back: the intent to do so is in the journal."""

    step: str
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Record:
    """Write this fact; it comes back as an event once it is in the journal."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class Finish:
    """Nothing is left to do: take the proof, write Finished, release."""

    end: End


Command = Guard | Remember | Act | Until | Undo | Record | Finish
