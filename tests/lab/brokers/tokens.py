"""Pulsar's key pair and tokens: RS256, without an end, worth nothing outside of the lab."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from pathlib import Path

from tests.lab.brokers.asking import say

SUPERUSERS = ("admin", "broker-admin", "proxy-admin")
ROLES = (*SUPERUSERS, "shop-admin", "shop-app", "viewer")


def make_tokens(folder: Path) -> None:
    """A key pair in the forms that Pulsar reads, and ROLE.jwt for each role; once."""
    if (folder / f"{ROLES[-1]}.jwt").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    pem = str(folder / "private.pem")
    public, private = str(folder / "public.der"), str(folder / "private.der")
    for arguments in (
        ["genrsa", "-out", pem, "2048"],
        ["rsa", "-in", pem, "-pubout", "-outform", "DER", "-out", public],
        ["pkcs8", "-topk8", "-nocrypt", "-in", pem, "-outform", "DER", "-out", private],
    ):
        say(["openssl", *arguments], os.environ)
    for role in ROLES:
        text = ".".join(_encoded(json.dumps(part).encode()) for part in ({"alg": "RS256"}, {"sub": role}))
        sign = ["openssl", "dgst", "-sha256", "-sign", pem]
        signature = subprocess.run(sign, input=text.encode(), capture_output=True, check=True).stdout
        (folder / f"{role}.jwt").write_text(f"{text}.{_encoded(signature)}")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
