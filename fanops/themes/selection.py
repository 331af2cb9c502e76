"""Which voices a reader looks at: the one set of filters shared by every page and command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from fanops.errors import InvalidInput
from fanops.tables import row_id


@dataclass(frozen=True)
class Selection:
    """选取范围 of voices, inside what the actor may see anyway.

    Attributes:
        store_id: One store, None for all.
        region_id: One region, None for all.
        level: One fan level (粉丝分层), None for all, also voices without a fan.
        kind: review, survey, interview or ticket, None for all.
        channel: ``store``, ``delivery``, ``miniapp``, ``mall``, ``group`` or the file's own word (渠道), None for all.
        since: First moment, inclusive, None for no bound (voices without a date count only without bounds).
        until: Last moment, exclusive.
        batch_id: Only voices of one import batch.
    """

    store_id: int | None = None
    region_id: int | None = None
    level: str | None = None
    kind: str | None = None
    channel: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    batch_id: int | None = None


_IDS = ("store_id", "region_id", "batch_id")
_MOMENTS = ("since", "until")


def address_of(selection: Selection) -> dict[str, str]:
    """Write a selection as parameters of an address; what does not narrow is left out."""
    held = {name: value for name, value in asdict(selection).items() if value is not None}
    return {name: value.isoformat() if name in _MOMENTS else str(value) for name, value in held.items()}


def selection_of(parameters: Mapping[str, str]) -> Selection:
    """Read what ``address_of`` wrote.

    Raises:
        InvalidInput: A number or a moment that is none: left out, it would give more than was asked for.
    """
    given = {name: parameters[name] for name in Selection.__dataclass_fields__ if name in parameters}
    try:
        read = {name: datetime.fromisoformat(given[name]) for name in _MOMENTS if name in given}
    except ValueError as error:
        raise InvalidInput("地址里的时间认不出来。", "请从页面上的“导出”进入。") from error
    if any(moment.tzinfo is None for moment in read.values()):
        raise InvalidInput("地址里的时间没有时区。", "请从页面上的“导出”进入。")
    read |= {name: row_id(given[name]) for name in _IDS if name in given}
    if None in read.values():
        raise InvalidInput("地址里的编号认不出来。", "请从页面上的“导出”进入。")
    return Selection(**given | read)
