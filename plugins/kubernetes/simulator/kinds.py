"""Which kinds the simulated API server serves.

Names, scopes, verbs and subresources are those that its discovery tells.
"""

from __future__ import annotations

from dataclasses import dataclass, field

FULL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
READ_VERBS = ("get", "list")


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One served resource. `subresources` maps the name to (kind, group, version, verbs) as discovery lists it."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = FULL_VERBS
    subresources: dict[str, tuple[str, str, str, tuple[str, ...]]] = field(default_factory=dict)
    generation: bool = False
    custom: bool = False

    @property
    def resource(self) -> str:
        """`pods`, `deployments.apps`: the name in error messages."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def api_version(self) -> str:
        """`v1`, `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def prefix(self) -> bytes:
        """What stands before the other fields in the JSON of one object."""
        return f'{{"kind":"{self.kind}","apiVersion":"{self.api_version}",'.encode()

    @property
    def has_status(self) -> bool:
        """Whether status is a subresource, so that a plain update leaves it alone."""
        return "status" in self.subresources


def _status(kind: str) -> dict[str, tuple[str, str, str, tuple[str, ...]]]:
    return {"status": (kind, "", "", ("get", "patch", "update"))}


_SCALE = {"scale": ("Scale", "autoscaling", "v1", ("get", "patch", "update"))}
_POD_SUBRESOURCES = {
    "binding": ("Binding", "", "", ("create",)),
    "eviction": ("Eviction", "policy", "v1", ("create",)),
    "exec": ("PodExecOptions", "", "", ("create", "get")),
    "log": ("Pod", "", "", ("get",)),
    "portforward": ("PodPortForwardOptions", "", "", ("create", "get")),
}
_ALL = ("all",)

NODES = Kind(
    "",
    "v1",
    "Node",
    "nodes",
    namespaced=False,
    short=("no",),
    subresources=_status("Node")
    | {"proxy": ("NodeProxyOptions", "", "", ("create", "delete", "get", "patch", "update"))},
)
NAMESPACES = Kind(
    "",
    "v1",
    "Namespace",
    "namespaces",
    namespaced=False,
    short=("ns",),
    verbs=tuple(verb for verb in FULL_VERBS if verb != "deletecollection"),
    subresources=_status("Namespace"),
)
PODS = Kind(
    "",
    "v1",
    "Pod",
    "pods",
    short=("po",),
    categories=_ALL,
    generation=True,
    subresources=_status("Pod") | _POD_SUBRESOURCES,
)
SERVICES = Kind("", "v1", "Service", "services", short=("svc",), categories=_ALL, subresources=_status("Service"))
ENDPOINTS = Kind("", "v1", "Endpoints", "endpoints", short=("ep",))
VOLUMES = Kind(
    "",
    "v1",
    "PersistentVolume",
    "persistentvolumes",
    namespaced=False,
    short=("pv",),
    subresources=_status("PersistentVolume"),
)
CLAIMS = Kind(
    "",
    "v1",
    "PersistentVolumeClaim",
    "persistentvolumeclaims",
    short=("pvc",),
    subresources=_status("PersistentVolumeClaim"),
)
CONFIG_MAPS = Kind("", "v1", "ConfigMap", "configmaps", short=("cm",))
SECRETS = Kind("", "v1", "Secret", "secrets")
EVENTS = Kind("", "v1", "Event", "events", short=("ev",))
SERVICE_ACCOUNTS = Kind("", "v1", "ServiceAccount", "serviceaccounts", short=("sa",))
REPLICA_SETS = Kind(
    "apps",
    "v1",
    "ReplicaSet",
    "replicasets",
    short=("rs",),
    categories=_ALL,
    generation=True,
    subresources=_status("ReplicaSet") | _SCALE,
)
DEPLOYMENTS = Kind(
    "apps",
    "v1",
    "Deployment",
    "deployments",
    short=("deploy",),
    categories=_ALL,
    generation=True,
    subresources=_status("Deployment") | _SCALE,
)
STATEFUL_SETS = Kind(
    "apps",
    "v1",
    "StatefulSet",
    "statefulsets",
    short=("sts",),
    categories=_ALL,
    generation=True,
    subresources=_status("StatefulSet") | _SCALE,
)
DAEMON_SETS = Kind(
    "apps",
    "v1",
    "DaemonSet",
    "daemonsets",
    short=("ds",),
    categories=_ALL,
    generation=True,
    subresources=_status("DaemonSet"),
)
REVISIONS = Kind("apps", "v1", "ControllerRevision", "controllerrevisions")
JOBS = Kind("batch", "v1", "Job", "jobs", categories=_ALL, generation=True, subresources=_status("Job"))
CRON_JOBS = Kind(
    "batch",
    "v1",
    "CronJob",
    "cronjobs",
    short=("cj",),
    categories=_ALL,
    generation=True,
    subresources=_status("CronJob"),
)
BUDGETS = Kind(
    "policy",
    "v1",
    "PodDisruptionBudget",
    "poddisruptionbudgets",
    short=("pdb",),
    generation=True,
    subresources=_status("PodDisruptionBudget"),
)
LEASES = Kind("coordination.k8s.io", "v1", "Lease", "leases")
REQUESTS = Kind(
    "certificates.k8s.io",
    "v1",
    "CertificateSigningRequest",
    "certificatesigningrequests",
    namespaced=False,
    short=("csr",),
    subresources=_status("CertificateSigningRequest")
    | {"approval": ("CertificateSigningRequest", "", "", ("get", "patch", "update"))},
)
SLICES = Kind("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", generation=True)
STORAGE_CLASSES = Kind("storage.k8s.io", "v1", "StorageClass", "storageclasses", namespaced=False, short=("sc",))
MUTATING = Kind(
    "admissionregistration.k8s.io",
    "v1",
    "MutatingWebhookConfiguration",
    "mutatingwebhookconfigurations",
    namespaced=False,
    generation=True,
    categories=("api-extensions",),
)
VALIDATING = Kind(
    "admissionregistration.k8s.io",
    "v1",
    "ValidatingWebhookConfiguration",
    "validatingwebhookconfigurations",
    namespaced=False,
    generation=True,
    categories=("api-extensions",),
)
DEFINITIONS = Kind(
    "apiextensions.k8s.io",
    "v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    namespaced=False,
    short=("crd", "crds"),
    generation=True,
    categories=("api-extensions",),
    subresources=_status("CustomResourceDefinition"),
)
POD_SETS = Kind(
    "core.strimzi.io",
    "v1beta2",
    "StrimziPodSet",
    "strimzipodsets",
    short=("sps",),
    categories=("strimzi",),
    generation=True,
    subresources=_status("StrimziPodSet"),
    custom=True,
)
NODE_METRICS = Kind("metrics.k8s.io", "v1beta1", "NodeMetrics", "nodes", namespaced=False, verbs=READ_VERBS)
POD_METRICS = Kind("metrics.k8s.io", "v1beta1", "PodMetrics", "pods", verbs=READ_VERBS)

STORED = (
    NODES,
    NAMESPACES,
    PODS,
    SERVICES,
    ENDPOINTS,
    VOLUMES,
    CLAIMS,
    CONFIG_MAPS,
    SECRETS,
    EVENTS,
    SERVICE_ACCOUNTS,
    REPLICA_SETS,
    DEPLOYMENTS,
    STATEFUL_SETS,
    DAEMON_SETS,
    REVISIONS,
    JOBS,
    CRON_JOBS,
    BUDGETS,
    LEASES,
    REQUESTS,
    SLICES,
    STORAGE_CLASSES,
    MUTATING,
    VALIDATING,
    DEFINITIONS,
    POD_SETS,
)
COMPUTED = (NODE_METRICS, POD_METRICS)
SERVED: dict[tuple[str, str, str], Kind] = {(k.group, k.version, k.plural): k for k in (*STORED, *COMPUTED)}
CREATE_ONLY = {  # reviews: not stored, answered at once: (group, version, plural): (kind, namespaced)
    ("authorization.k8s.io", "v1", "selfsubjectaccessreviews"): ("SelfSubjectAccessReview", False),
    ("authorization.k8s.io", "v1", "selfsubjectrulesreviews"): ("SelfSubjectRulesReview", False),
    ("authentication.k8s.io", "v1", "selfsubjectreviews"): ("SelfSubjectReview", False),
}


def by_kind(api_version: str, kind: str) -> Kind | None:
    """The served resource of an object's apiVersion and kind."""
    return _BY_KIND.get((api_version, kind))


_BY_KIND = {(k.api_version, k.kind): k for k in STORED}
