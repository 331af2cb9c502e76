"""Alembic's entry: runs inside the Database it is given, never from an ini file."""

from alembic import context

from fanops.tables import metadata

db = context.config.attributes["database"]
with db.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=db.is_sqlite,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
