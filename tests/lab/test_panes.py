"""Every pane shows what `kubectl get -o json` shows: the same objects, with the same counts, states and places."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.lab.lab import Lab
from tests.terminal import PILOTHOUSE

pytestmark = pytest.mark.lab

Object = dict[str, Any]


def pane(lab: Lab, name: str, *arguments: str) -> dict[str, Object]:
    """The rows of a pane by key."""
    done = lab.run([PILOTHOUSE, "get", name, "-o", "json", *arguments])
    assert done.returncode == 0, done.stderr
    return {row["key"]: row for row in json.loads(done.stdout)}


def objects(lab: Lab, *kinds: str) -> dict[str, Object]:
    """What kubectl says, by `namespace/name`."""
    items = json.loads(lab.kubectl("get", ",".join(kinds), "-A", "-o", "json"))["items"]
    return {key(item): item for item in items}


def key(item: Object) -> str:
    meta = item["metadata"]
    return f"{meta['namespace']}/{meta['name']}" if "namespace" in meta else meta["name"]


def is_true(item: Object, condition: str) -> bool:
    return any(one["type"] == condition and one["status"] == "True" for one in item["status"].get("conditions", []))


def finished(pod: Object) -> bool:
    return pod["status"]["phase"] in {"Succeeded", "Failed"}


def size(text: str) -> int:
    """Bytes of a quantity in the binary units that the topology uses."""
    units = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40}
    return int(text[:-2]) << units[text[-2:]] if text[-2:] in units else int(text)


def test_nodes(lab: Lab) -> None:
    rows, nodes, pods = pane(lab, "nodes"), objects(lab, "nodes"), objects(lab, "pods")
    assert rows.keys() == nodes.keys()
    for name, node in nodes.items():
        row = rows[name]
        assert row["state"].startswith("Ready") == is_true(node, "Ready")
        assert row["version"] == node["status"]["nodeInfo"]["kubeletVersion"]
        assert row["address"] in {one["address"] for one in node["status"]["addresses"]}
        on_it = [pod for pod in pods.values() if pod["spec"].get("nodeName") == name and not finished(pod)]
        assert row["pods"] == len(on_it)
        members = {p["metadata"]["name"] for p in on_it if _owner(p).get("kind") in {"StatefulSet", "StrimziPodSet"}}
        assert set(row["members"]) == members
        assert row["age"] == node["metadata"]["creationTimestamp"]


def test_local_volumes_of_nodes(lab: Lab) -> None:
    rows, pinned = pane(lab, "nodes"), dict.fromkeys(objects(lab, "nodes"), 0)
    for volume in objects(lab, "pv").values():
        for term in volume["spec"].get("nodeAffinity", {}).get("required", {}).get("nodeSelectorTerms", []):
            for name in term["matchExpressions"][0]["values"]:
                pinned[name] += size(volume["spec"]["capacity"]["storage"])
    assert {name: row["local"] for name, row in rows.items()} == pinned


def _owner(item: Object) -> Object:
    owners = item["metadata"].get("ownerReferences", [])
    nobody: Object = {}
    return next((owner for owner in owners if owner.get("controller")), nobody)


def test_pods(lab: Lab) -> None:
    rows, pods = pane(lab, "pods"), objects(lab, "pods")
    printed = {
        "/".join(line.split()[:2]): line.split()[2:]
        for line in lab.kubectl("get", "pods", "-A", "-o", "wide", "--no-headers").splitlines()
    }
    assert rows.keys() == pods.keys() == printed.keys()
    for name, pod in pods.items():
        row, (ready, status, restarts, *_) = rows[name], printed[name]
        assert (row["ready"], row["status"], row["restarts"]) == (ready, status, int(restarts))
        assert row["node"] == pod["spec"].get("nodeName")
        assert row["ip"] == pod["status"].get("podIP")
        assert row["qos"] == pod["status"]["qosClass"]


def test_sets_and_their_pods(lab: Lab) -> None:
    rows, sets, pods = pane(lab, "stateful"), objects(lab, "statefulsets"), objects(lab, "pods")
    shown = {f"{row['namespace']}/{row['name']}": row for row in rows.values() if row["kind"] == "statefulset"}
    assert shown.keys() == sets.keys()
    for name, item in sets.items():
        row, status = shown[name], item["status"]
        assert row["ready"] == f"{status.get('readyReplicas', 0)}/{item['spec']['replicas']}"
        assert row["policy"] == item["spec"]["podManagementPolicy"]
        assert row["update"] == item["spec"]["updateStrategy"]["type"]
    members = {f"{row['namespace']}/{row['name']}": row for row in rows.values() if row["kind"] == "pod"}
    owned = {name: pod for name, pod in pods.items() if _owner(pod).get("kind") == "StatefulSet"}
    assert members.keys() == owned.keys()
    for name, pod in owned.items():
        assert members[name]["node"] == pod["spec"].get("nodeName")
        claims = [
            v["persistentVolumeClaim"]["claimName"] for v in pod["spec"]["volumes"] if "persistentVolumeClaim" in v
        ]
        assert sorted(members[name]["claims"].split()) == sorted(claims)


def test_pods_of_a_set_stand_in_ordinal_order(lab: Lab) -> None:
    names = [row["name"] for row in pane(lab, "stateful").values() if row["kind"] == "pod"]
    kafka = [name for name in names if name.startswith("my-cluster-kafka-")]
    assert kafka == sorted(kafka, key=lambda name: int(name.rpartition("-")[2]))


def test_workloads(lab: Lab) -> None:
    rows = {(row["kind"], f"{row['namespace']}/{row['name']}"): row for row in pane(lab, "workloads").values()}
    ready = {
        ("Deployment", "deployments"): ("readyReplicas", "spec", "replicas"),
        ("DaemonSet", "daemonsets"): ("numberReady", "status", "desiredNumberScheduled"),
        ("Job", "jobs"): ("succeeded", "spec", "completions"),
    }
    for (kind, plural), (field, part, wanted) in ready.items():
        items = objects(lab, plural)
        assert {name for found, name in rows if found == kind} == items.keys()
        for name, item in items.items():
            assert rows[kind, name]["ready"] == f"{item['status'].get(field, 0)}/{item[part][wanted]}"


def test_volumes(lab: Lab) -> None:
    rows, volumes, pods = pane(lab, "volumes"), objects(lab, "pv"), objects(lab, "pods")
    shown = {row["name"]: row for row in rows.values() if row["kind"] == "persistentvolume"}
    assert shown.keys() == volumes.keys()
    users = {
        f"{pod['metadata']['namespace']}/{volume['persistentVolumeClaim']['claimName']}": pod["metadata"]["name"]
        for pod in pods.values()
        for volume in pod["spec"].get("volumes", [])
        if "persistentVolumeClaim" in volume
    }
    for name, volume in volumes.items():
        row, spec = shown[name], volume["spec"]
        claim = f"{spec['claimRef']['namespace']}/{spec['claimRef']['name']}" if "claimRef" in spec else None
        assert (row["phase"], row["class"]) == (volume["status"]["phase"], spec["storageClassName"])
        assert (row["claim"], row["reclaim"]) == (claim, spec["persistentVolumeReclaimPolicy"])
        assert row["size"] == size(spec["capacity"]["storage"])
        assert row["pod"] == users.get(claim or "")
        if "local" in spec:
            assert row["path"] == spec["local"]["path"]
            terms = spec["nodeAffinity"]["required"]["nodeSelectorTerms"]
            assert [row["node"]] == terms[0]["matchExpressions"][0]["values"]


def test_budgets(lab: Lab) -> None:
    rows, budgets = pane(lab, "budgets"), objects(lab, "poddisruptionbudgets")
    assert rows.keys() == budgets.keys()
    for name, item in budgets.items():
        row, status = rows[name], item["status"]
        shown = (row["allowed"], row["healthy"], row["desired"])
        assert shown == (status["disruptionsAllowed"], status["currentHealthy"], status["desiredHealthy"])


def test_services(lab: Lab) -> None:
    rows, services = pane(lab, "services"), objects(lab, "services")
    assert rows.keys() == services.keys()
    for name, item in services.items():
        row, spec = rows[name], item["spec"]
        address = spec.get("clusterIP")
        assert (row["type"], row["cluster_ip"]) in {(spec["type"], address), (spec["type"], None)}
        assert all(str(port["port"]) in row["ports"] for port in spec.get("ports", []))


def test_tokens_without_their_secrets(lab: Lab) -> None:
    rows = pane(lab, "tokens")
    chosen = ("--field-selector=type=bootstrap.kubernetes.io/token", "-o", "json")
    items = json.loads(lab.kubectl("get", "secrets", "-n", "kube-system", *chosen))["items"]
    content = {
        plain["token-id"]: plain
        for item in items
        if (plain := {name: base64.b64decode(text).decode() for name, text in item["data"].items()})
    }
    assert rows.keys() == content.keys()
    for name, plain in content.items():
        assert rows[name]["ttl"] == plain.get("expiration")
        assert plain["token-secret"] not in json.dumps(rows)


def test_events(lab: Lab) -> None:
    lab.kubectl("-n", "redis", "delete", "pod", "my-redis-redis-ha-server-0", "--grace-period=1")
    lab.settle()
    rows, events = pane(lab, "events"), objects(lab, "events")
    about = {row["about"] for row in rows.values()}
    for event in events.values():
        subject = event["involvedObject"]
        assert any(subject["name"] in text and subject["kind"] in text for text in about), event


@pytest.mark.parametrize("kind", ["configmaps", "namespaces", "leases", "storageclasses", "rolebindings"])
def test_any_kind_that_the_server_has(lab: Lab, kind: str) -> None:
    assert {name.split("/")[-1] for name in pane(lab, kind)} == {name.split("/")[-1] for name in objects(lab, kind)}


def test_a_custom_resource_with_its_own_columns(fresh_lab: Lab) -> None:
    fresh_lab.kubectl("apply", "-f", "-", text=json.dumps(BOATS))
    fresh_lab.kubectl("wait", "--for=condition=Established", "crd/boats.harbour.example", "--timeout=30s")
    boat = {"apiVersion": "harbour.example/v1", "kind": "Boat", "metadata": {"name": "ferry"}, "spec": {"berth": "n7"}}
    fresh_lab.kubectl("apply", "-n", "default", "-f", "-", text=json.dumps(boat))
    (row,) = pane(fresh_lab, "boats").values()
    assert (row["name"], row["namespace"], row["berth"]) == ("ferry", "default", "n7")


BOATS: Object = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "boats.harbour.example"},
    "spec": {
        "group": "harbour.example",
        "scope": "Namespaced",
        "names": {"plural": "boats", "singular": "boat", "kind": "Boat", "listKind": "BoatList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "additionalPrinterColumns": [{"name": "Berth", "type": "string", "jsonPath": ".spec.berth"}],
                "schema": {
                    "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                },
            }
        ],
    },
}
