"""Objects as the API spells them: the few fields that steps read and patch. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from console.format import timestamp
from console.workflow.steps import Ctx
from plugins.kubernetes.model import marks

WAS = f"{marks.PREFIX}was-unschedulable"
"""Whether the node was cordoned before we did it, and is to stay so."""
_OURS = (marks.CORDONED_BY, marks.CORDONED_AT, marks.REASON, marks.RUN, marks.OUT_SINCE, marks.OUT_UNTIL, WAS)
_LONGEST = 500


def node_path(name: str) -> str:
    """Where a node is."""
    return f"/api/v1/nodes/{name}"


def pod_path(namespace: str, name: str) -> str:
    """Where a pod is."""
    return f"/api/v1/namespaces/{namespace}/pods/{name}"


def part(item: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """A mapping inside an object; empty where it is missing."""
    found: Any = item
    for key in keys:
        found = cast("dict[str, Any]", found).get(key) if isinstance(found, dict) else None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def run_of(node: Mapping[str, Any]) -> str:
    """The run that cordoned the node, by its mark."""
    return str(part(node, "metadata", "annotations").get(marks.RUN, ""))


def unschedulable(node: Mapping[str, Any]) -> bool:
    """Whether it is cordoned."""
    return part(node, "spec").get("unschedulable") is True


def ours(node: Mapping[str, Any]) -> dict[str, str]:
    """Our marks on the node."""
    annotations = part(node, "metadata", "annotations")
    return {key: str(annotations[key]) for key in _OURS if key in annotations}


def out_marks(ctx: Ctx, *, was: bool) -> dict[str, str | None]:
    """Who took the node out, when, why and by which run, as annotations that any colleague can read."""
    stamp, until = timestamp(ctx.now), ctx.target.options.get("until")
    return {
        marks.CORDONED_BY: ctx.author[:_LONGEST],
        marks.CORDONED_AT: stamp,
        marks.OUT_SINCE: stamp,
        marks.OUT_UNTIL: timestamp(until) if isinstance(until, int | float) and until else None,
        marks.REASON: ctx.reason[:_LONGEST],
        marks.RUN: ctx.run,
        WAS: "true" if was else "false",
    }


def no_marks() -> dict[str, str | None]:
    """All our marks, to be removed."""
    return dict.fromkeys(_OURS)


def cordon_patch(node: Mapping[str, Any], *, wanted: bool, annotations: Mapping[str, str | None]) -> dict[str, Any]:
    """A merge patch of exactly the node that was read: another writer in between makes it a Conflict."""
    meta = part(node, "metadata")
    return {
        "metadata": {
            "uid": meta.get("uid"),
            "resourceVersion": meta.get("resourceVersion"),
            "annotations": dict(annotations),
        },
        "spec": {"unschedulable": True if wanted else None},
    }
