"""Pane `services`: addresses, ports, and how many endpoints are ready behind them."""

from __future__ import annotations

from collections.abc import Sequence

from console.model import Ref, Tone
from console.plugin import Action, Cell, Column, Effect, Facts, Forward, Jump, Pane, Right, Section
from plugins.kubernetes.joins.services import VIEWS, ServiceView
from plugins.kubernetes.model.addresses import CORE, Address
from plugins.kubernetes.panes.cells import age_column, optional
from plugins.kubernetes.panes.later import ask, run
from plugins.kubernetes.panes.manifests import manifest


def ref(view: ServiceView) -> Ref:
    """The service itself."""
    return Ref("service", view.service.name, view.service.namespace, view.service.uid)


def address(view: ServiceView) -> Address:
    """Where the API has it."""
    return Address(CORE, "services", view.service.name, view.service.namespace, view.service.uid)


def _external(view: ServiceView, _now: float) -> Cell:
    if view.service.pending:
        return Cell("pending", Tone.WARN)
    return optional(",".join(view.service.external))


def _endpoints(view: ServiceView, _now: float) -> Cell:
    if view.service.selector is None and not view.endpoints:
        return Cell("-", Tone.MUTED)
    tone = Tone.BAD if not view.ready else Tone.OK if view.ready == len(view.endpoints) else Tone.WARN
    return Cell(f"{view.ready}/{len(view.endpoints)}", tone)


COLUMNS: tuple[Column[ServiceView], ...] = (
    Column("NAME", lambda v: v.service.name, grow=True),
    Column("NAMESPACE", lambda v: v.service.namespace, hide_below=90),
    Column("TYPE", lambda v: v.service.type),
    Column(
        "READY",
        lambda v: v.ready - len(v.endpoints),
        _endpoints,
        help="endpoints that are ready",
        export=lambda v: f"{v.ready}/{len(v.endpoints)}",
    ),
    Column("CLUSTER IP", lambda v: v.service.cluster_ip or None, lambda v, _now: optional(v.service.cluster_ip)),
    Column("EXTERNAL", lambda v: ",".join(v.service.external) or None, _external, hide_below=120),
    Column("PORTS", lambda v: ",".join(v.service.ports) or None, lambda v, _now: optional(",".join(v.service.ports))),
    age_column(lambda v: v.service.created),
    Column("SELECTOR", lambda v: str(v.service.selector) if v.service.selector else None, wide=True),
)


def describe(view: ServiceView, _facts: Facts) -> Sequence[Section]:
    """Endpoints, one by one."""
    one = view.service
    about = (
        ("type", Cell(one.type)),
        ("addresses", optional(", ".join([one.cluster_ip, *one.external]))),
        ("ports", optional(", ".join(one.ports))),
        ("selector", optional(str(one.selector) if one.selector else "")),
    )
    lines = tuple(
        (
            end.pod.partition("/")[2] or end.address,
            Cell(f"{end.address} on {end.node or '-'}", Tone.OK if end.ready else Tone.BAD),
        )
        for end in view.endpoints[:50]
    )
    return [Section("service", about), *([Section("endpoints", lines)] if lines else [])]


def fault(view: ServiceView) -> bool:
    """Selects pods, and none is ready; or waits for an address."""
    return (view.service.selector is not None and not view.ready) or view.service.pending


SERVICES: Pane[ServiceView] = Pane(
    name="services",
    title="services",
    table=VIEWS,
    columns=COLUMNS,
    ref=ref,
    aliases=("svc", "service", "ep", "endpoints"),
    sort="NAME",
    labels=lambda v: dict(v.service.labels),
    facets=lambda v: {"namespace": v.service.namespace, "service": v.service.name},
    fault=fault,
    describe=describe,
    actions=(
        Action(
            "delete",
            "delete service",
            run("delete_service"),
            help="its name and address go; what uses it fails",
            key="ctrl+d",
            effect=Effect.DESTROY,
            rights=lambda v: (address(v).right("delete"),),
        ),
    ),
    jumps=(Jump("pods of its namespace", "pods", lambda v, _facts: {"namespace": v.service.namespace}),),
    manifest=manifest(address),
    forward=Forward(
        ports=lambda v, _facts: list(v.service.numbers),
        open=ask("abilities:open_service_port"),
        rights=lambda v: (Right("create", "pods/portforward", namespace=v.service.namespace),),
    ),
    help="Services: type, addresses, ports, and how many endpoints are ready.",
)
