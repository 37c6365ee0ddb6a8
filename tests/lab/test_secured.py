"""Panes through TLS of real servers: the same rows as without, and a clear error where the two sides do not fit.

The instances are named in a configuration, as a person with a CA file would name them: their listeners with TLS stand
beside those that the platform's instances use.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lab.brokers import pulsar, rabbitmq, redis
from tests.lab.brokers.staged import Staged
from tests.lab.lab import Lab
from tests.lab.patience import TooEarlyError, until
from tests.terminal import PILOTHOUSE

pytestmark = pytest.mark.lab

Ask = Callable[[str], Staged]
Object = dict[str, Any]


class Named:
    """One table of the configuration, with other keys each time it is asked."""

    def __init__(self, lab: Lab, folder: Path, system: str, always: str) -> None:
        self._lab = lab
        self._folder = folder
        self._system = system
        self._always = always
        self.authority = f'ca_file = "{lab.place.pki / "ca.crt"}"\n'

    def look(self, pane: str, keys: str) -> tuple[list[Object], str]:
        """The rows of a pane, and all that was said."""
        file = self._folder / "config.toml"
        file.write_text(f'[[{self._system}]]\nname = "secure"\n{self._always}{keys}')
        command = [
            PILOTHOUSE,
            "get",
            pane,
            "--instance",
            "secure",
            "--config",
            str(file),
            "-o",
            "json",
            "--timeout",
            "60",
        ]
        done = self._lab.run(command)
        return json.loads(done.stdout or "[]"), done.stdout + done.stderr

    def until(self, pane: str, keys: str, is_so: Callable[[list[Object]], bool]) -> list[Object]:
        """The rows once they are so: members settle after what a test before did to them, and may be busy with else."""
        seen: list[list[Object]] = []

        def so() -> bool:
            rows, text = self.look(pane, keys)
            seen.append(rows)
            if not is_so(rows):
                raise TooEarlyError(text)
            return True

        until(so, f"{pane} is not as it should be")
        return seen[-1]


def found(lab: Lab, pane: str, column: str, *more: str) -> set[str]:
    """What the platform's own instance says in a column, through ports without TLS."""
    done = lab.run([PILOTHOUSE, "get", pane, *more, "-o", "json"])
    assert done.stdout, done.stderr
    return {row[column] for row in json.loads(done.stdout)}


def addresses(staged: Staged, kind: str, port: int) -> list[str]:
    return [f"{staged.pod(one).address}:{port}" for one in staged.members if one.startswith(kind)]


def quoted(texts: list[str], before: str = "") -> str:
    return json.dumps([f"{before}{text}" for text in texts])


def test_rabbitmq_through_tls(lab: Lab, staged: Ask, tmp_path: Path) -> None:
    rabbit = staged("rabbitmq")
    (tmp_path / "password").write_text(rabbit.secret("my-rabbitmq-ha", "rabbitmq-password"))
    named = Named(lab, tmp_path, "rabbitmq", f'username = "admin"\npassword_file = "{tmp_path / "password"}"\n')
    secure, plain = (addresses(rabbit, "rabbit", port) for port in (rabbitmq.SECURE, 15672))
    good = f"url = {quoted(secure, 'https://')}\n{named.authority}"
    rows = named.until("rabbitmq.nodes", good, lambda rows: len(rows) == 3)
    assert {row["name"] for row in rows} == found(lab, "rabbitmq.nodes", "name")
    queues = named.until("rabbitmq.queues", good, bool)
    assert {row["name"] for row in queues} == found(lab, "rabbitmq.queues", "name")
    for keys, words in (
        (f"url = {quoted(secure, 'https://')}\n", "certificate"),
        (f"url = {quoted(plain, 'https://')}\n{named.authority}", "TLS"),
        (f"url = {quoted(secure, 'http://')}\n", "if the port wants TLS, write https"),
    ):
        rows, said = named.look("rabbitmq.nodes", keys)
        assert not rows
        assert words in said, (keys, said)


def test_redis_through_tls(lab: Lab, staged: Ask, tmp_path: Path) -> None:
    servers = staged("redis")
    for name, key in (("password", "auth"), ("sentinel", "sentinel-password")):
        (tmp_path / name).write_text(servers.secret("my-redis-redis-ha", key))
    passwords = f'password_file = "{tmp_path / "password"}"\nsentinel_password_file = "{tmp_path / "sentinel"}"\n'
    named = Named(lab, tmp_path, "redis", f"{passwords}timeout = 10.0\n")

    def at(ports: dict[str, int]) -> str:
        members, watchers = (addresses(servers, kind, port) for kind, port in ports.items())
        return f"servers = {quoted(members)}\nsentinels = {quoted(watchers)}\n"

    secure, plain = at(redis.SECURE), at({"redis": 6379, "sentinel": 26379})
    rows = named.until("redis.members", secure + named.authority, of_one_mind)
    keys = {row["keys"] for row in rows}
    assert keys == found(lab, "redis.members", "keys")
    views = named.until(
        "redis.sentinels", secure + named.authority, lambda rows: [row["state"] for row in rows] == ["master"] * 3
    )
    assert len({row["sees_it_at"] for row in views}) == 1
    for wrong, words in (
        (f"{secure}tls = true\n", "certificate"),
        (plain + named.authority, "TLS"),  # refused, or waited for: by what the hello happens to hold
        (secure, "as a port does that wants TLS"),
    ):
        rows, said = named.look("redis.members", wrong)
        assert [row["role"] for row in rows] == [None] * 3, said
        assert all(words in row["why"] for row in rows), (wrong, rows, said)


def of_one_mind(rows: list[Object]) -> bool:
    """One master, two replicas, and all have the same."""
    return sorted(str(row["role"]) for row in rows) == ["master", "replica", "replica"] and (
        len({row["keys"] for row in rows}) == 1
    )


def test_zookeeper_through_tls(lab: Lab, staged: Ask, tmp_path: Path) -> None:
    ensemble = staged("pulsar")
    named = Named(lab, tmp_path, "zookeeper", "timeout = 30.0\n")
    secure, plain = (f"servers = {quoted(addresses(ensemble, 'zk', port))}\n" for port in (pulsar.SECURE, 2181))
    rows = named.until(
        "zookeeper.members",
        secure + named.authority,
        lambda rows: len(rows) == 3 and not any(row["why"] for row in rows),
    )
    assert sorted(row["mode"] for row in rows) == ["follower", "follower", "leader"]
    assert {row["version"] for row in rows} == found(
        lab, "zookeeper.members", "version", "--instance", "pulsar/pulsar-zookeeper"
    )
    for wrong, words in (
        (f'{secure}verify = true\nserver_name = "{ensemble.pod("zk-0").host}"\n', "certificate"),
        (plain + named.authority, "TLS"),
        (secure, "TLS"),
    ):
        rows, said = named.look("zookeeper.members", wrong)
        assert len(rows) == 3
        assert {row["mode"] for row in rows} == {"unknown"}
        assert all(words in row["why"] for row in rows), (wrong, rows, said)
