"""The registry of themes: stable ids, what each run did to them, and what people did by hand."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from fanops.tables.base import Row, document, identifier, moment, reference


class ThemeRun(Row, table=True):
    """主题运行: parameters, seed, encoder, versions and input fingerprint, so that it can be repeated."""

    __tablename__ = "theme_run"
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    account_id: int | None = reference("account.id", nullable=True)
    parameters: dict = document()
    versions: dict = document()
    input_fingerprint: str = Field(default="", max_length=64)
    result_fingerprint: str = Field(default="", max_length=64)
    counts: dict = document()
    seconds: float = 0.0
    created_at: datetime = moment()


class Theme(Row, table=True):
    """需求主题 (``parent_id`` empty) or 子主题. The id never changes and is never used again.

    ``state`` is ``active``, ``retired`` (by a person), ``merged`` (into ``merged_into_id``) or ``died`` (no run found
    it any more; a later run may revive it). ``centroid`` is float32 bytes of the encoder named by the run.
    """

    __tablename__ = "theme"
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    parent_id: int | None = reference("theme.id", nullable=True)
    merged_into_id: int | None = reference("theme.id", nullable=True)
    born_run_id: int | None = reference("theme_run.id", nullable=True)
    seen_run_id: int | None = reference("theme_run.id", nullable=True)
    name: str = Field(max_length=60)
    named_by_hand: bool = False
    pinned: bool = False
    state: str = Field(default="active", max_length=20)
    aspect: str = Field(default="", max_length=20)
    keywords: list = document(list)
    quote_unit_ids: list = document(list)
    counter_quote_unit_ids: list = document(list)
    stability: float | None = None
    centroid: bytes | None = None
    created_at: datetime = moment()


class ThemeAssignment(Row, table=True):
    """归属: where a unit stands now. ``theme_id`` empty is 未归类; ``by_hand`` ones are kept by every later run.

    ``run_id`` is empty until a run has seen the unit.
    """

    __tablename__ = "theme_assignment"
    id: int | None = identifier()
    unit_id: int = reference("unit.id", cascade=True, index=False, unique=True)
    theme_id: int | None = reference("theme.id", nullable=True)
    subtheme_id: int | None = reference("theme.id", nullable=True)
    run_id: int | None = reference("theme_run.id", nullable=True)
    strength: float = 0.0
    unsure: bool = False
    by_hand: bool = False
    x: float | None = None
    y: float | None = None


class ThemeLineage(Row, table=True):
    """主题沿革: what a run did to the registry (continued, split, merged, born, died, revived; ``grey`` asks a person)."""

    __tablename__ = "theme_lineage"
    id: int | None = identifier()
    run_id: int = reference("theme_run.id", cascade=True)
    theme_id: int = reference("theme.id")
    from_theme_id: int | None = reference("theme.id", nullable=True)
    kind: str = Field(max_length=20)
    grey: bool = False
    shared_units: int = 0
    units: int = 0
    fans: int = 0
    stores: int = 0
    decided_at: datetime | None = moment(nullable=True)


class ThemeEvent(Row, table=True):
    """主题编辑: a person's deed (rename, merge, split, move, pin, retire, unretire, same); runs read the registry as they left it."""

    __tablename__ = "theme_event"
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    theme_id: int = reference("theme.id")
    account_id: int | None = reference("account.id", nullable=True)
    kind: str = Field(max_length=20)
    detail: dict = document()
    before: dict = document()
    made_at: datetime = moment()
    undone_at: datetime | None = moment(nullable=True)


class DictionaryWord(Row, table=True):
    """词条 of a brand's own dictionary; ``canonical`` names the product it is another name of, itself when it is none.

    ``state`` is ``accepted``, or ``rejected``: a suggestion that stays away.
    """

    __tablename__ = "dictionary_word"
    __table_args__ = (UniqueConstraint("brand_id", "word"),)
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    word: str = Field(max_length=30)
    canonical: str = Field(max_length=30)
    is_competitor: bool = False
    state: str = Field(default="accepted", max_length=20)
    account_id: int | None = reference("account.id", nullable=True)
    created_at: datetime = moment()
