"""The migrations and the tables say the same, and can be walked down and up again on filled data."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlmodel import select

from fanops.database import Database, migrate, open_database, pending_migrations
from fanops.database.migrate import alembic_config
from fanops.tables import Brand, metadata


def test_no_drift_between_tables_and_migrations(db: Database) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("empty_database_url", ["sqlite", "postgresql"], indirect=True)
def test_up_down_up(empty_database_url: str) -> None:
    fresh = open_database(empty_database_url)
    try:
        assert migrate(fresh) == ["0001"]
        assert migrate(fresh) == []
        with fresh.write() as session:
            session.add(Brand(name="山茶"))
        command.downgrade(alembic_config(fresh), "base")
        assert pending_migrations(fresh) == ["0001"]
        migrate(fresh)
        with fresh.read() as session:
            assert session.exec(select(Brand)).all() == []
    finally:
        fresh.dispose()


def test_the_chain_is_there(chain) -> None:
    with chain.db.read() as session:
        assert {brand.name for brand in session.exec(select(Brand))} == {"山茶", "别家"}
