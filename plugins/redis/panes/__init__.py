"""The panes of Redis, as data."""

from __future__ import annotations

from plugins.redis.panes import masters, members, sentinels, slowlog

PANES = (masters.PANE, members.PANE, sentinels.PANE, slowlog.PANE)
