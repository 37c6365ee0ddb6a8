"""The plugin API: what a plugin declares, and what the kernel hands to it. Built-in plugins use nothing else.

A plugin is a manifest (`Plugin`) of names and deferred references, so that loading it imports nothing heavy:

    tables       tokens (`Table`, `Index`) that name rows; pure, in the plugin's model
    sources      how rows come: `Watch` (a stream), `Poll` (asked again), `Join` (computed from other tables)
    panes        how rows look, and what can be done with them (`Column`, `Action`, `Jump`, abilities)
    rules        what is wrong (`Rule`), in checks
    hooks        what a node drain and rejoin must do here (`Hooks`), in maintenance
    offers       implementations of kernel protocols, for a platform such as Kubernetes

Plugins never import each other; they meet in `Facts`. All functions here but those that are `async` are pure: no I/O,
no clock (`now` is an argument or `facts.now`). The kernel fences every call: a raise becomes a `?` cell and a finding.
"""

from __future__ import annotations

from console.plugin.acting import Hooks, Json, Rule, Target
from console.plugin.checking import Check, Found, Need
from console.plugin.manifest import API_VERSION, Client, Deferred, Instance, Offers, Plugin, Reach
from console.plugin.panes import (
    Act,
    Action,
    Ask,
    Cell,
    Column,
    Effect,
    Forward,
    Jump,
    LogQuery,
    Logs,
    Manifest,
    Pane,
    Right,
    Section,
    Shell,
    Sortable,
    Stream,
    Terminal,
    Tile,
)
from console.plugin.platform import Container, Platform, Ran, Resource, Server, ServerSet
from console.plugin.rows import EVERY, Facts, Feed, Index, Join, Poll, Source, Table, Touch, Watch

__all__ = [
    "API_VERSION",
    "EVERY",
    "Act",
    "Action",
    "Ask",
    "Cell",
    "Check",
    "Client",
    "Column",
    "Container",
    "Deferred",
    "Effect",
    "Facts",
    "Feed",
    "Forward",
    "Found",
    "Hooks",
    "Index",
    "Instance",
    "Join",
    "Json",
    "Jump",
    "LogQuery",
    "Logs",
    "Manifest",
    "Need",
    "Offers",
    "Pane",
    "Platform",
    "Plugin",
    "Poll",
    "Ran",
    "Reach",
    "Resource",
    "Right",
    "Rule",
    "Section",
    "Server",
    "ServerSet",
    "Shell",
    "Sortable",
    "Source",
    "Stream",
    "Table",
    "Target",
    "Terminal",
    "Tile",
    "Touch",
    "Watch",
]
