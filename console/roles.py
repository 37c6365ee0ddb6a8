"""Who may use the console for what. Each but the viewer adds to the viewer; a platform says what rights that takes."""

from __future__ import annotations

from collections.abc import Mapping

ROLES: Mapping[str, str] = {
    "viewer": "sees every pane, logs, runs and the record of changes; no secrets, so no tokens",
    "operator": "drains and rejoins, cordons, evicts and deletes pods, scales and restarts",
    "editor": "edits the kinds of the panes, and deletes workloads, claims, budgets and services",
    "shell": "runs commands in containers and forwards ports: has whatever those containers have",
    "joiner": "brings replaced nodes back: makes bootstrap tokens, so reads the secrets that lie beside them",
}
