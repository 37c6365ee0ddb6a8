"""The bodies that we write, built with the official package's models, which check every field name and type.

The package is heavy (250 ms, 30 MB), so it is imported inside functions: call these off the path to the first paint,
best in a thread. Pure otherwise: no request is made here. Results are JSON values in the API's own spelling.
"""

from __future__ import annotations

import base64
import datetime
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

COMPONENT = "pilothouse"
_importing = Lock()


def _json(model: object) -> dict[str, Any]:
    """A model as the API spells it."""
    client: Any = _models().ApiClient(_models().Configuration())
    return client.sanitize_for_serialization(model)


def _models() -> Any:
    """`kubernetes.client`, without what `kubernetes/__init__.py` imports beside it: logins, streams, utilities (0.1 s).

    They are imported as usual by whoever asks for them.
    """
    with _importing:
        if "kubernetes" not in sys.modules and (found := importlib.util.find_spec("kubernetes")) is not None:
            sys.modules["kubernetes"] = importlib.util.module_from_spec(found)  # a package whose own code does not run
    import kubernetes.client as client  # pyright: ignore[reportMissingTypeStubs]  # noqa: PLR0402

    return client


def _time(epoch: float) -> datetime.datetime:
    """The API wants microseconds in a MicroTime, and a whole second would be written without them."""
    moment = datetime.datetime.fromtimestamp(epoch, tz=datetime.UTC)
    return moment if moment.microsecond else moment.replace(microsecond=1)


def prepare() -> None:
    """Import the models now, so that the first body need not wait for them."""
    config_map("", "x", {})
    lease("", "x", holder="x", duration=1, transitions=0, renewed=0.0)


def _meta(name: str, namespace: str = "", labels: Mapping[str, str] | None = None, **more: Any) -> Any:
    return _models().V1ObjectMeta(
        name=name, namespace=namespace or None, labels=dict(labels) if labels else None, **more
    )


def eviction(namespace: str, pod: str, *, uid: str = "", grace: int | None = None) -> dict[str, Any]:
    """An Eviction of exactly the pod with `uid`; `grace` in seconds, None: the pod's own."""
    models = _models()
    preconditions = models.V1Preconditions(uid=uid) if uid else None
    options = models.V1DeleteOptions(grace_period_seconds=grace, preconditions=preconditions)
    return _json(
        models.V1Eviction(
            api_version="policy/v1", kind="Eviction", metadata=_meta(pod, namespace), delete_options=options
        )
    )


def lease(  # noqa: PLR0913
    namespace: str,
    name: str,
    *,
    holder: str,
    duration: int,
    transitions: int,
    renewed: float,
    acquired: float | None = None,
    version: str = "",
    annotations: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A Lease. `transitions` is the fencing number, times are epoch seconds, `version` the one that is replaced."""
    models = _models()
    meta = _meta(
        name,
        namespace,
        {"app.kubernetes.io/managed-by": COMPONENT},
        annotations=dict(annotations or {}) or None,
        resource_version=version or None,
    )
    spec = models.V1LeaseSpec(
        holder_identity=holder,
        lease_duration_seconds=duration,
        lease_transitions=transitions,
        renew_time=_time(renewed),
        acquire_time=_time(renewed if acquired is None else acquired),
    )
    return _json(models.V1Lease(api_version="coordination.k8s.io/v1", kind="Lease", metadata=meta, spec=spec))


def config_map(
    namespace: str,
    name: str,
    content: Mapping[str, str],
    *,
    labels: Mapping[str, str] | None = None,
    version: str = "",
) -> dict[str, Any]:
    """A ConfigMap with texts; `version` is the one that is replaced, "" for a new one."""
    models = _models()
    meta = _meta(name, namespace, labels, resource_version=version or None)
    return _json(models.V1ConfigMap(api_version="v1", kind="ConfigMap", metadata=meta, data=dict(content)))


def namespace(name: str) -> dict[str, Any]:
    """A Namespace of our own."""
    models = _models()
    meta = _meta(name, labels={"app.kubernetes.io/managed-by": COMPONENT})
    return _json(models.V1Namespace(api_version="v1", kind="Namespace", metadata=meta))


def event(  # noqa: PLR0913
    *,
    about: Mapping[str, str],
    reason: str,
    note: str,
    at: float,
    instance: str,
    action: str = "",
    warning: bool = False,
    namespace: str = "",
) -> dict[str, Any]:
    """An events.k8s.io Event. `about`: apiVersion, kind, name, and namespace and uid where there are any.

    `instance` is who reports (host and process). Events of what has no namespace live in `default`, as the API asks.
    """
    models = _models()
    place = namespace or about.get("namespace") or "default"
    regarding = models.V1ObjectReference(
        api_version=about.get("apiVersion", "v1"),
        kind=about["kind"],
        name=about["name"],
        namespace=about.get("namespace") or None,
        uid=about.get("uid") or None,
    )
    return _json(
        models.EventsV1Event(
            api_version="events.k8s.io/v1",
            kind="Event",
            metadata=models.V1ObjectMeta(generate_name=f"{about['name']}-", namespace=place),
            regarding=regarding,
            reason=reason,
            action=action or reason,
            note=note[:1024],  # the API refuses more
            type="Warning" if warning else "Normal",
            reporting_controller=COMPONENT,
            reporting_instance=instance[:128] or COMPONENT,
            event_time=_time(at),
        )
    )


def bootstrap_token(
    token_id: str, secret: str, *, expires: float | None, groups: Sequence[str] = (), description: str = ""
) -> dict[str, Any]:
    """The Secret of a join token; `expires` in epoch seconds, None: never."""
    models = _models()
    fields = {
        "token-id": token_id,
        "token-secret": secret,
        "usage-bootstrap-authentication": "true",
        "usage-bootstrap-signing": "true",
        "auth-extra-groups": ",".join(groups) or "system:bootstrappers:kubeadm:default-node-token",
    }
    if description:
        fields["description"] = description
    if expires is not None:
        fields["expiration"] = _time(expires).strftime("%Y-%m-%dT%H:%M:%SZ")
    encoded = {name: base64.b64encode(text.encode()).decode() for name, text in fields.items()}
    secret_model = models.V1Secret(
        api_version="v1",
        kind="Secret",
        metadata=_meta(f"bootstrap-token-{token_id}", "kube-system"),
        type="bootstrap.kubernetes.io/token",
        data=encoded,
    )
    return _json(secret_model)


def access_review(  # noqa: PLR0913
    verb: str, resource: str, *, group: str = "", namespace: str = "", name: str = "", subresource: str = ""
) -> dict[str, Any]:
    """A SelfSubjectAccessReview."""
    models = _models()
    attributes = models.V1ResourceAttributes(
        verb=verb,
        resource=resource,
        group=group or None,
        namespace=namespace or None,
        name=name or None,
        subresource=subresource or None,
    )
    return _json(
        models.V1SelfSubjectAccessReview(
            api_version="authorization.k8s.io/v1",
            kind="SelfSubjectAccessReview",
            spec=models.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes),
        )
    )


# Patches hold only what changes, and a model would fill in more: they are plain values. The few fields that they name
# are checked against the models in the tests.


def cordon_patch(
    *, unschedulable: bool, version: str = "", annotations: Mapping[str, str | None] | None = None
) -> dict[str, Any]:
    """A merge patch of a node; an annotation of None is removed, `version` is a precondition."""
    patch: dict[str, Any] = {"spec": {"unschedulable": unschedulable or None}}
    meta: dict[str, Any] = {}
    if annotations:
        meta["annotations"] = dict(annotations)
    if version:
        meta["resourceVersion"] = version
    return patch | ({"metadata": meta} if meta else {})


def metadata_patch(
    *,
    labels: Mapping[str, str | None] | None = None,
    annotations: Mapping[str, str | None] | None = None,
    version: str = "",
) -> dict[str, Any]:
    """A merge patch of labels and annotations; None removes one."""
    meta: dict[str, Any] = {}
    if labels:
        meta["labels"] = dict(labels)
    if annotations:
        meta["annotations"] = dict(annotations)
    if version:
        meta["resourceVersion"] = version
    return {"metadata": meta}


def taints_patch(taints: Sequence[Mapping[str, str]], *, version: str) -> dict[str, Any]:
    """A merge patch that replaces all taints of the node as it was at `version`: a list has no smaller unit."""
    models = _models()
    checked = [
        _json(models.V1Taint(key=one["key"], value=one.get("value") or None, effect=one["effect"])) for one in taints
    ]
    return {"metadata": {"resourceVersion": version}, "spec": {"taints": checked}}
