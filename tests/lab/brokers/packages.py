"""What the systems need and the machine lacks: Debian packages, and jars from Maven's repository, kept in the cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.lab.world.place import CACHE, LabError

DIST = CACHE / "brokers"  # outlives a checkout, as the lab's binaries do
_COMMON = ("curl", "netcat-openbsd")  # what people use inside of pods
_NO_SERVICES = Path("/usr/sbin/policy-rc.d")  # asked by packages that would start their server
_APT = ("-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3", "-o", "APT::Update::Error-Mode=any")
_ATTEMPTS = 4


def not_installed(names: Iterable[str]) -> list[str]:
    """Those of Debian's packages that are not there."""
    return [name for name in names if not _is_installed(name)]


def _is_installed(name: str) -> bool:
    query = ["dpkg-query", "-W", "-f=${Status}", name]
    if shutil.which(query[0]) is None:
        return False
    done = subprocess.run(query, capture_output=True, text=True, check=False)
    return done.stdout == "install ok installed"


def install(names: Iterable[str]) -> None:
    """Install Debian packages, as root, and keep their own servers from starting."""
    wanted = not_installed([*names, *_COMMON])
    if not wanted:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise LabError(f"apt-get and root are needed to install {', '.join(wanted)}")
    with _no_services():
        _patiently(["apt-get", *_APT, "update", "-q"])
        _patiently(["apt-get", *_APT, "install", "-q", "-y", "--no-install-recommends", *wanted])


def fetch_jars(pom: Path, folder: Path, **versions: str) -> None:
    """Have all jars that this POM asks for in one folder, whole or not at all."""
    if folder.exists():
        return
    with _young(folder) as young:
        settings = [f"-D{key.replace('_', '.')}={value}" for key, value in versions.items()]
        shutil.copy(pom, young / "pom.xml")
        _maven(young, "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={young}", *settings)


def fetch_archive(artifact: str, folder: Path) -> None:
    """Have an artifact that is a tar archive unpacked in a folder, whole or not at all; what is in its one folder."""
    if folder.exists():
        return
    with _young(folder) as young:
        archive = _copied(artifact, young)
        subprocess.run(["tar", "-xzf", archive, "-C", young, "--strip-components=1"], check=True)
        archive.unlink()


def fetch_file(artifact: str, target: Path) -> None:
    """Have an artifact as this file, alone in its folder, whole or not at all."""
    if target.exists():
        return
    with _young(target.parent) as young:
        _copied(artifact, young).rename(young / target.name)


def _copied(artifact: str, folder: Path) -> Path:
    """The one file of a folder that is empty before."""
    _maven(folder, "dependency:get", "-Dtransitive=false", f"-Dartifact={artifact}")
    _maven(folder, "dependency:copy", f"-DoutputDirectory={folder}", f"-Dartifact={artifact}")
    (file,) = folder.iterdir()
    return file


def lacks(*tools: str) -> list[str]:
    """Those of these commands that the machine has not, in words."""
    words = {"java": "Java 17 (a JDK)", "mvn": "Maven, to fetch jars"}
    return [words[tool] for tool in tools if shutil.which(tool) is None]


@contextmanager
def _young(folder: Path) -> Generator[Path]:
    """A folder that gets its name when it is whole."""
    young = folder.with_name(f"{folder.name}.{os.getpid()}")
    young.mkdir(parents=True)
    try:
        yield young
        young.rename(folder)
    finally:
        shutil.rmtree(young, ignore_errors=True)


def _maven(folder: Path, *arguments: str) -> None:
    if missing := lacks("java", "mvn"):
        raise LabError(f"to fetch {folder.name} is needed: {', '.join(missing)}")
    _patiently(["mvn", "-B", "-q", *arguments], folder)


def _patiently(command: Sequence[str], folder: Path = Path("/")) -> None:
    """Once more where it fails: a mirror's list is renewed meanwhile, or another apt holds the lock."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    said = ""
    for attempt in range(_ATTEMPTS):
        time.sleep(5 * attempt)
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
        if not done.returncode:
            return
        said = done.stdout + done.stderr
    raise LabError(f"{' '.join(command)} failed {_ATTEMPTS} times: {said[-2000:]}")


@contextmanager
def _no_services() -> Generator[None]:
    ours = not _NO_SERVICES.exists()
    if ours:
        _NO_SERVICES.write_text("#!/bin/sh\nexit 101\n")
        _NO_SERVICES.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            _NO_SERVICES.unlink(missing_ok=True)
