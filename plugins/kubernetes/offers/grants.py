"""Which rights are missing, and a ready manifest that grants them: for whoever may give them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from console.errors import Forbidden, NotFound
from console.plugin import Right
from plugins.kubernetes.client.api import Api
from plugins.kubernetes.model import needs

_NAME = "pilothouse-operator"


class Grants:
    """console.offers.Rights."""

    def __init__(self, api: Api, shared: str) -> None:
        self._api = api
        self._shared = shared

    async def missing(self, rights: Sequence[Right]) -> Sequence[Right]:
        return await self._api.rights.missing(rights)

    async def own(self) -> Sequence[Right]:
        """What records need; and where our namespace is missing, the right to make it."""
        try:
            await self._api.get(f"/api/v1/namespaces/{self._shared}")
        except NotFound:
            return (Right("create", "namespaces"), *needs.records(self._shared))
        except Forbidden:
            pass  # whoever may not look at it was given rights in it, or lacks those too
        return needs.records(self._shared)

    def role(self, rights: Sequence[Right]) -> str:
        return manifest(rights)


def manifest(rights: Sequence[Right], name: str = _NAME, *, labels: str = "") -> str:
    """A ClusterRole for rights without a namespace, a Role for each namespace; as YAML documents.

    `labels`: a line of the metadata, `labels: {...}`.
    """
    ordered = sorted(set(rights), key=lambda right: (right.namespace, right.group, right.resource, right.verb))
    documents = [
        _role(f"name: {name}", namespace, list(group), labels)
        for namespace, group in groupby(ordered, key=lambda right: right.namespace)
    ]
    return "\n---\n".join(documents)


def _role(name: str, namespace: str, rights: list[Right], labels: str) -> str:
    lines = ["apiVersion: rbac.authorization.k8s.io/v1", f"kind: {'Role' if namespace else 'ClusterRole'}", "metadata:"]
    place = f"namespace: {namespace}" if namespace else ""
    lines += [f"  {line}" for line in (name, place, labels) if line]
    lines.append("rules:")
    for (group, resource), several in groupby(rights, key=lambda right: (right.group, right.resource)):
        verbs = ", ".join(f'"{right.verb}"' for right in several)
        lines += [f'  - apiGroups: ["{group}"]', f'    resources: ["{resource}"]', f"    verbs: [{verbs}]"]
    return "\n".join(lines)
