"""`pilothouse setup --print`: what an administrator applies so that others may use the console. Applies nothing."""

from __future__ import annotations

import argparse
import sys

from console.cli.exits import ExitCode
from console.cli.session import settings_of
from console.discovery import Broken, discover
from console.errors import UsageError
from console.offers import Subjects
from console.roles import ROLES

_USUAL = ("viewer", "operator")


def main(arguments: argparse.Namespace) -> int:
    """Print the platform's manifests for the roles that were asked for."""
    offers = next((p.offers for p in discover() if not isinstance(p, Broken) and p.offers), None)
    if offers is None or offers.setup is None:
        raise UsageError("no plugin of a platform says what is to be set up")
    if not arguments.print:
        raise UsageError("setup only prints", next_step="pilothouse setup --print | kubectl apply -f -")
    roles = [role for role in ROLES if getattr(arguments, role)] or _USUAL
    subjects = Subjects(tuple(arguments.user), tuple(arguments.group))
    sys.stdout.write(offers.setup.load()(roles, subjects, settings_of(arguments).shared_namespace))
    return ExitCode.DONE
