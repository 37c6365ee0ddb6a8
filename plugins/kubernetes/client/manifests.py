"""Objects as YAML: read with secret values masked, written back with the server's own check.

What is masked cannot be written: an edit of a masked text is refused, since it would store the mask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import yaml

from console.errors import Rejected
from console.text import clean, clean_text

if TYPE_CHECKING:
    from plugins.kubernetes.client.api import Api

MASK = "(masked)"
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


async def read(api: Api, path: str, reveal: bool) -> str:  # noqa: FBT001 - the plugin API's signature
    """The object at `path`, without managed fields; values of Secrets masked unless `reveal`."""
    found = await api.get(path)
    meta = found.get("metadata")
    if isinstance(meta, dict):
        cast("dict[str, Any]", meta).pop("managedFields", None)
    if not reveal:
        mask(found)
    return clean_text(yaml.dump(found, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000))


def mask(found: dict[str, Any]) -> None:
    """Hide the values of a Secret in place, also those in the annotation that `kubectl apply` leaves."""
    if found.get("kind") != "Secret":
        return
    for part in ("data", "stringData"):
        values = found.get(part)
        if isinstance(values, dict):
            found[part] = dict.fromkeys(cast("dict[str, Any]", values), MASK)
    meta = found.get("metadata")
    notes = cast("dict[str, Any]", meta).get("annotations") if isinstance(meta, dict) else None
    if isinstance(notes, dict) and _APPLIED in notes:
        notes[_APPLIED] = MASK


async def write(api: Api, path: str, text: str, dry_run: bool) -> str:  # noqa: FBT001
    """Replace the object at `path` by an edited text; `dry_run`: let the server only check it.

    Raises Rejected where the text is not the same object or the server refuses it, Conflict where it changed meanwhile.
    """
    edited = parsed(text, path)
    done = await api.replace(path, edited, dry_run=dry_run)
    name = clean(str(edited["metadata"]["name"]), 253)
    if dry_run:
        return f"the server accepts the change of {name}"
    meta = cast("dict[str, Any]", done.get("metadata") or {})
    return f"{name} is changed (resourceVersion {clean(str(meta.get('resourceVersion', '?')), 40)})"


def parsed(text: str, path: str) -> dict[str, Any]:
    """The edited object. Raises Rejected where it is no YAML, another object, or still masked."""
    try:
        edited: object = yaml.load(text, Loader=_Loader)  # noqa: S506 - one of the safe loaders
    except yaml.YAMLError as error:
        raise Rejected(
            f"this is not YAML: {clean(str(error), 300)}", next_step="correct it; nothing was sent"
        ) from error
    if not isinstance(edited, dict):
        raise Rejected("this is not one object", next_step="nothing was sent")
    found = cast("dict[str, Any]", edited)
    meta = found.get("metadata")
    name = cast("dict[str, Any]", meta).get("name") if isinstance(meta, dict) else None
    if name != path.rsplit("/", 1)[-1]:
        raise Rejected(f"an edit cannot rename an object: it says {clean(str(name), 253)}", where=path)
    if _masked(found):
        raise Rejected("values are masked, and would be stored so", next_step="reveal them before editing")
    return found


def _masked(found: dict[str, Any]) -> bool:
    if found.get("kind") != "Secret":
        return False
    parts: list[Any] = [found.get("data"), found.get("stringData")]
    return any(
        value == MASK for part in parts if isinstance(part, dict) for value in cast("dict[str, Any]", part).values()
    )
