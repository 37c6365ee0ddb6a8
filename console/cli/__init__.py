"""The command line: every command of the console, headless with `-o json`. The TUI is imported inside one function.

stdout is data, stderr is talk. Exit codes are the same everywhere: see `ExitCode`.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Sequence

from console.cli.arguments import parser
from console.cli.exits import ExitCode
from console.errors import ConfigError, ConsoleError, Refused, UsageError


def run(argv: Sequence[str]) -> int:
    """Parse and do one command; gives the exit code. Errors become one line on stderr."""
    arguments = parser().parse_args(argv)
    try:
        module = importlib.import_module(f"console.cli.{arguments.module}")
        return int(module.main(arguments))
    except (UsageError, ConfigError) as error:
        print(f"pilothouse: {error}", file=sys.stderr)
        return ExitCode.USAGE
    except Refused as error:
        print(f"pilothouse: refused: {error}", file=sys.stderr)
        return ExitCode.NO
    except ConsoleError as error:
        print(f"pilothouse: {error}", file=sys.stderr)
        return ExitCode.FAILED
    except BrokenPipeError:
        sys.stderr.close()
        return ExitCode.DONE
    except KeyboardInterrupt:
        return ExitCode.STOPPED
    except Exception as error:
        logging.getLogger("pilothouse").exception("the command failed")
        print(f"pilothouse: a fault of ours: {type(error).__name__}: {error}", file=sys.stderr)
        print("pilothouse: `pilothouse bugreport` gathers what is needed to mend it", file=sys.stderr)
        return ExitCode.FAILED
