"""Tokens with which nodes join, as the kernel knows them: bootstrap tokens of kube-system."""

from __future__ import annotations

from collections.abc import Sequence

from console.offers import JoinToken, NewToken
from console.plugin import Right
from plugins.kubernetes.client.api import Api

_INFO = Right("get", "configmaps", namespace="kube-public")


class JoinTokens:
    """console.offers.Tokens."""

    to_create: Sequence[Right] = (
        Right("create", "secrets", namespace="kube-system"),
        Right("get", "secrets", namespace="kube-system"),
        _INFO,
    )
    to_delete: Sequence[Right] = (Right("delete", "secrets", namespace="kube-system"),)

    def __init__(self, api: Api) -> None:
        self._tokens = api.tokens

    async def list(self) -> Sequence[JoinToken]:
        return [
            JoinToken(one.id, one.expires, one.usages, one.groups, one.description) for one in await self._tokens.list()
        ]

    async def create(self, expires: float, description: str) -> NewToken:
        made, secret = await self._tokens.create(expires, description)
        return NewToken(made.id, made.expires or expires, f"{made.id}.{secret}")

    async def join_command(self, token: str) -> str:
        return await self._tokens.join_line(token)

    async def delete(self, token: str) -> None:
        await self._tokens.delete(token)
