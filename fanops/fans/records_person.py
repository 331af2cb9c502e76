"""One person, whatever records there are: a merge is a pointer, so whoever reads of a person follows it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, select

from fanops.tables import Fan

# The id of the person that a fan's row belongs to, in a statement that reads Fan.
PERSON = func.coalesce(Fan.merged_into_id, Fan.id)


def person_ids(fan_id: int) -> Select:
    """Select the ids of a person's records: the kept one and those that were merged into it."""
    return select(Fan.id).where((Fan.id == fan_id) | (Fan.merged_into_id == fan_id))


def is_among(fan_ids: Select) -> ColumnElement[bool]:
    """Say, in a statement that reads Fan, that the fan or a record merged into it is among some ids."""
    record = aliased(Fan)
    pointing = select(record.merged_into_id).where(record.merged_into_id.is_not(None), record.id.in_(fan_ids))
    return Fan.id.in_(fan_ids) | Fan.id.in_(pointing)


def merged_records(session: Session, brand_id: int) -> dict[int, int]:
    """Give a brand's merged records: the id of each, and of the one it points to (which points nowhere itself)."""
    statement = select(Fan.id, Fan.merged_into_id)
    return dict(session.exec(statement.where(Fan.brand_id == brand_id, Fan.merged_into_id.is_not(None))).all())
