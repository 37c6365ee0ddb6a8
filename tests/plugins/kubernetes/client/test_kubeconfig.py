"""Kubeconfig: kubectl's rules as a table, the traps of other readers, and errors that name file and key."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.errors import ConfigError
from plugins.kubernetes.client.kubeconfig import Impersonation, Kubeconfig, Overrides, load
from tests.plugins.kubernetes.client.parts import write

NOWHERE = Path("/nowhere")


def config(
    *names: str, current: str = "", user: dict[str, Any] | None = None, more: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A kubeconfig with one cluster, user and context of each name."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": n, "cluster": {"server": f"https://{n}:6443", **(more or {})}} for n in names],
        "users": [{"name": n, "user": user or {"token": f"token-{n}"}} for n in names],
        "contexts": [{"name": n, "context": {"cluster": n, "user": n}} for n in names],
        **({"current-context": current} if current else {}),
    }


def put(path: Path, content: dict[str, Any] | str, mode: int = 0o600) -> Path:
    return write(path, content if isinstance(content, str) else yaml.safe_dump(content), mode)


def read(*paths: Path, **overrides: Any) -> Kubeconfig:
    """What KUBECONFIG with these files gives."""
    environ = {"KUBECONFIG": ":".join(str(path) for path in paths), "HOME": "/nowhere"}
    return load(Overrides(**overrides), environ, admin_conf=NOWHERE, service_account=NOWHERE)


def test_the_first_file_that_defines_a_thing_wins_as_a_whole(tmp_path: Path) -> None:
    first = config("a")
    first["users"][0]["user"] = {"token": "first"}
    second = config("a", "b")
    second["users"][0]["user"] = {"token": "second", "username": "not mixed in"}
    second["contexts"][0]["context"]["namespace"] = "second"
    found = read(put(tmp_path / "1", first), put(tmp_path / "2", second))
    context = found.context("a")
    assert (context.user.token, context.user.username, context.namespace) == ("first", "", "default")
    assert [one.name for one in found.contexts] == ["a", "b"]
    assert found.context("b").cluster.server == "https://b:6443"


def test_the_first_file_that_sets_the_current_context_wins(tmp_path: Path) -> None:
    files = [put(tmp_path / "1", config("a")), put(tmp_path / "2", config("b", current="b"))]
    files.append(put(tmp_path / "3", config("c", current="c")))
    assert read(*files).current == "b"
    assert read(*files, context="c").context().name == "c"


def test_missing_and_empty_files_are_passed_over(tmp_path: Path) -> None:
    empty = put(tmp_path / "empty", "")
    assert read(tmp_path / "none", empty, put(tmp_path / "1", config("a", current="a"))).context().name == "a"


def test_relative_paths_belong_to_the_file_that_names_them(tmp_path: Path) -> None:
    put(tmp_path / "one" / "ca.pem", "CA one")
    put(tmp_path / "two" / "ca.pem", "CA two")
    put(tmp_path / "two" / "token", "secret")
    first = put(tmp_path / "one" / "config", config("a", more={"certificate-authority": "ca.pem"}))
    second = config("b", user={"tokenFile": "token"}, more={"certificate-authority": "ca.pem"})
    found = read(first, put(tmp_path / "two" / "config", second))
    assert found.context("a").cluster.authorities == b"CA one"
    assert found.context("b").cluster.authorities == b"CA two"
    assert found.context("b").user.token_file == tmp_path / "two" / "token"


def test_data_in_the_file_wins_over_a_path(tmp_path: Path) -> None:
    both = {
        "certificate-authority-data": base64.b64encode(b"from data").decode(),
        "certificate-authority": "is-not-there.pem",
    }
    assert read(put(tmp_path / "1", config("a", more=both))).context("a").cluster.authorities == b"from data"


def test_everything_about_a_cluster_and_user_is_read(tmp_path: Path) -> None:
    content = config(
        "a",
        current="a",
        user={
            "username": "u",
            "password": "p",
            "as": "boss",
            "as-uid": "7",
            "as-groups": ["ops", "dev"],
            "as-user-extra": {"scopes": ["x", "y"]},
        },
        more={
            "tls-server-name": "inside",
            "insecure-skip-tls-verify": True,
            "proxy-url": "http://proxy:3128",
            "disable-compression": True,
        },
    )
    context = read(put(tmp_path / "1", content)).context()
    cluster = context.cluster
    assert (cluster.tls_server_name, cluster.skip_tls_verify, cluster.disable_compression) == ("inside", True, True)
    assert cluster.proxy_url == "http://proxy:3128"
    assert context.user.impersonation == Impersonation("boss", ("ops", "dev"), "7", (("scopes", ("x", "y")),))
    assert context.origin == "KUBECONFIG"
    assert "certificate is not verified" in context.warnings[0]


def test_overrides_of_the_command_line_win(tmp_path: Path) -> None:
    path = put(tmp_path / "1", config("a", "b", current="a", user={"token": "t", "as": "somebody"}))
    who = Impersonation("me", ("admins",))
    overrides = Overrides((str(path),), "b", "kafka", who)
    found = load(overrides, {"KUBECONFIG": "/nowhere/else"}, admin_conf=NOWHERE, service_account=NOWHERE)
    context = found.context()
    assert (context.name, context.namespace, context.user.impersonation) == ("b", "kafka", who)
    assert found.origin == f"--kubeconfig {path}"


def test_an_exec_helper_is_read(tmp_path: Path) -> None:
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "./bin/login",
        "args": ["--quiet"],
        "env": [{"name": "PROFILE", "value": "ops"}],
        "installHint": "apt install login",
        "provideClusterInfo": True,
        "interactiveMode": "Never",
    }
    extension = [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x", "n": 3}}]
    found = read(put(tmp_path / "1", config("a", user={"exec": plugin}, more={"extensions": extension}))).context("a")
    assert found.user.exec is not None
    assert found.user.exec.command == str(tmp_path / "bin" / "login")
    assert (found.user.exec.args, found.user.exec.env) == (("--quiet",), (("PROFILE", "ops"),))
    assert (found.user.exec.provide_cluster_info, found.user.exec.interactive_mode) == (True, "Never")
    assert found.cluster.exec_config == {"audience": "x", "n": 3}


def test_nulls_that_kubectl_writes_are_nothing(tmp_path: Path) -> None:
    plugin = {"command": "login", "args": None, "env": None}
    context = read(put(tmp_path / "1", config("a", user={"exec": plugin, "as-groups": None}))).context("a")
    assert context.user.exec is not None
    assert (context.user.exec.command, context.user.exec.args, context.user.exec.env) == ("login", (), ())


MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"clusters": {"a": 1}}, ".clusters", "must be a list"),
    ({"users": [{"user": {}}]}, ".users[0].name", "is missing"),
    ({"current-context": ["a"]}, "(top).current-context", "must be text"),
    ({"clusters": []}, "contexts[a].context.cluster", "there is no cluster 'a'"),
    ({"users": []}, "contexts[a].context.user", "there is no user 'a'"),
    ({"clusters": [{"name": "a", "cluster": {"server": "a:6443"}}]}, "clusters[a].cluster.server", "must be a URL"),
    ({"clusters": [{"name": "a", "cluster": {"server": 6443}}]}, "clusters[a].cluster.server", "must be text"),
    (
        {"clusters": [{"name": "a", "cluster": {"server": "https://x", "certificate-authority-data": "%%"}}]},
        "clusters[a].cluster.certificate-authority-data",
        "is not base64",
    ),
    (
        {"clusters": [{"name": "a", "cluster": {"server": "https://x", "certificate-authority": "no.pem"}}]},
        "clusters[a].cluster.certificate-authority",
        "no.pem cannot be read: No such file",
    ),
    ({"users": [{"name": "a", "user": {"token": 12}}]}, "users[a].user.token", "must be text, not a number"),
    ({"users": [{"name": "a", "user": {"exec": {"args": []}}}]}, "users[a].user.exec.command", "is missing"),
    (
        {"users": [{"name": "a", "user": {"client-certificate-data": "YQ=="}}]},
        "users[a].user.client-key",
        "is missing",
    ),
    (
        {"users": [{"name": "a", "user": {"as-groups": "ops"}}]},
        "users[a].user.as-groups",
        "must be a list of texts",
    ),
    ({"current-context": "zz"}, "", "current-context names 'zz', which is not there"),
]


@pytest.mark.parametrize(("change", "place", "words"), MISTAKES)
def test_a_mistake_is_told_with_file_and_key(tmp_path: Path, change: dict[str, Any], place: str, words: str) -> None:
    path = put(tmp_path / "config", config("a", current="a") | change)
    with pytest.raises(ConfigError) as raised:
        read(path).context()
    assert str(path) in raised.value.where
    assert raised.value.where.endswith(place)
    assert words in raised.value.what


def test_yaml_that_is_none_is_told_with_its_line_but_not_its_text(tmp_path: Path) -> None:
    path = put(tmp_path / "config", "apiVersion: v1\nusers:\n- name: a\n  user: {token: SECRET: x}\n")
    with pytest.raises(ConfigError) as raised:
        read(path)
    assert raised.value.where == f"{path}, line 4"
    assert "SECRET" not in str(raised.value)


@pytest.mark.parametrize("text", ["- a\n", "just words\n", "a: !!python/object:os.system x\n", "\x00\x01"])
def test_a_file_that_is_no_kubeconfig_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="kubeconfig"):
        read(put(tmp_path / "config", text))


def test_one_broken_context_does_not_spoil_the_others(tmp_path: Path) -> None:
    content = config("good", "bad", current="good")
    content["clusters"][1]["cluster"] = {"server": 5}
    found = read(put(tmp_path / "config", content))
    assert found.context().name == "good"
    assert [one.name for one in found.contexts] == ["good", "bad"]
    with pytest.raises(ConfigError):
        found.context("bad")


def test_an_unknown_context_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    path = put(tmp_path / "config", config("a", "b"))
    with pytest.raises(ConfigError, match=r"there is no context 'c'; choose one by --context: a, b"):
        read(path, context="c").context()
    with pytest.raises(ConfigError, match=r"no current context is set; choose one by --context: a, b"):
        read(path).context()
    assert read(put(tmp_path / "one", config("only"))).context().name == "only"


def test_a_named_kubeconfig_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such kubeconfig"):
        load(Overrides((str(tmp_path / "none"),)), {})


def test_a_key_that_everybody_can_read_is_a_warning(tmp_path: Path) -> None:
    path = put(tmp_path / "open", config("a"), 0o644)
    (warning,) = read(path).context("a").warnings
    assert f"chmod 600 {path}" in warning
    put(tmp_path / "key", "k", 0o644)
    put(tmp_path / "cert", "c", 0o644)
    pair = {"client-key": "key", "client-certificate": "cert"}
    assert len(read(put(tmp_path / "shut", config("b", user=pair))).context("b").warnings) == 1
    (tmp_path / "key").chmod(0o600)
    assert read(tmp_path / "shut").context("b").warnings == ()


def test_a_pod_uses_its_service_account(tmp_path: Path) -> None:
    account = tmp_path / "account"
    for name, text in (("token", "t\n"), ("ca.crt", "CA"), ("namespace", "ops\n")):
        put(account / name, text)
    environ = {"HOME": str(tmp_path), "KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"}
    found = load(Overrides(), environ, admin_conf=NOWHERE, service_account=account)
    context = found.context()
    assert (context.cluster.server, context.cluster.authorities) == ("https://[fd00::1]:6443", b"CA")
    assert (context.namespace, context.user.token_file) == ("ops", account / "token")
    assert [one.name for one in found.contexts] == ["in-cluster"]


def test_without_a_kubeconfig_the_administrators_one_is_found_and_said(tmp_path: Path) -> None:
    admin = put(tmp_path / "admin.conf", config("kubernetes", current="kubernetes"))
    found = load(Overrides(), {"HOME": str(tmp_path)}, admin_conf=admin, service_account=NOWHERE)
    assert found.context().name == "kubernetes"
    assert str(admin) in found.origin


def test_the_usual_file_comes_before_the_administrators(tmp_path: Path) -> None:
    put(tmp_path / ".kube" / "config", config("mine", current="mine"))
    admin = put(tmp_path / "admin.conf", config("kubernetes", current="kubernetes"))
    found = load(Overrides(), {"HOME": str(tmp_path)}, admin_conf=admin, service_account=NOWHERE)
    assert found.context().name == "mine"


def test_without_anything_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load(Overrides(), {"HOME": str(tmp_path)}, admin_conf=NOWHERE, service_account=NOWHERE)
    assert "there is no kubeconfig" in raised.value.what
    assert "pilothouse demo" in raised.value.next_step


def test_no_secret_is_in_what_a_value_shows_of_itself(tmp_path: Path) -> None:
    context = read(put(tmp_path / "1", config("a", user={"token": "SECRET", "password": "SECRET"}))).context("a")
    assert "SECRET" not in repr(context)


def test_two_hundred_contexts_are_quick(tmp_path: Path) -> None:
    blob = base64.b64encode(b"x" * 3000).decode()
    names = [f"cluster-{number}" for number in range(200)]
    path = put(tmp_path / "1", config(*names, current="cluster-7", more={"certificate-authority-data": blob}))
    before = time.process_time()
    assert read(path).context().name == "cluster-7"
    assert time.process_time() - before < 0.5  # the slow YAML reader alone needs longer
