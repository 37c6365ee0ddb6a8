"""What an administrator applies so that others may use the console: our namespace, roles and bindings, as YAML.

Owns the text alone: it is printed, and applied by whoever reads it. What a role holds is model.needs' business.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from console.offers import Subjects
from console.plugin import Right
from plugins.kubernetes.model import needs
from plugins.kubernetes.offers.grants import manifest

_LABEL = "app.kubernetes.io/part-of"
_LABELS = f"labels: {{{_LABEL}: pilothouse}}"
_API = "rbac.authorization.k8s.io"
_VIEWER = "viewer"
_EVERYWHERE = ("default", "kube-system", "kube-public", "kube-node-lease")


def setup(roles: Sequence[str], subjects: Subjects, namespace: str) -> str:
    """Namespace, roles and bindings, ready for `kubectl apply -f -`; whoever has a role gets the viewer's too.

    Where no subject is named, the group `pilothouse:ROLE` gets it: put people into it by their certificates or tokens.
    """
    asked = list(dict.fromkeys([_VIEWER, *roles]))
    documents = [_head(asked, roles, subjects, namespace), _namespace(namespace)]
    for role in asked:
        rights = placed(needs.of_role(role, namespace), namespace)
        documents.append(manifest(rights, f"pilothouse-{role}", labels=_LABELS))
        who = _subjects(roles if role == _VIEWER else [role], subjects)
        places = sorted({right.namespace for right in rights})
        documents += [_binding(f"pilothouse-{role}", place, who) for place in places]
    return "\n---\n".join(documents) + "\n"


def placed(rights: Sequence[Right], namespace: str) -> list[Right]:
    """Rights as roles can hold them: a Role needs its namespace, and not every cluster has each."""
    sure = {"", namespace, *_EVERYWHERE}
    return [
        right if right.namespace in sure else Right(right.verb, right.resource, right.group, name=right.name)
        for right in rights
    ]


def _head(asked: Sequence[str], roles: Sequence[str], subjects: Subjects, namespace: str) -> str:
    named = ", ".join([*subjects.users, *subjects.groups])
    who = named.replace("\n", " ") or ", ".join(f"group pilothouse:{role}" for role in roles)
    return "\n".join(
        [
            f"# Roles of the console: {', '.join(asked)}; for {who}.",
            "# Apply:  pilothouse setup --print ... | kubectl apply -f -",
            f"# Remove: kubectl delete clusterrolebinding,clusterrole,rolebinding,role -A -l {_LABEL}=pilothouse",
            f"# The namespace holds journals, leases and the record of changes: kubectl delete namespace {namespace}",
            "# is for when nobody needs them any more, and no run is on its way.",
        ]
    )


def _namespace(name: str) -> str:
    return "\n".join(["apiVersion: v1", "kind: Namespace", "metadata:", f"  name: {name}", f"  {_LABELS}"])


def _subjects(roles: Sequence[str], subjects: Subjects) -> list[tuple[str, str]]:
    named = [("User", user) for user in subjects.users] + [("Group", group) for group in subjects.groups]
    return named or [("Group", f"pilothouse:{role}") for role in roles]


def _binding(name: str, namespace: str, who: Sequence[tuple[str, str]]) -> str:
    kind = "Role" if namespace else "ClusterRole"
    lines = [f"apiVersion: {_API}/v1", f"kind: {kind}Binding", "metadata:", f"  name: {name}"]
    lines += [f"  namespace: {namespace}"] if namespace else []
    lines += [f"  {_LABELS}", f"roleRef: {{apiGroup: {_API}, kind: {kind}, name: {name}}}", "subjects:"]
    return "\n".join([*lines, *_lines(who)])


def _lines(who: Sequence[tuple[str, str]]) -> Iterator[str]:
    for kind, subject in who:
        yield f"  - {{apiGroup: {_API}, kind: {kind}, name: {json.dumps(subject)}}}"
