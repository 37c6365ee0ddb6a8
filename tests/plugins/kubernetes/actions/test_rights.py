"""The roles hold what the console really asks of a server, as the simulated server sees it: not less, and not more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from console.model import NodeName, Ref
from console.offers import AuditEntry, LeaseRecord
from console.plugin import Json, Right, Target
from console.roles import ROLES
from plugins.kubernetes import offers
from plugins.kubernetes.maintenance import HOOKS
from plugins.kubernetes.model import needs
from plugins.kubernetes.panes import PANES
from plugins.kubernetes.simulator import access
from plugins.kubernetes.simulator.access import Access
from tests.plugins.kubernetes.actions.conftest import Live
from tests.values import replace

SHARED = "pilothouse"
Asked = set[Right]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Every right that the simulated server is asked for, from now on."""
    found: Asked = set()
    real = access.Rights.allows

    def allows(self: access.Rights, user: Any, wanted: Access) -> bool:
        resource = f"{wanted.resource}/{wanted.subresource}" if wanted.subresource else wanted.resource
        if not wanted.group.startswith("auth"):
            found.add(Right(wanted.verb, resource, wanted.group, wanted.namespace))
        return real(self, user, wanted)

    monkeypatch.setattr(access.Rights, "allows", allows)
    return found


def granted(*roles: str) -> set[Right]:
    return {right for role in roles for right in needs.of_role(role, SHARED)}


async def test_a_viewer_may_list_and_watch_what_the_sources_do_and_nothing_else(asked: Asked, live: Live) -> None:
    tokens = {right for right in asked if right.resource == "secrets"}
    assert {right.namespace for right in tokens} == {"kube-system"}
    assert needs.SUMMARY in asked
    seen = {right for right in asked if right.verb in {"list", "watch"}} - tokens
    viewer = {right for right in granted("viewer") if right.verb in {"list", "watch"} and right.namespace != SHARED}
    absent = {right for right in viewer if right.resource in {"strimzipodsets", "nodemaintenances"}} - seen
    assert seen == viewer - absent


async def test_a_runs_own_records_ask_for_what_is_checked_before_it_starts(live: Live, asked: Asked) -> None:
    live.api.settings = replace(live.api.settings, shared_namespace="ours")
    journals, leases, record = offers.journal(live.api), offers.leases(live.api), offers.audit(live.api)
    own = await offers.rights(live.api).own()
    assert own[0] == Right("create", "namespaces")
    stored = await journals.create("d-1", "{}")
    asked.clear()  # the first one makes the namespace
    await journals.create("d-2", "{}")
    stored = await journals.write(await journals.read(stored.run), "{ }")
    await journals.list()
    await journals.delete(stored.run)
    lease = await leases.write(LeaseRecord("node-x", "me", 1, 30.0))
    lease = await leases.write(lease)
    assert await leases.read(lease.name) is not None
    await leases.list()
    await leases.delete(lease)
    entry = AuditEntry(1.0, "admin", "ann", "desk", "cordon", Ref("node", "node1"), "done")
    for _ in range(2):
        await record.record(entry)
    assert await record.read()
    assert asked == set(needs.records("ours"))
    assert await offers.rights(live.api).own() == needs.records("ours")


@pytest.mark.parametrize(("run", "node"), [("drain", "k8s-node4"), ("rejoin", "k8s-node4")])
async def test_an_operator_may_do_every_step(live: Live, run: str, node: str) -> None:
    steps = HOOKS.steps(live.facts, Target(run, (NodeName(node),)))
    wanted = {right for step in steps for right in step.rights}
    assert wanted
    assert [right for right in wanted if not needs.covers(granted("viewer", "operator"), right)] == []


@pytest.mark.parametrize("way", ["reset", "reimaged"])
async def test_who_brings_replaced_nodes_back_is_operator_and_joiner(live: Live, way: str) -> None:
    steps = HOOKS.steps(live.facts, Target("rejoin", (NodeName("node1"),), {"way": way}))
    wanted = {right for step in steps for right in step.rights}
    assert any(right.resource == "secrets" for right in wanted)
    having = granted("viewer", "operator", "joiner")
    assert [right for right in wanted if not needs.covers(having, right)] == []


def abilities(live: Live) -> Iterator[tuple[str, Right]]:
    """Every right that an action, a shell, a forward or an edit of any row names."""
    for pane in PANES:
        for row in live.facts.rows(pane.table).values():
            for action in pane.actions:
                if action.when(row, live.facts) is None:
                    yield from ((f"{pane.name}/{action.id}", right) for right in action.rights(row))
            for name, ability in (("shell", pane.shell), ("forward", pane.forward), ("edit", pane.manifest)):
                if ability is not None:
                    yield from ((f"{pane.name}/{name}", right) for right in ability.rights(row))


async def test_every_action_of_every_row_is_in_a_role(live: Live) -> None:
    wanted = set(abilities(live))
    everything = granted(*ROLES)
    assert len(wanted) > 10
    assert {pair for pair in wanted if not needs.covers(everything, pair[1])} == set()


def asked_otherwise() -> Iterator[Right]:
    """What no row here and no step names: YAML, logs, Events on what was changed, what older servers ask of a shell."""
    yield from (Right("get", resource, group) for resource, group in needs.WATCHED)
    yield from (Right("get", name) for name in ("pods/log", "pods/exec", "pods/portforward"))
    yield Right("create", "events", namespace="kafka")
    yield Right("get", "leases", needs.COORDINATION, needs.NODE_LEASES)
    yield from (Right(verb, "secrets", namespace="kube-system") for verb in ("list", "watch"))  # the tokens pane
    yield from (Right(verb, "cronjobs", needs.BATCH) for verb in ("update", "delete"))  # none stands here
    yield from (Right(verb, "persistentvolumeclaims") for verb in ("update", "delete"))  # all of them are in use
    yield Right("patch", "persistentvolumes")  # none was released


RUNS: tuple[tuple[str, str, dict[str, Json]], ...] = (
    ("drain", "k8s-node4", {}),
    ("drain", "k8s-node4", {"disable-eviction": True}),
    ("rejoin", "k8s-node4", {}),
    ("rejoin", "node1", {"way": "reset"}),
    ("rejoin", "node1", {"way": "reimaged"}),
)


async def test_no_role_holds_what_nobody_uses(live: Live) -> None:
    used = {right for _, right in abilities(live)} | set(needs.records(SHARED)) | set(asked_otherwise())
    for run, node, options in RUNS:
        used |= {
            right for step in HOOKS.steps(live.facts, Target(run, (NodeName(node),), options)) for right in step.rights
        }
    idle = {
        f"{role}: {right}"
        for role in ROLES
        for right in needs.of_role(role, SHARED)
        if not (role == "viewer" and right.verb in {"list", "watch"})  # held to the sources above
        if not any(needs.covers([right], one) for one in used)
    }
    assert idle == set()
