"""Health of kafka_exporter where Strimzi runs it: whether it answers, and whether what it tells is still true.

Its numbers are not used: brokers say them better. But dashboards and alerts stand on them, and it is known to go on
answering with nothing, or with old offsets (danielqsj/kafka_exporter#497). A scrape makes it ask the brokers for all
offsets, so it is asked once a minute; what it says is read as it comes, counted and forgotten.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterable, Mapping, Sequence

from msgspec import Struct

from console.errors import BadAnswer, ConsoleError, Unreachable
from console.format import size
from console.plugin import Platform, ServerSet
from console.spending import Spending
from console.text import clean
from plugins.kafka.config import Found
from plugins.kafka.model.rows import EXPORTER, Resource

CLUSTER, NAME = "strimzi.io/cluster", "strimzi.io/name"
PORTS = (9404, 9308)
"""Strimzi's, and the exporter's own default."""
EVERY = 60.0
WITHIN = 10.0
LONGEST = 64 * 1024 * 1024
_FAMILY = (b"kafka_brokers", b"kafka_topic_partition_current_offset", b"kafka_consumergroup_lag")
_TOPIC = b'topic="'


class Told(Struct, frozen=True):
    """What one scrape said. `ends`: offsets by topic, summed; `lags`: series of groups' lags; None: not a word."""

    brokers: int | None
    ends: Mapping[str, float]
    lags: int
    series: int
    bytes: int


class Truth(Struct, frozen=True):
    """What the brokers said just before. `ends` by topic; `behind`: groups that have offsets."""

    brokers: int
    ends: Mapping[str, int]
    behind: int


class Look(Struct, frozen=True):
    """One scrape beside the truth of that moment."""

    truth: Truth
    told: Told


class Watch:
    """Remembers the looks that the next one is held against."""

    def __init__(self) -> None:
        self._past: tuple[Look, ...] = ()

    def judged(self, truth: Truth, told: Told) -> str:
        """What is wrong with it, empty where nothing is seen."""
        self._past = (*self._past[-2:], Look(truth, told))
        return wrong(truth, told) or stale(self._past)


def exporter_of(sets: Sequence[ServerSet], found: Found) -> ServerSet | None:
    """Its Deployment, by Strimzi's labels."""
    wanted = f"{found.cluster}-kafka-exporter"
    for one in sets:
        mine = one.namespace == found.namespace and one.labels.get(CLUSTER) == found.cluster
        if mine and one.kind == "Deployment" and wanted in {one.name, one.labels.get(NAME)}:
            return one
    return None


async def rows(
    platform: Platform, found: Found, truth: Truth | None, watch: Watch, spending: Spending
) -> list[Resource]:
    """One row where the exporter is deployed. `truth` None: the brokers do not answer, so nothing is compared."""
    one = exporter_of(await platform.sets(), found)
    if one is None:
        return []
    try:
        told = await _asked(platform, one, spending)
    except ConsoleError as error:
        return [_row(one, "", error.what)]
    detail = f"{told.series} series, {size(told.bytes)}, of {'?' if told.brokers is None else told.brokers} brokers"
    return [_row(one, detail, watch.judged(truth, told) if truth is not None else "")]


def _row(one: ServerSet, detail: str, why: str) -> Resource:
    state = "NotReady" if why else "Ready"
    return Resource(EXPORTER, one.namespace, one.name, state, clean(why, 500), observed=0, detail=detail)


async def _asked(platform: Platform, one: ServerSet, spending: Spending) -> Told:
    """One scrape of its first pod that is ready."""
    from console.http import HttpClient, Target

    if not one.replicas:
        raise Unreachable("it is scaled to none", where=one.name)
    servers = await platform.servers(one)
    server = next((server for server in servers if server.ready), None)
    if server is None:
        raise Unreachable(f"none of its {len(servers)} pods is ready", where=one.name)
    port = next((port for port in PORTS if port in one.ports), min(one.ports, default=PORTS[0]))
    target = Target(f"http://{server.host}:{port}", dial=platform.dial, spending=spending)
    client = HttpClient(target, connections=1)
    try:
        async with asyncio.timeout(WITHIN), client.stream("GET", "/metrics", idle=WITHIN) as answer:
            return await told_in(answer.chunks())
    except TimeoutError as error:
        raise Unreachable(f"no whole answer within {WITHIN:g} s", where=target.url) from error
    finally:
        await client.aclose()


async def told_in(chunks: AsyncIterable[bytes]) -> Told:
    """What is in a text of Prometheus, chunk by chunk. Raises BadAnswer where it does not end."""
    brokers: int | None = None
    ends: dict[str, float] = {}
    lags = series = length = 0
    rest = b""
    async for chunk in chunks:
        length += len(chunk)
        if length > LONGEST:
            raise BadAnswer(f"its metrics are longer than {size(LONGEST)}")
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if not line or line.startswith(b"#"):
                continue
            series += 1
            if not line.startswith(_FAMILY):
                continue
            name = line.partition(b"{")[0].partition(b" ")[0]
            value = _number(line)
            if name == _FAMILY[0]:
                brokers = int(value)
            elif name == _FAMILY[1]:
                topic = _topic(line)
                ends[topic] = ends.get(topic, 0.0) + value
            elif name == _FAMILY[2]:
                lags += 1
    return Told(brokers, ends, lags, series, length)


def _number(line: bytes) -> float:
    words = line.rpartition(b"}")[2].split() or [b""]
    try:
        found = float(words[0] if b"}" in line else words[1])
    except (ValueError, IndexError):
        return 0.0
    return found if math.isfinite(found) else 0.0


def _topic(line: bytes) -> str:
    return clean(line.partition(_TOPIC)[2].partition(b'"')[0].decode("utf-8", "replace"), 255)


def wrong(truth: Truth, told: Told) -> str:
    """What one look shows."""
    if told.brokers is None:
        return f"it tells nothing of Kafka in {told.series} series"
    if told.brokers < truth.brokers:
        return f"it sees {told.brokers} of {truth.brokers} brokers"
    if truth.ends and not told.ends:
        return f"it tells of no partition, though there are {len(truth.ends)} topics (or its topicRegex leaves all out)"
    if truth.behind and not told.lags:
        return f"it tells no lag, though {truth.behind} groups have offsets (or its groupRegex leaves all out)"
    return ""


def stale(looks: Sequence[Look]) -> str:
    """Topics whose offsets it repeats, although messages came after it had said them the first time.

    The truth of a look is asked before the scrape: who tells the same in two scrapes has missed what the second truth
    has more than the first one, unless that came before the first scrape. So three are needed: the first says what is
    repeated, and what grew between the truths of the second and the third came after it.
    """
    if len(looks) < 3:  # noqa: PLR2004
        return ""
    first, second, third = looks[-3:]
    repeated = [
        name
        for name, end in third.told.ends.items()
        if first.told.ends.get(name) == second.told.ends.get(name) == end
        and third.truth.ends.get(name, 0) > second.truth.ends.get(name, 0) >= 0
        and name in second.truth.ends
    ]
    if not repeated:
        return ""
    came = sum(third.truth.ends[name] - second.truth.ends[name] for name in repeated)
    return f"its offsets of {len(repeated)} topics stand still, though {came} messages came ({min(repeated)})"
