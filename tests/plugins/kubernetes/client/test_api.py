"""The client's verbs: what is sent, what comes back, and what a refusal becomes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from console.clock import SYSTEM_CLOCK
from console.errors import BadAnswer, ConfigError, Conflict, Forbidden, NotFound, Rejected, ServerFault, Unreachable
from console.plugin import Reach, Right
from plugins.kubernetes.client import contexts
from plugins.kubernetes.client.api import Api
from plugins.kubernetes.client.evicting import Outcome
from plugins.kubernetes.client.kubeconfig import User
from plugins.kubernetes.client.logs import LogRequest
from plugins.kubernetes.config import Settings, configure
from tests.clock import FakeClock
from tests.plugins.kubernetes.client import certificates as pem
from tests.plugins.kubernetes.client.parts import Pod, api_for, context, manner, pod, pod_list, write
from tests.plugins.kubernetes.client.server import Call, Script, Server, serve, status_object


@asynccontextmanager
async def talking(
    script: Script, clock: FakeClock | None = None, user: User | None = None
) -> AsyncGenerator[tuple[Api, Server]]:
    async with serve(script) as server:
        api = Api(context(server.url, user), manner=manner(clock)) if user else api_for(server.url, clock)
        yield api, server
        await api.aclose()


def replying(body: object, status: int = 200) -> Script:
    async def script(call: Call) -> None:
        await call.reply(body, status)

    return script


async def test_nothing_connects_before_it_is_asked() -> None:
    api = api_for("http://127.0.0.1:1")
    await api.aclose()


async def test_what_is_written_carries_our_name_and_preconditions() -> None:
    async with talking(replying({"kind": "X"})) as (api, server):
        await api.create("/a", {"x": 1}, dry_run=True)
        await api.patch("/b", {"y": None}, kind="strategic")
        await api.patch("/b", {}, kind="apply", force=True)
        await api.replace("/c", {})
        await api.delete("/d", uid="u", version="7", grace=0, propagation="Foreground")
        create, patch, apply, _, delete = server.calls
    assert create.query == {"fieldManager": "pilothouse", "fieldValidation": "Warn", "dryRun": "All"}
    assert create.json_body == {"x": 1}
    assert patch.headers["Content-Type"] == "application/strategic-merge-patch+json"
    assert patch.body == b'{"y":null}'
    assert apply.query["force"] == "true"
    assert delete.json_body["preconditions"] == {"uid": "u", "resourceVersion": "7"}
    assert (delete.json_body["gracePeriodSeconds"], delete.json_body["propagationPolicy"]) == (0, "Foreground")


async def test_a_whole_list_is_read_in_pages() -> None:
    async def script(call: Call) -> None:
        more = "continue" not in call.query
        await call.reply(pod_list(pod("a" if more else "b"), token="next" if more else ""))

    async with talking(script) as (api, _):
        assert [one.metadata.name for one in await api.list("/api/v1/pods", Pod)] == ["a", "b"]


@pytest.mark.parametrize("body", [b"[1]", b"{", b"\xff"])
async def test_an_object_that_is_none(body: bytes) -> None:
    async with talking(replying(body)) as (api, _):
        with pytest.raises(BadAnswer, match="form of the API"):
            await api.get("/a")


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (404, status_object(404, 'nodes "x" not found'), NotFound, 'nodes "x" not found'),
        (409, status_object(409, "the object has been modified"), Conflict, "modified"),
        (403, status_object(403, 'admission webhook "w" denied the request: no'), Rejected, "denied the request: no"),
        (
            403,
            status_object(403, 'User "e" cannot get path "/a"'),
            Forbidden,
            "no right to get /a in the whole cluster",
        ),
        (502, b"<html><head><title>502 Bad\nGateway</title></head>", ServerFault, "502 Bad Gateway"),
        (500, b"\x1b]52;c;x\x07", ServerFault, "\ufffd]52"),
        (500, b"x" * 100_000, ServerFault, "xxx"),
    ],
)
async def test_a_refusal_is_told_in_the_servers_words(
    status: int, body: Any, kind: type[Exception], words: str
) -> None:
    async with talking(replying(body, status)) as (api, _):
        with pytest.raises(kind) as raised:
            await api.get("/a")
        assert words in str(raised.value)
        assert "\x1b" not in str(raised.value)
        assert len(str(raised.value)) < 1000


NEEDS = "The disruption budget zk needs 2 healthy pods and has 2 currently"


@pytest.mark.parametrize(
    ("status", "message", "details", "outcome"),
    [
        (
            429,
            "Cannot evict pod as it would violate the pod's disruption budget.",
            {"causes": [{"reason": "DisruptionBudget", "message": NEEDS}], "retryAfterSeconds": 10},
            Outcome.BUDGET,
        ),
        (429, "too many requests, please try again later", {}, Outcome.BUSY),
        (500, "This pod has more than one PodDisruptionBudget, which the eviction ...", {}, Outcome.SEVERAL_BUDGETS),
        (500, 'webhook denied: "The pod will be rolled by the Strimzi Cluster Operator"', {}, Outcome.HAND_OVER),
        (429, "Eviction triggered evacuation of VMI ns/vm", {}, Outcome.HAND_OVER),
        (404, 'pods "p" not found', {}, Outcome.GONE),
        (409, "the UID in the precondition (a) does not match the UID in record (b)", {}, Outcome.GONE),
    ],
)
async def test_what_the_answer_to_an_eviction_means(
    status: int, message: str, details: dict[str, Any], outcome: Outcome
) -> None:
    async with talking(replying(status_object(status, message, details=details), status)) as (api, server):
        answer = await api.evict("ns", "p", uid="u", grace=30)
        sent = server.calls[0]
    assert answer.outcome is outcome
    assert sent.path == "/api/v1/namespaces/ns/pods/p/eviction"
    assert sent.json_body["deleteOptions"] == {"gracePeriodSeconds": 30, "preconditions": {"uid": "u"}}
    if outcome is Outcome.BUDGET:
        assert (answer.budget, answer.needed, answer.healthy, answer.wait) == ("zk", 2, 2, 10)


async def test_an_eviction_that_is_accepted_or_not_allowed() -> None:
    async with talking(replying({"kind": "Status", "status": "Success"}, 201)) as (api, _):
        assert (await api.evict("ns", "p")).outcome is Outcome.ACCEPTED
    message = 'User "eve" cannot create resource "pods/eviction" in API group "" in the namespace "ns"'
    async with talking(replying(status_object(403, message), 403)) as (api, _):
        with pytest.raises(Forbidden, match="no right to create pods/eviction in namespace ns"):
            await api.evict("ns", "p")


async def test_a_log_is_lines_of_bytes() -> None:
    async def script(call: Call) -> None:
        await call.start()
        for piece in (b"one\ntw", b"o\r\n\n\xff\x1b[1m", b"three\nlast"):
            await call.send(piece)
        await call.finish()

    async with talking(script) as (api, server):
        wanted = LogRequest("ns", "p", "c", previous=True, since=0.2, tail=10, timestamps=True)
        lines = [line async for line in api.stream_logs(wanted)]
        query = server.calls[0].query
    assert lines == [b"one", b"two", b"", b"\xff\x1b[1mthree", b"last"]
    expected = {"container": "c", "previous": "true", "sinceSeconds": "1", "tailLines": "10", "timestamps": "true"}
    assert query == expected


async def test_a_log_that_is_not_there_and_one_that_breaks_off() -> None:
    async with talking(replying(status_object(400, 'container "c" is waiting to start'), 400)) as (api, _):
        with pytest.raises(Rejected, match="waiting to start"):
            await anext(aiter(api.stream_logs(LogRequest("ns", "p"))))

    async def breaks(call: Call) -> None:
        await call.start()
        await call.send(b"one\n")
        call.cut()

    async with talking(breaks) as (api, _):
        lines = api.stream_logs(LogRequest("ns", "p"))
        assert await anext(lines) == b"one"
        with pytest.raises((BadAnswer, Unreachable)):
            await anext(lines)


META = {"name": "a", "namespace": "n", "labels": {"x": "y"}}


async def test_a_table_is_what_kubectl_prints() -> None:
    body = {
        "kind": "Table",
        "columnDefinitions": [
            {"name": "Name", "type": "string", "format": "name", "description": "d", "priority": 0},
            {"name": "Ready", "type": "integer", "format": "", "description": "", "priority": 1},
        ],
        "rows": [
            {"cells": ["a\x1b[1m", 3], "object": {"metadata": {"name": "a", "namespace": "n", "labels": {"x": "y"}}}}
        ],
    }
    async with talking(replying(body)) as (api, server):
        table = await api.table("/apis/kafka.strimzi.io/v1/kafkas", labels="a=b")
        call = server.calls[0]
    assert [(one.name, one.type, one.priority) for one in table.columns] == [
        ("Name", "string", 0),
        ("Ready", "integer", 1),
    ]
    assert table.rows[0].cells == ("a\ufffd[1m", 3)
    assert (table.rows[0].namespace, table.rows[0].labels) == ("n", {"x": "y"})
    assert call.headers["Accept"].startswith("application/json;as=Table")
    assert call.query == {"labelSelector": "a=b", "includeObject": "Metadata"}
    async with talking(replying({"kind": "PodList"})) as (api, _):
        with pytest.raises(BadAnswer, match="cannot print this kind"):
            await api.table("/a")


async def test_rights_are_asked_once_in_half_a_minute(clock: FakeClock) -> None:
    async def script(call: Call) -> None:
        spec = call.json_body["spec"]["resourceAttributes"]
        await call.reply({"status": {"allowed": spec["verb"] == "get"}}, 201)

    async with talking(script, clock) as (api, server):
        wanted = [Right("get", "nodes"), Right("create", "pods/eviction", namespace="kafka"), Right("get", "nodes")]
        assert await api.rights.missing(wanted) == (wanted[1],)
        assert await api.can(Right("get", "nodes"))
        attributes = {str(call.json_body["spec"]["resourceAttributes"]) for call in server.calls}
        asked = len(server.calls)
        await clock.advance(31)
        await api.can(Right("get", "nodes"))
        assert len(server.calls) == asked + 1
    eviction = {"verb": "create", "resource": "pods", "subresource": "eviction", "namespace": "kafka"}
    assert attributes == {str({"verb": "get", "resource": "nodes"}), str(eviction)}


async def test_who_we_are() -> None:
    answer = {"status": {"userInfo": {"username": "jane\x1b[1m", "groups": ["ops"]}}}
    async with talking(replying(answer, 201)) as (api, _):
        who = await api.whoami()
        assert (who.user, who.groups, who.certain) == ("jane\ufffd[1m", ("ops",), True)


TOKEN = "e30.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6bjpzYSJ9.c2ln"


@pytest.mark.parametrize(
    ("user", "name"),
    [
        (User("file-name", pem.CLIENT, pem.CLIENT_KEY), "jane"),
        (User("file-name", token=TOKEN), "system:serviceaccount:n:sa"),
        (User("file-name", token="opaque"), "file-name"),
        (User("file-name", username="bob", password="x"), "bob"),
    ],
)
async def test_who_we_are_on_a_server_that_does_not_say(user: User, name: str) -> None:
    async with talking(replying(status_object(404, "not served"), 404), user=user) as (api, server):
        who = await api.whoami()
        assert (who.user, who.certain) == (name, False)
        assert len(server.calls) == 2


AGGREGATED = {
    "kind": "APIGroupDiscoveryList",
    "items": [
        {
            "metadata": {"name": "apps", "creationTimestamp": None},
            "versions": [
                {
                    "version": "v1",
                    "resources": [
                        {
                            "resource": "statefulsets",
                            "responseKind": {"group": "apps", "version": "v1", "kind": "StatefulSet"},
                            "scope": "Namespaced",
                            "singularResource": "statefulset",
                            "shortNames": ["sts"],
                            "verbs": ["get", "list"],
                            "subresources": [{"subresource": "scale", "responseKind": None, "verbs": ["get"]}],
                        }
                    ],
                },
                {"version": "v1beta1", "resources": [{"resource": "statefulsets", "scope": "Namespaced"}]},
            ],
        }
    ],
}
CORE = {
    "kind": "APIResourceList",
    "groupVersion": "v1",
    "resources": [
        {
            "name": "nodes",
            "singularName": "node",
            "namespaced": False,
            "kind": "Node",
            "verbs": ["list"],
            "shortNames": ["no"],
        },
        {"name": "nodes/status", "singularName": "", "namespaced": False, "kind": "Node", "verbs": ["get"]},
    ],
}


@pytest.mark.parametrize("word", ["sts", "statefulset", "StatefulSets", "statefulsets.apps", "statefulset.v1.apps"])
async def test_a_kind_is_found_by_all_its_names(word: str) -> None:
    async def script(call: Call) -> None:
        await call.reply(AGGREGATED if call.path == "/apis" else {"kind": "APIGroupDiscoveryList", "items": []})

    async with talking(script) as (api, server):
        found = await api.find(word)
        assert found is not None
        assert (found.path("x", "ns"), found.full_name) == (
            "/apis/apps/v1/namespaces/ns/statefulsets/x",
            "statefulsets.apps",
        )
        assert found.subresources == {"scale"}
        assert await api.find("nothing") is None
        assert len(server.calls) == 2


async def test_an_old_server_is_asked_group_by_group_and_a_dead_group_costs_only_itself() -> None:
    async def script(call: Call) -> None:
        match call.path:
            case "/api":
                await call.reply({"kind": "APIVersions", "versions": ["v1"]})
            case "/apis":
                names = ("metrics.k8s.io/v1beta1", "empty.io/v1")
                groups = [{"name": name, "preferredVersion": {"groupVersion": name}} for name in names]
                await call.reply({"kind": "APIGroupList", "groups": groups})
            case "/api/v1":
                await call.reply(CORE)
            case "/apis/empty.io/v1":
                await call.reply({"resources": None})
            case _:
                await call.refuse(503, "service unavailable")

    async with talking(script) as (api, _):
        found = await api.find("no")
        assert found is not None
        assert (found.plural, found.namespaced, found.subresources, found.path()) == (
            "nodes",
            False,
            {"status"},
            "/api/v1/nodes",
        )
        assert len(api.discovery.failed) == 1
        assert "metrics.k8s.io/v1beta1: " in api.discovery.failed[0]


KUBECONFIG = """
current-context: two
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: u, user: {token: t}}]
contexts:
- {name: one, context: {cluster: c, user: u}}
- {name: two, context: {cluster: c, user: u, namespace: ops}}
"""


def test_settings_lead_to_a_client_without_a_connection(tmp_path: Any) -> None:
    path = str(write(tmp_path / "config", KUBECONFIG))
    settings = configure({"kubeconfig": path, "request-timeout": 5, "impersonate": "jane"})
    instance, other = contexts.discover(settings)
    assert (instance.id.system, instance.id.name) == ("kubernetes", "two")
    api = contexts.connect(instance, Reach(SYSTEM_CLOCK, "1.0"))
    assert (api.namespace, api.manner.request_timeout, api.manner.version) == ("ops", 5.0, "1.0")
    assert api.connection.impersonation == (("Impersonate-User", "jane"),)
    assert (other.id.name, other.settings.context) == ("one", "one")


def test_what_people_must_know_of_a_context_is_said(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text = KUBECONFIG.replace('"http://127.0.0.1:1"', '"https://127.0.0.1:1", insecure-skip-tls-verify: true')
    path = write(tmp_path / "config", text + "- {name: broken, context: {cluster: nowhere, user: u}}\n")
    path.chmod(0o644)
    first, _, broken = contexts.discover(configure({"kubeconfig": str(path)}))
    assert [mark.text for mark in first.marks] == ["INSECURE TLS"]
    assert any("everybody" in remark or "readable" in remark for remark in first.remarks), first.remarks
    assert "nowhere" in broken.remarks[0]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"contxt": "a"}, "there is no setting 'contxt'"),
        ({"context": 3}, "context: must be text"),
        ({"direct": "yes"}, "direct: must be true or false"),
        ({"namespaces": ["a", 3]}, "namespaces: must be a text or a list of texts"),
        ({"page_size": 5}, "page_size: must be between 10 and 500"),
        ({"page_size": 20.5}, "page_size: must be a whole number"),
        ({"request_timeout": True}, "request_timeout: must be a number of seconds"),
        ({"streaming_lists": "maybe"}, "'maybe' is none of auto, always, never"),
        ({"impersonate_groups": ["a"]}, "impersonate_groups needs impersonate"),
    ],
)
def test_a_wrong_setting_is_told_with_its_key(table: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as raised:
        configure(table)
    assert words in str(raised.value)
    assert "[kubernetes]" in str(raised.value)


def test_settings_without_a_table_are_the_usual_ones() -> None:
    assert configure({}) == Settings()
