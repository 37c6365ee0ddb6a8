"""What a joining node relies on: cluster-info is signed for a token while there is one, and not a moment longer."""

from __future__ import annotations

import base64
import secrets

import msgspec
import pytest

from plugins.kubernetes.joining.discovery import fault, join_line, read_info
from plugins.kubernetes.model.certificates import METADATA, CertificatesWire, token_of
from tests.contracts.served import Object, Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

INFO = "/api/v1/namespaces/kube-public/configmaps/cluster-info"
SECRETS = "/api/v1/namespaces/kube-system/secrets"
REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"


def token(name: str, secret: str, *, signing: bool = True) -> Object:
    texts = {
        "token-id": name,
        "token-secret": secret,
        "usage-bootstrap-authentication": "true",
        "usage-bootstrap-signing": "true" if signing else "false",
    }
    return {
        "metadata": {"name": f"bootstrap-token-{name}"},
        "type": "bootstrap.kubernetes.io/token",
        "data": {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()},
    }


async def test_cluster_info_is_signed_for_a_token_while_there_is_one(served: Served) -> None:
    name, secret = secrets.token_hex(3), secrets.token_hex(8)
    await served.make(SECRETS, token(name, secret))

    async def signed() -> Object | None:
        info = await served.get(INFO)
        return info if f"jws-kubeconfig-{name}" in info["data"] else None

    info = read_info((await served.until(signed))["data"])
    assert fault(info, name, secret) == ""
    assert "wrong" in fault(info, name, secret[::-1] + "x")
    assert join_line(info, name, secret).startswith(f"kubeadm join {info.endpoint} --token {name}.{secret} ")

    assert (await served.http.delete(f"{SECRETS}/bootstrap-token-{name}")).status_code == 200

    async def unsigned() -> Object | None:
        info = await served.get(INFO)
        return None if f"jws-kubeconfig-{name}" in info["data"] else info

    assert "not signed" in fault(read_info((await served.until(unsigned))["data"]), name, secret)


async def test_an_expired_token_is_cleaned_away(served: Served) -> None:
    name = secrets.token_hex(3)
    made = token(name, secrets.token_hex(8))
    made["data"]["expiration"] = base64.b64encode(b"2020-01-01T00:00:00Z").decode()
    await served.make(SECRETS, made)

    async def gone() -> Object | None:
        answer = await served.http.get(f"{SECRETS}/bootstrap-token-{name}")
        return {} if answer.status_code == 404 else None

    assert await served.until(gone) == {}


async def test_requests_for_certificates_can_be_listed(served: Served) -> None:
    listed = await served.get(REQUESTS)
    assert listed["kind"] == "CertificateSigningRequestList"
    assert all(one["spec"]["signerName"] for one in listed["items"])


async def test_a_secret_is_looked_at_without_its_data(served: Served) -> None:
    token, path = secrets.token_hex(3), f"{served.space}/secrets"
    holder = await served.make(path, {"metadata": {"name": f"bootstrap-token-{token}"}})
    owner = {"apiVersion": "v1", "kind": "Secret", **{key: holder["metadata"][key] for key in ("name", "uid")}}
    name = f"kubeadm-certs-{token}"
    made = {"metadata": {"name": name, "ownerReferences": [owner]}, "data": {"ca.key": "c2VjcmV0"}}
    await served.make(path, made)
    found = await served.http.get(f"{path}/{name}", headers=METADATA)
    assert found.status_code == 200
    assert b"c2VjcmV0" not in found.content
    wire = msgspec.json.decode(found.content, type=CertificatesWire)
    assert token_of(wire) == token
