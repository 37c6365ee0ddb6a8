"""How to speak to one cluster, read when it is first needed: the settings, `client.properties`, Strimzi's Secrets.

A secret is never in an error, a log or a `repr`. What the settings say wins over a file, a file over a Secret.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from console.errors import ConfigError, NotFound
from console.plugin import Platform
from plugins.kafka import properties
from plugins.kafka.config import Access, Cluster, Found

COMMAND_WITHIN = 20.0


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
    key_password: str = field(default="", repr=False)
    verify: bool = True
    told: str = "nothing configured"

    @property
    def who(self) -> str:
        """As whom, in words."""
        if self.protocol.startswith("SASL"):
            return f"{self.username} ({self.mechanism}, {self.protocol})"
        return f"the client certificate ({self.protocol})" if self.certificate else f"nobody ({self.protocol})"


async def login(cluster: Cluster, platform: Platform | None) -> Login:
    """Read it. Raises ConfigError, Forbidden and NotFound with the place that was read."""
    access = cluster.access
    base = await asyncio.to_thread(_from_properties, access.properties) if access.properties else Login()
    if cluster.found is not None and platform is not None and access.protocol != "PLAINTEXT":
        base = await _from_secrets(cluster.found, access, platform, base)
    own = await asyncio.to_thread(_from_access, access)
    password = await _password(access)
    values: dict[str, Any] = {name: value for name, value in own.items() if value}
    if password:
        values["password"] = password
    if values and not access.properties and cluster.found is None:
        values["told"] = "the configuration"
    made = replace(base, **values, verify=access.verify)
    if made.protocol.startswith("SASL") and not (made.username and made.password):
        raise ConfigError(
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
        "ca": _file(access.ca) if access.ca else "",
        "certificate": _file(access.certificate) if access.certificate else "",
        "key": _file(access.key) if access.key else "",
    }


def _file(path: str) -> str:
    place = Path(path).expanduser()
    try:
        return place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not text"
        raise ConfigError(f"cannot be read: {reason}", where=str(place)) from error


async def _password(access: Access) -> str:
    if access.password_file:
        return (await asyncio.to_thread(_file, access.password_file)).strip("\r\n")
    if access.password_env:
        value = os.environ.get(access.password_env, "")
        if not value:
            raise ConfigError(f"variable {access.password_env} is empty", where="[[kafka]] password_env")
        return value
    return await _printed(access.password_command) if access.password_command else ""


async def _printed(command: tuple[str, ...]) -> str:
    """What a command prints. It gets no terminal, and ends with us; its output is in no error."""
    try:
        child = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise ConfigError(f"cannot be run: {error.strerror}", where=command[0]) from error
    try:
        async with asyncio.timeout(COMMAND_WITHIN):
            out, _ = await child.communicate()
    except TimeoutError as error:
        raise ConfigError(f"gave no password in {COMMAND_WITHIN:.0f} s", where=command[0]) from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise ConfigError(f"ended with code {child.returncode}", where=command[0])
    return out.decode("utf-8", "replace").strip("\r\n")


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
        key_password=found.get("ssl.key.password", ""),
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
    if not access.ca and wanted.endswith("SSL"):
        with_ca = await platform.secret(found.namespace, f"{found.cluster}-cluster-ca-cert")
        values["ca"] = _decoded(with_ca, "ca.crt")
    if access.username and not (access.password_file or access.password_env or access.password_command):
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
        found["ssl_context"] = context(made, where)
    return found


def context(made: Login, where: str) -> ssl.SSLContext:
    """The TLS context, from texts; a client key touches the disk for the moment in which it is loaded."""
    made_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made_context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not made.verify:
        made_context.check_hostname = False
        made_context.verify_mode = ssl.CERT_NONE
    try:
        if made.ca:
            made_context.load_verify_locations(cadata=made.ca)
        else:
            made_context.load_default_certs()
        if made.certificate:
            _load_pair(made_context, made)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise ConfigError(f"a certificate or key cannot be used: {type(error).__name__}", where=where) from error
    return made_context


def _load_pair(made_context: ssl.SSLContext, made: Login) -> None:
    with tempfile.TemporaryDirectory(prefix="pilothouse-") as folder:
        pair = Path(folder, "pair.pem")
        pair.touch(mode=0o600)
        pair.write_text(f"{made.key}\n{made.certificate}" if made.key != made.certificate else made.key)
        made_context.load_cert_chain(pair, password=made.key_password or None)
