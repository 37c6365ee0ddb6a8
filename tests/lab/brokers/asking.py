"""How the lab asks its servers: plain HTTP and waiting, with the standard library alone."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping

from tests.lab.brokers.process import Process
from tests.lab.world.place import LabError

NOT_YET = (LabError, OSError, ValueError, KeyError, struct.error, http.client.HTTPException, subprocess.SubprocessError)
_REDIRECTS = (301, 302, 307, 308)
_HOPS = 4  # who owns what may change while it is asked for


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        """Leave redirects to `ask`: the names in them resolve in pods only."""


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay)


def ask(
    method: str, url: str, *, authorization: str = "", body: object = None, timeout: float = 10,
    names: Mapping[str, str] | None = None, hops: int = _HOPS,
) -> tuple[int, bytes]:  # fmt: skip
    """Status and body of one request, with `body` as JSON; no status is an error.

    A redirect to one of `names`, the addresses of which the lab can reach, is followed, a few times.
    """
    headers: Mapping[str, str] = {"Content-Type": "application/json"}
    if authorization:
        headers = {**headers, "Authorization": authorization}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=dict(headers))  # noqa: S310 - it is http
    try:
        with _OPENER.open(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            target = error.headers.get("Location", "")
            for name, address in (names or {}).items():
                if hops and error.code in _REDIRECTS and f"//{name}:" in target:
                    moved = target.replace(f"//{name}:", f"//{address}:")
                    return ask(
                        method,
                        moved,
                        authorization=authorization,
                        body=body,
                        timeout=timeout,
                        names=names,
                        hops=hops - 1,
                    )
            return error.code, error.read()


def four_letters(address: str, word: bytes) -> str:
    """What a ZooKeeper says to one of its words of four letters."""
    with socket.create_connection((address, 2181), timeout=2) as connection:
        connection.settimeout(2)
        connection.sendall(word)
        with connection.makefile("rb") as stream:
            return stream.read().decode()


def wait_for(what: str, is_so: Callable[[], object], *, seconds: float, process: Process | None = None) -> None:
    """Return when it is so; a LabError with the end of the process' output when it ends before, or after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if is_so():
                return
        except NOT_YET:
            pass
        ended = process is not None and not process.pid()
        if ended or time.monotonic() > deadline:
            said = f"; the end of {process.log}:\n{process.end_of_log()}" if process else ""
            raise LabError(f"{what}: {'it ended' if ended else f'not so after {seconds:.0f} s'}{said}")
        time.sleep(0.2)


def say(command: list[str], environment: Mapping[str, str], *, text: str | None = None, seconds: float = 120) -> str:
    """What a command prints; a LabError with its complaint when it fails."""
    done = subprocess.run(
        command, input=text, env=dict(environment), capture_output=True, text=True, timeout=seconds, check=False,
        stdin=subprocess.DEVNULL if text is None else None,
    )  # fmt: skip
    if done.returncode:
        raise LabError(f"{' '.join(command[-4:])} failed with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout
