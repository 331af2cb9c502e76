"""A file into the database: read, checked, compared, and stored whole or not at all; the same file again changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from fanops.access import Actor, record_audit, require
from fanops.collect import records_imports as records
from fanops.collect import records_rows
from fanops.collect.check_rows import CheckedRows, StoreBook, check_rows
from fanops.collect.fields import (
    KIND_LABELS,
    PARTIES,
    check_headings,
    check_mapping,
    every_choice,
    fields_of,
    guess_mapping,
)
from fanops.collect.first_rows import first_rows
from fanops.collect.prepare import PreparedUnits, prepare_units, take_units
from fanops.collect.read_file import SourceTable, read_content, read_path
from fanops.collect.records_aspects import brand_pack
from fanops.collect.records_voices import NewVoice, add_voices
from fanops.collect.survey_exports import spread_answers, without_addresses
from fanops.collect.uploads import forget_upload, read_upload
from fanops.database import Database, take_turn
from fanops.errors import InvalidInput, Problem
from fanops.settings import settings
from fanops.tables import ImportBatch, now
from fanops.text.masking import mask_identifiers

Progress = Callable[[float, str], None]
Source = Path | str | tuple[bytes, str] | SourceTable
_UNITS_AT_ONCE = 2_000


@dataclass(frozen=True)
class ImportRequest:
    """What a person says about a file.

    Attributes:
        kind: ``voices``, ``members`` or ``orders``.
        mapping: Heading by field name; what is left out is remembered or guessed, "" is not taken at all.
        store: Code, name or id of the store for rows that name none.
        source: Platform name for rows that name none.
        voice_kind: ``review`` or ``ticket``.
        party: ``first``, ``second`` or ``third``; third-party fans are barred from contact.
        consent_basis: On what ground the data may be used; needed for second and third party.
        skip_refused: Import the rows that can be taken; otherwise one refused row means that nothing is stored.
        is_sample: Belongs to the sample chain.
        questions: Of a survey export: the numbers of the questions whose answers are voices; guessed when empty.
        sheet: Of a workbook: the sheet to import; the one that fits best when empty.
    """

    kind: str
    mapping: Mapping[str, str] = field(default_factory=dict)
    store: str | int | None = None
    source: str = ""
    voice_kind: str = "review"
    party: str = "first"
    consent_basis: str = ""
    skip_refused: bool = False
    is_sample: bool = False
    questions: tuple[str, ...] = ()
    sheet: str = ""


@dataclass(frozen=True)
class Preview:
    """What an import would do, before anything is stored.

    Attributes:
        sheet, sheets: Of a workbook: the one that is read, and all that have rows.
        mapping: Heading by field name, of the fields that are taken.
        remembered: The mapping was used for the same headings before.
        new, changed, same, refused: Rows.
        problems: Why rows were refused, by row.
        notes: What a person should know.
        first_rows: The first rows as they will be understood, Chinese headings.
        earlier_batch: This very file was imported as this batch, None when it was not.
    """

    kind: str
    filename: str
    headings: tuple[str, ...]
    mapping: dict[str, str]
    remembered: bool
    rows: int
    new: int
    changed: int
    same: int
    refused: int
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    first_rows: tuple[dict[str, str], ...]
    earlier_batch: int | None = None
    sheet: str = ""
    sheets: tuple[str, ...] = ()

    @property
    def choices(self) -> dict[str, str]:
        """The mapping with "" for every field that is not taken, so that nobody guesses such a column again."""
        return every_choice(self.kind, self.mapping)


@dataclass(frozen=True)
class Imported:
    """What an import did; ``already`` when the very file was imported before, and nothing was stored now."""

    batch_id: int
    kind: str
    filename: str
    new: int = 0
    changed: int = 0
    same: int = 0
    refused: int = 0
    units: int = 0
    created_fans: int = 0
    torn: int = 0
    already: bool = False


def _silent(_share: float, _doing: str) -> None:
    """Report to nobody."""


def read_source(source: Source, progress: Progress | None = None, *, kind: str = "", sheet: str = "") -> SourceTable:
    """Read what was given: a path, (bytes, file name), or a table read before; of a workbook the sheet that fits ``kind``."""
    if isinstance(source, SourceTable):
        return source
    if isinstance(source, tuple):
        return without_addresses(read_content(source[0], source[1], progress=progress, kind=kind, sheet=sheet))
    return without_addresses(read_path(source, progress=progress, kind=kind, sheet=sheet))


@dataclass(frozen=True)
class _Ready:
    table: SourceTable
    mapping: dict[str, str]
    remembered: bool
    earlier: ImportBatch | None
    stores: StoreBook
    checked: CheckedRows | None


def _make_ready(db: Database, actor: Actor, table: SourceTable, request: ImportRequest, moment: datetime) -> _Ready:
    """Find mapping and stores, and check the rows; a file imported before is not checked again."""
    fields_of(request.kind)
    _check_party(request)
    with db.read() as session:
        earlier = records.find_live_batch(session, actor, request.kind, table.sha256)
        recalled = records.recall_mapping(session, actor, request.kind, table.headings)
        stores = records.store_book(session, actor, request.store)
    if not recalled and not any(request.mapping.values()):
        check_headings(table.headings, stores.ids.keys())
    guessed = recalled or guess_mapping(request.kind, table.rows, stores.ids.keys())
    taken = {heading for heading in request.mapping.values() if heading}
    mapping = {name: heading for name, heading in guessed.items() if heading not in taken} | dict(request.mapping)
    mapping = check_mapping(request.kind, mapping, table.headings)
    checked = check_rows(request.kind, table, mapping, stores, settings().zone, moment)
    return _Ready(table, mapping, bool(recalled), earlier, stores, checked)


def _read(source: Source, request: ImportRequest, progress: Progress) -> SourceTable:
    table = read_source(source, progress, kind=request.kind, sheet=request.sheet)
    return spread_answers(table, request.kind, request.questions)


def _check_party(request: ImportRequest) -> None:
    if request.party not in PARTIES:
        raise InvalidInput(f"没有“{request.party}”这种来源方。", "、".join(f"{k}：{v}" for k, v in PARTIES.items()))
    if request.party != "first" and not request.consent_basis.strip():
        raise InvalidInput("二方和三方数据要写明使用依据。", "例如：与某平台的数据合作协议，用户已同意提供给品牌。")


def preview_file(
    db: Database, actor: Actor, source: Source, request: ImportRequest, progress: Progress = _silent
) -> Preview:
    """Say what an import would do; nothing is stored.

    Raises:
        NotAllowed: The role may not import.
        InvalidInput: The file can't be read, or a needed column is missing.
    """
    require(actor, *records.IMPORTERS)
    table = _read(source, request, progress)
    ready = _make_ready(db, actor, table, request, now())
    with db.read() as session:
        plan = _plan(session, actor, request, ready.checked)
        names = records.store_names(session, actor)
    problems = tuple(sorted((*ready.checked.problems, *plan.problems), key=lambda p: p.row or 0))
    return Preview(
        kind=request.kind,
        filename=table.filename,
        headings=tuple(table.headings),
        mapping=ready.mapping,
        remembered=ready.remembered,
        rows=len(table.rows) + len(table.problems),
        new=plan.count("new"),
        changed=plan.count("changed"),
        same=plan.count("same"),
        refused=ready.checked.refused + len(plan.problems),
        problems=problems,
        notes=(*table.notes, *ready.checked.notes),
        first_rows=first_rows(request.kind, plan.rows, ready.mapping, names),
        earlier_batch=ready.earlier.id if ready.earlier else None,
        sheet=table.sheet,
        sheets=table.sheets,
    )


def _plan(session: Session, actor: Actor, request: ImportRequest, checked: CheckedRows) -> records_rows.Plan:
    if request.kind == "orders":
        return records_rows.plan_orders(session, actor, checked.rows, request.source)
    if request.kind == "members":
        return records_rows.plan_members(session, actor, checked.rows)
    return records_rows.plan_voices(session, actor, records_rows.voice_keys(checked.rows, request.source))


def import_file(
    db: Database,
    actor: Actor,
    source: Source,
    request: ImportRequest,
    progress: Progress = _silent,
    *,
    is_job: bool = False,
) -> Imported:
    """Import a file: one transaction, so that whatever happens it is all there or not at all.

    Args:
        db: The database.
        actor: Who imports; a store manager's file may name the own store only.
        source: A path, (bytes, file name), or a table read before.
        request: What the person says about it.
        progress: Called with (share 0–1, Chinese phrase).
        is_job: ``progress`` writes to the database itself, so it is not called while rows are stored.

    Raises:
        NotAllowed: The role may not import.
        InvalidInput: The file can't be read, a column is missing, or rows were refused and ``skip_refused`` is not set.
    """
    require(actor, *records.IMPORTERS)
    table = _read(source, request, lambda _share, doing: progress(0.05, doing))
    progress(0.15, f"检查 {len(table.rows):,} 行")
    ready = _make_ready(db, actor, table, request, now())
    if ready.earlier is not None:
        return Imported(ready.earlier.id, request.kind, table.filename, already=True)
    checked = ready.checked
    if checked.refused and not request.skip_refused:
        raise InvalidInput(
            f"有 {checked.refused:,} 行不能导入，所以什么都没有存。",
            "请按列出的原因改好文件再导入，或选择“只导入可用的行”。",
            checked.problems,
        )
    if checked.rows.empty:
        raise InvalidInput("没有一行可以导入。", "请按列出的原因改好文件。", checked.problems)
    prepared = _prepare_voices(db, actor, request, checked, progress) if request.kind == "voices" else None
    progress(0.8, f"保存 {len(checked.rows):,} 行")
    with db.write() as session:
        take_turn(session, f"import {actor.brand_id}")
        earlier = records.find_live_batch(session, actor, request.kind, table.sha256)
        if earlier is not None:
            return Imported(earlier.id, request.kind, table.filename, already=True)
        imported = _store(session, actor, request, ready, prepared, _silent if is_job else progress)
        records.remember_mapping(
            session, actor, request.kind, table.headings, every_choice(request.kind, ready.mapping)
        )
    if not is_job:
        progress(1.0, "完成")
    return imported


def _store(
    session: Session,
    actor: Actor,
    request: ImportRequest,
    ready: _Ready,
    prepared: tuple[pd.DataFrame, PreparedUnits] | None,
    progress: Progress,
) -> Imported:
    batch = ImportBatch(
        brand_id=actor.brand_id, account_id=actor.account_id, kind=request.kind, filename=ready.table.filename,
        file_sha256=ready.table.sha256, mapping=ready.mapping, party=request.party,
        consent_basis=request.consent_basis.strip()[:200], is_sample=request.is_sample,
    )  # fmt: skip
    session.add(batch)
    session.flush()
    source = request.source or KIND_LABELS[request.kind]
    barred = request.party == "third"
    counts: dict[str, int] = {}
    if prepared is not None:
        plan = records_rows.plan_voices(session, actor, prepared[0])
        counts = _store_voices(session, actor, request, plan, prepared[1], batch.id)
    else:
        plan = _plan(session, actor, request, ready.checked)
        if plan.problems and not request.skip_refused:
            raise InvalidInput(
                f"有 {len(plan.problems):,} 行不能导入，所以什么都没有存。",
                "请去掉这些行，或选择“只导入可用的行”。",
                plan.problems,
            )
        progress(0.85, "保存")
        store = records_rows.store_orders if request.kind == "orders" else records_rows.store_members
        counts = store(session, actor, plan, batch.id, source=source, barred=barred)
    imported = Imported(
        batch.id, request.kind, ready.table.filename, new=plan.count("new"), changed=plan.count("changed"),
        same=plan.count("same"), refused=ready.checked.refused + len(plan.problems), **counts,
    )  # fmt: skip
    batch.counts = {
        k: v for k, v in asdict(imported).items() if isinstance(v, int) and k not in ("batch_id", "already")
    }
    session.add(batch)
    record_audit(session, actor, "import_file", f"import_batch:{batch.id}", kind=request.kind, rows=imported.new)
    return imported


def _prepare_voices(
    db: Database, actor: Actor, request: ImportRequest, checked: CheckedRows, progress: Progress
) -> tuple[pd.DataFrame, PreparedUnits]:
    """Mask, name and cut the voices before the transaction begins, so that others wait as short as can be."""
    rows = records_rows.voice_keys(checked.rows, request.source)
    rows = rows.sort_values("time", kind="stable", na_position="first", ignore_index=True)
    texts = [mask_identifiers(text).text for text in rows["text"]]
    with db.read() as session:
        pack = brand_pack(session, actor.brand_id)
    parts = []
    for start in range(0, len(texts), _UNITS_AT_ONCE):
        progress(0.2 + 0.6 * start / len(texts), f"切分语义单元 {start:,} / {len(texts):,} 条")
        parts.append(prepare_units(texts[start : start + _UNITS_AT_ONCE], pack))
    units = PreparedUnits.joined(parts, _UNITS_AT_ONCE)
    return rows.assign(text=pd.Series(texts, index=rows.index, dtype="str")), units


def _store_voices(
    session: Session,
    actor: Actor,
    request: ImportRequest,
    plan: records_rows.Plan,
    units: PreparedUnits,
    batch_id: int,
) -> dict[str, int]:
    is_new = (plan.rows["what"] == "new").to_numpy()
    rows = plan.rows[is_new].reset_index(drop=True)
    if rows.empty:
        return {}
    units = take_units(units, is_new)
    barred = request.party == "third"
    fans, found = records_rows.find_fans(
        session, actor, rows, source=request.source or "原声", batch_id=batch_id, barred=barred
    )
    voices = [
        NewVoice(
            text=row.text, kind=request.voice_kind, source=row.source, source_key=row.source_key,
            said_at=records_rows.moment_of(row.time), store_id=row.store_id if row.store_id > 0 else None,
            fan_id=fan_id if fan_id > 0 else None, score=None if np.isnan(row.score) else row.score, channel=row.channel,
        )
        for row, fan_id in zip(rows.itertuples(), fans.tolist(), strict=True)
    ]  # fmt: skip
    add_voices(session, actor.brand_id, voices, import_batch_id=batch_id, units=units)
    return {"units": len(units.voice), "created_fans": len(found.created), "torn": len(found.torn)}


_REQUESTED = tuple(name for name in ImportRequest.__dataclass_fields__ if name != "is_sample")


def run_import(db: Database, actor: Actor, parameters: Mapping[str, Any], progress: Progress) -> Imported:
    """Import an uploaded file for the worker.

    Args:
        db: The database.
        actor: Who asked for it.
        parameters: ``upload`` (see ``uploads.keep_upload``), ``filename``, and the fields of ``ImportRequest``.
        progress: Writes to the job's row.
    """
    request = ImportRequest(**{name: parameters[name] for name in _REQUESTED if name in parameters})
    upload, filename = str(parameters["upload"]), re.sub(r"[\\/]", "_", str(parameters.get("filename", "")))
    progress(0.0, "读取文件")
    source = read_upload(upload, actor), filename
    try:
        imported = import_file(db, actor, source, replace(request, is_sample=False), progress, is_job=True)
    except InvalidInput:
        forget_upload(upload, actor)
        raise
    forget_upload(upload, actor)
    return imported
