"""Functions, sources and sinks: what is told of their instances, what it costs, what servers without workers say."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from console.errors import Absent, ServerFault
from plugins.pulsar.checks import function
from plugins.pulsar.client import Client
from plugins.pulsar.model.functions import FunctionRow, Known, Numbered, Status, Told, rows
from plugins.pulsar.model.functions import Instance as Running
from plugins.pulsar.panes.functions import FUNCTIONS
from plugins.pulsar.simulator import Served
from plugins.pulsar.simulator.world import Function
from tests.plugins.pulsar.ground import Rows, opened

EVIL = "\x1b]52;c;x\x07"
WRONG = "java.lang.IllegalStateException: no\n\tat shop.Price.process(Price.java:31)"


def furnished(served: Served) -> dict[str, Function]:
    """Workers in both brokers, with something of each kind."""
    served.world.functions = {
        "shop/orders/enrich": Function(worker="broker-0", received=4200, raised=[WRONG]),
        "shop/orders/price": Function(worker="broker-1", running=False, error="NoClassDefFoundError", restarts=7),
        "shop/critical/audit": Function("sink", worker="broker-1", received=310),
        "shop/critical/ledger": Function("source", worker="broker-0", received=95, running=False),
        "test-tenant/test-ns/idle": Function(),
    }
    return served.world.functions


async def asked(client: Client) -> dict[str, FunctionRow]:
    client.admin.kept.forget("functions")
    return {row.name: row for row in await client.functions.rows()}


def sent(served: Served, end: str) -> int:
    return sum(one.endswith(end) for one in served.world.requests)


async def test_instances_say_what_they_do_and_what_failed(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        furnished(served)
        found = await asked(client)
        assert {name: (row.kind, row.state) for name, row in found.items()} == {
            "shop/orders/enrich:0": ("function", "running"),
            "shop/orders/price:0": ("function", "failed"),
            "shop/critical/audit:0": ("sink", "running"),
            "shop/critical/ledger:0": ("source", "stopped"),
            "test-tenant/test-ns/idle": ("function", "registered"),
        }
        enrich, price, idle = (
            found[one] for one in ("shop/orders/enrich:0", "shop/orders/price:0", "test-tenant/test-ns/idle")
        )
        assert (enrich.received, enrich.processed, enrich.exceptions) == (4200, 4199, 1)
        assert enrich.last == "java.lang.IllegalStateException: no", "the first line of a trace"
        assert enrich.worker.startswith("c-lab-fw-127.0.0.1-")
        assert (price.error, price.restarts, price.received) == ("NoClassDefFoundError", 7, None), "unknown is not zero"
        assert (idle.worker, idle.received) == ("", None)
        assert [FUNCTIONS.fault(row) for row in (enrich, price, idle)] == [False, True, False]
        [told] = list(function(Rows({}), price, 0.0))
        assert told.evidence == ("NoClassDefFoundError", "restarted 7 times")
        assert not list(function(Rows({}), enrich, 0.0))


async def test_a_cycle_costs_one_request_a_broker_and_a_budget(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        functions = furnished(served)
        functions |= {f"shop/orders/f{n:02}": Function(worker="broker-0", received=n) for n in range(40)}
        found = await asked(client)
        assert sent(served, "/worker/assignments") == 1
        assert sent(served, "/worker-stats/functionsmetrics") == 2
        states = {one.partition(" ")[2] for one in served.world.requests if one.endswith("/status")}
        assert len(states) == 10, "some are answered by another broker, and followed"
        assert sum("/admin/v3/" in one and not one.endswith("/status") for one in served.world.requests) <= 15
        unknown = [row for row in found.values() if row.state == "unknown"]
        assert len(unknown) == 34
        assert all(row.received is not None for row in unknown if "/f" in row.name), "numbers come at once for all"
        for _ in range(4):
            found = await asked(client)
        assert not [row for row in found.values() if row.state == "unknown"]


async def test_one_that_was_deleted_does_not_stay_as_registered(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        functions = furnished(served)
        await asked(client)
        del functions["shop/orders/enrich"], functions["test-tenant/test-ns/idle"]
        assert "shop/orders/enrich" not in (found := await asked(client))
        assert not any("enrich" in name or "idle" in name for name in found)


async def test_a_worker_that_does_not_answer_leaves_its_instances_without_numbers(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        furnished(served)
        await client.brokers.places()
        await client.admin.active()
        served.world.fault, served.world.faulty = "broken", frozenset({"broker-1"})
        found = await asked(client)
        lost, well = found["shop/critical/audit:0"], found["shop/orders/enrich:0"]
        assert (lost.state, lost.received) == ("unknown", None)
        assert "the server failed" in lost.fault
        assert FUNCTIONS.fault(lost)
        assert (well.received, well.fault, well.state) == (4200, "", "running")


async def test_one_broker_with_a_worker_is_enough(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        functions = furnished(served)
        for one in functions.values():
            one.worker = one.worker and "broker-1"
        served.world.workers = frozenset({"broker-1"})
        found = await asked(client)
        assert {row.state for row in found.values()} == {"running", "failed", "stopped", "registered"}
        assert not any(row.fault for row in found.values())
        await asked(client)
        refusals = [one for one in served.world.requests if one.endswith("broker-0 GET /admin/v2/worker/assignments")]
        assert len(refusals) <= 1, "who has a worker is asked first"


async def test_servers_without_workers_and_such_that_start_say_so(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        with pytest.raises(Absent, match="functionsWorkerEnabled"):
            await asked(client)
        furnished(served)
        served.world.workers_start = True
        with pytest.raises(ServerFault, match="not done initializing") as caught:
            await asked(client)
        assert "functionsWorkerEnabled" in caught.value.next_step


async def test_hostile_names_and_exceptions_harm_nobody(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        functions = furnished(served)
        functions[f"shop/orders/e/../{EVIL}"] = Function(
            worker="broker-0", running=False, error=f"e{EVIL}", raised=[EVIL]
        )
        found = await asked(client)
        assert len(found) == 6
        for row in found.values():
            shown = [
                f"{column.value(row)}{column.cell(row, time.time()).text if column.cell else ''}"
                for column in FUNCTIONS.columns
            ]
            shown += [f"{name}{cell.text}" for part in FUNCTIONS.describe(row, Rows({})) for name, cell in part.lines]
            assert not any("\x1b" in text or "\x07" in text for text in shown), shown


def test_numbers_of_a_status_serve_where_the_page_of_numbers_does_not_have_them() -> None:
    status = Status(
        instances=(
            Numbered(1, Running(running=True, num_read_from_pulsar=9, num_written_to_sink=8, num_sink_exceptions=1)),
        )
    )
    known = Known({"a/b/c:1": "w"}, {"a/b/c": "sink"}, {}, {"a/b/c": Told(0.0, status)}, "w tells no numbers")
    [row] = rows(known)
    assert (row.received, row.processed, row.exceptions, row.state) == (9, 8, 1, "running")
