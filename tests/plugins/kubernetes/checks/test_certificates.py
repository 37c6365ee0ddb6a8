"""Whether a control-plane node could join: the state of kubeadm's certificates in the plan of its way back."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest

from console.errors import BadAnswer, Forbidden, NotFound
from console.model import Answer, NodeName, Reason
from console.plugin import Target
from plugins.kubernetes.checks.certificates import certificate_reason
from plugins.kubernetes.client.tokens import Tokens
from plugins.kubernetes.maintenance import HOOKS
from plugins.kubernetes.model.certificates import Certificates
from tests.plugins.kubernetes.rows import World, node

NOW = 1_700_000_000.0
CONTROL = {"node-role.kubernetes.io/control-plane": ""}


@pytest.mark.parametrize(
    ("found", "answer", "words"),
    [
        (Certificates(there=False), Answer.NO, "kube-system/kubeadm-certs is not there: `kubeadm init phase upload-c"),
        (Certificates(there=True, expires=NOW - 1), Answer.NO, "has run out: `kubeadm init phase upload-certs"),
        (Certificates(there=True, expires=NOW + 3600), Answer.SAFE, "is there until 2023-11-14T23:13:20Z (in "),
        (Certificates(there=True), Answer.SAFE, "is there and no token ends it; the join needs the key"),
    ],
)
def test_the_state_is_said_with_its_end_and_the_command(found: Certificates, answer: Answer, words: str) -> None:
    reason = certificate_reason(found, NOW)
    assert reason.answer is answer
    assert words in reason.text
    assert "`kubeadm init phase upload-certs --upload-certs` on another control-plane host" in reason.text


class Api:
    """A server with some Secrets; metadata is given where metadata is asked for."""

    def __init__(self, **secrets: dict[str, Any]) -> None:
        self.secrets = {name.replace("_", "-"): body for name, body in secrets.items()}

    async def raw(self, _method: str, path: str, *, headers: dict[str, str]) -> bytes:
        assert "as=PartialObjectMetadata" in headers["Accept"]
        return json.dumps(self._of(path)).encode()

    async def read(self, path: str, form: Any) -> Any:
        return msgspec.convert(self._of(path), form, strict=False)

    def _of(self, path: str) -> dict[str, Any]:
        found = self.secrets.get(path.rpartition("/")[2])
        if found is None:
            raise NotFound("not there", where=path)
        return found


def owned(by: str) -> dict[str, Any]:
    owner = {"apiVersion": "v1", "kind": "Secret", "name": by, "uid": "u"}
    return {"metadata": {"name": "kubeadm-certs", "ownerReferences": [owner]}}


async def certificates(**secrets: Any) -> Certificates:
    api: Any = Api(**secrets)
    return await Tokens(api).certificates()


async def test_the_end_is_that_of_the_token_which_owns_the_secret() -> None:
    mine = owned("bootstrap-token-abcdef")
    ends = {"expiration": base64.b64encode(b"2023-11-14T23:13:20Z").decode()}
    body = {"metadata": {"name": "bootstrap-token-abcdef"}, "data": ends}
    assert await certificates(kubeadm_certs=mine, bootstrap_token_abcdef=body) == Certificates(True, NOW + 3600)
    assert await certificates(kubeadm_certs=mine) == Certificates(there=True, expires=0.0)
    assert await certificates(kubeadm_certs={"metadata": {}}) == Certificates(there=True)
    assert await certificates() == Certificates(there=False)
    with pytest.raises(BadAnswer, match="no Secret"):
        await certificates(kubeadm_certs={"metadata": []})


class Client:
    """A client whose tokens know the certificates, or may not read them."""

    def __init__(self, says: Certificates | None = None) -> None:
        self.says, self.asked = says, 0
        self.tokens = self

    async def certificates(self) -> Certificates:
        self.asked += 1
        if self.says is None:
            raise Forbidden("secrets may not be read")
        return self.says


async def told(client: Client, name: str, way: str) -> list[Reason]:
    world = World().put("nodes", node("cp1", labels=CONTROL), node("n1"))
    target = Target("rejoin", (NodeName(name),), {"way": way})
    verdict = await HOOKS.asked(client, world.facts, target, HOOKS.verdict(world.facts, target))
    return [reason for reason in verdict.reasons if reason.topic == "certificates"]


async def test_the_way_back_of_a_control_plane_node_tells_of_them_and_no_other_way_asks() -> None:
    (found,) = await told(Client(Certificates(there=False)), "cp1", "reset")
    assert "kubeadm-certs is not there" in found.text
    (unread,) = await told(Client(), "cp1", "replaced")
    assert unread.answer is Answer.UNKNOWN
    assert "could not be read: secrets may not be read" in unread.text
    client = Client()
    assert await told(client, "n1", "reset") == await told(client, "cp1", "rebooted") == []
    assert client.asked == 0
