"""What panes of pods and of members share: detail sections, logs, shell, forwards, actions on a pod."""

from __future__ import annotations

from collections.abc import Sequence

from console.format import age, size, timestamp
from console.model import Ref, Tone
from console.plugin import Action, Ask, Cell, Effect, Facts, Forward, Logs, Right, Section, Shell
from plugins.kubernetes.checks.budgeting import budgets_of
from plugins.kubernetes.checks.fates import fate, volumes
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.addresses import CORE, Address
from plugins.kubernetes.model.pods import Pod
from plugins.kubernetes.model.podstate import Container
from plugins.kubernetes.model.quantity import cores
from plugins.kubernetes.panes.cells import optional, status_tone
from plugins.kubernetes.panes.later import ask, run, stream


def ref(pod: Pod) -> Ref:
    """The pod itself."""
    return Ref("pod", pod.name, pod.namespace, pod.uid)


def address(pod: Pod) -> Address:
    """Where the API has it."""
    return Address(CORE, "pods", pod.name, pod.namespace, pod.uid)


def container_names(pod: Pod) -> list[str]:
    """Containers of the template, those that run all the time first."""
    shapes = pod.shape.containers
    return [c.name for c in shapes if not c.init or c.sidecar] + [c.name for c in shapes if c.init and not c.sidecar]


def log_sources(pod: Pod, _facts: Facts) -> Sequence[str]:
    """`pod/container`."""
    return [f"{pod.name}/{name}" for name in container_names(pod)]


def shell_targets(pod: Pod, _facts: Facts) -> Sequence[str]:
    """Running containers."""
    running = {one.name for one in pod.containers if one.state == "running"}
    return [name for name in container_names(pod) if name in running]


def ports(pod: Pod, _facts: Facts) -> Sequence[int]:
    """The TCP ports that its containers name."""
    return sorted({port for shape in pod.shape.containers for port in shape.ports})


LOGS: Logs[Pod] = Logs(sources=log_sources, follow=stream("abilities:follow_pod"))
SHELL: Shell[Pod] = Shell(
    targets=shell_targets,
    open=ask("abilities:open_shell"),
    rights=lambda pod: (Right("create", "pods/exec", namespace=pod.namespace),),
)
FORWARD: Forward[Pod] = Forward(
    ports=ports,
    open=ask("abilities:open_port"),
    rights=lambda pod: (Right("create", "pods/portforward", namespace=pod.namespace),),
)


def _not_evictable(pod: Pod, facts: Facts) -> str | None:
    if pod.mirror:
        return "a static pod: its node makes it again from a file"
    if pod.deleted is not None:
        return "it is being deleted already"
    blocking = [budget for budget in budgets_of(pod, facts) if budget.blocked]
    return f"budget {blocking[0].name}: {blocking[0].blocked}" if blocking and pod.ready else None


def _not_deletable(pod: Pod, _facts: Facts) -> str | None:
    return "a static pod: deleting it changes nothing on its node" if pod.mirror else None


def _grace(pod: Pod, _facts: Facts) -> Sequence[Ask]:
    return (Ask("grace", "seconds to stop in", default=str(pod.shape.grace), number=True),)


ACTIONS: tuple[Action[Pod], ...] = (
    Action(
        "delete",
        "delete pod",
        run("delete_pod"),
        help="ask the pod to stop; budgets are not asked, its owner makes a new one",
        key="ctrl+d",
        when=_not_deletable,
        rights=lambda pod: (address(pod).right("delete"),),
        asks=_grace,
    ),
    Action(
        "evict",
        "evict pod",
        run("evict_pod"),
        help="as delete, but the server refuses it where a budget would be broken",
        when=_not_evictable,
        rights=lambda pod: (address(pod).right("create", "eviction"),),
        asks=_grace,
    ),
    Action(
        "kill",
        "kill pod now",
        run("kill_pod"),
        help="remove it without waiting: two with one identity may run if its node is only cut off",
        effect=Effect.DESTROY,
        when=_not_deletable,
        rights=lambda pod: (address(pod).right("delete"),),
    ),
)


def sections(pod: Pod, facts: Facts) -> Sequence[Section]:
    """The detail panel of a pod."""
    owner = pod.workload
    node = facts.get(tables.NODES, pod.node) if pod.node else None
    use = facts.get(tables.POD_USE, pod.key)
    about: list[tuple[str, Cell]] = [
        ("status", Cell(pod.status, status_tone(pod.status))),
        ("since", Cell(f"{age(pod.ready_since, facts.now)} {'ready' if pod.ready else 'not ready'}")),
        ("why", optional(pod.message, Tone.WARN)),
        ("node", Cell(f"{pod.node} ({node.state})" if node else pod.node or "none yet")),
        ("owner", optional(f"{owner.kind} {owner.name}" if owner else "")),
        ("address", optional(pod.ip)),
        ("requests", Cell(f"{cores(pod.shape.cpu)} cores, {size(pod.shape.memory)}; {pod.shape.qos}")),
        ("uses", optional(f"{cores(use.cpu)} cores, {size(use.memory)}" if use else "")),
        ("in a drain", Cell(fate(pod, facts).value)),
        (
            "budget",
            optional(", ".join(f"{b.name}: {b.blocked or f'allows {b.allowed}'}" for b in budgets_of(pod, facts))),
        ),
    ]
    if pod.finalizers:
        about.append(("finalizers", Cell(", ".join(pod.finalizers), Tone.WARN)))
    found = [
        Section("pod", tuple(about)),
        Section("containers", tuple(_container(c, facts.now) for c in pod.containers)),
    ]
    if pod.claims:
        found.append(Section("volumes", tuple(_volume_lines(pod, facts))))
    found.append(events_section(f"Pod {pod.key}", facts))
    found.append(Section("labels", tuple((key, Cell(value)) for key, value in pod.labels)))
    return [section for section in found if section.lines]


def _container(one: Container, now: float) -> tuple[str, Cell]:
    state = one.state if not one.reason else f"{one.state}: {one.reason}"
    text = state + (f", {one.restarts} restarts" if one.restarts else "")
    if one.last_reason:
        code = f" ({one.last_exit})" if one.last_exit is not None else ""
        text += f", last end {one.last_reason}{code} {age(one.last_finished, now)} ago"
    if one.message:
        text += f": {one.message}"
    good = one.ready or (one.init and one.exit_code == 0)
    return (one.name, Cell(text, Tone.OK if good else Tone.WARN))


def _volume_lines(pod: Pod, facts: Facts) -> list[tuple[str, Cell]]:
    by_claim = {volume.claim: volume for volume in volumes(pod, facts)}
    lines: list[tuple[str, Cell]] = []
    for claim in pod.claims:
        volume = by_claim.get(f"{pod.namespace}/{claim}")
        if volume is None:
            lines.append((claim, Cell("no volume yet", Tone.WARN)))
        else:
            where = f" on {', '.join(volume.hosts)}" if volume.hosts else ""
            lines.append((claim, Cell(f"{volume.source}{where} {volume.path} {size(volume.size)}")))
    return lines


def events_section(about: str, facts: Facts) -> Section:
    """The newest events about a subject (`Pod ns/name`), warnings first.

    Events are many and are read only while somebody looks at them; until then the section says where they are.
    """
    if not facts.snapshot(tables.EVENTS).complete:
        return Section("events", (("", Cell("not read; jump to its events, or `:events`", Tone.MUTED)),))
    found = sorted(facts.by(tables.EVENTS_BY_SUBJECT, about), key=lambda event: (not event.warning, -event.last))
    return Section(
        "events",
        tuple(
            (event.reason, Cell(f"{timestamp(event.last)} {event.message}", Tone.WARN if event.warning else Tone.PLAIN))
            for event in found[:8]
        ),
    )
