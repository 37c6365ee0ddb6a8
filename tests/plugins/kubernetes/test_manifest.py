"""The plugin's manifest: light to import, and every deferred name is there."""

from __future__ import annotations

import subprocess
import sys

from console.plugin import Join, Poll, Watch
from plugins.kubernetes import PLUGIN


def test_loading_the_manifest_imports_nothing_heavy() -> None:
    code = (
        "import sys, plugins.kubernetes; "
        "print(*sorted({'httpx', 'kubernetes', 'websockets', 'yaml', 'textual'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_panes_and_sources_import_no_client_library() -> None:
    code = (
        "import sys; from plugins.kubernetes import PLUGIN as p; "
        "p.panes.load(); p.sources.load(); p.rules.load(); p.tile.load(); "
        "print(*sorted({'httpx', 'kubernetes', 'websockets', 'textual'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_every_table_of_a_pane_and_every_input_of_a_join_has_a_source() -> None:
    sources = PLUGIN.sources.load()
    fed = {source.table for source in sources}
    assert len(fed) == len(sources)
    assert all(isinstance(source, Watch | Poll | Join) for source in sources)
    for pane in PLUGIN.panes.load():
        assert {pane.table, *pane.reads} <= fed, pane.name
    seen: set[object] = set()
    for source in sources:
        if isinstance(source, Join):
            assert {source.of, *(touch.table for touch in source.touches)} <= seen, source.table.name
        seen.add(source.table)
    assert PLUGIN.rules is not None
    assert {rule.reads for rule in PLUGIN.rules.load()} <= fed
