"""Exit codes, one vocabulary for all commands."""

from __future__ import annotations

from enum import IntEnum

from console.model import Answer


class ExitCode(IntEnum):
    """0 done or safe, 1 failed, 2 usage, 3 decisions needed, 4 no, 5 unknown, 6 stopped by a person."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    DECIDE = 3
    NO = 4
    UNKNOWN = 5
    STOPPED = 6


OF_ANSWER = {
    Answer.SAFE: ExitCode.DONE,
    Answer.DECIDE: ExitCode.DECIDE,
    Answer.NO: ExitCode.NO,
    Answer.UNKNOWN: ExitCode.UNKNOWN,
}
