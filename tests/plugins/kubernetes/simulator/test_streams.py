"""exec, port-forward and logs, by the WebSocket client that the console uses."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.plugins.kubernetes.simulator.conftest import Wire

V4, V5 = Subprotocol("v4.channel.k8s.io"), Subprotocol("v5.channel.k8s.io")
KAFKA = "/api/v1/namespaces/kafka/pods/my-cluster-kafka-0"


def socket(wire: Wire, path: str, *protocols: Subprotocol) -> connect:
    url = wire.simulator.url.replace("http", "ws") + path
    headers = {"Authorization": f"Bearer {wire.simulator.token}"}
    return connect(url, subprotocols=protocols or (V5, V4), additional_headers=headers, compression=None, proxy=None)


async def collect(ws: ClientConnection) -> dict[int, bytes]:
    """Everything by channel until the server closes."""
    found: dict[int, bytes] = {}
    try:
        while True:
            frame = await ws.recv(decode=False)
            found[frame[0]] = found.get(frame[0], b"") + frame[1:]
    except ConnectionClosed:
        return found


async def test_a_command_ends_with_output_and_success(wire: Wire) -> None:
    async with socket(wire, f"{KAFKA}/exec?command=hostname&stdout=1&stderr=1") as ws:
        assert ws.subprotocol == V5
        said = await collect(ws)
    assert said[1] == b"my-cluster-kafka-0\n"
    assert json.loads(said[3])["status"] == "Success"


@pytest.mark.parametrize(
    ("script", "out", "err", "code"),
    [
        ("echo one; echo two >&2; exit 3", b"one\n", b"two\n", "3"),
        ("nonsense", b"", b"sh: nonsense: not found\n", "127"),
        ("echo 'a b'; false", b"a b\n", b"", "1"),
    ],
)
async def test_exit_codes_come_in_the_status(wire: Wire, script: str, out: bytes, err: bytes, code: str) -> None:
    from urllib.parse import quote

    async with socket(wire, f"{KAFKA}/exec?command=sh&command=-c&command={quote(script)}&stdout=1", V4) as ws:
        said = await collect(ws)
    assert (said.get(1, b""), said.get(2, b"")) == (out, err)
    status = json.loads(said[3])
    assert (status["status"], status["reason"]) == ("Failure", "NonZeroExitCode")
    assert status["details"]["causes"] == [{"reason": "ExitCode", "message": code}]


async def test_the_end_of_input_ends_cat(wire: Wire) -> None:
    async with socket(wire, f"{KAFKA}/exec?command=cat&stdin=1&stdout=1") as ws:
        await ws.send(b"\0hello")
        await ws.send(bytes((255, 0)))
        said = await collect(ws)
    assert said[1] == b"hello"
    assert json.loads(said[3])["status"] == "Success"


async def test_a_terminal_echoes_knows_its_size_and_ends(wire: Wire) -> None:
    async with socket(wire, f"{KAFKA}/exec?command=sh&stdin=1&stdout=1&tty=1") as ws:
        await ws.send(b"\4" + json.dumps({"Width": 132, "Height": 43}).encode())
        await ws.send(b"\0stty size\r")
        await ws.send(b"\0exit\r")
        said = await collect(ws)
    assert said[1] == b"/ # stty size\r\n43 132\r\n/ # exit\r\n"


async def test_exec_without_upgrade_or_container_is_400(wire: Wire) -> None:
    plain = await wire.http.get(f"{KAFKA}/exec", params={"command": "ls"})
    assert (plain.status_code, plain.json()["message"]) == (400, "Upgrade request required")
    path = "/api/v1/namespaces/redis/pods/my-redis-redis-ha-server-0/exec"
    unclear = await wire.http.get(path, params={"command": "ls"})
    assert unclear.json()["message"] == (
        "a container name must be specified for pod my-redis-redis-ha-server-0, "
        "choose one of: [redis sentinel redis-exporter]"
    )


async def test_a_forward_carries_http_to_a_declared_port(wire: Wire) -> None:
    async with socket(
        wire, "/api/v1/namespaces/default/pods/POD/portforward?ports=80".replace("POD", httpbin(wire)), V4
    ) as ws:
        assert await ws.recv(decode=False) == b"\x00\x50\x00"
        assert await ws.recv(decode=False) == b"\x01\x50\x00"
        for _ in range(2):
            await ws.send(b"\0GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = await ws.recv(decode=False)
            assert isinstance(answer, bytes)
            assert answer[0] == 0
            assert json.loads(answer[1:].partition(b"\r\n\r\n")[2])["port"] == 80


def httpbin(wire: Wire) -> str:
    from plugins.kubernetes.simulator.kinds import PODS

    return next(pod.name for pod in wire.simulator.world.store.each(PODS, "default") if pod.name.startswith("httpbin"))


async def test_a_forward_to_a_port_that_nobody_serves_says_so_on_the_error_channel(wire: Wire) -> None:
    async with socket(wire, f"{KAFKA}/portforward?ports=1", V4) as ws:
        said = await collect(ws)
    assert b"connection refused" in said[1]
    assert said[0] == b"\x01\x00"


async def test_another_simulator_can_stand_behind_a_port(wire: Wire) -> None:
    async def upper(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data.upper())

    wire.simulator.world.doors["kafka", "my-cluster-kafka-0", 4242] = upper
    async with socket(wire, f"{KAFKA}/portforward?ports=4242", V4) as ws:
        await ws.recv()
        await ws.recv()
        await ws.send(b"\0hello")
        assert await ws.recv() == b"\0HELLO"


async def test_logs_are_the_same_whenever_asked_and_end_where_asked(wire: Wire) -> None:
    async def text(**params: Any) -> str:
        answer = await wire.http.get(f"{KAFKA}/log", params=params)
        assert answer.status_code == 200, answer.text
        return answer.text

    tail = await text(tailLines=5)
    assert len(tail.splitlines()) == 5
    assert tail == await text(tailLines=5)
    assert tail.endswith(await text(tailLines=2))
    assert len((await text(sinceSeconds=60)).splitlines()) == 4
    assert (await text(tailLines=1, timestamps="true")).split(" ")[0].endswith("Z")
    wire.clock.advance(30)
    assert (await text(tailLines=7)).startswith(tail)


async def test_a_followed_log_grows_with_time_and_ends_with_its_pod(wire: Wire) -> None:
    path = "/api/v1/namespaces/default/pods/debug-shell/log"
    async with wire.http.stream("GET", path, params={"follow": "true", "tailLines": 2}) as answer:
        lines = answer.aiter_lines()
        first = [await anext(lines), await anext(lines)]
        wire.clock.advance(15)
        third = await anext(lines)
        assert third not in first
        wire.simulator.cluster.delete_pods("default/debug-shell")
        wire.clock.advance(10)
        assert [line async for line in lines] == []


async def test_previous_logs_exist_after_a_crash_only(wire: Wire) -> None:
    path = "/api/v1/namespaces/pulsar/pods/pulsar-bookie-2/log"
    refused = await wire.http.get(path, params={"previous": "true"})
    assert refused.status_code == 400
    assert (
        refused.json()["message"]
        == 'previous terminated container "pulsar-bookie" in pod "pulsar-bookie-2" not found\n'
    )
    wire.simulator.cluster.crash("pulsar/pulsar-bookie-2")
    wire.clock.advance(60)
    assert (await wire.http.get(path, params={"previous": "true"})).status_code == 200
    assert (await wire.http.get(path, params={"tailLines": -1})).status_code == 422
