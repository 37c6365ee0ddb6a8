"""What the kernel needs of a platform (console.offers), on Kubernetes: ConfigMaps, Leases, Events, reviews.

Everything of ours lives in one namespace (`shared_namespace`, default `pilothouse`), which is made when it is missing
and we may make it.
"""

from __future__ import annotations

from plugins.kubernetes.client.api import Api
from plugins.kubernetes.offers.grants import Grants
from plugins.kubernetes.offers.journals import ConfigMapJournals
from plugins.kubernetes.offers.leases import CoordinationLeases
from plugins.kubernetes.offers.records import AuditRecord
from plugins.kubernetes.offers.tokens import JoinTokens

__all__ = ["audit", "journal", "leases", "rights", "tokens"]


def journal(api: Api) -> ConfigMapJournals:
    """Journals of runs."""
    return ConfigMapJournals(api, api.settings.shared_namespace)


def leases(api: Api) -> CoordinationLeases:
    """Our own leases, never the kubelets'."""
    return CoordinationLeases(api, api.settings.shared_namespace)


def audit(api: Api) -> AuditRecord:
    """The shared record of changes."""
    return AuditRecord(api, api.settings.shared_namespace)


def rights(api: Api) -> Grants:
    """What the person may do."""
    return Grants(api, api.settings.shared_namespace)


def tokens(api: Api) -> JoinTokens:
    """Bootstrap tokens, with which nodes join."""
    return JoinTokens(api)
