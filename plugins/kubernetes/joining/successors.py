"""Local volumes for a machine that comes in place of another: manifests made from those of the old one. Pure.

The affinity of a volume cannot be changed, so another hostname needs other volumes. Each keeps size, class, path and
policy, and is promised to the claim of the old one by name: that claim must be deleted, and made anew by its set,
before it binds. The data is not on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from plugins.kubernetes.model.volumes import HOSTNAME

_KEPT = ("capacity", "accessModes", "persistentVolumeReclaimPolicy", "storageClassName", "volumeMode", "mountOptions")
_SOURCES = ("local", "hostPath")
_FIELD = "metadata.name"


def successors(volumes: Sequence[Mapping[str, Any]], old: str, new: str) -> str:
    """YAML documents for host `new`, from the volumes of host `old` as the API gives them, for `kubectl apply`."""
    import yaml

    made = [successor(volume, old, new) for volume in volumes]
    head = f"# volumes for {new}, made from those of {old}; make their directories first, then: kubectl apply -f -\n"
    return head + "---\n".join(yaml.safe_dump(one, sort_keys=False, allow_unicode=True) for one in made)


def successor(volume: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    """One volume for another host: the same but for its name, its host, and who holds it."""
    meta, spec = _part(volume, "metadata"), _part(volume, "spec")
    name = str(meta.get("name", ""))
    made: dict[str, Any] = {key: spec[key] for key in (*_KEPT, *_SOURCES) if key in spec}
    claim = _part(spec, "claimRef")
    if claim.get("name"):
        made["claimRef"] = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": claim.get("namespace", ""),
            "name": claim["name"],
        }
    made["nodeAffinity"] = _moved(_part(spec, "nodeAffinity"), old, new)
    labels = {key: text for key, text in _part(meta, "labels").items() if key != HOSTNAME}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": _renamed(name, old, new), **({"labels": labels} if labels else {})},
        "spec": made,
    }


def _renamed(name: str, old: str, new: str) -> str:
    """A name with the host in it gets the new one, another one gets it at its end."""
    return name.replace(old, new) if old in name else f"{name}-{new}"


def _moved(affinity: Any, old: str, new: str) -> Any:
    """The affinity with the host replaced wherever a rule names it."""
    if isinstance(affinity, dict):
        content = cast("dict[str, Any]", affinity)
        if content.get("key") in {HOSTNAME, _FIELD} and isinstance(content.get("values"), list):
            values: list[str] = content["values"]
            return {**content, "values": [new if value == old else value for value in values]}
        return {key: _moved(value, old, new) for key, value in content.items()}
    if isinstance(affinity, list):
        return [_moved(one, old, new) for one in cast("list[Any]", affinity)]
    return affinity


def _part(item: Mapping[str, Any], key: str) -> dict[str, Any]:
    found: Any = item.get(key)
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
