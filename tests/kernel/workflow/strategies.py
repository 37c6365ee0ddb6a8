"""Plans to run and a world that answers a run's commands in any order: what the property tests are made of."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from console.model import NodeName
from console.plugin import Effect, Target
from console.workflow.events import (
    Aborted,
    Act,
    ActSaid,
    Answered,
    Begun,
    Choice,
    Claimed,
    Command,
    Continued,
    Event,
    Fact,
    Finish,
    Finished,
    Guard,
    GuardSaid,
    MemoryRead,
    Paused,
    Planned,
    Record,
    Remember,
    Stumbled,
    Undo,
    Until,
    UntilSaid,
)
from console.workflow.machine import decide
from console.workflow.state import State, fold
from console.workflow.steps import Done, Go, Phase, Step, Stop, Wait

TARGET = Target("drain", (NodeName("node1"),))


def step(name: str, phase: Phase = Phase.EVICT, *, after: tuple[str, ...] = (), effect: Effect = Effect.CHANGE) -> Step:
    return Step(name, name, "toy", "one", "toy", phase, after=after, effect=effect)


def planned(*steps: Step) -> Planned:
    return Planned(at=1.0, target=TARGET, steps=steps, author="oncall", reason="test")


SMALL = planned(
    step("cordon", Phase.CORDON),
    step("web-1"),
    step("web-2"),
    step("kafka-0"),
    step("kafka-1", after=("kafka-0",)),
    step("empty", Phase.VERIFY, effect=Effect.READ),
)


@dataclass
class World:
    """Answers commands at random, remembers what was permitted, and counts what a machine must never do."""

    seed: int
    moody: bool = True
    """Waits, stumbles, stops; a person pauses, answers and aborts. Otherwise everything goes well."""
    journal: list[Fact] = field(default_factory=list[Fact])
    now: float = 10.0
    acts: list[str] = field(default_factory=list[str])
    undos: list[str] = field(default_factory=list[str])
    breaches: list[str] = field(default_factory=list[str])
    guarded: set[str] = field(default_factory=set[str])
    """Steps whose guard said Go since this process began and since their last act."""
    effects: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.todo: list[Command] = []
        self.state = State()

    def start(self, plan: Planned, *, fencing: int = 1) -> None:
        """A process starts on the journal as it is: fold, claim, begin."""
        self.guarded.clear()
        self.todo.clear()
        if not self.journal:
            self.journal.append(plan)
        self.journal.append(Claimed(self.now, fencing, f"runner-{fencing}"))
        self.state = fold(self.journal)
        undoable = frozenset(each.id for each in plan.steps if each.phase is Phase.CORDON)
        self.event(Begun(self.now, undoable))

    def event(self, event: Event) -> None:
        self.state, commands = decide(self.state, event)
        if (self.state.paused or self.state.aborted) and any(isinstance(command, Act) for command in commands):
            self.breaches.append("an act was let go while paused or aborted")
        self.todo.extend(commands)

    def run(self, most: int = 4000) -> bool:
        """Answer commands until the run has ended, or `most` were answered."""
        for _ in range(most):
            if self.state.end is not None:
                return True
            if self.moody and self.random.random() < 0.05:
                self.person()
            if self.todo:
                self.answer()
            elif not self.person():
                return False
        return self.state.end is not None

    def answer(self) -> None:
        """Answer one command; records stay in order among themselves, everything else comes as it likes."""
        self.now += self.random.random() * 3
        records = [command for command in self.todo if isinstance(command, Record | Finish)]
        others = [command for command in self.todo if not isinstance(command, Record | Finish)]
        command = self.random.choice([*records[:1], *others])
        self.todo.remove(command)
        event = self.reply(command)
        if not isinstance(command, Record | Finish):
            self.event(event)

    def reply(self, command: Command) -> Event:
        match command:
            case Record(fact=fact):
                self.write(fact)
                return fact
            case Finish(end=end):
                fact = Finished(self.now, end)
                self.write(fact)
                return fact
            case Guard(step=name):
                outcome = self.outcome(name)
                if isinstance(outcome, Go):
                    self.guarded.add(name)
                return GuardSaid(self.now, name, outcome)
            case Remember(step=name):
                return MemoryRead(self.now, name, {"was": name not in self.effects})
            case Act(step=name):
                return self.act(name)
            case Until(step=name):
                return UntilSaid(self.now, name, self.outcome(name, after_act=True))
            case Undo(step=name):
                self.undos.append(name)
                if self.moody and self.random.random() < 0.2:
                    return Stumbled(self.now, name, "undo failed", self.random.choice([1.0, None]))
                self.effects.discard(name)
                return ActSaid(self.now, name, "put back")

    def act(self, name: str) -> Event:
        if name not in self.guarded:
            self.breaches.append(f"act of {name} without a fresh guard")
        self.guarded.discard(name)
        if not any(getattr(fact, "step", "") == name and type(fact).__name__ == "Intent" for fact in self.journal):
            self.breaches.append(f"act of {name} without a written intent")
        before = self.state.step(name).after
        if not set(before) <= self.effects:
            self.breaches.append(f"act of {name} before {before}")
        self.acts.append(name)
        self.effects.add(name)
        if self.moody and self.random.random() < 0.2:
            return Stumbled(self.now, name, "refused", self.random.choice([1.0, 5.0, None]))
        return ActSaid(self.now, name, "taken")

    def write(self, fact: Fact) -> None:
        self.journal.append(fact)
        self.event(fact)

    def outcome(self, name: str, *, after_act: bool = False) -> Go | Done | Wait | Stop:
        if self.moody and self.random.random() < 0.3:
            return self.random.choice(
                [Wait(f"not yet {self.random.randint(0, 9)}", 1.0), Stop("no"), Wait("later", 9.0)]
            )
        return Done("so it is") if after_act or name in self.effects else Go()

    def person(self) -> bool:
        """Something that a person may do now; False: there is nothing to do."""
        waiting = [name for name in self.state.steps if self.state.may_skip(name) and name not in self.state.asked]
        if self.moody and waiting and self.random.random() < 0.1:
            name = self.random.choice(waiting)
            self.effects.add(name)
            self.write(Answered(self.now, name, Choice.SKIP, "anna", "it takes too long"))
            return True
        if self.state.asked:
            choices = [Choice.RETRY] * 6 + ([Choice.SKIP, Choice.UNDO, Choice.STOP] if self.moody else [])
            choice = self.random.choice(choices)
            if choice is Choice.SKIP:
                self.effects.add(self.state.asked[0])
            self.write(Answered(self.now, self.state.asked[0], choice, "anna", "why not"))
        elif self.state.paused:
            self.write(Continued(self.now, "anna"))
        elif self.state.aborted or self.state.end is not None:
            return False
        elif self.moody and self.random.random() < 0.2:
            self.write(Aborted(self.now, "anna"))
        else:
            self.write(Paused(self.now, "anna"))
        return True


def journal_of(plan: Planned, seed: int, *, moody: bool = True) -> Sequence[Fact]:
    """A whole journal that a world made."""
    world = World(seed, moody=moody)
    world.start(plan)
    world.run()
    return world.journal
