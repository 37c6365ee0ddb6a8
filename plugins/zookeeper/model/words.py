"""What a server says: four-letter words and the AdminServer's JSON, as typed values. What is absent is None."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

import msgspec
from msgspec import Struct

from console.errors import BadAnswer
from console.text import clean

NOT_SERVING = "This ZooKeeper instance is not currently serving requests"
_REFUSED = re.compile(r"^\w{4} is not executed because it is not in the whitelist")
_LATENCY = re.compile(r"Latency min/avg/max: (\S+)/(\S+)/(\S+)")
_SERVER = re.compile(r"^server\.(\d+)=(.*)$")
_LONGEST = 300


class Said(Struct, frozen=True):
    """One server's own state. Latencies in milliseconds, sizes in bytes, uptime in seconds.

    `synced` includes followers that have no vote, as `zk_synced_followers` does; `voters` is `zk_quorum_size`.
    """

    mode: str = ""
    serving: bool = True
    zab: str = ""
    zxid: int | None = None
    version: str = ""
    outstanding: int | None = None
    latency: float | None = None
    worst: float | None = None
    znodes: int | None = None
    watches: int | None = None
    connections: int | None = None
    ephemerals: int | None = None
    data: int | None = None
    files: int | None = None
    most_files: int | None = None
    uptime: float | None = None
    voters: int | None = None
    learners: int | None = None
    synced: int | None = None
    synced_without_vote: int | None = None
    synced_observers: int | None = None
    pending: int | None = None

    @property
    def epoch(self) -> int | None:
        return None if self.zxid is None else self.zxid >> 32

    @property
    def counter(self) -> int | None:
        return None if self.zxid is None else self.zxid & 0xFFFFFFFF


class Voter(Struct, frozen=True):
    """One line of the ensemble's configuration."""

    id: int
    address: str
    votes: bool
    client: str = ""


class Membership(Struct, frozen=True):
    """Which members there are, as one of them says; `weighted` where votes are not counted by heads."""

    own: int | None = None
    members: tuple[Voter, ...] = ()
    weighted: bool = False


class Closed(Exception):
    """The server does not answer this word: it is not in its whitelist."""


class Empty(BadAnswer):
    """The server hangs up without a word."""


def opened(text: str) -> str:
    """The answer of a word; raises Closed where the whitelist lacks it, BadAnswer where it is none."""
    if _REFUSED.match(text):
        raise Closed
    if not text.strip():
        raise Empty("an empty answer: the port wants TLS, or the server is starting")
    if text[:1] in {"\x15", "\x16"}:
        raise BadAnswer("it answers in TLS", next_step="name a ca_file, or the port that does not want it")
    return text


def _whole(text: str) -> None:
    """Nothing but its last line's end tells that an answer is whole; a number may be cut in the middle."""
    if not text.endswith("\n"):
        raise BadAnswer("half an answer: it ends within a line")


def srvr(text: str) -> Said:
    """`srvr`. It names a mode only where there is a quorum. Raises BadAnswer for half of one."""
    if NOT_SERVING in text:
        return Said(serving=False)
    _whole(text)
    found = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}
    latency = _LATENCY.search(text)
    if "Mode" not in found:
        raise BadAnswer("half an answer: it names no mode")
    return Said(
        mode=clean(found["Mode"], 40),
        zxid=_hexadecimal(found.get("Zxid", "")),
        version=_version(found.get("Zookeeper version", "")),
        outstanding=whole(found.get("Outstanding")),
        latency=real(latency[2]) if latency else None,
        worst=real(latency[3]) if latency else None,
        znodes=whole(found.get("Node count")),
        connections=whole(found.get("Connections")),
    )


def mntr(text: str) -> Said:
    """`mntr`: `zk_NAME<tab>VALUE` lines. Raises BadAnswer for half of them."""
    if NOT_SERVING in text:
        return Said(serving=False)
    _whole(text)
    pairs = (line.partition("\t") for line in text.splitlines() if line.startswith("zk_"))
    return _monitored({name.removeprefix("zk_"): value for name, _, value in pairs})


def monitor(body: bytes) -> Said:
    """The AdminServer's `/commands/monitor`."""
    found = _answer(body)
    return Said(serving=False) if _error(found) else _monitored(found)


def stats(body: bytes) -> Said:
    """The AdminServer's `/commands/srvr`: the last transaction is told nowhere else."""
    found = _answer(body)
    if _error(found):
        return Said(serving=False)
    inside: dict[str, Any] = found.get("server_stats") or {}
    return Said(
        mode=clean(str(inside.get("server_state", "")), 40),
        zxid=whole(inside.get("last_processed_zxid")),
        version=_version(str(found.get("version", ""))),
        znodes=whole(found.get("node_count")),
    )


def _monitored(found: Mapping[str, Any]) -> Said:
    mode = clean(str(found.get("server_state", "")), 40)
    if not mode:
        raise BadAnswer("half an answer: it names no server_state")
    uptime = real(found.get("uptime"))
    return Said(
        mode=mode,
        zab=clean(str(found.get("peer_state", "")), 60),
        version=_version(str(found.get("version", ""))),
        outstanding=whole(found.get("outstanding_requests")),
        latency=real(found.get("avg_latency")),
        worst=real(found.get("max_latency")),
        znodes=whole(found.get("znode_count")),
        watches=whole(found.get("watch_count")),
        connections=whole(found.get("num_alive_connections")),
        ephemerals=whole(found.get("ephemerals_count")),
        data=whole(found.get("approximate_data_size")),
        files=whole(found.get("open_file_descriptor_count")),
        most_files=whole(found.get("max_file_descriptor_count")),
        uptime=None if uptime is None else uptime / 1000,
        voters=whole(found.get("quorum_size")),
        learners=whole(found.get("learners", found.get("followers"))),
        synced=whole(found.get("synced_followers")),
        synced_without_vote=whole(found.get("synced_non_voting_followers")),
        synced_observers=whole(found.get("synced_observers")),
        pending=whole(found.get("pending_syncs")),
    )


def together(first: Said, second: Said) -> Said:
    """What two answers of one moment say; the first is believed where both say something."""
    if not first.serving or not second.serving:
        return Said(serving=False)
    told = {name: value for name, value in msgspec.structs.asdict(first).items() if value not in {None, ""}}
    return msgspec.structs.replace(second, **told)


def conf(text: str) -> Membership:
    """`conf`: this server's number, and since 3.5 everybody's lines."""
    lines = [line.strip() for line in text.splitlines()]
    own = next((whole(line.partition("=")[2]) for line in lines if line.startswith("serverId=")), None)
    matches = [found for line in lines if (found := _SERVER.match(line))]
    weighted = any(line.startswith(("group.", "weight.")) for line in lines)
    return Membership(own, tuple(_voter(int(one[1]), one[2]) for one in matches), weighted)


def _voter(number: int, text: str) -> Voter:
    """`host:2888:3888:participant;0.0.0.0:2181`."""
    line, _, client = clean(text, _LONGEST).partition(";")
    return Voter(number, line.split(":", 1)[0] if line.count(":") else line, not line.endswith(":observer"), client)


def voting(body: bytes, configuration: bytes) -> Membership:
    """The AdminServer's `/commands/voting_view` and `/commands/configuration`. Observers are in neither."""
    config: dict[str, dict[str, Any]] = _answer(body).get("current_config") or {}
    members = [
        Voter(
            int(number),
            clean(str((one.get("server_addresses") or [""])[0]), _LONGEST).rpartition(":")[0],
            one.get("learner_type", "participant") != "observer",
            clean(str(one.get("client_address") or ""), _LONGEST),
        )
        for number, one in config.items()
        if number.isdigit()
    ]
    return Membership(whole(_answer(configuration).get("server_id")), tuple(members))


def whole(value: object) -> int | None:
    """A whole number; servers write `3`, `3.0` and `NaN`."""
    found = real(value)
    return None if found is None else int(found)


def real(value: object) -> float | None:
    """A number, None where there is none."""
    try:
        found = float(cast("Any", value))
    except (TypeError, ValueError):
        return None
    return found if found == found and abs(found) != float("inf") else None  # noqa: PLR0124 - NaN is not itself


def _hexadecimal(text: str) -> int | None:
    try:
        return int(text, 16)
    except ValueError:
        return None


def _version(text: str) -> str:
    return clean(text.partition(",")[0].partition("-")[0], 40)


def _answer(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise BadAnswer("the AdminServer's answer is not JSON") from error


def _error(found: Mapping[str, Any]) -> bool:
    """Whether it says that it does not serve; any other error is no answer."""
    error = found.get("error")
    if error and NOT_SERVING not in str(error):
        raise BadAnswer(clean(str(error), _LONGEST))
    return bool(error)
