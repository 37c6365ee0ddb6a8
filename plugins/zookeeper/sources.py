"""How rows come: one round of questions feeds the members and the ring."""

from __future__ import annotations

from console.plugin import Poll
from plugins.zookeeper.client import Client
from plugins.zookeeper.model.rows import MEMBERS, RINGS

SOURCES = (Poll(MEMBERS, Client.members), Poll(RINGS, Client.rings))
