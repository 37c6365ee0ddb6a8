"""YAML of objects: masked secrets, edits that the server checks, and conflicts that are shown."""

from __future__ import annotations

import pytest
import yaml

from console.errors import Conflict, Rejected
from plugins.kubernetes.client import manifests
from plugins.kubernetes.panes import PANES
from plugins.kubernetes.simulator.kinds import STATEFUL_SETS
from tests.plugins.kubernetes.actions.conftest import Live

SECRET = "/api/v1/namespaces/kube-system/secrets/bootstrap-token-forevr"
SET = "/apis/apps/v1/namespaces/pulsar/statefulsets/pulsar-toolset"


async def test_secret_values_are_masked_until_revealed(live: Live) -> None:
    masked = yaml.safe_load(await manifests.read(live.api, SECRET, False))
    assert set(masked["data"].values()) == {manifests.MASK}
    revealed = yaml.safe_load(await manifests.read(live.api, SECRET, True))
    assert manifests.MASK not in revealed["data"].values()
    assert revealed["data"].keys() == masked["data"].keys()


def test_the_copy_that_apply_leaves_in_an_annotation_is_masked_too() -> None:
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    secret = {"kind": "Secret", "metadata": {"annotations": {applied: '{"data":{"a":"b"}}'}}, "stringData": {"a": "b"}}
    manifests.mask(secret)
    assert "b" not in str(secret["stringData"].values())  # type: ignore[attr-defined]
    assert secret["metadata"]["annotations"][applied] == manifests.MASK  # type: ignore[index]
    plain = {"kind": "ConfigMap", "data": {"a": "b"}}
    manifests.mask(plain)
    assert plain["data"] == {"a": "b"}


async def test_a_masked_text_cannot_be_written_back(live: Live) -> None:
    with pytest.raises(Rejected, match="masked"):
        await manifests.write(live.api, SECRET, await manifests.read(live.api, SECRET, False), True)


async def test_an_edit_is_checked_first_and_then_written(live: Live) -> None:
    text = (await manifests.read(live.api, SET, False)).replace("replicas: 1", "replicas: 2", 1)
    assert await manifests.write(live.api, SET, text, True) == "the server accepts the change of pulsar-toolset"
    assert live.stored(STATEFUL_SETS, "pulsar/pulsar-toolset")["spec"]["replicas"] == 1
    assert "pulsar-toolset is changed" in await manifests.write(live.api, SET, text, False)
    assert live.stored(STATEFUL_SETS, "pulsar/pulsar-toolset")["spec"]["replicas"] == 2


async def test_an_edit_of_what_changed_meanwhile_is_a_conflict(live: Live) -> None:
    text = await manifests.read(live.api, SET, False)
    await live.act("stateful", "scale", "pulsar/StatefulSet/pulsar-toolset", {"replicas": "3"})
    with pytest.raises(Conflict):
        await manifests.write(live.api, SET, text.replace("replicas: 1", "replicas: 2", 1), False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "not YAML"),
        ("- 1", "not one object"),
        ("", "not one object"),
        ("metadata: {name: other}", "cannot rename"),
        ("kind: x", "cannot rename"),
        ("!!python/object/apply:os.system [ls]", "not YAML"),
    ],
)
def test_a_text_that_is_not_this_object_is_never_sent(text: str, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        manifests.parsed(text, SET)


async def test_every_pane_with_yaml_reads_its_first_row(live: Live) -> None:
    read_of: set[str] = set()
    for pane in PANES:
        rows = list(live.facts.rows(pane.table).values())
        if pane.manifest is None or not rows:
            continue
        row = rows[0]
        read_of.add(pane.name)
        read = yaml.safe_load(await pane.manifest.read(live.api, row, False))
        assert read["metadata"]["name"], pane.name
        assert "managedFields" not in read["metadata"]
        assert [right.verb for right in pane.manifest.rights(row)] == ["update"]
    assert read_of >= {pane.name for pane in PANES} - {"events", "tokens"}
