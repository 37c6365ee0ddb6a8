"""YAML of rows: which object of the server a row stands for, and the rights that reading and editing it need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from console.plugin import Manifest, Right
from plugins.kubernetes.model.addresses import Address
from plugins.kubernetes.panes.later import ask

R = TypeVar("R")


def manifest(address: Callable[[R], Address]) -> Manifest[R]:
    """The YAML ability of a pane whose rows stand for one object each."""
    read, write = ask("manifests:read"), ask("manifests:write")

    async def reading(client: Any, row: R, reveal: bool) -> str:  # noqa: FBT001 - the plugin API's signature
        return await read(client, address(row).path, reveal)

    async def writing(client: Any, row: R, text: str, dry_run: bool) -> str:  # noqa: FBT001
        return await write(client, address(row).path, text, dry_run)

    def rights(row: R) -> Sequence[Right]:
        return (address(row).right("update"),)

    return Manifest(read=reading, write=writing, rights=rights)
