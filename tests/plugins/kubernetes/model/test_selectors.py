from hypothesis import given
from hypothesis import strategies as st

from plugins.kubernetes.model.placing import Taint, Term, Toleration, any_term, repelled
from plugins.kubernetes.model.selectors import LabelSelector, Requirement, Selector, holds, selector

_KEYS, _VALUES = st.sampled_from("abc"), st.sampled_from("xyz")
_LABELS = st.dictionaries(_KEYS, _VALUES, max_size=3)


@given(_LABELS, _KEYS, st.sets(_VALUES, min_size=1))
def test_in_and_not_in_are_opposites(labels: dict[str, str], key: str, values: set[str]) -> None:
    inside, outside = (Requirement(key, operator, tuple(values)) for operator in ("In", "NotIn"))
    assert holds(inside, labels) is not holds(outside, labels)
    assert holds(inside, labels) is (labels.get(key) in values)


@given(_LABELS, _KEYS)
def test_exists_and_does_not_exist_are_opposites(labels: dict[str, str], key: str) -> None:
    assert holds(Requirement(key, "Exists"), labels) is (key in labels)
    assert holds(Requirement(key, "DoesNotExist"), labels) is (key not in labels)


@given(_LABELS, _LABELS)
def test_equalities_match_what_holds_them_all(wanted: dict[str, str], labels: dict[str, str]) -> None:
    chosen = selector(LabelSelector(match_labels=wanted))
    assert chosen is not None
    assert chosen.matches(labels) is (wanted.items() <= labels.items())


def test_no_selector_is_not_an_empty_one() -> None:
    assert selector(None) is None
    assert selector(LabelSelector()) == Selector()
    assert Selector().matches({})


def test_an_unknown_operator_never_holds() -> None:
    assert not holds(Requirement("a", "Near", ("x",)), {"a": "x"})
    assert not holds(Requirement("a", "Gt", ("1",)), {"a": "many"})
    assert holds(Requirement("a", "Gt", ("1",)), {"a": "2"})
    assert holds(Requirement("a", "Lt", ("3",)), {"a": "2"})


def test_a_selector_is_written_as_kubectl_takes_it() -> None:
    rules = (Requirement("c", "NotIn", ("x", "y")), Requirement("d", "DoesNotExist"), Requirement("e", "Exists"))
    assert str(Selector((("a", "1"),), rules)) == "a=1,c notin (x,y),!d,e"


def test_a_toleration_bears_what_the_scheduler_lets_it_bear() -> None:
    pool = Taint("dedicated", "NoSchedule", "pulsar")
    assert Toleration("dedicated", "Equal", "pulsar", "NoSchedule").bears(pool)
    assert Toleration("dedicated", "", "pulsar").bears(pool)
    assert Toleration("dedicated", "Exists").bears(pool)
    assert Toleration("", "Exists").bears(pool)
    assert not Toleration("dedicated", "Equal", "kafka").bears(pool)
    assert not Toleration("dedicated", "Exists", "", "NoExecute").bears(pool)
    assert not Toleration("", "", "pulsar").bears(pool)
    assert repelled((Taint("soft", "PreferNoSchedule"), pool), ()) == pool
    assert repelled((Taint("soft", "PreferNoSchedule"),), ()) is None


def test_terms_are_alternatives_and_an_empty_one_matches_nothing() -> None:
    here = Term(labels=(Requirement("zone", "In", ("a",)),))
    named = Term(fields=(Requirement("metadata.name", "In", ("n2",)),))
    assert any_term(None, "n1", {})
    assert any_term((here, named), "n1", {"zone": "a"})
    assert any_term((here, named), "n2", {"zone": "b"})
    assert not any_term((here, named), "n1", {"zone": "b"})
    assert not any_term((), "n1", {})
    assert not any_term((Term(),), "n1", {})
