"""Logins: token files that change, helpers that hang, prompt, fail or lie, and what a 401 leads to."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from console.errors import Unauthorized
from plugins.kubernetes.client.api import Api
from plugins.kubernetes.client.helper import Helper
from plugins.kubernetes.client.kubeconfig import Cluster, ExecPlugin, Impersonation, Overrides, User, load
from tests.clock import FakeClock
from tests.plugins.kubernetes.client import certificates as pem
from tests.plugins.kubernetes.client.parts import context, manner, write
from tests.plugins.kubernetes.client.server import Call, serve

V1 = "client.authentication.k8s.io/v1"


def credential(token: str | None = "t1", expires: str | None = None, **status: str) -> str:
    given = {"token": token, "expirationTimestamp": expires, **status}
    return json.dumps({"apiVersion": V1, "kind": "ExecCredential", "status": {k: v for k, v in given.items() if v}})


class Bench:
    """A helper in a folder: a Python program, and what became of its runs."""

    def __init__(self, folder: Path, clock: FakeClock) -> None:
        self.folder = folder
        self.clock = clock
        self.certificates: list[tuple[bytes, bytes]] = []

    def helper(self, program: str, timeout: float = 20.0, **more: Any) -> Helper:
        path = write(self.folder / "helper.py", f"import os, sys, time\nopen('runs', 'a').write('x')\n{program}\n")
        settings: dict[str, Any] = {"args": (str(path),), "env": (), "api_version": V1, "folder": self.folder, **more}
        plugin = ExecPlugin(command=settings.pop("command", sys.executable), **settings)
        cluster = Cluster("c", "https://api:6443", b"CA", exec_config={"audience": "x"})
        return Helper(plugin, cluster, use_certificate=self._take, clock=self.clock, timeout=timeout)

    def runs(self) -> int:
        path = self.folder / "runs"
        return len(path.read_text()) if path.exists() else 0

    def _take(self, certificate: bytes, key: bytes) -> None:
        self.certificates.append((certificate, key))


@pytest.fixture
def bench(tmp_path: Path, clock: FakeClock) -> Bench:
    return Bench(tmp_path, clock)


async def test_a_helper_runs_once_for_all_who_ask(bench: Bench) -> None:
    helper = bench.helper(f"print('''{credential()}''')")
    answers = await asyncio.gather(*(helper.headers() for _ in range(5)))
    assert answers == [{"Authorization": "Bearer t1"}] * 5
    await helper.headers()
    assert bench.runs() == 1


async def test_a_helper_has_no_terminal_and_is_told_so(bench: Bench) -> None:
    program = """
assert sys.stdin.read() == ''
assert not any(os.isatty(fd) for fd in (0, 1, 2))
assert os.getsid(0) == os.getpid()
import json
told = json.loads(os.environ['KUBERNETES_EXEC_INFO'])
assert told['spec'] == {'interactive': False, 'cluster': {'server': 'https://api:6443',
    'certificate-authority-data': 'Q0E=', 'config': {'audience': 'x'}}}, told
assert os.environ['PROFILE'] == 'ops'
"""
    helper = bench.helper(
        f"{program}\nprint('''{credential()}''')", env=(("PROFILE", "ops"),), provide_cluster_info=True
    )
    assert await helper.headers() == {"Authorization": "Bearer t1"}


async def test_a_login_is_kept_until_shortly_before_its_expiry(bench: Bench) -> None:
    bench.clock.set_wall(1_800_000_000.0)  # 2027-01-15T08:00:00Z
    helper = bench.helper(f"print('''{credential(expires='2027-01-15T08:05:00Z')}''')")
    await helper.headers()
    await bench.clock.advance(265)  # a tenth of its life is kept back: 30 s
    await helper.headers()
    assert bench.runs() == 1
    await bench.clock.advance(6)
    await helper.headers()
    assert bench.runs() == 2


async def test_a_helper_that_hangs_is_ended_with_all_its_children(bench: Bench) -> None:
    program = """
import subprocess
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
open('child', 'w').write(str(child.pid))
time.sleep(600)
"""
    helper = bench.helper(program, timeout=1.5)
    with pytest.raises(Unauthorized, match=r"gave nothing within 1.5 s; run it in a shell"):
        await helper.headers()
    child = int((bench.folder / "child").read_text())
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("sys.exit('Token has \\x1b[31mexpired\\nplease log in')", r"failed with exit code 1: .*expired please log in"),
        ("input('Password: ')", r"failed with exit code 1: .*EOFError"),
        ("sys.stderr.write('y' * 10**6); sys.exit(3)", "failed with exit code 3: y"),
        ("pass", "printed nothing"),
        ("print('Login successful! SECRET')", "printed no ExecCredential"),
        ('print(\'{"kind": "ExecCredential"}\')', "printed no ExecCredential with a status"),
        (f"print('''{credential(token=None)}''')", "gave neither a token nor a certificate"),
        (f"print('''{credential(expires='soon')}''')", "an expirationTimestamp that is no time"),
        (f"print('''{credential().replace('/v1', '/v1alpha1')}''')", "speaks client.authentication.k8s.io/v1alpha1"),
        ("sys.stdout.write('x' * 3_000_000)", "printed no ExecCredential"),
    ],
)
async def test_a_helper_that_fails_says_why(bench: Bench, program: str, words: str) -> None:
    with pytest.raises(Unauthorized, match=words) as raised:
        await bench.helper(program).headers()
    assert "SECRET" not in str(raised.value)
    assert "\x1b" not in str(raised.value)


async def test_a_failure_is_not_repeated_at_once(bench: Bench) -> None:
    helper = bench.helper("sys.exit('no')")
    for _ in range(3):
        with pytest.raises(Unauthorized):
            await helper.headers()
    assert bench.runs() == 1
    await bench.clock.advance(11)
    with pytest.raises(Unauthorized):
        await helper.headers()
    assert bench.runs() == 2


async def test_a_helper_that_is_not_installed_gives_its_hint(bench: Bench) -> None:
    helper = bench.helper("", command="no-such-login-helper", install_hint="apt install it")
    with pytest.raises(Unauthorized, match="is not installed; apt install it"):
        await helper.headers()


async def test_a_helper_that_needs_a_terminal_is_not_run(bench: Bench) -> None:
    with pytest.raises(Unauthorized, match="needs a terminal"):
        await bench.helper("pass", interactive_mode="Always").headers()
    assert bench.runs() == 0


async def test_a_helper_may_give_a_certificate(bench: Bench) -> None:
    given = credential(None, clientCertificateData="CERT", clientKeyData="KEY")
    assert await bench.helper(f"print('''{given}''')").headers() == {}
    assert bench.certificates == [(b"CERT", b"KEY")]


def lives(user: User, url: str, clock: FakeClock) -> Api:
    return Api(context(url, user), manner=manner(clock))


async def test_a_token_file_is_read_again_when_it_changes(tmp_path: Path, clock: FakeClock) -> None:
    path = write(tmp_path / "token", "one\n")
    seen: list[str] = []

    async def script(call: Call) -> None:
        seen.append(call.headers["Authorization"])
        await call.reply({})

    async with serve(script) as server:
        api = lives(User("u", token_file=path), server.url, clock)
        await api.get("/a")
        write(path, "two\n")
        os.utime(path, ns=(1, 1))
        await api.get("/a")
        path.unlink()
        with pytest.raises(Unauthorized, match="token file cannot be read: No such file"):
            await api.get("/a")
        await api.aclose()
    assert seen == ["Bearer one", "Bearer two"]


async def test_a_refused_login_is_renewed_once_and_tried_again(bench: Bench) -> None:
    program = "count = len(open('runs').read())\nimport json\n"
    program += (
        f"given = json.loads('''{credential()}''')\ngiven['status']['token'] = f't{{count}}'\nprint(json.dumps(given))"
    )
    helper = ExecPlugin(sys.executable, (str(bench.folder / "helper.py"),), (), V1, bench.folder)
    bench.helper(program)

    async def script(call: Call) -> None:
        if call.headers["Authorization"] == "Bearer t2":
            await call.reply({"fine": True})
        else:
            await call.refuse(401, "Unauthorized")

    async with serve(script) as server:
        api = lives(User("u", exec=helper), server.url, bench.clock)
        assert await api.get("/a") == {"fine": True}
        assert [call.headers["Authorization"] for call in server.calls] == ["Bearer t1", "Bearer t2"]
        await api.aclose()
    assert bench.runs() == 2


async def test_an_expired_token_is_told_with_what_to_do(clock: FakeClock) -> None:
    async def script(call: Call) -> None:
        await call.refuse(401, "Unauthorized")

    async with serve(script) as server:
        api = lives(User("u", token="old"), server.url, clock)
        with pytest.raises(Unauthorized, match=r"does not accept our credentials \(401\); the token may have expired"):
            await api.get("/a")
        assert len(server.calls) == 1
        await api.aclose()


async def test_user_name_and_impersonation_travel_as_headers(clock: FakeClock) -> None:
    who = Impersonation("jané", ("ops", "dev"), "7", (("acme.com/role x", ("a", "b")),))

    async def script(call: Call) -> None:
        await call.reply({})

    async with serve(script) as server:
        api = lives(User("u", username="me", password="pass", impersonation=who), server.url, clock)
        await api.get("/a")
        await api.aclose()
        lines = [(name, value) for name, value in server.calls[0].header_lines if name.startswith(("Imp", "Auth"))]
    assert sorted(lines) == [
        ("Authorization", "Basic bWU6cGFzcw=="),
        ("Impersonate-Extra-Acme.Com%2Frole%20X", "a"),
        ("Impersonate-Extra-Acme.Com%2Frole%20X", "b"),
        ("Impersonate-Group", "dev"),
        ("Impersonate-Group", "ops"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-User", "jané"),
    ]


@pytest.mark.parametrize("token", ["t\u00f6ken", "two\nlines"])
def test_a_token_that_cannot_be_one_is_told_without_it(token: str, clock: FakeClock) -> None:
    with pytest.raises(Unauthorized, match="characters that no token has") as raised:
        lives(User("u", token=token), "http://127.0.0.1:1", clock)
    assert token not in str(raised.value)


async def test_a_certificate_of_a_helper_is_shown_and_renewed(tmp_path: Path, bench: Bench) -> None:
    given = credential(None, clientCertificateData=pem.CLIENT.decode(), clientKeyData=pem.CLIENT_KEY.decode())
    bench.helper(f"print({given!r})")
    user = User("u", exec=ExecPlugin(sys.executable, (str(bench.folder / "helper.py"),), (), V1, bench.folder))

    async def script(call: Call) -> None:
        await call.reply({"calls": len(server.calls)})

    async with serve(script, tls=pem.server_context(tmp_path, ask_client=True)) as server:
        where = context(server.url, user, authorities=pem.AUTHORITY, tls_server_name="inside.test")
        api = Api(where, manner=manner(bench.clock))
        assert await api.get("/a") == {"calls": 1}
        assert await api.get("/a") == {"calls": 2}
        assert bench.runs() == 1
        await api.aclose()


async def test_a_helper_may_take_longer_than_a_request(bench: Bench) -> None:
    bench.helper(f"time.sleep(1.2)\nprint({credential()!r})")
    user = User("u", exec=ExecPlugin(sys.executable, (str(bench.folder / "helper.py"),), (), V1, bench.folder))

    async def script(call: Call) -> None:
        await call.reply({})

    async with serve(script) as server:
        api = Api(context(server.url, user), manner=manner(bench.clock))
        await api.raw("GET", "/a", deadline=1.0)
        await api.aclose()


OIDC = """
apiVersion: v1
kind: Config
current-context: test
clusters: [{name: test, cluster: {server: "https://api:6443"}}]
contexts: [{name: test, context: {cluster: test, user: test}}]
users:
- name: test
  user:
    auth-provider:
      name: oidc
      config: {client-id: c, idp-issuer-url: "https://idp", id-token: TOKEN}
"""


async def test_an_old_oidc_login_goes_through_the_official_loader(tmp_path: Path, clock: FakeClock) -> None:
    payload = "eyJleHAiOjQxMDI0NDQ4MDB9"  # {"exp": 4102444800}: the year 2100
    path = write(tmp_path / "config", OIDC.replace("TOKEN", f"e30.{payload}.c2ln"))
    before = path.read_text()
    found = load(Overrides((str(path),)), {}).context()
    assert found.user.auth_provider == "oidc"
    api = Api(found, manner=manner(clock))
    assert api.connection.credentials is not None
    assert await api.connection.credentials.headers() == {"Authorization": f"Bearer e30.{payload}.c2ln"}
    assert path.read_text() == before


async def test_an_auth_provider_that_nobody_knows_is_told(tmp_path: Path, clock: FakeClock) -> None:
    path = write(tmp_path / "config", OIDC.replace("name: oidc", "name: azure"))
    api = Api(load(Overrides((str(path),)), {}).context(), manner=manner(clock))
    assert api.connection.credentials is not None
    with pytest.raises(Unauthorized, match="auth-provider azure gave no token; log in again"):
        await api.connection.credentials.headers()
