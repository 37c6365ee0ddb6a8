"""Which cluster is meant and as whom survives the way from a command line through another process's one."""

from __future__ import annotations

from console import connection
from console.cli.arguments import parser
from console.config import Settings
from console.runs import connection_arguments
from console.runtime import Runtime
from console.workflow import runner

EVERYTHING = {
    "kubeconfig": "/k",
    "context": "prod",
    "namespace": "kafka",
    "impersonate": "ann",
    "impersonate_groups": ["oncall", "ops"],
}


def test_a_runner_reads_what_a_person_typed() -> None:
    typed = ["--kubeconfig", "/k", "--context", "prod", "-n", "kafka", "--as", "ann"]
    typed += ["--as-group", "oncall", "--as-group", "ops"]
    given = connection.given(parser().parse_args(typed))
    assert given == EVERYTHING
    assert set(given) == {option.key for option in connection.OPTIONS}
    passed = connection.given(runner.arguments(["d-1", *connection_arguments(Runtime(Settings(), connection=given))]))
    assert passed == {**EVERYTHING, "kubeconfig": ["/k"]}


def test_the_last_file_that_is_typed_counts_and_a_runner_takes_all_of_a_setting() -> None:
    assert connection.given(parser().parse_args(["--kubeconfig", "/a", "--kubeconfig", "/b"])) == {"kubeconfig": "/b"}
    words = connection.words({"kubeconfig": ("/a", "/b")})
    assert connection.given(runner.arguments(["d-1", *words])) == {"kubeconfig": ["/a", "/b"]}


def test_nothing_given_is_nothing_passed_on() -> None:
    assert connection.given(parser().parse_args(["get", "pods"])) == {}
    assert connection.words({}) == []
