"""The HTTP of a simulated bookie, texts and all: 404 with a certain sentence is how it says that all is well."""

from __future__ import annotations

import json

from plugins.pulsar.simulator.serving import Reply, Request
from plugins.pulsar.simulator.world import Bookie, World


def answer(world: World, asked: Request) -> Reply:
    """One request to a bookie."""
    own = world.bookies[asked.member]
    if asked.parts == ("metrics",):
        page = f'# TYPE bookie_ledgers_count gauge\nbookie_ledgers_count{{ledgerDir="/x"}} {own.ledgers}\n'
        return Reply(body=page.encode(), kind="text/plain")
    family, word = asked.parts[2], "/".join(asked.parts[3:])
    if family == "autorecovery":
        return _autorecovery(world, asked, word)
    if word == "server_config":
        host, _, port = own.id.rpartition(":")
        return _said({"bookiePort": port, "advertisedAddress": host, "tlsKeyStorePasswordPath": "never shown"})
    return _bookie(world, asked, own, word)


def _bookie(world: World, asked: Request, own: Bookie, word: str) -> Reply:
    if word == "state":
        state = {"running": True, "readOnly": own.read_only, "shuttingDown": False}
        return _said({**state, "availableForHighPriorityWrites": True})
    if word == "info":
        return _said({"freeSpace": own.free, "totalSpace": own.total})
    if word == "state/readonly" and asked.method == "PUT":
        own.read_only = bool(json.loads(asked.body)["readOnly"])
        return Reply(200, b"Success")
    if word == "list_bookies":
        read_only = asked.query.get("type") == "ro"
        living = [one for member, one in world.bookies.items() if world.alive(member)]
        return _said({one.id: one.id.rpartition(":")[0] for one in living if one.read_only == read_only})
    return Reply(404, b"Not Found", kind="text/plain")


def _autorecovery(world: World, asked: Request, word: str) -> Reply:
    if word == "status":
        if asked.method == "PUT":
            if "enabled" in asked.query:  # a body is ignored
                world.recovery = asked.query["enabled"] == "true"
            return Reply(200, b"", kind="text/plain")
        return _said({"enabled": world.recovery})
    if word == "lost_bookie_recovery_delay":
        if asked.method == "PUT":
            world.delay = int(json.loads(asked.body)["delay_seconds"])
            return Reply(200, f"Success set lostBookieRecoveryDelay to {world.delay}".encode(), kind="text/plain")
        return Reply(200, f"lostBookieRecoveryDelay value: {world.delay}".encode(), kind="text/plain")
    if word == "who_is_auditor":
        auditor = next((one.id for member, one in world.bookies.items() if world.alive(member)), "")
        return Reply(200, f"Auditor: {auditor}".encode(), kind="text/plain")
    return _under_replicated(world, asked)


def _under_replicated(world: World, asked: Request) -> Reply:
    if not world.lost:
        return Reply(404, b"No under replicated ledgers found", kind="text/plain")
    if asked.query.get("printmissingreplica") != "true":
        return _said([int(one) for one in world.lost])
    return _said(world.lost)


def _said(value: object) -> Reply:
    return Reply(200, json.dumps(value).encode())
