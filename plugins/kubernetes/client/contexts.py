"""From settings to clients: which contexts there are, which one is meant, the client of one. Connects to nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

from console.model import InstanceId
from console.plugin import Facts, Instance, Reach
from plugins.kubernetes.client.api import Api
from plugins.kubernetes.client.connection import Manner
from plugins.kubernetes.client.kubeconfig import ContextName, Impersonation, Kubeconfig, Overrides, load
from plugins.kubernetes.config import Settings


def kubeconfig(settings: Settings, environ: Mapping[str, str] | None = None) -> Kubeconfig:
    """The kubeconfig that `settings` and the environment mean. Raises ConfigError."""
    who = Impersonation(settings.impersonate, settings.impersonate_groups, settings.impersonate_uid)
    overrides = Overrides(settings.kubeconfig, settings.context, settings.namespace, who)
    return load(overrides, os.environ if environ is None else environ)


def contexts(settings: Settings) -> Sequence[ContextName]:
    """Every context of the kubeconfig, for choosing one."""
    return kubeconfig(settings).contexts


def discover(settings: Settings, _platform: Facts | None = None) -> Sequence[Instance]:
    """The one instance that is meant: the named or current context. Raises ConfigError where there is none."""
    context = kubeconfig(settings).context()
    doubt = ", certificate not verified" if context.cluster.skip_tls_verify else ""
    title = f"{context.name} ({context.cluster.server}{doubt})"
    return (Instance(InstanceId("kubernetes", context.name), replace(settings, context=context.name), title),)


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
