"""A wave's answers as one table: one row per response, one column per option, free words beside, tags and themes included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from sqlmodel import Session, select

from fanops.access import Actor
from fanops.collect import records_surveys as records
from fanops.collect.submit_response import TEXT_KINDS
from fanops.collect.surveys.answers import OTHER, Given, scale
from fanops.collect.surveys.definition import Question, SurveyDefinition
from fanops.collect.surveys.flow import answer_words
from fanops.fans.levels import LEVEL_LABELS
from fanops.settings import settings
from fanops.tables import (
    Answer,
    Fan,
    FanTag,
    Response,
    Staff,
    Store,
    SurveyVersion,
    Tag,
    Theme,
    ThemeAssignment,
    Unit,
    Voice,
    Wave,
)

_BESIDE = ("编号", "门店", "分层", "记录人", "提交时间", "备注", "标签", "主题")
_UNPROVEN = "留的手机号这一期已答过，没有核实是不是本人：两份都保留，这份不算在那位粉丝名下"


def answers_of_many(session: Session, response_ids: Sequence[int]) -> dict[int, dict[str, Given]]:
    """Give the stored answers of many responses: response id → question code → answer."""
    found: dict[int, dict[str, Given]] = {}
    for row in session.exec(select(Answer).where(Answer.response_id.in_(response_ids))):
        found.setdefault(row.response_id, {})[row.question_code] = Given(row.value, row.other_text)
    return found


def levels_of(session: Session, rows: Sequence[Response]) -> dict[int, str]:
    """Give the level of each fan who answered: fan id → level."""
    fan_ids = {row.fan_id for row in rows if row.fan_id}
    return dict(session.exec(select(Fan.id, Fan.level).where(Fan.id.in_(fan_ids))).all())


def answers_over_waves(session: Session, actor: Actor, wave_id: int, code: str) -> tuple[list[Any], list[str]]:
    """Give the answers to one question in every wave of this survey, in the actor's scope, oldest wave first.

    Returns:
        Values, and the title of the wave of each. A version that asks another kind of question, or offers other options
        or points under this code, is left out: its answers do not compare.
    """
    here = records.get_wave(session, actor, wave_id)
    version = session.get_one(SurveyVersion, here.version_id)
    asked = records.definition_of(version).question(code)
    statement = (
        select(Wave, SurveyVersion)
        .join(SurveyVersion, SurveyVersion.id == Wave.version_id)
        .where(Wave.brand_id == actor.brand_id, SurveyVersion.survey_id == version.survey_id)
        .order_by(Wave.opens_at, Wave.id)
    )
    values: list[Any] = []
    titles: list[str] = []
    for wave, its_version in session.exec(statement):
        same = records.definition_of(its_version).question(code)
        if asked is None or same is None or _offered(same) != _offered(asked):
            continue
        ids = [row.id for row in records.responses(session, actor, wave.id)]
        given = answers_of_many(session, ids)
        values += [given[each][code].value if code in given.get(each, {}) else None for each in ids]
        titles += [wave.title] * len(ids)
    return values, titles


def _offered(question: Question) -> tuple[Any, ...]:
    """Give what there was to choose from."""
    return question.kind, question.options, scale(question) if question.kind in ("rating", "nps") else ()


def _is_unproven(given: Mapping[str, Given]) -> bool:
    return any(isinstance(each.value, dict) and each.value.get("unproven") is True for each in given.values())


def response_table(session: Session, actor: Actor, wave_id: int) -> tuple[Wave, SurveyDefinition, pd.DataFrame]:
    """Give a wave's submitted responses in the actor's scope.

    Returns:
        The wave, its survey, and the table: 编号, 门店, 分层, 记录人, 提交时间, 备注, the answers, 标签, 主题. A chosen option is 1, one
        that was offered and not chosen 0, a question that was not asked is empty.
    """
    wave = records.get_wave(session, actor, wave_id)
    survey = records.definition_of(session.get_one(records.SurveyVersion, wave.version_id))
    rows = records.responses(session, actor, wave_id)
    ids = [row.id for row in rows]
    given = answers_of_many(session, ids)
    stores = dict(session.exec(select(Store.id, Store.name).where(Store.brand_id == actor.brand_id)).all())
    staff = dict(session.exec(select(Staff.id, Staff.name).where(Staff.brand_id == actor.brand_id)).all())
    fan_ids = {row.fan_id for row in rows if row.fan_id}
    levels = levels_of(session, rows)
    tags, themes = _tags(session, fan_ids), _themes(session, ids)
    asked = [question for _, question in survey.questions() if question.is_asked and question.kind != "contact"]
    names = _column_names(asked)
    table = []
    for row in rows:
        cells: dict[str, Any] = {
            "编号": row.id,
            "门店": stores.get(row.store_id, ""),
            "分层": LEVEL_LABELS.get(levels.get(row.fan_id, ""), ""),
            "记录人": staff.get(row.staff_id, ""),
            "提交时间": row.submitted_at.astimezone(settings().zone).strftime("%Y-%m-%d %H:%M")
            if row.submitted_at
            else "",
        }
        cells["备注"] = _UNPROVEN if _is_unproven(given.get(row.id, {})) else ""
        for question in asked:
            cells |= _cells(question, names[question.code], given.get(row.id, {}).get(question.code))
        table.append(cells | {"标签": "、".join(tags.get(row.fan_id, [])), "主题": "、".join(themes.get(row.id, []))})
    return wave, survey, pd.DataFrame(table)


def _column_names(asked: Sequence[Question]) -> dict[str, str]:
    """Name each question's columns by its title, with its code where that title stands for something else too."""
    titles = Counter([*_BESIDE, *(question.title for question in asked)])
    return {each.code: f"{each.title}（{each.code}）" if titles[each.title] > 1 else each.title for each in asked}


def _cells(question: Question, title: str, given: Given | None) -> dict[str, Any]:
    value = given.value if given else None
    beside = {f"{title}（其他）": given.other if given else ""} if question.other else {}
    labels = {option.code: option.label for option in question.options}
    if question.kind == "multiple":
        if question.other:
            labels[OTHER] = question.other
        return {
            f"{title}：{label}": None if value is None else int(code in value) for code, label in labels.items()
        } | beside
    if question.kind == "ranking":
        return {f"{title}：{label}（名次）": value.index(code) + 1 if value and code in value else None
                for code, label in labels.items()}  # fmt: skip
    if question.kind == "matrix":
        return {f"{title}：{row.label}": labels.get((value or {}).get(row.code), "") for row in question.rows}
    if question.kind in ("rating", "nps", "number") or question.kind in TEXT_KINDS:
        return {title: value} | beside
    return {title: answer_words(question, value)} | beside


def _tags(session: Session, fan_ids: set[int]) -> dict[int, list[str]]:
    statement = select(FanTag.fan_id, Tag.name).join(Tag, Tag.id == FanTag.tag_id)
    found: dict[int, list[str]] = {}
    for fan_id, name in session.exec(
        statement.where(FanTag.fan_id.in_(fan_ids), FanTag.removed_at.is_(None)).order_by(Tag.name)
    ):
        found.setdefault(fan_id, []).append(name)
    return found


def _themes(session: Session, response_ids: list[int]) -> dict[int, list[str]]:
    statement = (
        select(Response.id, Theme.name)
        .join(Answer, Answer.response_id == Response.id)
        .join(Voice, Voice.answer_id == Answer.id)
        .join(Unit, Unit.voice_id == Voice.id)
        .join(ThemeAssignment, ThemeAssignment.unit_id == Unit.id)
        .join(Theme, Theme.id == ThemeAssignment.theme_id)
        .where(Response.id.in_(response_ids))
        .distinct()
        .order_by(Theme.name)
    )
    found: dict[int, list[str]] = {}
    for response_id, name in session.exec(statement):
        found.setdefault(response_id, []).append(name)
    return found
