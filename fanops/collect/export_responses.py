"""A wave's answers as a file, with the code book that goes with them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from fanops.access import Actor
from fanops.collect.records_responses import response_table
from fanops.collect.surveys.definition import KINDS, SurveyDefinition
from fanops.database import Database
from fanops.errors import NotFound
from fanops.spreadsheet import CSV, XLSX, write_csv, write_xlsx
from fanops.tables import row_id


def question_table(survey: SurveyDefinition) -> pd.DataFrame:
    """Give the code book that goes with the answers: 题号, 题目, 题型, 选项, 必答, 什么时候问."""
    return pd.DataFrame(
        {
            "题号": question.code,
            "题目": question.title,
            "题型": KINDS[question.kind],
            "选项": "、".join(option.label for option in question.options),
            "必答": "是" if question.required else "",
            "什么时候问": question.show_if.source if question.show_if else "总是",
        }
        for _, question in survey.questions()
        if question.is_asked
    )


def export_responses(db: Database, actor: Actor, parameters: Mapping[str, str]) -> tuple[str, str, bytes]:
    """Give a wave's answers as a file.

    Args:
        db: The database.
        actor: Whose scope.
        parameters: ``wave`` (id), ``as`` (``csv`` or ``xlsx``, which is also the default).

    Returns:
        File name, media type, content.

    Raises:
        NotFound: No such wave.
    """
    asked = row_id(str(parameters.get("wave", "")))
    if asked is None:
        raise NotFound("没有说是哪一期。", "请从问卷页面的“导出”进入。")
    with db.read() as session:
        wave, survey, table = response_table(session, actor, asked)
    if parameters.get("as") == "csv":
        return f"{wave.title}.csv", CSV, write_csv(table)
    return f"{wave.title}.xlsx", XLSX, write_xlsx({"答卷": table, "题目": question_table(survey)})
