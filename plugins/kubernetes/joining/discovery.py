"""What a joining node is told before it trusts anybody: `kube-public/cluster-info`, signed with its token. Pure.

The signature is a detached JWS (RFC 7515, appendix F) with HS256, made over the kubeconfig text by the bootstrap signer
of the controller manager with the token's secret; kubeadm's discovery refuses what does not verify.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any, cast

import msgspec
from msgspec import Struct

from console.errors import BadAnswer
from console.text import clean
from plugins.kubernetes.joining.authority import hashes

SIGNATURE = "jws-kubeconfig-"
WHERE = "configmap kube-public/cluster-info"
_PARTS = 3
_SERVER = re.compile(r"https://(?P<host>\[[0-9a-fA-F:.]+\]|[^/:?#@\s]+)(?::(?P<port>\d+))?/?")
_HTTPS = "443"


class ClusterInfo(Struct, frozen=True):
    """The endpoint (`HOST:PORT`) and the authority's certificates (PEM) as published; the signatures by token id."""

    kubeconfig: str
    endpoint: str
    authority: str
    signatures: Mapping[str, str]

    @property
    def hashes(self) -> tuple[str, ...]:
        """One for each certificate of the authority. Raises BadAnswer."""
        return hashes(self.authority)


def read_info(texts: Mapping[str, Any]) -> ClusterInfo:
    """The ConfigMap's data. Raises BadAnswer, which names what is missing."""
    import yaml

    kubeconfig = str(texts.get("kubeconfig") or "")
    try:
        content: Any = yaml.safe_load(kubeconfig)
        cluster = cast("dict[str, Any]", content["clusters"][0]["cluster"])
        server = _SERVER.fullmatch(str(cluster["server"]))
        authority = base64.b64decode(str(cluster["certificate-authority-data"]), validate=True).decode()
    except (yaml.YAMLError, KeyError, IndexError, TypeError, ValueError) as error:
        why = clean(f"{type(error).__name__}: {error}", 200)
        raise BadAnswer(f"it has no cluster with server and authority ({why})", where=WHERE) from error
    if server is None:
        raise BadAnswer(f"its server is not https://HOST:PORT: {clean(str(cluster['server']), 200)}", where=WHERE)
    endpoint = clean(f"{server['host']}:{server['port'] or _HTTPS}", 300)
    signed = {key.removeprefix(SIGNATURE): str(text) for key, text in texts.items() if key.startswith(SIGNATURE)}
    return ClusterInfo(kubeconfig, endpoint, authority, signed)


def fault(info: ClusterInfo, token: str, secret: str) -> str:
    """Why a node with this token would refuse `info`; empty where it would believe it. `token` is the public id."""
    signature = info.signatures.get(token)
    if signature is None:
        return "it is not signed for this token"
    parts = signature.split(".")
    if len(parts) != _PARTS or parts[1]:
        return "its signature is not a detached JWS"
    try:
        header: Any = msgspec.json.decode(_decoded(parts[0]))
        given = _decoded(parts[2])
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return "its signature cannot be read"
    if not isinstance(header, dict) or header.get("alg") != "HS256" or header.get("kid") != token:  # pyright: ignore[reportUnknownMemberType]
        return "its signature is not HS256 by this token"
    signed = f"{parts[0]}.{_encoded(info.kubeconfig.encode())}".encode()
    made = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return "" if hmac.compare_digest(made, given) else "its signature is wrong: somebody may have changed it"


def join_line(info: ClusterInfo, token: str, secret: str) -> str:
    """What is typed on the node. Raises BadAnswer where the authority cannot be read."""
    pins = " ".join(f"--discovery-token-ca-cert-hash {pin}" for pin in info.hashes)
    return f"kubeadm join {info.endpoint} --token {token}.{secret} {pins}"


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
