"""The database: one engine, reads that don't block, writes that are whole."""

from fanops.database.engine import Database, database, insert_many, open_database, take_turn
from fanops.database.migrate import back_up, migrate, pending_migrations, put_back, ready_database

__all__ = ["Database", "back_up", "database", "insert_many", "migrate", "open_database", "pending_migrations", "put_back",
           "ready_database", "take_turn"]  # fmt: skip
