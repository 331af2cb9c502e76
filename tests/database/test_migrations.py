"""The migrations and the tables say the same, and can be walked down and up again on filled data."""

from __future__ import annotations

from datetime import timedelta

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, text
from sqlmodel import select

from fanops.database import Database, database, migrate, open_database, pending_migrations, ready_database
from fanops.database.migrate import alembic_config
from fanops.errors import NotReady
from fanops.settings import settings
from fanops.tables import Brand, RuleDeed, RuleRun, metadata, now


def test_no_drift_between_tables_and_migrations(db: Database) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("empty_database_url", ["sqlite", "postgresql"], indirect=True)
def test_up_down_up(empty_database_url: str) -> None:
    fresh = open_database(empty_database_url)
    try:
        assert migrate(fresh) == ["0001", "0002", "0003", "0004"]
        assert migrate(fresh) == []
        with fresh.write() as session:
            session.add(Brand(name="山茶"))
        command.downgrade(alembic_config(fresh), "base")
        assert pending_migrations(fresh) == ["0001", "0002", "0003", "0004"]
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
        assert pending_migrations(old) == ["0002", "0003", "0004"]
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


@pytest.mark.parametrize("empty_database_url", ["sqlite", "postgresql"], indirect=True)
def test_cards_that_rules_made_before_runs_were_kept_get_their_run(empty_database_url: str) -> None:
    old = open_database(empty_database_url)
    try:
        command.upgrade(alembic_config(old), "0003")
        with old.engine.begin() as connection:
            at = {"t": now(), "u": now() - timedelta(days=1), "f": False}
            for row in (
                "brand (id, name, industry, settings, is_sample, created_at) VALUES (1, '山茶', '茶饮', '{}', :f, :t)",
                "region (id, brand_id, name, is_sample) VALUES (1, 1, '华东', :f)",
                "store (id, brand_id, region_id, code, name, kind, city, is_sample) VALUES (1, 1, 1, 'S1', '店', '', '', :f)",
                "fan (id, brand_id, name_masked, level, level_reason, source, joined_at) VALUES (1, 1, '', 'fan', '', '', :t)",
            ):
                connection.execute(text(f"INSERT INTO {row}"), at)
            for rule, made in (("recovery", "u"), ("recovery", "t"), ("recovery", "t"), ("", "t"), ("trial", "t")):
                connection.execute(
                    text("INSERT INTO service_card (fan_id, store_id, deed, state, reason, rule_code, created_at)"
                         f" VALUES (1, 1, '道歉', 'open', '', '{rule}', :{made})"),
                    {made: at[made]},
                )  # fmt: skip
        assert migrate(old) == ["0004"]
        with old.read() as session:
            made = select(RuleRun.id, func.count(RuleDeed.id)).join(RuleDeed, RuleDeed.run_id == RuleRun.id)
            assert session.exec(made.group_by(RuleRun.id).order_by(RuleRun.ran_at)).all() == [(1, 1), (2, 2)]
    finally:
        old.dispose()
