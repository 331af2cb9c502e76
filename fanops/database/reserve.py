"""Ids given out before the rows are written, so that parts of a whole (units of voices) can be written in bulk."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select, text
from sqlmodel import Session

from fanops.tables.base import Row


def reserve_ids(session: Session, table: type[Row], count: int) -> NDArray[np.int64]:
    """Reserve ``count`` ids of a table for this transaction; shape (count,), ascending.

    On SQLite the writer has the database to itself, so the next ids are those after the highest; on PostgreSQL they are
    drawn from the table's sequence.
    """
    if count <= 0:
        return np.empty(0, dtype=np.int64)
    if session.get_bind().dialect.name != "postgresql":
        highest = session.execute(select(func.max(table.__table__.c.id))).scalar() or 0
        return np.arange(highest + 1, highest + 1 + count, dtype=np.int64)
    drawn = session.execute(
        text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)"),
        {"name": table.__tablename__, "count": count},
    )
    return np.sort(np.fromiter((row[0] for row in drawn), dtype=np.int64, count=count))
