"""Migrations, configured in code: on start the database is backed up, upgraded, and the person is told."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from fanops.database.engine import Database, database
from fanops.errors import Conflict, InvalidInput, NotReady
from fanops.settings import settings

_SCRIPTS = Path(__file__).parent / "migrations"


def alembic_config(db: Database) -> Config:
    """Build Alembic's configuration for ``db``."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["database"] = db
    return config


def pending_migrations(db: Database) -> list[str]:
    """List the revisions that ``db`` still lacks, oldest first."""
    scripts = ScriptDirectory.from_config(alembic_config(db))
    with db.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_heads()
    done = {script.revision for head in current for script in scripts.iterate_revisions(head, "base")}
    everything = [script.revision for script in scripts.walk_revisions("base", "heads")]
    return [revision for revision in reversed(everything) if revision not in done]


def migrate(db: Database, *, backup_folder: Path | None = None, to: str = "head") -> list[str]:
    """Bring ``db`` up to date, after a backup when it already holds something.

    Returns:
        The revisions applied; empty when it was up to date.
    """
    pending = pending_migrations(db)
    if not pending and to == "head":
        return []
    with db.engine.connect() as connection:
        holds_something = bool(MigrationContext.configure(connection).get_current_heads())
    if holds_something and db.is_sqlite and backup_folder is not None:
        back_up(db, backup_folder)
    command.upgrade(alembic_config(db), to)
    return pending


def ready_database() -> Database:
    """Give this machine's database for a command: a new one is made, an outdated one is refused.

    Raises:
        NotReady: It holds data and lacks migrations; those are run where a person sees it (a backup comes first).
    """
    db = database()
    pending = pending_migrations(db)
    if pending:
        with db.engine.connect() as connection:
            if MigrationContext.configure(connection).get_current_heads():
                raise NotReady("数据库还没有更新到当前版本。", "请先运行：fanops migrate")
        migrate(db)
    return db


def back_up(db: Database, folder: Path) -> Path:
    """Write a whole, consistent copy of the SQLite database while it is in use.

    Returns:
        The path of the copy (written beside and renamed, so that a half copy never carries the name of a whole one).

    Raises:
        InvalidInput: ``db`` is not SQLite; PostgreSQL has ``pg_dump``.
    """
    if not db.is_sqlite:
        raise InvalidInput(
            "只有内置数据库由本命令备份。", "PostgreSQL 请用 pg_dump 备份，并另外复制数据文件夹里的 files（附件）。"
        )
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"fanops-{datetime.now(settings().zone):%Y%m%d-%H%M%S-%f}.sqlite"
    unfinished = target.with_suffix(".part")
    raw = db.engine.raw_connection()
    try:
        raw.cursor().execute("VACUUM INTO ?", (str(unfinished),))
    finally:
        raw.close()
    with unfinished.open("rb+") as copy:
        os.fsync(copy.fileno())
    unfinished.chmod(0o600)
    unfinished.rename(target)
    return target


def put_back(db: Database, copy: Path) -> None:
    """Replace the SQLite database by a backup, in one transaction: a crash half way leaves what was there.

    Raises:
        InvalidInput: ``db`` is not SQLite, or ``copy`` is no whole backup of fanops.
        Conflict: Another process (the product, a worker) has the database open.
    """
    if not db.is_sqlite:
        raise InvalidInput("只有内置数据库由本命令恢复。", "PostgreSQL 请用 pg_restore 恢复。")
    db.dispose()
    with closing(sqlite3.connect(f"{copy.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as source:
        _require_whole(source, copy)
        with closing(sqlite3.connect(str(db.url.database), timeout=1)) as target:
            try:
                target.execute("PRAGMA journal_mode=DELETE")  # refused while anybody else has it open
            except sqlite3.OperationalError as error:
                raise Conflict("数据库正在使用。", "请先停止 fanops（网页和 worker），再恢复。") from error
            source.backup(target)


def _require_whole(source: sqlite3.Connection, copy: Path) -> None:
    way_out = "请换一个备份：数据文件夹里的 backups，或 fanops backup --to 写到的地方。"
    try:
        found = source.execute("PRAGMA integrity_check(1)").fetchone()[0]
        source.execute("SELECT version_num FROM alembic_version").fetchone()
        source.execute("SELECT 1 FROM brand LIMIT 1").fetchone()
    except sqlite3.DatabaseError as error:
        raise InvalidInput(f"{copy.name} 不是 fanops 的备份。", way_out) from error
    if found != "ok":
        raise InvalidInput(f"{copy.name} 已损坏，不能恢复。", way_out)
