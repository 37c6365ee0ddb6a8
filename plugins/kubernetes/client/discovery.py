"""What the server has: its version, and every resource with its names, CRDs too. Read when first asked for, then kept.

Aggregated discovery (one or two requests) where it is served, else one request a group version. A group whose server
does not answer costs that group only.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from console.errors import BadAnswer, SourceError
from console.text import clean
from plugins.kubernetes.client.connection import Connection
from plugins.kubernetes.client.listing import Selection

T = TypeVar("T")
_AGGREGATED = ", ".join(
    f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")
)

_NEVER = 99
# What every server has, so that a missing right can be told without asking for the whole discovery.
_CLUSTER_WIDE = frozenset(
    {"nodes", "persistentvolumes", "namespaces", "storageclasses", "volumeattachments", "csinodes"}
)
_IN_NAMESPACES = frozenset(
    {
        "configmaps",
        "daemonsets",
        "deployments",
        "endpoints",
        "endpointslices",
        "events",
        "jobs",
        "leases",
        "persistentvolumeclaims",
        "poddisruptionbudgets",
        "pods",
        "replicasets",
        "secrets",
        "services",
        "statefulsets",
    }
)


class Version(Struct, frozen=True):
    """`text` as the server writes it (`v1.35.4`), and its numbers for comparisons."""

    text: str
    major: int
    minor: int

    def at_least(self, major: int, minor: int) -> bool:
        return (self.major, self.minor) >= (major, minor)


class Resource(Struct, frozen=True):
    """One kind as the server offers it."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    singular: str = ""
    short_names: tuple[str, ...] = ()
    verbs: frozenset[str] = frozenset()
    subresources: frozenset[str] = frozenset()

    @property
    def base(self) -> str:
        """`/api/v1` or `/apis/GROUP/VERSION`."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"

    @property
    def full_name(self) -> str:
        """`deployments.apps`, as kubectl writes it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, name: str = "", namespace: str = "") -> str:
        """The path of the collection, or of one object."""
        place = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{self.base}{place}/{self.plural}" + (f"/{name}" if name else "")


class _Subresource(msgspec.Struct):
    subresource: str = ""


class _Kind(msgspec.Struct):
    kind: str = ""


class _Found(msgspec.Struct, rename="camel"):
    resource: str = ""
    response_kind: _Kind | None = None
    scope: str = ""
    singular_resource: str | None = None
    short_names: list[str] | None = None
    verbs: list[str] | None = None
    subresources: list[_Subresource] | None = None


class _FoundVersion(msgspec.Struct):
    version: str
    resources: list[_Found] | None = None


class _Name(msgspec.Struct):
    name: str | None = None


class _FoundGroup(msgspec.Struct):
    metadata: _Name
    versions: list[_FoundVersion] | None = None


class _Aggregated(msgspec.Struct):
    kind: str
    items: list[_FoundGroup] | None = None


class _Plain(msgspec.Struct, rename="camel"):
    name: str
    kind: str
    namespaced: bool = False
    singular_name: str = ""
    short_names: list[str] | None = None
    verbs: list[str] | None = None


class _PlainList(msgspec.Struct):
    resources: list[_Plain] | None = None


class _PlainVersion(msgspec.Struct, rename="camel"):
    group_version: str


class _PlainGroup(msgspec.Struct, rename="camel"):
    preferred_version: _PlainVersion


class _PlainGroups(msgspec.Struct):
    groups: list[_PlainGroup] | None = None


class _VersionAnswer(msgspec.Struct, rename="camel"):
    git_version: str
    major: str = ""
    minor: str = ""


class Discovery:
    """Answers from one server, each read once; `forget` after a CRD was added."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._version: Version | None = None
        self._resources: tuple[Resource, ...] | None = None
        self._lock = asyncio.Lock()
        self.failed: tuple[str, ...] = ()
        """Groups that could not be read, with the reason."""

    def forget(self) -> None:
        """Read again when next asked."""
        self._version = self._resources = None

    async def version(self) -> Version:
        """The server's version."""
        if self._version is None:
            answer = await self._connection.request("GET", "/version")
            self._version = _version(_decoded(answer.body, _VersionAnswer, "/version"))
        return self._version

    async def resources(self) -> tuple[Resource, ...]:
        """Every resource in its preferred version, the core group first."""
        async with self._lock:
            if self._resources is None:
                self._resources = await self._aggregated() or await self._one_by_one()
            return self._resources

    async def find(self, word: str) -> Resource | None:
        """The resource that a person means: plural, singular, kind, short name or `plural.group`, in that order."""
        word = word.lower()
        ranked = [(_rank(resource, word), resource) for resource in await self.resources()]
        rank, best = min(ranked, key=lambda pair: pair[0], default=(_NEVER, None))
        return best if rank < _NEVER else None

    async def namespaced(self, selection: Selection) -> bool:
        """Whether what `selection` lists lives in namespaces."""
        if selection.plural in _IN_NAMESPACES or selection.plural in _CLUSTER_WIDE:
            return selection.plural in _IN_NAMESPACES
        for resource in await self.resources():
            if (resource.plural, resource.group) == (selection.plural, selection.group):
                return resource.namespaced
        return False

    async def _aggregated(self) -> tuple[Resource, ...]:
        found: list[Resource] = []
        for path in ("/api", "/apis"):
            accept = f"{_AGGREGATED}, application/json"
            answer = await self._connection.request("GET", path, headers={"Accept": accept})
            groups = _decoded(answer.body, _Aggregated, path)
            if groups.kind != "APIGroupDiscoveryList":
                return ()
            for group in groups.items or []:
                found.extend(_from_group(group))
        return tuple(found)

    async def _one_by_one(self) -> tuple[Resource, ...]:
        groups = _decoded((await self._connection.request("GET", "/apis")).body, _PlainGroups, "/apis")
        names = ["v1", *(group.preferred_version.group_version for group in groups.groups or [])]
        results = await asyncio.gather(*(self._group(name) for name in names))
        pairs = list(zip(names, results, strict=True))
        self.failed = tuple(f"{name}: {result}" for name, result in pairs if isinstance(result, SourceError))
        return tuple(resource for result in results if not isinstance(result, SourceError) for resource in result)

    async def _group(self, name: str) -> Sequence[Resource] | SourceError:
        path = f"/apis/{name}" if "/" in name else f"/api/{name}"
        try:
            answer = await self._connection.request("GET", path)
            return list(_from_list(name, _decoded(answer.body, _PlainList, path).resources or []))
        except SourceError as error:
            return error


def _decoded(body: bytes, form: type[T], path: str) -> T:
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadAnswer(f"the server describes itself in a way that cannot be read: {error}", where=path) from error


def _version(answer: _VersionAnswer) -> Version:
    numbers = re.match(r"v?(\d+)\.(\d+)", answer.git_version)
    major, minor = (
        (numbers[1], numbers[2]) if numbers else (answer.major or "1", re.sub(r"\D", "", answer.minor) or "0")
    )
    return Version(clean(answer.git_version, 80), int(major), int(minor))


def _from_group(group: _FoundGroup) -> Iterable[Resource]:
    if not group.versions:
        return
    seen: set[str] = set()
    for version in group.versions:  # the first one is preferred; later ones add what only they have
        for found in version.resources or []:
            if found.resource in seen:
                continue
            seen.add(found.resource)
            yield Resource(
                group=group.metadata.name or "",
                version=version.version,
                plural=found.resource,
                kind=found.response_kind.kind if found.response_kind else "",
                namespaced=found.scope == "Namespaced",
                singular=found.singular_resource or "",
                short_names=tuple(found.short_names or ()),
                verbs=frozenset(found.verbs or ()),
                subresources=frozenset(one.subresource for one in found.subresources or ()),
            )


def _from_list(group_version: str, resources: list[_Plain]) -> Iterable[Resource]:
    group, _, version = group_version.rpartition("/")
    below: dict[str, set[str]] = {}
    for one in resources:
        plural, slash, subresource = one.name.partition("/")
        if slash:
            below.setdefault(plural, set()).add(subresource)
    for one in resources:
        if "/" not in one.name:
            yield Resource(
                group=group,
                version=version,
                plural=one.name,
                kind=one.kind,
                namespaced=one.namespaced,
                singular=one.singular_name,
                short_names=tuple(one.short_names or ()),
                verbs=frozenset(one.verbs or ()),
                subresources=frozenset(below.get(one.name, ())),
            )


def _rank(resource: Resource, word: str) -> int:
    names = (resource.plural, resource.singular, resource.kind.lower())
    if word in names:
        return names.index(word)
    if word in resource.short_names:
        return 3
    if word in {f"{name}.{resource.group}" for name in names}:
        return 0
    return 4 if word in {f"{name}.{resource.version}.{resource.group}" for name in names} else _NEVER
