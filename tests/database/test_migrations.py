"""The migrations and the tables say the same, and can be walked down and up again on filled data."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlmodel import select

from fanops.database import Database, database, migrate, open_database, pending_migrations, ready_database
from fanops.database.migrate import alembic_config
from fanops.errors import NotReady
from fanops.settings import settings
from fanops.tables import Brand, metadata, now


def test_no_drift_between_tables_and_migrations(db: Database) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("empty_database_url", ["sqlite", "postgresql"], indirect=True)
def test_up_down_up(empty_database_url: str) -> None:
    fresh = open_database(empty_database_url)
    try:
        assert migrate(fresh) == ["0001", "0002", "0003"]
        assert migrate(fresh) == []
        with fresh.write() as session:
            session.add(Brand(name="山茶"))
        command.downgrade(alembic_config(fresh), "base")
        assert pending_migrations(fresh) == ["0001", "0002", "0003"]
        migrate(fresh)
        with fresh.read() as session:
            assert session.exec(select(Brand)).all() == []
    finally:
        fresh.dispose()


@pytest.mark.parametrize("empty_database_url", ["sqlite", "postgresql"], indirect=True)
def test_what_an_earlier_release_stored_is_there_after_the_update(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FANOPS_DATABASE", empty_database_url)
    settings.cache_clear()
    old = database()
    try:
        command.upgrade(alembic_config(old), "0001")
        with old.engine.begin() as connection:
            connection.execute(text("INSERT INTO brand (name, industry, is_sample, created_at) VALUES (:n, '茶饮', :f, :t)"),
                               {"n": "山茶", "f": False, "t": now()})  # fmt: skip
        assert pending_migrations(old) == ["0002", "0003"]
        with pytest.raises(NotReady, match="还没有更新"):
            ready_database()
        migrate(old)
        with old.read() as session:
            assert session.exec(select(Brand.settings)).all() == [{}]
    finally:
        old.dispose()


def test_the_chain_is_there(chain) -> None:
    with chain.db.read() as session:
        assert {brand.name for brand in session.exec(select(Brand))} == {"山茶", "别家"}
