"""Logs, shells and forwards of pods and services, as the plugin API wants them, over the client's connections."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from console.errors import Rejected
from console.plugin import LogQuery, Stream
from plugins.kubernetes.client.logs import LogRequest

if TYPE_CHECKING:
    from plugins.kubernetes.client.api import Api
    from plugins.kubernetes.client.channels import Exec
    from plugins.kubernetes.joins.services import ServiceView
    from plugins.kubernetes.model.pods import Pod

_SHELL = "export TERM=${TERM:-xterm}; command -v bash >/dev/null 2>&1 && exec bash || exec sh"


def follow_pod(api: Api, pod: Pod, query: LogQuery) -> AsyncIterator[str]:
    """Lines of one container of a pod."""
    return follow_named(api, pod.namespace, query)


async def follow_named(api: Api, namespace: str, query: LogQuery) -> AsyncIterator[str]:
    """Lines of `query.source` (`pod/container`) in a namespace. Bytes that are no UTF-8 become U+FFFD."""
    pod, _, container = query.source.partition("/")
    request = LogRequest(
        namespace=namespace,
        pod=pod,
        container=container,
        follow=query.follow and not query.previous,
        previous=query.previous,
        since=query.since,
        tail=query.tail,
        timestamps=query.timestamps,
    )
    async for line in api.stream_logs(request):
        yield line.decode(errors="replace")


class PodTerminal:
    """A shell in a container. Implements `plugin.Terminal`."""

    def __init__(self, running: Exec) -> None:
        self._running = running

    async def read(self) -> bytes:
        return (await self._running.read())[1]

    async def write(self, data: bytes) -> None:
        await self._running.write(data)

    async def resize(self, columns: int, rows: int) -> None:
        await self._running.resize(columns, rows)

    async def close(self) -> int | None:
        await self._running.close()
        return self._running.exit.code if self._running.exit else None


async def open_shell(api: Api, pod: Pod, target: str) -> PodTerminal:
    """An interactive shell in container `target`: bash where there is one, else sh."""
    command = ["sh", "-c", _SHELL]
    return PodTerminal(await api.exec(pod.namespace, pod.name, command, container=target, stdin=True, tty=True))


async def open_port(api: Api, pod: Pod, port: int) -> Stream:
    """One connection to a port of a pod."""
    return await api.forward(pod.namespace, pod.name, port)


async def open_service_port(api: Api, view: ServiceView, port: int) -> Stream:
    """One connection to a port of a service: one of its ready pods."""
    if not view.ready:
        raise Rejected(f"no endpoint of {view.service.key} is ready")
    return await api.dial(f"{view.service.name}.{view.service.namespace}.svc", port)
