"""The control plane's certificates as kubeadm keeps them for a joining control-plane node. Pure.

`kubeadm init phase upload-certs --upload-certs` (kubeadm, phases/copycerts) writes them, encrypted, to the Secret
`kube-system/kubeadm-certs`; its owner is a bootstrap token of two hours, with whose end it is collected. The key is
printed once and is nowhere in the cluster. Only the Secret's metadata is asked for.
"""

from __future__ import annotations

import msgspec

from plugins.kubernetes.model.wire import Row, Wire, line

PATH = "/api/v1/namespaces/kube-system/secrets/kubeadm-certs"
METADATA = {"Accept": "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json"}
RENEW = "kubeadm init phase upload-certs --upload-certs"
_TOKEN = "bootstrap-token-"  # noqa: S105 - the beginning of a name


class OwnerWire(Wire, frozen=True, gc=False):
    """An owner reference, the fields that are read."""

    kind: str = ""
    name: str = ""


class CertificatesMeta(Wire, frozen=True, gc=False):
    """The Secret's metadata, the fields that are read."""

    owner_references: tuple[OwnerWire, ...] | None = None


class CertificatesWire(Wire, frozen=True, gc=False):
    """The Secret without its data."""

    metadata: CertificatesMeta = msgspec.field(default_factory=CertificatesMeta)


class Certificates(Row, frozen=True, gc=False):
    """`there`: the Secret exists. `expires` (epoch s): when its token ends; None: nothing ends it."""

    there: bool
    expires: float | None = None


def token_of(wire: CertificatesWire) -> str:
    """The id of the token that ends it; empty where none does."""
    owners = wire.metadata.owner_references or ()
    names = [line(one.name, 64) for one in owners if one.kind == "Secret" and one.name.startswith(_TOKEN)]
    return names[0].removeprefix(_TOKEN) if names else ""
