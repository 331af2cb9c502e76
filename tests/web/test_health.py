"""/healthz: what is well, for a monitor; 503 as soon as something is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fanops.database import Database
from fanops.jobs import records
from fanops.tables import Worker, now
from fanops.web import health


def test_well_only_with_everything(browser, chain, monkeypatch) -> None:
    monkeypatch.setattr(health, "models_state", lambda: "ok")
    client = browser()
    silent = client.get("/healthz")
    assert silent.status_code == 503
    assert silent.json() == {"status": "unwell", "database": "ok", "worker": "silent", "models": "ok"}
    with chain.db.write() as session:
        records.show_alive(session, "w", None)
    assert client.get("/healthz").status_code == 200
    monkeypatch.setattr(health, "models_state", lambda: "missing")
    assert client.get("/healthz").json()["status"] == "unwell"
    monkeypatch.setattr(health, "models_state", lambda: "ok")
    with chain.db.write() as session:
        worker = session.get_one(Worker, "w")
        worker.seen_at = now() - health.WORKER_SILENT - timedelta(seconds=1)
        session.add(worker)
    assert client.get("/healthz").status_code == 503


def test_a_database_out_of_reach_is_said() -> None:
    gone = Database("postgresql://nobody@127.0.0.1:1/nothing")
    assert health.check_health(gone).database == "unreachable"
    gone.dispose()


@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
def test_a_database_without_tables_is_said(empty_database_url: str) -> None:
    empty = Database(empty_database_url)
    assert health.check_health(empty).database == "needs migration"
    empty.dispose()
