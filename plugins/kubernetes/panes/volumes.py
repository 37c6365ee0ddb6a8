"""Pane `volumes`: volumes joined with claims, pods and the node to which they are pinned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.format import size
from console.model import Ref, Tone
from console.plugin import Action, Ask, Cell, Column, Effect, Facts, Jump, Pane, Section
from plugins.kubernetes.joins.storage import VIEWS, VolumeView
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.addresses import CORE, Address
from plugins.kubernetes.panes.cells import age_column, optional
from plugins.kubernetes.panes.later import run
from plugins.kubernetes.panes.manifests import manifest
from plugins.kubernetes.panes.nodes import fill_cell
from plugins.kubernetes.panes.podparts import events_section

_PHASES = {"Bound": Tone.OK, "Available": Tone.PLAIN, "Released": Tone.WARN, "Pending": Tone.BUSY}


def ref(view: VolumeView) -> Ref:
    """The volume, or the claim that has none."""
    if view.volume is not None:
        return Ref("persistentvolume", view.volume.name, uid=view.volume.uid)
    claim = view.claim
    return Ref("persistentvolumeclaim", view.name, view.namespace, claim.uid if claim else "")


def address(view: VolumeView) -> Address:
    """Where the API has the volume, or the claim that has none."""
    if view.volume is not None:
        return Address(CORE, "persistentvolumes", view.volume.name, uid=view.volume.uid)
    return Address(CORE, "persistentvolumeclaims", view.name, view.namespace, view.claim.uid if view.claim else "")


def _node(view: VolumeView, _now: float) -> Cell:
    if not view.host:
        return Cell("-", Tone.MUTED)
    if view.host_state == "gone":
        return Cell(f"{view.host} (gone)", Tone.BAD)
    bad = bool(view.host_state) and not view.host_state.startswith("Ready")
    tone = Tone.BAD if bad else Tone.WARN if view.host_state not in {"Ready", ""} else Tone.PLAIN
    return Cell(view.host if tone is Tone.PLAIN else f"{view.host} ({view.host_state})", tone)


def _reclaim(view: VolumeView, _now: float) -> Cell:
    if view.volume is None:
        return Cell("-", Tone.MUTED)
    risky = view.volume.reclaim == "Delete" and view.volume.local
    return Cell(view.volume.reclaim, Tone.WARN if risky else Tone.PLAIN)


def facets(view: VolumeView) -> Mapping[str, str]:
    """A volume shows with its claim, its node and the first pod that uses it."""
    found = {"namespace": view.namespace, "node": view.host, "claim": view.claim_key}
    if view.pods:
        found |= {"pod": view.pods[0], "set": view.pods[0].rpartition("-")[0]}
    return {key: value for key, value in found.items() if value}


def fault(view: VolumeView) -> bool:
    """Failed, released with data, pending, or on a node that is not there."""
    return (
        view.phase not in {"Bound", "Available"}
        or view.host_state == "gone"
        or (bool(view.host) and not view.host_state.startswith("Ready"))
    )


COLUMNS: tuple[Column[VolumeView], ...] = (
    Column("NAME", lambda v: v.name, grow=True),
    Column("CLASS", lambda v: v.storage_class or None, lambda v, _now: optional(v.storage_class), hide_below=110),
    Column("SIZE", lambda v: v.size, lambda v, _now: Cell(size(v.size)), align="right"),
    Column("FILL", lambda v: v.fill.share if v.fill else None, lambda v, _now: fill_cell(v.fill), align="right"),
    Column("PHASE", lambda v: v.phase, lambda v, _now: Cell(v.phase, _PHASES.get(v.phase, Tone.BAD))),
    Column("NODE", lambda v: v.host or None, _node, help="the only node where it can be used"),
    Column("POD", lambda v: " ".join(v.pods) or None, lambda v, _now: optional(" ".join(v.pods)), hide_below=90),
    Column("CLAIM", lambda v: v.claim_key or None, lambda v, _now: optional(v.claim_key), hide_below=130),
    Column("RECLAIM", lambda v: v.volume.reclaim if v.volume else None, _reclaim, hide_below=150),
    Column("SOURCE", lambda v: v.volume.source if v.volume else None, wide=True),
    Column("PATH", lambda v: v.volume.path if v.volume else None, wide=True),
    Column("MODES", lambda v: v.volume.modes if v.volume else v.claim.modes if v.claim else None, wide=True),
    age_column(lambda v: v.volume.created if v.volume else v.claim.created if v.claim else None),
)


def describe(view: VolumeView, facts: Facts) -> Sequence[Section]:
    """Volume, claim, class, and where it can be used."""
    found: list[Section] = []
    volume, claim = view.volume, view.claim
    if volume is not None:
        can = f"can only run on {view.host} ({view.host_state})" if view.host else "wherever its class allows"
        lines = (
            ("phase", Cell(volume.phase, _PHASES.get(volume.phase, Tone.BAD))),
            ("where", Cell(can, Tone.BAD if view.host_state == "gone" else Tone.PLAIN)),
            ("source", Cell(f"{volume.source} {volume.path}")),
            ("fill", fill_cell(view.fill)),
            ("reclaim", _reclaim(view, 0.0)),
            ("used by", optional(", ".join(view.pods))),
            ("why", optional(volume.message, Tone.WARN)),
        )
        found.append(Section("volume", lines))
    if claim is not None:
        asked = f"{claim.phase}, asks {size(claim.requested)}, has {size(claim.size)}, {claim.modes}"
        found.append(Section("claim", ((claim.key, Cell(asked)), ("node", optional(claim.selected_node)))))
    if view.claim_key:
        found.append(events_section(f"PersistentVolumeClaim {view.claim_key}", facts))
    one = facts.get(tables.CLASSES, view.storage_class) if view.storage_class else None
    if one is not None:
        late = "when a pod uses it" if one.late else "at once"
        found.append(Section("class", ((one.name, Cell(f"{one.provisioner}, bound {late}, {one.reclaim}")),)))
    return [section for section in found if section.lines]


def _used(view: VolumeView, _facts: Facts) -> str | None:
    if view.claim is None:
        return "no claim holds it"
    return f"{view.pods[0]} uses it" if view.pods else None


def _not_released(view: VolumeView, _facts: Facts) -> str | None:
    volume = view.volume
    if volume is None or volume.phase != "Released":
        return f"it is {view.phase}: only a Released volume is tied to a claim that is gone"
    return None


def _shown(view: VolumeView, _facts: Facts) -> Sequence[Ask]:
    """What is cleared is shown before it is done: whoever binds it next finds the data of before."""
    volume = view.volume
    if volume is None:
        return ()
    what = f"still refers to claim {volume.claim} (uid {volume.claim_uid}), which is gone; data lies in {volume.path}"
    return (Ask("clear", f"{volume.name}: clear it?", choices=("yes", "no"), default="yes", help=what),)


ACTIONS: tuple[Action[VolumeView], ...] = (
    Action(
        "free",
        "free volume",
        run("free_volume"),
        help="clear the reference of a Released volume to a claim that is gone, so that a claim can bind it again",
        when=_not_released,
        rights=lambda v: (address(v).right("get"), address(v).right("patch")),
        asks=_shown,
    ),
    Action(
        "delete-claim",
        "delete claim",
        run("delete_claim"),
        help="give the volume up: by its reclaim policy the data is kept, or destroyed",
        key="ctrl+d",
        effect=Effect.DESTROY,
        when=_used,
        rights=lambda v: (Address(CORE, "persistentvolumeclaims", v.name, v.namespace).right("delete"),),
    ),
)

VOLUMES: Pane[VolumeView] = Pane(
    name="volumes",
    title="volumes",
    table=VIEWS,
    columns=COLUMNS,
    ref=ref,
    aliases=("pv", "pvs", "pvc", "pvcs", "persistentvolumes", "persistentvolumeclaims"),
    sort="NAME",
    labels=lambda v: dict((v.volume or v.claim).labels) if v.volume or v.claim else {},  # type: ignore[union-attr]
    facets=facets,
    fault=fault,
    describe=describe,
    actions=ACTIONS,
    jumps=(
        Jump(
            "pods that use it",
            "pods",
            lambda v, _facts: {"namespace": v.namespace, "pod": v.pods[0]} if v.pods else None,
        ),
        Jump("its node", "nodes", lambda v, _facts: {"node": v.host} if v.host else None),
        Jump(
            "events of its claim",
            "events",
            lambda v, _facts: {"about": f"PersistentVolumeClaim {v.claim_key}"} if v.claim_key else None,
        ),
    ),
    manifest=manifest(address),
    reads=(tables.CLASSES,),
    help="Volumes and claims: where the data lies, who uses it, and how full it is.",
)
