"""Which clusters there are and how to log in: contexts, clusters and users as frozen values.

Owns kubectl's rules (several files, overrides, in-cluster) and the search where no kubeconfig is given. Only the
context that is asked for is read in full, so 200 contexts cost no more than their YAML. Never writes a kubeconfig.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from console.errors import ConfigError
from console.text import clean
from plugins.kubernetes.client.kubefiles import Entry, Merged, read_files

ADMIN_CONF = Path("/etc/kubernetes/admin.conf")
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_EXEC_EXTENSION = "client.authentication.k8s.io/exec"


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the API server is and how to trust it. `exec_config`: what the cluster hands to login helpers."""

    name: str
    server: str
    authorities: bytes = field(default=b"", repr=False)
    skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""
    disable_compression: bool = False
    exec_config: Any = None


@dataclass(frozen=True, slots=True)
class ExecPlugin:
    """A login helper: what to run and how, as in client.authentication.k8s.io."""

    command: str
    args: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = field(repr=False)
    api_version: str
    folder: Path
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: str = "IfAvailable"


@dataclass(frozen=True, slots=True)
class Impersonation:
    """Act as somebody else; `extra` as (key, values)."""

    user: str = ""
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class User:
    """How to say who we are. Several kinds may be set; login.py takes them in kubectl's order."""

    name: str
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    token: str = field(default="", repr=False)
    token_file: Path | None = None
    username: str = ""
    password: str = field(default="", repr=False)
    exec: ExecPlugin | None = None
    auth_provider: str = ""
    impersonation: Impersonation = Impersonation()


class Context(Struct, frozen=True):
    """All that is needed to reach one API server. `origin` says in words where it came from."""

    name: str
    cluster: Cluster
    user: User
    namespace: str = "default"
    origin: str = ""
    files: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()


class ContextName(Struct, frozen=True):
    """One line of the list of contexts; nothing of it was checked yet."""

    name: str
    cluster: str
    user: str
    namespace: str
    server: str


class Overrides(Struct, frozen=True):
    """What the command line or our own settings say instead of the kubeconfig."""

    kubeconfig: tuple[str, ...] = ()
    context: str = ""
    namespace: str = ""
    impersonation: Impersonation = Impersonation()


class Kubeconfig(Struct, frozen=True):
    """The merged files. `context()` reads one context in full."""

    merged: Merged
    overrides: Overrides
    origin: str
    inside: Context | None = None
    """The context of a pod's own service account; then there are no files."""
    unasked: bool = False
    """Found where nobody pointed to: that must be said."""

    @property
    def contexts(self) -> tuple[ContextName, ...]:
        """All contexts in the files' order; a broken one is in it too, and is told about when it is chosen."""
        if self.inside is not None:
            here = self.inside
            return (ContextName(here.name, here.cluster.name, here.user.name, here.namespace, here.cluster.server),)
        return tuple(self._line(name, entry) for name, entry in self.merged.contexts.items())

    @property
    def current(self) -> str:
        """The name of the context that is used when none is named; "" where nothing decides."""
        if self.inside is not None:
            return self.inside.name
        only = next(iter(self.merged.contexts)) if len(self.merged.contexts) == 1 else ""
        return self.overrides.context or self.merged.current or only

    def context(self, name: str = "") -> Context:
        """Read one context (the current one without a name). Raises ConfigError that names file and key."""
        if self.inside is not None and name in {"", self.inside.name}:
            return self.inside
        name = name or self.current
        entry = self.merged.contexts.get(name)
        if entry is None:
            raise self._no_context(name)
        cluster_name, user_name = entry.text("cluster"), entry.text("user")
        cluster_entry = self.merged.clusters.get(cluster_name)
        if cluster_entry is None:
            raise entry.wrong("cluster", f"there is no cluster {clean(cluster_name, 80)!r}")
        user_entry = self.merged.users.get(user_name) if user_name else Entry(entry.file, "user", {})
        if user_entry is None:
            raise entry.wrong("user", f"there is no user {clean(user_name, 80)!r}")
        return Context(
            name=name,
            cluster=_cluster(cluster_name, cluster_entry),
            user=_user(user_name, user_entry, self.overrides.impersonation),
            namespace=self.overrides.namespace or entry.text("namespace") or "default",
            origin=self.origin,
            files=self.merged.files,
            warnings=(*_unverified(cluster_entry), *_warnings(user_entry)),
        )

    def _line(self, name: str, entry: Entry) -> ContextName:
        words = {key: clean(str(entry.fields.get(key) or ""), 253) for key in ("cluster", "user", "namespace")}
        cluster = self.merged.clusters.get(words["cluster"])
        server = clean(str(cluster.fields.get("server") or ""), 253) if cluster else ""
        return ContextName(name, words["cluster"], words["user"], words["namespace"], server)

    def _no_context(self, name: str) -> ConfigError:
        have = ", ".join(clean(known, 80) for known in list(self.merged.contexts)[:20])
        files = ", ".join(str(file) for file in self.merged.files)
        if not name:
            what = "no current context is set" if have else "there is no context"
        elif name == self.merged.current and not self.overrides.context:
            what, files = (
                f"current-context names {clean(name, 80)!r}, which is not there",
                str(self.merged.current_file),
            )
        else:
            what = f"there is no context {clean(name, 80)!r}"
        return ConfigError(what, where=files, next_step=f"choose one by --context: {have}" if have else "")


def load(
    overrides: Overrides,
    environ: Mapping[str, str],
    *,
    home: Path | None = None,
    admin_conf: Path = ADMIN_CONF,
    service_account: Path = SERVICE_ACCOUNT,
) -> Kubeconfig:
    """Find and read the kubeconfig as kubectl does, then look where kubectl does not. Raises ConfigError.

    Order: --kubeconfig (must exist); the files of KUBECONFIG; ~/.kube/config; a pod's service account;
    /etc/kubernetes/admin.conf where it can be read.
    """
    if overrides.kubeconfig:
        paths = [Path(path).expanduser() for path in overrides.kubeconfig]
        return Kubeconfig(read_files(paths, must_exist=True), overrides, f"--kubeconfig {paths[0]}")
    named = [Path(path).expanduser() for path in environ.get("KUBECONFIG", "").split(os.pathsep) if path]
    usual = (home or Path(environ.get("HOME") or "~").expanduser()) / ".kube" / "config"
    merged = read_files(named or [usual], must_exist=False)
    if merged.contexts or merged.clusters:
        return Kubeconfig(merged, overrides, "KUBECONFIG" if named else str(usual))
    inside = _in_cluster(overrides, environ, service_account)
    if inside is not None:
        return Kubeconfig(merged, overrides, inside.origin, inside, unasked=True)
    if os.access(admin_conf, os.R_OK):
        origin = f"{admin_conf}, found since there is no other kubeconfig"
        return Kubeconfig(read_files([admin_conf], must_exist=True), overrides, origin, unasked=True)
    raise _nothing(named, usual, admin_conf)


def _nothing(named: list[Path], usual: Path, admin_conf: Path) -> ConfigError:
    looked = ", ".join(str(path) for path in named or [usual])
    if _exists(admin_conf):
        advice = f"{admin_conf} is there but cannot be read: run with sudo, or see `pilothouse demo`"
    else:
        advice = (
            "set KUBECONFIG or --kubeconfig to the file your cluster's administrator gave you, or run `pilothouse demo`"
        )
    return ConfigError("there is no kubeconfig", where=looked, next_step=advice)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return True  # something is there, in a folder that we may not look into


def _in_cluster(overrides: Overrides, environ: Mapping[str, str], folder: Path) -> Context | None:
    host, token = environ.get("KUBERNETES_SERVICE_HOST", ""), folder / "token"
    if not host or not os.access(token, os.R_OK):
        return None
    port = environ.get("KUBERNETES_SERVICE_PORT") or "443"
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    authority, namespace = folder / "ca.crt", folder / "namespace"
    return Context(
        name="in-cluster",
        cluster=Cluster("in-cluster", server, authority.read_bytes() if os.access(authority, os.R_OK) else b""),
        user=User("service-account", token_file=token, impersonation=overrides.impersonation),
        namespace=overrides.namespace or (namespace.read_text().strip() if namespace.is_file() else "default"),
        origin="the service account of this pod",
    )


def _cluster(name: str, entry: Entry) -> Cluster:
    server = entry.text("server").rstrip("/")
    parts = urlsplit(server)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise entry.wrong("server", "must be a URL like https://host:6443")
    if parts.username or parts.password:
        raise entry.wrong("server", "must not hold a password", "put credentials into the user's entry")
    skip = entry.flag("insecure-skip-tls-verify")
    if skip and (entry.fields.get("certificate-authority") or entry.fields.get("certificate-authority-data")):
        raise entry.wrong("insecure-skip-tls-verify", "contradicts the certificate authority given beside it")
    return Cluster(
        name=name,
        server=server,
        authorities=_pem(entry, "certificate-authority"),
        skip_tls_verify=skip,
        tls_server_name=entry.text("tls-server-name"),
        proxy_url=entry.text("proxy-url"),
        disable_compression=entry.flag("disable-compression"),
        exec_config=_exec_config(entry),
    )


def _exec_config(entry: Entry) -> Any:
    for extension in entry.parts("extensions"):
        if extension.text("name") == _EXEC_EXTENSION:
            return extension.fields.get("extension")
    return None


def _pem(entry: Entry, key: str) -> bytes:
    """The `-data` field wins over the file, as in kubectl."""
    content = entry.decoded(f"{key}-data")
    path = entry.path(key)
    if content or path is None:
        return content
    try:
        return path.read_bytes()
    except OSError as error:
        raise entry.wrong(key, f"{path} cannot be read: {error.strerror}") from error


def _user(name: str, entry: Entry, instead: Impersonation) -> User:
    own = Impersonation(entry.text("as"), entry.texts("as-groups"), entry.text("as-uid"), _extra(entry))
    provider = entry.part("auth-provider")
    certificate, key = _pem(entry, "client-certificate"), _pem(entry, "client-key")
    if bool(certificate) != bool(key):
        raise entry.wrong("client-key" if certificate else "client-certificate", "is missing: the two go together")
    return User(
        name=name,
        certificate=certificate,
        key=key,
        token=entry.text("token").strip(),
        token_file=entry.path("tokenFile"),
        username=entry.text("username"),
        password=entry.text("password"),
        exec=_exec(entry),
        auth_provider=provider.text("name") if provider else "",
        impersonation=instead if instead.user else own,
    )


def _extra(entry: Entry) -> tuple[tuple[str, tuple[str, ...]], ...]:
    part = entry.part("as-user-extra")
    return tuple((key, part.texts(key)) for key in part.fields) if part else ()


def _exec(entry: Entry) -> ExecPlugin | None:
    part = entry.part("exec")
    if part is None:
        return None
    command = part.text("command")
    if not command:
        raise part.wrong("command", "is missing")
    if os.sep in command:  # a path is relative to the kubeconfig; a bare name is looked up on PATH
        command = str(part.path("command"))
    return ExecPlugin(
        command=command,
        args=part.texts("args"),
        env=tuple((pair.text("name"), pair.text("value")) for pair in part.parts("env")),
        api_version=part.text("apiVersion") or "client.authentication.k8s.io/v1",
        folder=entry.file.parent,
        install_hint=clean(part.text("installHint"), 500),
        provide_cluster_info=part.flag("provideClusterInfo"),
        interactive_mode=part.text("interactiveMode") or "IfAvailable",
    )


def _unverified(cluster: Entry) -> tuple[str, ...]:
    if not cluster.flag("insecure-skip-tls-verify"):
        return ()
    return ("the server's certificate is not verified (insecure-skip-tls-verify): whoever answers is believed",)


def _warnings(user: Entry) -> tuple[str, ...]:
    """Files with secrets that everybody on this machine can read: said, never refused."""
    secret = [user.file] if any(user.fields.get(key) for key in ("client-key-data", "token", "password")) else []
    secret += [path for key in ("client-key", "tokenFile") if (path := user.path(key))]
    return tuple(
        f"{path} holds a secret and can be read by everybody on this machine: chmod 600 {path}"
        for path in secret
        if _world_readable(path)
    )


def _world_readable(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False
