"""What runs when someone execs into a pod: a handful of commands, enough to try a terminal.

It touches nothing of the machine.
"""

from __future__ import annotations

import json
import shlex

from plugins.kubernetes.simulator.store import Entry

Said = tuple[bytes, bytes]
_NOT_FOUND = 127
END_OF_INPUT = 4
PROMPT = b"/ # "


class Shell:
    """One exec. `code` is None while it runs. With a tty, input is echoed and lines end with CR LF."""

    def __init__(self, pod: Entry, command: list[str], *, tty: bool) -> None:
        self.pod, self.command, self.tty = pod, command, tty
        self.code: int | None = None
        self.line = b""
        self.size = (24, 80)
        self.reads = False
        self.interactive = False

    def start(self, *, stdin: bool) -> Said:
        """Run the command; those that read keep running when stdin is open."""
        words = self.command
        if words[:1] in (["sh"], ["bash"], ["/bin/sh"], ["/bin/bash"]):
            if words[1:2] == ["-c"]:
                return self._script(" ".join(words[2:3]), stdin=stdin)
            if stdin:
                self.interactive = True
                return (PROMPT if self.tty else b""), b""
            self.code = 0
            return b"", b""
        return self._run(words, stdin=stdin)

    def _script(self, text: str, *, stdin: bool) -> Said:
        out, err = b"", b""
        for part in text.replace("&&", ";").split(";"):
            said = self._run(_split(part), stdin=stdin)
            out, err = out + said[0], err + said[1]
            if self.reads or (self.code is not None and part.split()[:1] == ["exit"]):
                break
        return out, err

    def _run(self, words: list[str], *, stdin: bool) -> Said:
        name, rest = (words[0], words[1:]) if words else ("true", [])
        self.code = 0
        said: Said = (b"", b"")
        if name == "echo":
            text = self._out(" ".join(word for word in rest if word != ">&2"))
            said = (b"", text) if ">&2" in rest else (text, b"")
        elif name == "cat":
            self.code, self.reads = (None, True) if stdin else (0, False)
        elif name == "exit":
            self.code = int(rest[0]) if rest and rest[0].isdigit() else 0
        elif name == "false":
            self.code = 1
        elif (text := self._answers().get(name)) is not None:
            said = self._out(text), b""
        elif name != "true":
            self.code = _NOT_FOUND
            said = b"", self._out(f"sh: {name}: not found")
        return said

    def _answers(self) -> dict[str, str]:
        return {
            "hostname": self.pod.name,
            "date": "Thu Jan  1 00:00:00 UTC 1970",
            "env": f"HOSTNAME={self.pod.name}\nPATH=/usr/bin:/bin",
            "ls": "bin\ndata\netc\nusr",
            "stty": f"{self.size[0]} {self.size[1]}",
        }

    def _out(self, text: str) -> bytes:
        end = "\r\n" if self.tty else "\n"
        return (text.replace("\n", end) + end).encode()

    def feed(self, data: bytes) -> Said:
        """Input from the client."""
        if self.reads:
            if b"\x04" in data and self.tty:
                self.code = 0
                return data.partition(b"\x04")[0], b""
            return data, b""
        if not self.interactive:
            return b"", b""
        return self._typed(data)

    def _typed(self, data: bytes) -> Said:
        out, err = b"", b""
        for letter in data:
            if letter == END_OF_INPUT and not self.line:
                self.code = 0
                return out, err
            if letter in (10, 13):
                text, self.line = self.line.decode(errors="replace"), b""
                out += b"\r\n" if self.tty else b""
                said = self._run(_split(text), stdin=False)
                out, err = out + said[0], err + said[1]
                if text.split()[:1] == ["exit"]:
                    return out, err
                self.code = None
                out += PROMPT if self.tty else b""
            elif letter in (8, 127):
                out += b"\b \b" if self.line and self.tty else b""
                self.line = self.line[:-1]
            else:
                self.line += bytes((letter,))
                out += bytes((letter,)) if self.tty else b""
        return out, err

    def end(self) -> Said:
        """The client closed stdin."""
        said = self._typed(b"\n") if self.interactive and self.line else (b"", b"")
        self.code = self.code or 0
        return said

    def resize(self, data: bytes) -> None:
        """A new size of the terminal, as the channel carries it."""
        try:
            found = json.loads(data)
            self.size = (int(found["Height"]), int(found["Width"]))
        except (ValueError, KeyError, TypeError):
            return


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return ["syntax-error"]
