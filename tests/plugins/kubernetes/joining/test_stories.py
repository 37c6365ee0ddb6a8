"""What is typed on the machine, in its order; and volumes for another machine, made from those of the old one."""

from __future__ import annotations

import shlex
import subprocess
from typing import Any

import pytest
import yaml

from plugins.kubernetes.joining.stories import Machine, Way, as_text, joining, leaving, quoted
from plugins.kubernetes.joining.successors import successor, successors

LINE = "kubeadm join api:6443 --token abcdef.0123456789abcdef --discovery-token-ca-cert-hash sha256:00"
MACHINE = Machine("node1", "v1.35.4", "cluster-endpoint:6443", ("/data/zk", "/data/it's here"))


def lines(way: Way) -> list[str]:
    return [line for block in joining(way, MACHINE, LINE) for line in block.lines]


def position(found: list[str], part: str) -> int:
    return next(number for number, line in enumerate(found) if part in line)


def test_a_reset_comes_before_what_it_leaves_behind_is_cleaned_and_the_join_is_last() -> None:
    found = lines(Way.RESET)
    order = ["systemctl stop kubelet", "kubeadm reset", "/etc/cni/net.d", "iptables -F", "kubeadm join"]
    assert [position(found, part) for part in order] == sorted(position(found, part) for part in order)
    assert found[-1] == LINE
    assert not [line for line in found if "/data" in line], "a reset leaves the disks alone"


@pytest.mark.parametrize("way", [Way.REIMAGED, Way.REPLACED])
def test_a_new_image_gets_the_preparation_of_a_host(way: Way) -> None:
    found = lines(way)
    wanted = ["set-hostname node1", "swapoff", "br_netfilter", "sysctl --system", "chronyc", "SystemdCgroup = true"]
    wanted += ["sandbox_image", "kubelet-1.35.4 kubeadm-1.35.4", "mkdir -p /data/zk", "kubeadm join"]
    assert [position(found, part) for part in wanted] == sorted(position(found, part) for part in wanted)
    assert "getent hosts cluster-endpoint" in found[1]
    assert not [line for line in found if "kubeadm reset" in line]


def test_before_that_the_kubelet_is_stopped_or_the_old_machine_is_off() -> None:
    assert leaving(Way.RESET)[0].lines == ("systemctl stop kubelet",)
    assert leaving(Way.REPLACED)[0].lines == ("poweroff",)


@pytest.mark.parametrize("way", [Way.RESET, Way.REIMAGED, Way.REPLACED])
def test_a_shell_can_read_all_of_it(way: Way) -> None:
    text = as_text("node1", joining(way, MACHINE, LINE))
    assert text.startswith("# on node1, as root\n")
    done = subprocess.run(["sh", "-n"], input=text, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("word", ["/data/a", "it's", "a b", "$(reboot)", ";rm -rf /", ""])
def test_a_word_stays_a_word(word: str) -> None:
    assert shlex.split(quoted(word)) == [word]


def volume(**spec: Any) -> dict[str, Any]:
    rule = {"key": "kubernetes.io/hostname", "operator": "In", "values": ["node1"]}
    return {
        "metadata": {"name": "zk-data-node1", "uid": "u1", "resourceVersion": "5", "labels": {"app": "zk"}},
        "spec": {
            "capacity": {"storage": "20Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "local-storage",
            "local": {"path": "/data/zk"},
            "claimRef": {"namespace": "pulsar", "name": "zk-data-0", "uid": "old", "resourceVersion": "3"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}},
            **spec,
        },
        "status": {"phase": "Released"},
    }


def test_a_successor_lies_on_the_new_host_and_is_promised_to_the_claim_by_name() -> None:
    made = successor(volume(), "node1", "node9")
    assert made["metadata"] == {"name": "zk-data-node9", "labels": {"app": "zk"}}
    rule = made["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"][0]
    assert rule["values"] == ["node9"]
    assert made["spec"]["claimRef"] == {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "namespace": "pulsar",
        "name": "zk-data-0",
    }
    assert made["spec"]["local"] == {"path": "/data/zk"}
    assert "status" not in made


def test_successors_are_documents_that_kubectl_reads_and_names_do_not_meet() -> None:
    other = volume()
    other["metadata"] = {"name": "journal"}
    text = successors([volume(), other], "node1", "node9")
    documents = list(yaml.safe_load_all(text))
    assert [one["metadata"]["name"] for one in documents] == ["zk-data-node9", "journal-node9"]
    assert {one["kind"] for one in documents} == {"PersistentVolume"}
