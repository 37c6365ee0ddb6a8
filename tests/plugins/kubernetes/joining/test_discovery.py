"""What a joining node is told: the endpoint, the authority's hash, and a signature that does not forgive a change."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from console.errors import BadAnswer
from plugins.kubernetes.joining.authority import hashes
from plugins.kubernetes.joining.discovery import ClusterInfo, fault, join_line, read_info
from plugins.kubernetes.model.tokens import is_id, new_id, new_secret, secret_half
from plugins.kubernetes.simulator.reference.authority import CERTIFICATE
from tests.values import replace

# What openssl says of this certificate: x509 -pubkey -noout | pkey -pubin -outform der | dgst -sha256
PIN = "sha256:27f02a86f30397a767db4b2df87669efc520f649d60ff82be776dd62553aa534"
KUBECONFIG = """\
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: {}
    server: {}
  name: ""
kind: Config
"""
# Made with openssl: the header below, a dot, base64url of `hello`, HMAC-SHA256 by `0123456789abcdef`.
HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"abcdef"}').rstrip(b"=").decode()
SIGNATURE = f"{HEADER}..MxsnbCjBaYzcbNIFa06F-wuF9LX26rhMlrL4zA1511s"


def published(server: str = "https://cluster-endpoint:6443", authority: str = CERTIFICATE) -> dict[str, Any]:
    return {"kubeconfig": KUBECONFIG.format(base64.b64encode(authority.encode()).decode(), server)}


def test_the_hash_is_that_of_openssl_and_there_is_one_for_each_certificate() -> None:
    assert hashes(CERTIFICATE) == (PIN,)
    assert hashes(CERTIFICATE + CERTIFICATE) == (PIN,)


@pytest.mark.parametrize(
    "bundle",
    [
        "",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----",
        CERTIFICATE.replace(CERTIFICATE.splitlines()[-2], ""),
    ],
)
def test_what_is_no_certificate_is_no_hash(bundle: str) -> None:
    with pytest.raises(BadAnswer, match="cluster-info"):
        hashes(bundle)


@pytest.mark.parametrize(
    ("server", "endpoint"),
    [
        ("https://cluster-endpoint:6443", "cluster-endpoint:6443"),
        ("https://10.8.111.202:6443/", "10.8.111.202:6443"),
        ("https://api.example.com", "api.example.com:443"),
        ("https://[fd00::1]:6443", "[fd00::1]:6443"),
    ],
)
def test_the_endpoint_is_as_kubeadm_wants_it(server: str, endpoint: str) -> None:
    assert read_info(published(server)).endpoint == endpoint


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, "no cluster"),
        ({"kubeconfig": "clusters: []"}, "no cluster"),
        ({"kubeconfig": "a: [b"}, "no cluster"),
        (published("http://plain:80"), "is not https"),
        (published("https://a b; rm -rf /"), "is not https"),
    ],
)
def test_what_cannot_be_used_is_told(content: dict[str, Any], words: str) -> None:
    with pytest.raises(BadAnswer, match=words):
        read_info(content)


def test_a_signature_holds_for_its_text_its_token_and_its_secret_alone() -> None:
    info = ClusterInfo("hello", "a:1", CERTIFICATE, {"abcdef": SIGNATURE, "wrong0": SIGNATURE})
    assert fault(info, "abcdef", "0123456789abcdef") == ""
    assert "wrong" in fault(info, "abcdef", "0123456789abcdeF")
    assert "wrong" in fault(replace(info, kubeconfig="hellO"), "abcdef", "0123456789abcdef")
    assert "not HS256 by this token" in fault(info, "wrong0", "0123456789abcdef")
    assert "not signed" in fault(info, "other0", "0123456789abcdef")


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        ("", "not a detached JWS"),
        ("a.b.c", "not a detached JWS"),
        ("%..%", "cannot be read"),
        (base64.urlsafe_b64encode(b'{"alg":"none","kid":"abcdef"}').decode() + "..", "not HS256"),
        (base64.urlsafe_b64encode(b"[]").decode() + "..", "not HS256"),
    ],
)
def test_a_signature_of_another_form_is_refused(signature: str, words: str) -> None:
    info = ClusterInfo("hello", "a:1", CERTIFICATE, {"abcdef": signature})
    assert words in fault(info, "abcdef", "0123456789abcdef")


def test_the_join_line() -> None:
    line = join_line(read_info(published()), "abcdef", "0123456789abcdef")
    pinned = f"--discovery-token-ca-cert-hash {PIN}"
    assert line == f"kubeadm join cluster-endpoint:6443 --token abcdef.0123456789abcdef {pinned}"


def test_ids_and_secrets_have_the_form_that_kubeadm_wants() -> None:
    assert is_id(new_id())
    assert new_id("r-7k2/n1") == new_id("r-7k2/n1") != new_id("r-7k3/n1")
    assert is_id(new_id("r-7k2/n1"))
    assert len(new_secret()) == 16
    assert new_secret() != new_secret()
    assert not is_id("ABCDEF")
    assert secret_half({"data": {"token-secret": base64.b64encode(b"0123456789abcdef").decode()}}) == "0123456789abcdef"
    assert secret_half({"data": None}) == ""
