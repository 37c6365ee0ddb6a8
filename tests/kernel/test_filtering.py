from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from console.errors import UsageError
from console.filtering import parse_filter


@dataclass(frozen=True)
class Row:
    words: str = "kafka/kafka-1 Running 3/3 k8s-node1"
    key: str = "kafka/kafka-1"
    own: Mapping[str, str] = field(default_factory=lambda: {"app": "kafka", "tier": "data"})
    where: Mapping[str, str] = field(default_factory=lambda: {"node": "k8s-node1", "namespace": "kafka"})

    def text(self) -> str:
        return self.words

    def name(self) -> str:
        return self.key

    def labels(self) -> Mapping[str, str]:
        return self.own

    def facets(self) -> Mapping[str, str]:
        return self.where


@pytest.mark.parametrize(
    ("line", "passes"),
    [
        ("", True),
        ("   ", True),
        ("kafka", True),
        ("KAFKA", True),
        ("zookeeper", False),
        ("running kafka", True),
        ("running zookeeper", False),
        ("kafka-[0-9]$", False),
        (r"kafka-\d+", True),
        ("^kafka/", True),
        (r"(kafka-)+\d", True),
        (r"kafka-[+*]?(\d)+", True),
        (r"(ka\+?fka.?)+", True),
        (r"(k(a)f)+ka.*node\d+", True),
        ("!zookeeper", True),
        ("!running", False),
        ("kafka !3/3", False),
        ('"Running 3/3"', True),
        ('"3/3 Running"', False),
        ('!"Running 3/3"', False),
        ("node=k8s-node1", True),
        ("node=k8s-node", False),
        ("node=a,k8s-node1", True),
        ("node!=k8s-node1", False),
        ("!node=k8s-node1", False),
        ("app=kafka", True),
        ("nothing=kafka", False),
        ("nothing!=kafka", True),
        ("-l app=kafka", True),
        ("-l app=kafka, tier in (web, data)", True),
        ("-l app!=kafka", False),
        ("running -l app=kafka", True),
        ("waiting -l app=kafka", False),
        ("-f kfk1", True),
        ("-f kfk 1", True),
        ("-f 1kfk", False),
        ("node=k8s-node1 -f kf", True),
    ],
)
def test_a_line_keeps_the_rows_it_means(line: str, *, passes: bool) -> None:
    assert parse_filter(line).accepts(Row()) is passes


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("kafka[", "kafka[ is no regular expression: unterminated character set at character 6"),
        ("(a", "(a is no regular expression: missing ), unterminated subpattern at character 1"),
        ("a **", "** is no regular expression: nothing to repeat at character 1"),
        ("(a+)+x", "(a+)+x repeats what repeats, which can take for ever; write it with one repeat"),
        ("((.*)b)*x", "((.*)b)*x repeats what repeats, which can take for ever; write it with one repeat"),
        ("(a{2,})*", "(a{2,})* repeats what repeats, which can take for ever; write it with one repeat"),
        ("-l", "-l needs a label selector behind it"),
        ("-f", "-f needs letters of a name behind it"),
        ("-l a in b", "label selector: a in needs values in parentheses"),
    ],
)
def test_a_line_that_is_no_filter_is_refused_with_the_word_and_the_reason(line: str, why: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_filter(line)
    assert refused.value.what == why


def test_a_filter_remembers_what_was_typed_and_knows_when_it_does_nothing() -> None:
    assert parse_filter(" kafka ").line == "kafka"
    assert parse_filter("kafka")
    assert not parse_filter("!")
