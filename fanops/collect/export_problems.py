"""The refused rows of a file, with their reasons, as a file to mend and bring again (错误清单)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import pandas as pd

from fanops.access import Actor, require
from fanops.collect import records_imports as records
from fanops.collect.import_file import ImportRequest, preview_file, read_source
from fanops.collect.import_survey_export import ExportRequest, preview_survey_export, request_of
from fanops.collect.survey_exports import spread_answers
from fanops.collect.uploads import read_upload
from fanops.database import Database
from fanops.errors import InvalidInput
from fanops.spreadsheet import XLSX, write_xlsx
from fanops.text.masking import mask_identifiers


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
    upload = read_upload(parameters.get("upload", ""), actor), filename
    table = read_source(upload, kind="voices" if request.kind == "responses" else request.kind, sheet=request.sheet)
    table = spread_answers(table, request.kind, chosen)
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
    for heading in given.columns[2:]:
        given[heading] = given[heading].map(lambda cell: mask_identifiers(cell).text)
    lost = [row for row in rows if row not in table.rows.index]
    unread = pd.DataFrame({"行": [str(row) for row in lost], "原因": ["；".join(rows[row]) for row in lost]})
    return f"不能导入的行-{filename}.xlsx", XLSX, write_xlsx(pd.concat([given, unread]).fillna(""))


def _survey_request(parameters: Mapping[str, str]) -> ExportRequest:
    try:
        chosen = {name: json.loads(parameters[name]) for name in ("wave", "questions", "roles", "store")}
        return request_of(chosen)
    except (KeyError, ValueError, TypeError) as error:
        raise InvalidInput("列对应读不出来。", "请回到导入页重新下载。") from error
