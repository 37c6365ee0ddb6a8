"""The entry point. It decides nothing; it imports as little as it can, since people wait for the first paint."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    if sys.argv[1:] == ["--version"]:
        from console.version import VERSION

        print(f"pilothouse {VERSION}")  # noqa: T201 - this is its whole answer
        raise SystemExit(0)
    import gc

    from console.cli import run

    gc.set_threshold(50_000, 20, 50)  # rows hold no cycles: the default looks at thousands of them again and again
    code = run(sys.argv[1:])
    gc.freeze()  # the interpreter need not search for garbage in what ends with it: 0.1 s
    raise SystemExit(code)


if __name__ == "__main__":
    main()
