"""The refused rows of a file, with their reasons, as a file to mend and bring again (错误清单)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import pandas as pd

from fanops.access import Actor, require
from fanops.collect import records_imports as records
from fanops.collect.import_file import ImportRequest, preview_file
from fanops.collect.import_survey_export import ExportRequest, preview_survey_export, request_of
from fanops.collect.raw_rows import misfit_rows
from fanops.collect.read_file import SourceTable, read_content
from fanops.collect.survey_exports import recognise, spread_answers, without_addresses
from fanops.collect.uploads import read_upload
from fanops.database import Database
from fanops.errors import InvalidInput
from fanops.spreadsheet import XLSX, write_xlsx


def export_problems(db: Database, actor: Actor, parameters: Mapping[str, str]) -> tuple[str, str, bytes]:
    """Give the refused rows of an uploaded file with their reasons, as Excel: (file name, media type, bytes).

    Args:
        db: The database.
        actor: Who uploaded it; nobody else finds it.
        parameters: ``upload``, ``filename``, ``kind``, and ``mapping`` as JSON.
    """
    require(actor, *records.IMPORTERS)
    try:
        mapping = json.loads(parameters.get("mapping", "{}"))
    except ValueError as error:
        raise InvalidInput("列对应读不出来。", "请回到导入页重新下载。") from error
    filename = re.sub(r"[\\/]", "_", parameters.get("filename", ""))[:100] or "文件"
    chosen = tuple(number for number in parameters.get("open", "").split(",") if number)
    request = ImportRequest(
        parameters.get("kind", ""), {str(name): str(head) for name, head in mapping.items()}, questions=chosen,
        sheet=parameters.get("sheet", ""),
    )  # fmt: skip
    content = read_upload(parameters.get("upload", ""), actor)
    kind = "voices" if request.kind == "responses" else request.kind
    whole = read_content(content, filename, kind=kind, sheet=request.sheet)
    table = spread_answers(without_addresses(whole), request.kind, chosen)
    if request.kind == "responses":
        problems = preview_survey_export(db, actor, table, _survey_request(parameters)).problems
    else:
        problems = preview_file(db, actor, table, request).problems
    rows: dict[int, list[str]] = {}
    for problem in problems:
        rows.setdefault(problem.row or 0, []).append(
            f"{problem.column}：{problem.why}" if problem.column else problem.why
        )
    given = table.rows[table.rows.index.isin(list(rows))].copy()
    given.insert(0, "行", given.index.astype(str))
    given.insert(1, "原因", ["；".join(rows[row]) for row in given.index])
    unread = _unread(content, whole, {row: why for row, why in rows.items() if row not in table.rows.index})
    # Nothing is masked here: the file goes to the one who brought it, and must be whole to be mended and brought again.
    return f"不能导入的行-{filename}.xlsx", XLSX, write_xlsx(pd.concat([given, unread]).fillna(""))


def _unread(content: bytes, whole: SourceTable, rows: Mapping[int, list[str]]) -> pd.DataFrame:
    """Give the rows that don't fit the headings as they stand in the file, what is too much in columns of its own."""
    # In a survey's export the address of the device may have slipped into any column: such a row shows its number only.
    raw = misfit_rows(content, whole, rows) if recognise(whole.headings) is None else {}
    lines = []
    for row, why in rows.items():
        cells = raw.get(row, [])
        names = [*whole.headings, *(f"多出的第{place}格" for place in range(1, len(cells) - len(whole.headings) + 1))]
        lines.append({"行": str(row), "原因": "；".join(why)} | dict(zip(names, cells, strict=False)))
    return pd.DataFrame(lines, columns=["行", "原因"] if not lines else None, dtype="str")


def _survey_request(parameters: Mapping[str, str]) -> ExportRequest:
    try:
        chosen = {name: json.loads(parameters[name]) for name in ("wave", "questions", "roles", "store")}
        return request_of(chosen)
    except (KeyError, ValueError, TypeError) as error:
        raise InvalidInput("列对应读不出来。", "请回到导入页重新下载。") from error
