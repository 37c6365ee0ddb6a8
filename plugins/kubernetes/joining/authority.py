"""The hash by which a joining node knows the cluster's authority: sha256 of its certificate's public key. Pure.

kubeadm pins the DER form of SubjectPublicKeyInfo (RFC 5280, 4.1), so that a renewed certificate with the same key keeps
its hash. Only as much DER is read as leads there: no certificate is judged here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from console.errors import BadAnswer

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)
_SEQUENCE, _VERSION = 0x30, 0xA0
_LONG = 0x80
_BEFORE_KEY = 5
"""Serial number, signature algorithm, issuer, validity and subject stand before the key."""


def hashes(bundle: str) -> tuple[str, ...]:
    """`sha256:HEX` of every certificate in PEM text, in its order. Raises BadAnswer where there is none."""
    found: list[str] = []
    for block in _PEM.findall(bundle):
        try:
            key = _public_key(base64.b64decode("".join(block.split()), validate=True))
        except (binascii.Error, ValueError, IndexError) as error:
            raise BadAnswer(f"the authority's certificate cannot be read: {error}", where="cluster-info") from error
        found.append(f"sha256:{hashlib.sha256(key).hexdigest()}")
    if not found:
        raise BadAnswer("there is no certificate of an authority in it", where="cluster-info")
    return tuple(dict.fromkeys(found))


def _public_key(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a certificate, with its own tag and length."""
    _, at, _ = _element(certificate, 0, _SEQUENCE)
    _, at, _ = _element(certificate, at, _SEQUENCE)  # the part that is signed
    tag, _, end = _element(certificate, at)
    if tag == _VERSION:
        at = end
    for _ in range(_BEFORE_KEY):
        _, _, at = _element(certificate, at)
    _, _, end = _element(certificate, at, _SEQUENCE)
    return certificate[at:end]


def _element(content: bytes, at: int, wanted: int | None = None) -> tuple[int, int, int]:
    """Tag, begin of the value and end of the element at `at`. Raises ValueError or IndexError for what is no DER."""
    tag, length, value = content[at], content[at + 1], at + 2
    if wanted is not None and tag != wanted:
        raise ValueError(f"0x{tag:02x} stands where 0x{wanted:02x} should")
    if length & _LONG:
        count = length & ~_LONG
        if not count:
            raise ValueError("a length that DER does not allow")
        length, value = int.from_bytes(content[value : value + count], "big"), value + count
    if value + length > len(content):
        raise ValueError("it is cut off")
    return tag, value, value + length
