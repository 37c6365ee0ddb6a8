"""Who asks and what they may: tokens, impersonation, rules, and the reviews that tell a client its rights."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from plugins.kubernetes.simulator.answers import Answer, json_answer
from plugins.kubernetes.simulator.calls import Call, Request, User
from plugins.kubernetes.simulator.clock import stamp
from plugins.kubernetes.simulator.fields import child
from plugins.kubernetes.simulator.status import ApiError, no_such_method, unauthorized
from plugins.kubernetes.simulator.world import World

Object = dict[str, Any]
PUBLIC = ("/healthz", "/livez", "/readyz", "/version", "/version/")
ANY = ("*",)
READ = ("get", "list", "watch")
ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
ADMIN = User("kubernetes-admin", ("kubeadm:cluster-admins", "system:authenticated"))
VIEWER = User("viewer", ("pilothouse:viewers", "system:authenticated"))


@dataclass(frozen=True, slots=True)
class Rule:
    """What a group of users may do; namespaces None means the whole cluster, also what has no namespace."""

    verbs: tuple[str, ...]
    groups: tuple[str, ...]
    resources: tuple[str, ...]
    namespaces: tuple[str, ...] | None = None
    names: tuple[str, ...] = ()

    def allows(self, asked: Access) -> bool:
        """Whether this rule grants the access."""
        resource = f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource
        return (
            _has(self.verbs, asked.verb)
            and _has(self.groups, asked.group)
            and _has(self.resources, resource)
            and (self.namespaces is None or asked.namespace in self.namespaces)
            and (not self.names or asked.name in self.names)
        )


@dataclass(frozen=True, slots=True)
class Access:
    """One thing that somebody wants to do."""

    verb: str
    group: str
    resource: str
    subresource: str = ""
    namespace: str = ""
    name: str = ""


def _has(granted: tuple[str, ...], asked: str) -> bool:
    return "*" in granted or asked in granted


VIEW = (
    Rule(
        READ,
        ("",),
        (
            "pods",
            "pods/log",
            "services",
            "endpoints",
            "persistentvolumeclaims",
            "configmaps",
            "events",
            "serviceaccounts",
        ),
        (),
    ),
    Rule(READ, ("apps",), ("deployments", "replicasets", "statefulsets", "daemonsets", "controllerrevisions"), ()),
    Rule(READ, ("batch",), ("jobs", "cronjobs"), ()),
    Rule(READ, ("policy",), ("poddisruptionbudgets",), ()),
    Rule(READ, ("discovery.k8s.io",), ("endpointslices",), ()),
)


def view_of(*namespaces: str) -> list[Rule]:
    """The rules of the role `view` in some namespaces."""
    return [Rule(rule.verbs, rule.groups, rule.resources, namespaces) for rule in VIEW]


SELF = Rule(
    ("create",),
    ("authorization.k8s.io", "authentication.k8s.io"),
    ("selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"),
)


@dataclass(slots=True)
class Rights:
    """Tokens of users and rules of groups. Masters may do everything."""

    tokens: dict[str, User] = field(default_factory=dict)
    rules: dict[str, list[Rule]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rules["kubeadm:cluster-admins"] = [Rule(ANY, ANY, ANY)]
        self.rules["system:masters"] = [Rule(ANY, ANY, ANY)]
        self.rules["system:authenticated"] = [SELF]
        public = Rule(("get",), ("",), ("configmaps",), ("kube-public",), ("cluster-info",))
        self.rules["lab:viewers"] = [replace(rule, namespaces=None) for rule in VIEW]
        self.rules["system:unauthenticated"] = [public]

    def token_for(self, user: User) -> str:
        """A new token."""
        token = secrets.token_urlsafe(32)
        self.tokens[token] = user
        return token

    def rules_of(self, user: User) -> list[Rule]:
        """All rules that a user has through groups or by name."""
        return [rule for name in (*reversed(user.groups), user.name) for rule in self.rules.get(name, ())]

    def allows(self, user: User, asked: Access) -> bool:
        """Whether any rule grants it."""
        return any(rule.allows(asked) for rule in self.rules_of(user))


def identify(world: World, rights: Rights, asked: Request) -> User:
    """The user behind a request; 401 for a token that is not valid."""
    header = asked.headers.get("authorization", "")
    if not header:
        return ANONYMOUS
    scheme, _, token = header.partition(" ")
    user = rights.tokens.get(token.strip()) if scheme.lower() == "bearer" else None
    if user is None or world.faults.token_expired:
        raise unauthorized()
    as_user = asked.headers.get("impersonate-user")
    if not as_user:
        return user
    _may_impersonate(rights, user, as_user)
    groups = [value.decode() for key, value in asked.raw_headers if key.decode().lower() == "impersonate-group"]
    return User(as_user, (*groups, *(() if "system:authenticated" in groups else ("system:authenticated",))))


def _may_impersonate(rights: Rights, user: User, name: str) -> None:
    asked = Access("impersonate", "", "users", name=name)
    if not rights.allows(user, asked):
        raise denied(user, asked)


def check(rights: Rights, user: User, call: Call) -> None:
    """403 in the words of the authorizer where the user may not."""
    asked = Access(call.verb, call.group, call.resource, call.subresource, call.namespace, call.name)
    if not rights.allows(user, asked):
        raise denied(user, asked)


def denied(user: User, asked: Access) -> ApiError:
    """The authorizer's refusal."""
    resource = f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource
    dotted = f"{asked.resource}.{asked.group}" if asked.group else asked.resource
    quoted = f' "{asked.name}"' if asked.name else ""
    where = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    what = f'cannot {asked.verb} resource "{resource}" in API group "{asked.group}" {where}'
    message = f'{dotted}{quoted} is forbidden: User "{user.name}" {what}'
    details: Object = {"name": asked.name} if asked.name else {}
    if asked.group:
        details["group"] = asked.group
    return ApiError(403, "Forbidden", message, details=details | {"kind": asked.resource})


def denied_path(user: User, asked: Request) -> ApiError:
    """The authorizer's refusal of a path that is no resource."""
    verb = asked.method.lower()
    message = f'forbidden: User "{user.name}" cannot {verb} path "{asked.path}"'
    return ApiError(403, "Forbidden", message, details={})


def review(rights: Rights, user: User, call: Call, *, now: float) -> Answer:
    """Answer one of the reviews about oneself."""
    if call.verb != "create":
        raise no_such_method()
    body = call.request.document()
    if call.resource == "selfsubjectreviews":
        info: Object = {"username": user.name, "groups": list(user.groups)}
        head: Object = {
            "kind": "SelfSubjectReview",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": {"creationTimestamp": stamp(now)},
        }
        return json_answer(head | {"status": {"userInfo": info}}, 201)
    spec = child(body, "spec")
    kind = "SelfSubjectAccessReview" if call.resource == "selfsubjectaccessreviews" else "SelfSubjectRulesReview"
    head = {"kind": kind, "apiVersion": "authorization.k8s.io/v1", "metadata": {}}
    if kind == "SelfSubjectAccessReview":
        return json_answer(head | {"spec": spec, "status": _access(rights, user, spec)}, 201)
    return json_answer(head | {"spec": {}, "status": _rules(rights, user, spec.get("namespace", ""))}, 201)


def _access(rights: Rights, user: User, spec: Object) -> Object:
    wanted = child(spec, "resourceAttributes")
    if not wanted:
        allowed = any("*" in rule.resources for rule in rights.rules_of(user))
        return {"allowed": allowed}
    asked = Access(
        wanted.get("verb", ""),
        wanted.get("group", ""),
        wanted.get("resource", ""),
        wanted.get("subresource", ""),
        wanted.get("namespace", ""),
        wanted.get("name", ""),
    )
    if rights.allows(user, asked):
        return {"allowed": True}
    return {"allowed": False}


def _rules(rights: Rights, user: User, namespace: str) -> Object:
    found: list[Object] = []
    for rule in rights.rules_of(user):
        if rule.namespaces is None or namespace in rule.namespaces:
            item: Object = {
                "verbs": list(rule.verbs),
                "apiGroups": list(rule.groups),
                "resources": list(rule.resources),
            }
            if rule.names:
                item["resourceNames"] = list(rule.names)
            found.append(item)
    return {
        "resourceRules": found,
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": [*PUBLIC, "/api", "/api/*", "/apis", "/apis/*"]}],
        "incomplete": False,
    }
