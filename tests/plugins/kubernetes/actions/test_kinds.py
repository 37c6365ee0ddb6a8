"""`:KIND`: any resource of the server as a pane with the server's own columns."""

from __future__ import annotations

from console.plugin import Poll
from plugins.kubernetes.client import kinds
from tests.plugins.kubernetes.actions.conftest import Live
from tests.values import fetched


async def test_a_kind_is_found_by_every_name_that_it_has(live: Live) -> None:
    for word in ("replicasets", "rs", "replicaset", "ReplicaSet", "replicasets.apps"):
        found = await kinds.find(live.api, word)
        assert found is not None, word
        source, pane = found
        assert isinstance(source, Poll)
        assert (pane.name, source.table) == ("replicasets.apps", pane.table)
        assert "rs" in pane.aliases


async def test_the_columns_are_the_server_s_and_ages_are_ours(live: Live) -> None:
    found = await kinds.find(live.api, "rs")
    assert found is not None
    source, pane = found
    assert isinstance(source, Poll)
    rows = await fetched(source, live.api)
    titles = [column.title for column in pane.columns]
    assert titles[:2] == ["NAME", "NAMESPACE"]
    assert {"DESIRED", "CURRENT", "READY"} <= set(titles)
    assert titles.count("AGE") == 1
    desired = next(column for column in pane.columns if column.title == "DESIRED")
    assert desired.align == "right"
    assert {desired.value(row) for row in rows} >= {1}
    assert rows == await fetched(source, live.api), "nothing changed, so no row did"
    assert all(pane.facets(row)["namespace"] for row in rows)


async def test_a_word_that_means_nothing_finds_nothing(live: Live) -> None:
    assert await kinds.find(live.api, "unicorns") is None


async def test_the_words_are_plurals_and_short_names_of_what_can_be_listed(live: Live) -> None:
    words = await kinds.words(live.api)
    assert {"replicasets", "rs", "configmaps", "cm"} <= set(words)
    assert list(words) == sorted(set(words))
