"""What the server says about itself: versions, groups, resources with verbs and short names, health."""

from __future__ import annotations

from typing import Any

from plugins.kubernetes.simulator.answers import Answer, json_answer, text_answer
from plugins.kubernetes.simulator.calls import Request
from plugins.kubernetes.simulator.kinds import COMPUTED, CREATE_ONLY, SERVED, STORED, Kind
from plugins.kubernetes.simulator.world import World

Object = dict[str, Any]
_GROUPS = sorted({(group, version) for group, version, _ in (*SERVED, *CREATE_ONLY) if group})


def _resource(kind: Kind) -> Object:
    made: Object = {
        "name": kind.plural,
        "singularName": kind.kind.lower(),
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": list(kind.verbs),
    }
    if kind.short:
        made["shortNames"] = list(kind.short)
    if kind.categories:
        made["categories"] = list(kind.categories)
    return made


def _subresources(kind: Kind) -> list[Object]:
    made: list[Object] = []
    for name, (of_kind, group, version, verbs) in sorted(kind.subresources.items()):
        item: Object = {"name": f"{kind.plural}/{name}", "singularName": "", "namespaced": kind.namespaced}
        if version:
            item |= {"group": group, "version": version} if group else {"version": version}
        made.append(item | {"kind": of_kind, "verbs": list(verbs)})
    return made


def resources(group: str, version: str) -> Object:
    """The APIResourceList of a group's version."""
    served = sorted(
        (k for k in (*STORED, *COMPUTED) if (k.group, k.version) == (group, version)), key=lambda k: k.plural
    )
    items = [item for kind in served for item in (_resource(kind), *_subresources(kind))]
    for (of_group, of_version, plural), (kind_name, namespaced) in CREATE_ONLY.items():
        if (of_group, of_version) == (group, version):
            head: Object = {"name": plural, "singularName": kind_name.lower(), "namespaced": namespaced}
            items.append(head | {"kind": kind_name, "verbs": ["create"]})
    made: Object = {"kind": "APIResourceList"} | ({"apiVersion": "v1"} if group else {})
    return made | {"groupVersion": f"{group}/{version}" if group else version, "resources": items}


def _group(group: str) -> Object:
    versions = [{"groupVersion": f"{name}/{version}", "version": version} for name, version in _GROUPS if name == group]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


def version_info(world: World) -> Object:
    """GET /version."""
    major, minor, _ = world.version.lstrip("v").split(".")
    return {
        "major": major,
        "minor": minor,
        "gitVersion": world.version,
        "gitCommit": "0" * 40,
        "gitTreeState": "clean",
        "buildDate": "2025-01-01T00:00:00Z",
        "goVersion": "go1.25.0",
        "compiler": "gc",
        "platform": "linux/amd64",
    }


def discover(world: World, asked: Request) -> Answer | None:
    """The answer to a discovery or health path, None when it is neither."""
    parts = [part for part in asked.path.split("/") if part]
    match parts:
        case ["version"]:
            return json_answer(version_info(world))
        case ["readyz" | "livez" | "healthz", *_]:
            return text_answer("ok")
        case ["api"]:
            return json_answer(
                {
                    "kind": "APIVersions",
                    "versions": ["v1"],
                    "serverAddressByClientCIDRs": [
                        {"clientCIDR": "0.0.0.0/0", "serverAddress": asked.headers.get("host", "")}
                    ],
                }
            )
        case ["apis"]:
            groups = [_group(group) for group in dict.fromkeys(name for name, _ in _GROUPS)]
            return json_answer({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        case ["api", "v1"]:
            return json_answer(resources("", "v1"))
        case ["apis", group] if any(name == group for name, _ in _GROUPS):
            return json_answer({"kind": "APIGroup", "apiVersion": "v1"} | _group(group))
        case ["apis", group, version] if (group, version) in _GROUPS:
            return json_answer(resources(group, version))
        case _:
            return None


def known_group(path: str) -> bool:
    """Whether a path lies under a group that is served, so that 404 is told as a Status."""
    match [part for part in path.split("/") if part]:
        case ["api", "v1", *_]:
            return True
        case ["apis", group, *_]:
            return any(group == name for name, _ in _GROUPS)
        case _:
            return False
