"""Bootstrap tokens and what is signed with them: made, read, deleted; `cluster-info` waited for and verified.

The secret half is read from its Secret only when a join line is made, and is in no error and no log.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from console.errors import BadAnswer, Conflict, NotFound, SourceError, Unreachable
from plugins.kubernetes.client import writing
from plugins.kubernetes.joining.discovery import WHERE, ClusterInfo, fault, join_line, read_info
from plugins.kubernetes.model.certificates import METADATA, PATH, Certificates, CertificatesWire, token_of
from plugins.kubernetes.model.tokens import Token, TokenWire, new_id, new_secret, path_of, secret_half, token_row

if TYPE_CHECKING:
    from plugins.kubernetes.client.api import Api

_SECRETS = "/api/v1/namespaces/kube-system/secrets"
_INFO = "/api/v1/namespaces/kube-public/configmaps/cluster-info"
_TYPE = "type=bootstrap.kubernetes.io/token"
_TRIES = 4
_LOOK_EVERY = 0.3


class Tokens:
    """The tokens of one cluster."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def list(self) -> list[Token]:
        """All tokens, without their secrets."""
        found = await self._api.list(_SECRETS, TokenWire, fields=_TYPE)
        return sorted((token_row(item) for item in found), key=lambda token: token.id)

    async def create(self, expires: float, description: str) -> tuple[Token, str]:
        """A token with an id that nobody has; the row and its secret half. `expires` in epoch seconds."""
        for _ in range(_TRIES):
            try:
                return await self.create_as(new_id(), expires, description)
            except Conflict:
                continue
        raise Conflict(f"{_TRIES} new ids in a row were taken", where=_SECRETS)

    async def create_as(self, token: str, expires: float, description: str) -> tuple[Token, str]:
        """A token with this id; Conflict where there is one."""
        secret = new_secret()
        body = await asyncio.to_thread(writing.bootstrap_token, token, secret, expires=expires, description=description)
        made = await self._api.create(_SECRETS, body)
        return token_row(msgspec.convert(made, TokenWire, strict=False)), secret

    async def read(self, token: str) -> tuple[Token, str]:
        """The row of a token, and its secret half. Raises NotFound, also for an expired one that was cleaned away."""
        found = await self._api.get(path_of(token))
        secret = secret_half(found)
        if not secret:
            raise BadAnswer(f"token {token} has no secret half", where=path_of(token))
        return token_row(msgspec.convert(found, TokenWire, strict=False)), secret

    async def delete(self, token: str, *, uid: str = "") -> None:
        """Nobody joins with it any more. Raises NotFound."""
        await self._api.delete(path_of(token), uid=uid)

    async def certificates(self) -> Certificates:
        """The certificates that kubeadm keeps for a joining control-plane node: metadata alone, and its token's end."""
        try:
            found = await self._api.raw("GET", PATH, headers=METADATA)
        except NotFound:
            return Certificates(there=False)
        try:
            token = token_of(msgspec.json.decode(found, type=CertificatesWire))
        except msgspec.DecodeError as error:
            raise BadAnswer(f"it is no Secret: {error}", where=PATH) from error
        if not token:
            return Certificates(there=True)
        try:
            row = token_row(await self._api.read(path_of(token), TokenWire))
        except NotFound:
            return Certificates(there=True, expires=0.0)  # with its owner gone it is collected any moment
        return Certificates(there=True, expires=row.expires)

    async def cluster_info(self) -> ClusterInfo:
        """What a joining node is told. Raises NotFound, with what to do, where nothing is published."""
        try:
            found = await self._api.get(_INFO)
        except NotFound as error:
            advice = "`kubeadm init phase bootstrap-token` on a control-plane host publishes it"
            why = "there is none, so nodes cannot discover the cluster"
            raise NotFound(why, where=WHERE, next_step=advice) from error
        return read_info(found.get("data") or {})

    async def join_line(self, token: str, *, within: float = 30.0) -> str:
        """The line to type on a node, when `cluster-info` is signed for the token and the signature is right.

        Waits `within` seconds for the signer. Raises a SourceError that says what would make the join fail.
        """
        _, secret = await self.read(token)
        clock = self._api.manner.clock
        end = clock.monotonic() + within
        while True:
            info = await self.cluster_info()
            why = fault(info, token, secret)
            if not why:
                return join_line(info, token, secret)
            if clock.monotonic() >= end:
                raise _unsigned(token, why, within)
            await clock.sleep(_LOOK_EVERY)


def _unsigned(token: str, why: str, within: float) -> SourceError:
    advice = "kube-controller-manager must run its controller bootstrap-signer-controller"
    return Unreachable(f"after {within:.0f} s: {why} (token {token})", where=WHERE, next_step=advice)
