"""From settings to clients: which contexts there are, which one is meant, the client of one. Connects to nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

from console.errors import ConfigError
from console.http import check_proxy, proxy_for
from console.model import InstanceId, Tone
from console.plugin import Cell, Instance, Reach
from plugins.kubernetes.client.api import Api
from plugins.kubernetes.client.connection import Manner
from plugins.kubernetes.client.kubeconfig import Context, Impersonation, Kubeconfig, Overrides, load
from plugins.kubernetes.config import Settings


def kubeconfig(settings: Settings, environ: Mapping[str, str] | None = None) -> Kubeconfig:
    """The kubeconfig that `settings` and the environment mean. Raises ConfigError."""
    who = Impersonation(settings.impersonate, settings.impersonate_groups, settings.impersonate_uid)
    overrides = Overrides(settings.kubeconfig, settings.context, settings.namespace, who)
    return load(overrides, os.environ if environ is None else environ)


def discover(settings: Settings) -> Sequence[Instance]:
    """Every context, the named or current one first. Raises ConfigError where that one cannot be used."""
    config = kubeconfig(settings)
    meant = config.context()
    names = [line.name for line in config.contexts if line.name != meant.name]
    return [_instance(settings, meant, config), *(_other(settings, name, config) for name in names)]


def _other(settings: Settings, name: str, config: Kubeconfig) -> Instance:
    try:
        return _instance(settings, config.context(name), config)
    except ConfigError as error:  # it is told when somebody chooses it
        return Instance(_id(name), replace(settings, context=name), name, remarks=(str(error),))


def _instance(settings: Settings, context: Context, config: Kubeconfig) -> Instance:
    proxy = proxy_for(context.cluster.server, os.environ, explicit=context.cluster.proxy_url)
    if proxy:
        check_proxy(proxy, where=f"context {context.name}, proxy-url or https_proxy")
    unsafe = (Cell("INSECURE TLS", Tone.BAD),) if context.cluster.skip_tls_verify else ()
    found = (f"the kubeconfig is {context.origin}",) if config.unasked else ()
    title = f"{context.name} ({context.cluster.server})"
    own = replace(settings, context=context.name)
    return Instance(_id(context.name), own, title, unsafe, (*found, *context.warnings))


def _id(name: str) -> InstanceId:
    return InstanceId("kubernetes", name)


def connect(instance: Instance, reach: Reach) -> Api:
    """The client of an instance. The kubeconfig is read now, the network is not touched."""
    settings: Settings = instance.settings
    manner = Manner(
        version=reach.version,
        request_timeout=settings.request_timeout,
        watch_idle=settings.watch_idle,
        login_timeout=settings.login_timeout,
        compression=settings.compression,
        clock=reach.clock,
    )
    return Api(kubeconfig(settings).context(instance.id.name), settings, manner)


async def identity(api: Api) -> str:
    """Who the server takes us for."""
    return (await api.whoami()).user
