"""A few of the kill −9 rounds of ``tests/bench/kill_forms.py``, which does twenty."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fanops.database import open_database
from fanops.settings import settings
from tests.bench.kill_forms import run_rounds
from tests.bench.load_forms import free_port


def test_a_server_killed_under_load_loses_nothing_it_acknowledged(
    installation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FANOPS_PORT", str(free_port()))
    settings.cache_clear()
    with ThreadPoolExecutor(1) as pool:  # a thread of its own: a browser's loop may be running in this one
        done = pool.submit(run_rounds, tmp_path, 3, processes=2, connections=12).result()
    open_database.cache_clear()
    assert done["screens"] >= 3 * 12 and done["surveys"] > 0, done
    assert {name: done[name] for name in ("lost", "half", "dangling", "broken")} == {
        "lost": 0, "half": 0, "dangling": 0, "broken": 0,
    }, done  # fmt: skip
