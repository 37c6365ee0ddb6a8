"""Exec and port-forward against a scripted kubelet: frames, exit codes, refusals, HTTP through a forward."""

from __future__ import annotations

from typing import Any

import pytest
from websockets.http11 import Request

from console.errors import Forbidden, NotFound, Unauthorized, Unreachable
from console.http import HttpClient, Target
from plugins.kubernetes.client.api import Api
from plugins.kubernetes.client.channels import Exit, forward_fault, output_of, read_exit
from plugins.kubernetes.client.kubeconfig import Impersonation, User
from tests.plugins.kubernetes.client.kubelet import Socket, kubelet
from tests.plugins.kubernetes.client.parts import api_for, context, manner, write

V4 = ("v4.channel.k8s.io",)


def exit_status(code: int) -> dict[str, Any]:
    cause = {"reason": "ExitCode", "message": str(code)}
    message = f"command terminated with non-zero exit code: exit status {code}"
    return {"status": "Failure", "reason": "NonZeroExitCode", "message": message, "details": {"causes": [cause]}}


async def test_a_command_gives_output_errors_and_its_exit_code() -> None:
    async def script(socket: Socket) -> None:
        await socket.send(1, b"")
        await socket.send(1, b"out ")
        await socket.send(2, b"\xfferr")
        await socket.send(1, b"put")
        await socket.status(**exit_status(3))

    async with kubelet(script) as far:
        api = api_for(far.url)
        command = await api.exec("mq", "rabbit-0", ["sh", "-c", "a b & c"], container="main")
        output, errors, ended = await output_of(command)
        assert (output, errors, ended.code) == (b"out put", b"\xfferr", 3)
        assert "exit status 3" in ended.message
        (socket,) = far.sockets
        assert socket.path == "/api/v1/namespaces/mq/pods/rabbit-0/exec"
        wanted = [("command", "sh"), ("command", "-c"), ("command", "a b & c"), ("container", "main")]
        assert socket.query == [*wanted, ("stdout", "true"), ("stderr", "true")]
        await api.aclose()


@pytest.mark.parametrize(("protocols", "ends"), [(("v5.channel.k8s.io",), True), (V4, False)])
async def test_input_resize_and_its_end(protocols: tuple[str, ...], ends: bool) -> None:  # noqa: FBT001
    frames: list[tuple[int, bytes]] = []

    async def script(socket: Socket) -> None:
        while (255, b"\0") not in frames and not (frames and frames[-1][1] == b"last" and not ends):
            frames.append(await socket.receive())
        await socket.status(status="Success")

    async with kubelet(script, protocols=protocols) as far:
        api = api_for(far.url)
        command = await api.exec("a", "b", ["cat"], stdin=True, tty=True)
        await command.resize(120, 40)
        await command.write(b"x" * 40_000)
        await command.write(b"last")
        await command.end_input()
        assert command.can_end_input is ends
        assert await command.read() == (False, b"")
        assert command.exit == Exit(0)
        await command.close()
        await api.aclose()
        assert ("tty", "true") in far.sockets[0].query
        assert ("stderr", "true") not in far.sockets[0].query
    assert frames[0] == (4, b'{"Width":120,"Height":40}')
    assert [len(content) for channel, content in frames if channel == 0] == [32768, 7232, 4]
    assert ((255, b"\0") in frames) is ends


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"status":"Success"}', Exit(0)),
        (
            b'{"status":"Failure","message":"command terminated with exit code 126"}',
            Exit(126, "command terminated with exit code 126"),
        ),
        (b'{"status":"Failure","message":"no process \\u001b[1m"}', Exit(None, "no process \ufffd[1m")),
        (b"plain words", Exit(None, "plain words")),
        (b'{"status":"Failure","details":{"causes":[]}}', Exit(None, "")),
    ],
)
def test_how_a_command_ended(content: bytes, expected: Exit) -> None:
    assert read_exit(content) == expected


async def test_a_command_that_is_cut_off_has_no_exit_code() -> None:
    async def script(socket: Socket) -> None:
        await socket.send(1, b"half")

    async with kubelet(script) as far:
        api = api_for(far.url)
        output, _, ended = await output_of(await api.exec("a", "b", ["x"]))
        assert (output, ended.code) == (b"half", None)
        assert "the connection ended" in ended.message
        await api.aclose()


async def test_a_command_that_never_ends_costs_its_deadline() -> None:
    async def script(socket: Socket) -> None:
        await socket.connection.wait_closed()

    async with kubelet(script) as far:
        api = api_for(far.url)
        with pytest.raises(Unreachable, match=r"did not end within 0.05 s"):
            await output_of(await api.exec("a", "b", ["x"]), deadline=0.05)
        await api.aclose()


@pytest.mark.parametrize(
    ("status", "message", "kind", "words"),
    [
        (403, 'User "eve" cannot create resource "pods/exec"', Forbidden, "verbs get and create"),
        (404, 'pods "b" not found', NotFound, 'pods "b" not found'),
        (401, "Unauthorized", Unauthorized, "may have expired"),
    ],
)
async def test_a_refused_upgrade_is_told(status: int, message: str, kind: type[Exception], words: str) -> None:
    async def never(socket: Socket) -> None:
        raise AssertionError(socket.path)

    async with kubelet(never, admit=lambda _request: (status, message)) as far:
        api = api_for(far.url)
        with pytest.raises(kind, match=words) as raised:
            await api.exec("a", "b", ["x"])
        assert "/namespaces/a/pods/b/exec" in str(raised.value)
        await api.aclose()


async def test_nobody_there_and_no_websocket_there() -> None:
    api = api_for("http://127.0.0.1:1")
    with pytest.raises(Unreachable, match="refused"):
        await api.exec("a", "b", ["x"])
    await api.aclose()


async def test_the_upgrade_carries_who_we_are_and_renews_it_once(tmp_path: Any) -> None:
    path = write(tmp_path / "token", "one")

    def admit(request: Request) -> tuple[int, str] | None:
        if request.headers["Authorization"] == "Bearer two":
            return None
        write(path, "two")
        return 401, "Unauthorized"

    async def script(socket: Socket) -> None:
        await socket.status(status="Success")

    async with kubelet(script, admit=admit) as far:
        user = User("u", token_file=path, impersonation=Impersonation("boss", ("a", "b")))
        api = Api(context(far.url, user), manner=manner(version="1.2"))
        await output_of(await api.exec("a", "b", ["x"]))
        headers = far.sockets[0].headers
        assert headers["User-Agent"] == "pilothouse/1.2"
        assert headers["Impersonate-User"] == "boss"
        assert headers.get_all("Impersonate-Group") == ["a", "b"]
        assert far.refused == ["Bearer one"]
        await api.aclose()


async def answer_http(socket: Socket, body: bytes) -> None:
    """A pod that speaks HTTP/1.1 with keep-alive."""
    await socket.greet(8080)
    received = b""
    while True:
        channel, content = await socket.receive()
        assert channel == 0
        received += content
        while b"\r\n\r\n" in received:
            _, _, received = received.partition(b"\r\n\r\n")
            whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            for at in range(0, len(whole), 1000):
                await socket.send(0, whole[at : at + 1000])


async def test_http_goes_through_a_forward_and_keeps_its_connection() -> None:
    body = b"0123456789" * 20_000
    async with kubelet(lambda socket: answer_http(socket, body), protocols=V4) as far:
        api = api_for(far.url)

        async def dial(_host: str, port: int) -> Any:
            return await api.forward("mq", "rabbit-0", port)

        client = HttpClient(Target("http://rabbit-0.rabbit.mq.svc:8080", dial=dial))
        for _ in range(2):
            assert (await client.request("GET", "/api/overview")).body == body
        await client.aclose()
        await api.aclose()
        (socket,) = far.sockets
        assert socket.path == "/api/v1/namespaces/mq/pods/rabbit-0/portforward"
        assert socket.query == [("ports", "8080")]


REFUSED = b"error forwarding port 1: exit status 1: dial tcp4 127.0.0.1:1: connect: connection refused"


async def test_a_port_that_nobody_listens_on() -> None:
    async def script(socket: Socket) -> None:
        await socket.greet(1)
        await socket.send(1, REFUSED)

    async with kubelet(script, protocols=V4) as far:
        api = api_for(far.url)
        stream = await api.forward("a", "b", 1)
        with pytest.raises(Unreachable, match=r"a/b:1: the pod refuses the connection: nothing listens on that port"):
            await stream.read(10)
        await stream.close()
        await stream.close()
        await api.aclose()


async def test_an_http_client_tells_what_the_forward_says() -> None:
    async def script(socket: Socket) -> None:
        await socket.greet(1)
        await socket.send(1, REFUSED)

    async with kubelet(script, protocols=V4) as far:
        api = api_for(far.url)

        async def dial(_host: str, port: int) -> Any:
            return await api.forward("a", "b", port)

        client = HttpClient(Target("http://a.svc:1", dial=dial))
        with pytest.raises(Unreachable, match="nothing listens on that port"):
            await client.request("GET", "/")
        await client.aclose()
        await api.aclose()


def test_other_words_of_the_runtime_are_passed_on() -> None:
    assert forward_fault(b"lost\nconnection \x1b[0m") == "the port cannot be reached: lost connection \ufffd[0m"
