"""The lab's own connection to its API server, as the administrator: plain JSON over the standard library.

Deliberately not the client of the program under test.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Iterable
from typing import Any, Self

from tests.lab.world.place import LabError, Place

Object = dict[str, Any]
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_YOUNG = ("PriorityClass", "service account")  # a young API server does not know these yet
_ERROR = 300


class Api:
    """One keep-alive connection, opened anew when the server closed it, and closed by `with`."""

    def __init__(self, place: Place) -> None:
        context = ssl.create_default_context(cafile=str(place.pki / "ca.crt"))
        context.load_cert_chain(place.pki / "admin.crt", place.pki / "admin.key")
        self._connection = http.client.HTTPSConnection("127.0.0.1", place.port, context=context, timeout=120)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def call(
        self, method: str, path: str, body: Object | None = None, *, kind: str = "application/json", accept: str = "*/*"
    ) -> tuple[int, Object]:
        """Status and body of one request; asked once more where the kept connection turns out to be closed."""
        payload = json.dumps(body) if body is not None else None
        headers = {"Content-Type": kind, "Accept": accept}
        try:
            return self._exchange(method, path, payload, headers)
        except (http.client.HTTPException, ConnectionError, ssl.SSLEOFError):
            self._connection.close()
            return self._exchange(method, path, payload, headers)

    def _exchange(self, method: str, path: str, payload: str | None, headers: dict[str, str]) -> tuple[int, Object]:
        self._connection.request(method, path, payload, headers)
        answer = self._connection.getresponse()
        data = answer.read()
        return answer.status, json.loads(data) if data else {}

    def items(self, path: str, *, accept: str = "*/*") -> list[Object]:
        """All items of a list."""
        status, answer = self.call("GET", path, accept=accept)
        if status >= _ERROR:
            raise LabError(f"GET {path}: {status} {answer.get('message')}")
        return answer["items"] or []

    def patch(self, path: str, change: Object) -> None:
        """Merge a change into one object; null removes a key."""
        status, answer = self.call("PATCH", path, change, kind="application/merge-patch+json")
        if status >= _ERROR:
            raise LabError(f"PATCH {path}: {status} {answer.get('message')}")

    def apply(self, item: Object) -> None:
        """Server-side apply; a running object keeps what the lab does not name."""
        path = f"{item_path(item)}?fieldManager=lab&force=true"
        status, answer = 0, {}
        for _ in range(40):
            status, answer = self.call("PATCH", path, item, kind="application/apply-patch+yaml")
            if status < _ERROR or not any(word in answer.get("message", "") for word in _YOUNG):
                break
            time.sleep(0.5)
        if status >= _ERROR:
            raise LabError(f"{item['kind']} {item['metadata']['name']}: {status} {answer.get('message')}")

    def apply_all(self, items: Iterable[Object]) -> None:
        for item in items:
            self.apply(item)


def item_path(item: Object) -> str:
    """Where this object lives on the server."""
    group, _, version = item["apiVersion"].rpartition("/")
    base = f"/apis/{group}/{version}" if group else f"/api/{version}"
    meta = item["metadata"]
    space = f"/namespaces/{meta['namespace']}" if "namespace" in meta else ""
    plural = {"StorageClass": "storageclasses"}.get(item["kind"], item["kind"].lower() + "s")
    return f"{base}{space}/{plural}/{meta['name']}"
