"""A Pulsar with a namespace of a test's own, whose topics are written to where they are served."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager

from tests.lab.brokers.asking import ask
from tests.lab.patience import until
from tests.lab.pulsars import Cluster


class Owned(Cluster):
    """As Cluster; messages go to their topic's owner at once."""

    @contextmanager
    def space(self, namespace: str) -> Generator[None]:
        """A tenant with this namespace alone; nothing of it is there before and after."""
        tenant = namespace.partition("/")[0]
        self._remove(tenant, namespace)
        self.admin(f"tenants/{tenant}", "PUT", {"adminRoles": [], "allowedClusters": ["pulsar"]})
        self.admin(f"namespaces/{namespace}", "PUT", {"bundles": {"numBundles": 1}})
        try:
            yield
        finally:
            self._remove(tenant, namespace)

    def clear(self, namespace: str) -> None:
        """Take a namespace away with all its topics; nobody is connected."""
        for topic in self.admin(f"persistent/{namespace}") or ():
            path = topic.replace("://", "/")
            until(lambda path=path: self.gone(f"{path}?force=true"), f"{path} is not deleted")
        until(lambda: self.gone(f"namespaces/{namespace}"), f"{namespace} is not deleted")

    def produce(self, topic: str, count: int) -> None:
        """A broker that meets a namespace for the first time may keep a request for good instead of redirecting it."""
        status, said = self._asked(f"/lookup/v2/topic/persistent/{topic}", "GET", None)
        assert status == 200, said
        url = json.loads(said)["httpUrl"]
        [owner] = [one for one in self.staged.members if f"//{self.staged.pod(one).host}:" in url]
        messages = [{"payload": f"message {n}"} for n in range(count)]
        body = {"producerName": "lab", "messages": messages}
        status, said = self.asked(owner, f"topics/persistent/{topic}", "POST", body)
        assert status < 300, said

    def asked(self, broker: str, path: str, method: str = "GET", body: object = None) -> tuple[int, bytes]:
        """What one broker answers itself."""
        url = f"http://{self.staged.pod(broker).address}:8080/{path}"
        return ask(method, url, authorization=self._authorization, body=body, timeout=120)

    def _remove(self, tenant: str, namespace: str) -> None:
        self.clear(namespace)
        until(lambda: self.gone(f"tenants/{tenant}"), f"the tenant {tenant} is not deleted")
