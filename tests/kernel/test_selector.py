from __future__ import annotations

import pytest

from console.errors import UsageError
from console.selector import parse_selector

LABELS = {"app": "kafka", "tier": "data", "empty": "", "example.com/role": "broker"}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("app=kafka", True),
        ("app==kafka", True),
        ("app = kafka", True),
        ("app=redis", False),
        ("app!=redis", True),
        ("app!=kafka", False),
        ("missing!=x", True),
        ("app", True),
        ("missing", False),
        ("!missing", True),
        ("! missing", True),
        ("!app", False),
        ("app in (redis, kafka)", True),
        ("app in (redis)", False),
        ("app notin (redis)", True),
        ("app notin (redis,kafka)", False),
        ("missing notin (x)", True),
        ("missing in (x)", False),
        ("missing in ()", False),
        ("empty in ()", True),
        ("empty in (,a)", True),
        ("empty=", True),
        ("empty=,app=kafka", True),
        ("app=", False),
        ("missing=", False),
        ("example.com/role=broker", True),
        ("app=kafka,tier=data,!missing", True),
        ("app=kafka,tier=web", False),
    ],
)
def test_labels_match_as_the_api_server_has_it(text: str, *, matches: bool) -> None:
    assert parse_selector(text).matches(LABELS) is matches


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ("a=b,", "nothing stands behind the last comma"),
        ("a=b c=d", "expected a comma before c"),
        ("=b", "= cannot be the name of a label"),
        ("!", "nothing cannot be the name of a label"),
        ("a==!b", "expected a value behind a==, found !"),
        ("a near b", "near behind a is none of =, ==, !=, in, notin"),
        ("a in x", "a in needs values in parentheses"),
        ("a in (x", "the values of a in are not closed by a parenthesis"),
        ("a notin (x y)", "y does not belong into the values of a notin"),
        ("-a=b", "-a cannot be the name of a label"),
    ],
)
def test_a_wrong_selector_says_what_is_wrong(text: str, why: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_selector(text)
    assert refused.value.what == f"label selector: {why}"
