"""Names of topics: short for people, whole for the library, and which partition of what a name is."""

from __future__ import annotations

PERSISTENT = "persistent://"
_PARTITION = "-partition-"


def short(full: str) -> str:
    """`shop/orders/events`; the other kind keeps its scheme, `non-persistent://shop/orders/pings`."""
    return full.removeprefix(PERSISTENT)


def whole(name: str) -> str:
    """The full name of a short one."""
    return name if "://" in name else PERSISTENT + name


def root_of(name: str) -> str:
    """The partitioned topic of a partition's name; empty for what is no partition."""
    head, sign, number = name.rpartition(_PARTITION)
    return head if sign and number.isdecimal() else ""


def partition_of(name: str) -> int:
    """The number of a partition, -1 for what is none."""
    head, sign, number = name.rpartition(_PARTITION)
    return int(number) if head and sign and number.isdecimal() else -1


def namespace_of(name: str) -> str:
    """`shop/orders` of a topic's short or full name."""
    return short(name).rpartition("://")[2].rpartition("/")[0]


def system_topic(name: str) -> bool:
    """Pulsar's own topics: policies, transactions, heartbeats."""
    return name.rpartition("/")[2].startswith("__")
