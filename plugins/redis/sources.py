"""How rows come: one round of questions feeds masters, members and Sentinels; the slow log is asked while looked at."""

from __future__ import annotations

from console.plugin import Poll
from plugins.redis.client import Client
from plugins.redis.model.rows import MASTERS, MEMBERS, SENTINELS, SLOWLOG

SOURCES = (
    Poll(MASTERS, Client.masters),
    Poll(MEMBERS, Client.members),
    Poll(SENTINELS, Client.sentinels),
    Poll(SLOWLOG, Client.slowlog, visible=10.0, hidden=None),
)
