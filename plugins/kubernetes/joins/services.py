"""Services with the endpoints that are ready behind them."""

from __future__ import annotations

from collections.abc import Iterable

from console.plugin import Facts, Join, Table, Touch
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.services import Endpoint, Service
from plugins.kubernetes.model.wire import Row


class ServiceView(Row, frozen=True, gc=False):
    """A service and its endpoints, ready ones first."""

    service: Service
    endpoints: tuple[Endpoint, ...] = ()

    @property
    def key(self) -> str:
        return self.service.key

    @property
    def ready(self) -> int:
        return sum(one.ready for one in self.endpoints)


VIEWS: Table[ServiceView] = Table("serviceviews", lambda row: row.service.key)


def build(service: Service, facts: Facts) -> Iterable[ServiceView]:
    """One service; an address in two slices (or of two families of one pod) counts once."""
    found: dict[str, Endpoint] = {}
    for part in facts.by(tables.SLICES_BY_SERVICE, service.key):
        for one in part.endpoints:
            known = found.get(one.pod or one.address)
            if known is None or (one.ready and not known.ready):
                found[one.pod or one.address] = one
    yield ServiceView(service, tuple(sorted(found.values(), key=lambda one: (not one.ready, one.pod, one.address))))


SERVICE_JOINS: tuple[Join[Service, ServiceView], ...] = (
    Join(VIEWS, tables.SERVICES, build, (Touch(tables.SLICES, lambda row, _facts: (row.service,)),)),
)
