"""Measure what Pilothouse costs, and say whether it is what was asked.

uv run python -m tests.benchmarks [--short] [--json FILE] [NAME ...]

Starts a lab of its own (see tests/lab), and takes it away. --short: 2,000 pods and few runs, in under four minutes;
it fails only where a number is three times what was asked. Otherwise 10,000 pods, and any missed number fails.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.benchmarks import beside, decode, drain, kafka, live, plan, pods, start, systems
from tests.benchmarks.figure import Figure, machine, table
from tests.benchmarks.stage import Stage, stage
from tests.lab.world.place import LabError

BENCHMARKS: Mapping[str, Callable[[Stage], Iterator[Figure]]] = {
    "start": start.start,
    "drain": drain.drain,  # while the cluster is small: kubectl and we meet the same one
    "memory": pods.memory,
    "pods": pods.pods,
    "decode": decode.decode,
    "plan": plan.plan,
    "pulsar": systems.pulsar,
    "rabbitmq": systems.rabbitmq,
    "systems": beside.systems,
    "cpu": live.cpu,
    "wire": live.wire,
    "keys": live.keys,
    "stalls": live.stalls,
    "kafka": kafka.kafka,  # last: its brokers stay until the lab goes
}


def main() -> int:
    """Run what is named, or all; 0 when the numbers are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="2,000 pods, few runs; fails on gross regressions only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the JSON there")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(BENCHMARKS)}")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    where = machine()
    try:
        figures, said = _run(arguments.names or list(BENCHMARKS), short=arguments.short)
    except LabError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    missed = [figure for figure in figures if (figure.gross if arguments.short else not figure.passed)]
    content = {
        "machine": where,
        "short": arguments.short,
        "figures": [figure.record() for figure in figures],
        "said": said,
    }
    text = json.dumps(content, indent=1, ensure_ascii=False)
    print(text, "\n", sep="")
    print(", ".join(f"{name} {value}" for name, value in where.items()), "\n")
    print(table(figures), "\n")
    if arguments.json:
        arguments.json.write_text(text + "\n")
    what = "grossly missed (over three times)" if arguments.short else "missed"
    print(f"{len(missed)} of {len(figures)} {what}" + "".join(f"\n  {figure.name}" for figure in missed))
    return 1 if missed else 0


def _run(names: list[str], *, short: bool) -> tuple[list[Figure], list[str]]:
    figures: list[Figure] = []
    with stage(short=short) as stood:
        for name in names:
            print(f"{name} ...", file=sys.stderr, flush=True)
            before = time.monotonic()
            for figure in BENCHMARKS[name](stood):
                figures.append(figure)
                print(f"  {table([figure]).splitlines()[1]}", file=sys.stderr, flush=True)
            print(f"  took {time.monotonic() - before:.0f} s", file=sys.stderr, flush=True)
    return figures, stood.said


if __name__ == "__main__":
    sys.exit(main())
