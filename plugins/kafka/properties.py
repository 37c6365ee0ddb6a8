"""`client.properties` as Kafka's own tools read it: Java properties, and the JAAS line with the username. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from console.errors import ConfigError
from plugins.kafka.config import MECHANISMS, PROTOCOLS

_PAIR = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|\'([^\']*)\'|([^\s;]+))')
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_UNICODE = 4


def parse(text: str) -> Mapping[str, str]:
    r"""Keys and values: `=` or `:` or blanks between, `\` goes on in the next line, `#` and `!` begin a comment."""
    found: dict[str, str] = {}
    line = ""
    for raw in text.splitlines():
        part = raw.lstrip()
        if not line and (not part or part[0] in "#!"):
            continue
        line += part
        if (len(line) - len(line.rstrip("\\"))) % 2:
            line = line[:-1]
            continue
        key, value = _split(line)
        found[key] = value
        line = ""
    if line:
        key, value = _split(line)
        found[key] = value
    return found


def _split(line: str) -> tuple[str, str]:
    at = 0
    while at < len(line) and line[at] not in "=: \t":
        at += 2 if line[at] == "\\" else 1
    key, rest = line[:at], line[at:].lstrip(" \t")
    if rest[:1] in {"=", ":"}:
        rest = rest[1:].lstrip(" \t")
    return _plain(key), _plain(rest)


def _plain(text: str) -> str:
    out, at = "", 0
    while at < len(text):
        c = text[at]
        if c != "\\" or at + 1 >= len(text):
            out, at = out + c, at + 1
            continue
        after = text[at + 1]
        digits = text[at + 2 : at + 2 + _UNICODE]
        if after == "u" and len(digits) == _UNICODE and all(d in "0123456789abcdefABCDEF" for d in digits):
            out, at = out + chr(int(digits, 16)), at + 2 + _UNICODE
        else:
            out, at = out + _ESCAPES.get(after, after), at + 2
    return out


def jaas(line: str) -> Mapping[str, str]:
    """Options of a `sasl.jaas.config`: `...LoginModule required username="u" password="p";`."""
    return {
        m.group(1): next((re.sub(r"\\(.)", r"\1", part) for part in m.groups()[1:] if part is not None), "")
        for m in _PAIR.finditer(line)
    }


def checked(found: Mapping[str, str], where: str) -> None:
    """Refuse what we cannot speak, by its key. Raises ConfigError."""
    protocol = found.get("security.protocol", PROTOCOLS[0]).upper()
    if protocol not in PROTOCOLS:
        raise ConfigError(f"security.protocol {protocol!r} is not known", where=where)
    mechanism = found.get("sasl.mechanism", "").upper()
    if protocol.startswith("SASL") and mechanism not in MECHANISMS:
        raise ConfigError(
            f"sasl.mechanism {mechanism or 'GSSAPI'!r} is not spoken here",
            where=where,
            next_step=f"one of {', '.join(MECHANISMS)}",
        )
    for store in ("ssl.truststore", "ssl.keystore"):
        kind = found.get(f"{store}.type", "JKS").upper()
        if found.get(f"{store}.location") and kind != "PEM":
            raise ConfigError(
                f"{store}.type {kind} is Java's own format",
                where=where,
                next_step=f"export it as PEM and say {store}.type=PEM (openssl pkcs12 -in STORE -out STORE.pem)",
            )
