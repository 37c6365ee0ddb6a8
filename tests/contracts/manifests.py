"""Small objects that contract tests make."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def template(app: str) -> Object:
    """A pod's template."""
    container = {
        "name": "main",
        "image": "example/app:1",
        "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}},
    }
    return {
        "metadata": {"labels": {"app": app}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
    }


def stateful_set(name: str, replicas: int) -> Object:
    """A set whose pods come one after another, on any node."""
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name},
        "spec": {
            "serviceName": name,
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": template(name),
        },
    }


def budget(name: str, app: str, at_least: int) -> Object:
    """So many pods of `app` must stay healthy."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"minAvailable": at_least, "selector": {"matchLabels": {"app": app}}},
    }


def config_map(name: str, **content: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": content}


def lease(name: str, holder: str) -> Object:
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name},
        "spec": {"holderIdentity": holder, "leaseDurationSeconds": 15},
    }
