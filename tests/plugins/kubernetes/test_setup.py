"""What `setup --print` prints: objects that say exactly what the table says, for whom it was asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from console.cli import run
from console.plugin import Right
from console.roles import ROLES
from plugins.kubernetes.model import needs

Object = dict[str, Any]


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> list[Object]:
    assert run(["setup", "--print", *words]) == 0
    return [one for one in yaml.safe_load_all(capsys.readouterr().out) if one]


def rights_of(objects: list[Object], name: str) -> Iterator[Right]:
    for one in objects:
        if one["kind"] in {"Role", "ClusterRole"} and one["metadata"]["name"] == name:
            space = one["metadata"].get("namespace", "")
            assert bool(space) == (one["kind"] == "Role")
            for rule in one["rules"]:
                for verb in rule["verbs"]:
                    yield Right(verb, rule["resources"][0], rule["apiGroups"][0], space)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_what_the_table_says_and_bound_as_the_viewers_is(
    capsys: pytest.CaptureFixture[str], role: str
) -> None:
    objects = printed(capsys, f"--{role}", "--user", "ann: x", "--group", "ops")
    rights = list(rights_of(objects, f"pilothouse-{role}"))
    wanted = needs.of_role(role, "pilothouse")
    assert all(needs.covers(rights, right) for right in wanted)
    assert len(rights) == len(wanted), "and not one more"
    spaces = {right.namespace for right in rights}
    assert spaces <= {"", "pilothouse", "default", "kube-system", "kube-public", "kube-node-lease"}
    bindings = [one for one in objects if one["kind"].endswith("Binding")]
    bound = {(one["roleRef"]["kind"], one["roleRef"]["name"], one["metadata"].get("namespace", "")) for one in bindings}
    made = {
        (one["kind"], one["metadata"]["name"], one["metadata"].get("namespace", ""))
        for one in objects
        if one["kind"] in {"Role", "ClusterRole"}
    }
    assert bound == made
    assert {name for _, name, _ in bound} == {"pilothouse-viewer", f"pilothouse-{role}"}
    for one in bindings:
        assert [(who["kind"], who["name"]) for who in one["subjects"]] == [("User", "ann: x"), ("Group", "ops")]
    assert all(one["metadata"]["labels"] == {"app.kubernetes.io/part-of": "pilothouse"} for one in objects)


def test_without_a_word_it_is_viewer_and_operator_each_for_a_group_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    objects = printed(capsys)
    assert objects[0]["kind"] == "Namespace"
    groups = {
        one["metadata"]["name"]: [who["name"] for who in one["subjects"]]
        for one in objects
        if one["kind"] == "ClusterRoleBinding"
    }
    assert groups == {
        "pilothouse-viewer": ["pilothouse:viewer", "pilothouse:operator"],
        "pilothouse-operator": ["pilothouse:operator"],
    }
    assert not any(rule["resources"] == ["secrets"] for one in objects for rule in one.get("rules", ()))


def test_our_namespace_is_the_configured_one(capsys: pytest.CaptureFixture[str], home: Any) -> None:
    file = home / "config/pilothouse/config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('shared_namespace = "ours"\n')
    objects = printed(capsys, "--viewer")
    assert objects[0]["metadata"]["name"] == "ours"
    assert {one["metadata"].get("namespace") for one in objects if one["kind"] == "Role"} == {"ours", "kube-node-lease"}
