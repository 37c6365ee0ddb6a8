"""A process of its own that speaks Pulsar's binary protocol: `python -m plugins.pulsar.speaking`.

The library is native code: a crash, its log or its threads must not reach the console. One JSON line comes in (with the
token, which so stands in no argument list), JSON lines go out. It ends by itself when its input is closed.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import sys
import threading
import uuid
from collections.abc import Iterator
from typing import Any, cast

_SECONDS = 1000
NO_LIBRARY = 3
"""Exit code: the library cannot be imported here."""


def main() -> int:
    """Do the one job and end."""
    job: dict[str, Any] = json.loads(sys.stdin.readline())
    try:
        library: Any = importlib.import_module("pulsar")
    except Exception as error:  # noqa: BLE001 - a native module may fail in any way while it is loaded
        _say({"error": f"{type(error).__name__}: {error}"})
        return NO_LIBRARY
    threading.Thread(target=_until_closed, daemon=True).start()
    client = None
    try:
        client = _client(library, job)
        for line in _JOBS[job["do"]](library, client, job):
            _say(line)
    except Exception as error:  # noqa: BLE001 - told to the console, which knows what was wanted
        _say({"error": f"{type(error).__name__}: {error}"})
        return 1
    finally:
        if client is not None:
            client.close()
        del client  # the library crashes at exit where a client is left to the interpreter
    return 0


def _until_closed() -> None:
    """The console is gone, or wants no more: nothing is worth an orderly end."""
    while sys.stdin.read(1):
        pass
    os._exit(0)


def _client(library: Any, job: dict[str, Any]) -> Any:
    options: dict[str, Any] = {
        "logger": library.FileLogger(library.LoggerLevel.Error, os.devnull),  # it prints to stdout otherwise
        "operation_timeout_seconds": job["within"],
        "connection_timeout_ms": job["within"] * _SECONDS,
        "stats_interval_in_seconds": 0,
    }
    if job.get("token"):
        options["authentication"] = library.AuthenticationToken(job["token"])
    if job["service"].startswith("pulsar+ssl:"):
        options["tls_validate_hostname"] = not job.get("insecure")
        options["tls_allow_insecure_connection"] = bool(job.get("insecure"))
        if job.get("ca"):
            options["tls_trust_certs_file_path"] = job["ca"]
    return library.Client(job["service"], **options)


def _tail(library: Any, client: Any, job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every message from now on, by a reader: no subscription stays behind."""
    reader = client.create_reader(job["topic"], library.MessageId.latest)
    yield {"ready": True}
    while True:
        yield _told(reader.read_next())


def _round(library: Any, client: Any, job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A message is sent and received; how long both took is for the one who asked."""
    topic, sent = job["topic"], uuid.uuid4().hex.encode()
    consumer = client.subscribe(topic, f"pilothouse-{os.getpid()}", library.ConsumerType.Exclusive)
    producer = client.create_producer(topic)
    yield {"ready": True}
    producer.send(sent)
    yield {"sent": True}
    got = consumer.receive(job["within"] * _SECONDS)
    consumer.acknowledge(got)
    yield {"received": got.data() == sent}
    producer.close()
    consumer.unsubscribe()


def _told(message: Any) -> dict[str, Any]:
    return {
        "id": str(message.message_id()),
        "topic": message.topic_name(),
        "at": message.publish_timestamp(),
        "key": message.partition_key(),
        "body": base64.b64encode(cast("bytes", message.data())[:65536]).decode(),
        "size": len(message.data()),
    }


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


_JOBS = {"tail": _tail, "round": _round}

if __name__ == "__main__":
    sys.exit(main())
