"""How to speak to one cluster, read when it is first needed: the settings, `client.properties`, Strimzi's Secrets.

A secret is never in an error, a log or a `repr`. What the settings say wins over a file, a file over a Secret.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from console import secrets
from console.errors import ConfigError, NotFound, Unauthorized
from console.http.tls import Trust, tls_context
from console.plugin import Platform
from plugins.kafka import properties
from plugins.kafka.config import Access, Cluster, Found


@dataclass(frozen=True, slots=True)
class Login:
    """Everything the wire needs. PEM texts, not paths; `told` says where it comes from, in words without secrets."""

    protocol: str = "PLAINTEXT"
    mechanism: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    ca: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    verify: bool = True
    told: str = "nothing configured"

    @property
    def who(self) -> str:
        """As whom, in words."""
        if self.protocol.startswith("SASL"):
            return f"{self.username} ({self.mechanism}, {self.protocol})"
        return f"the client certificate ({self.protocol})" if self.certificate else f"nobody ({self.protocol})"


async def login(cluster: Cluster, platform: Platform | None) -> Login:
    """Read it. Raises ConfigError, Unauthorized, Forbidden and NotFound with the place that was read."""
    access = cluster.access
    where = f"[[kafka]] {cluster.name}"
    base = await asyncio.to_thread(_from_properties, access.properties) if access.properties else Login()
    if cluster.found is not None and platform is not None:
        base = await _from_secrets(cluster.found, access, platform, base)
    own = await asyncio.to_thread(_from_access, access)
    if access.password:
        own["password"] = await secrets.read(access.password, where)
    values: dict[str, Any] = {name: value for name, value in own.items() if value}
    if values and not access.properties and cluster.found is None:
        values["told"] = "the configuration"
    made = replace(base, **values, verify=access.verify)
    if made.protocol.startswith("SASL") and not (made.username and made.password):
        raise Unauthorized(
            f"{made.protocol} needs a username and a password",
            where=cluster.name,
            next_step="give username and password_file, password_env or password_command, or properties",
        )
    return replace(made, mechanism=made.mechanism or "PLAIN") if made.protocol.startswith("SASL") else made


def _from_access(access: Access) -> dict[str, str]:
    return {
        "protocol": access.protocol,
        "mechanism": access.mechanism,
        "username": access.username,
        "ca": _file(access.ca_file) if access.ca_file else "",
        "certificate": _file(access.certificate_file) if access.certificate_file else "",
        "key": _file(access.key_file) if access.key_file else "",
    }


def _file(path: str) -> str:
    place = Path(path).expanduser()
    try:
        return place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not text"
        raise ConfigError(f"cannot be read: {reason}", where=str(place)) from error


def _from_properties(path: str) -> Login:
    found = properties.parse(_file(path))
    properties.checked(found, path)
    options = properties.jaas(found.get("sasl.jaas.config", ""))

    def store(name: str, inline: str) -> str:
        if found.get(inline):
            return found[inline]
        location = found.get(f"{name}.location", "")
        return _file(location) if location else ""

    keys = store("ssl.keystore", "ssl.keystore.certificate.chain")
    return Login(
        protocol=found.get("security.protocol", "PLAINTEXT").upper(),
        mechanism=found.get("sasl.mechanism", "").upper(),
        username=options.get("username", ""),
        password=options.get("password", ""),
        ca=store("ssl.truststore", "ssl.truststore.certificates"),
        certificate=keys,
        key=found.get("ssl.keystore.key", "") or keys,
        told=path,
    )


async def _from_secrets(found: Found, access: Access, platform: Platform, base: Login) -> Login:
    """Strimzi: `CLUSTER-cluster-ca-cert` has the CA, a KafkaUser's Secret its certificate or password.

    Only what is wanted is read: without TLS or a user no Secret is asked for.
    """
    wanted = access.protocol or base.protocol
    if wanted == "PLAINTEXT" and not access.username:
        return base
    values: dict[str, str] = {"told": "Secrets of " + found.namespace}
    if not access.ca_file and wanted.endswith("SSL"):
        with_ca = await platform.secret(found.namespace, f"{found.cluster}-cluster-ca-cert")
        values["ca"] = _decoded(with_ca, "ca.crt")
    if access.username and not access.password:
        try:
            user = await platform.secret(found.namespace, access.username)
        except NotFound:
            return replace(base, **values)
        values |= {"password": _decoded(user, "password")}
        if "user.crt" in user:
            values |= {"certificate": _decoded(user, "user.crt"), "key": _decoded(user, "user.key")}
    return replace(base, **{name: value for name, value in values.items() if value})


def _decoded(secret: Mapping[str, bytes], key: str) -> str:
    return secret.get(key, b"").decode("utf-8", "replace").strip("\n") + ("\n" if key.endswith(("crt", "key")) else "")


def options(made: Login, where: str) -> dict[str, Any]:
    """kafka-python's options. Raises ConfigError where a certificate cannot be used."""
    found: dict[str, Any] = {"security_protocol": made.protocol}
    if made.protocol.startswith("SASL"):
        found |= {
            "sasl_mechanism": made.mechanism,
            "sasl_plain_username": made.username,
            "sasl_plain_password": made.password,
        }
    if made.protocol.endswith("SSL"):
        trust = Trust(made.ca.encode(), made.certificate.encode(), made.key.encode(), made.verify)
        found["ssl_context"] = tls_context(trust, where=where)
    return found
