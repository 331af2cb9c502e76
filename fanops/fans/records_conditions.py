"""Conditions over fans (条件): one language for segments and for the rules of tags; counted afresh each time."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from sqlalchemy import String, case, cast, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, select

from fanops.access import Actor, in_scope
from fanops.errors import InvalidInput
from fanops.fans.behaviour import STAGES
from fanops.fans.levels import LEVEL_LABELS
from fanops.fans.records_lifecycle import newest_changes
from fanops.fans.records_person import is_among
from fanops.fans.records_products import product_family
from fanops.tables import (
    Answer,
    Code,
    Coding,
    Fan,
    FanTag,
    Interview,
    Order,
    OrderItem,
    Product,
    Response,
    Store,
    SurveyVersion,
    Tag,
    Theme,
    ThemeAssignment,
    Turn,
    Unit,
    Voice,
    Wave,
    is_purchase,
    now,
)  # fmt: skip

# The largest number that each condition takes; days reach back a hundred years, and a date before the calendar's first is none.
LIMITS = {"orders_from": 1_000_000, "spent_from": 1_000_000, "last_from": 36_500, "last_to": 36_500}


@dataclass(frozen=True)
class Conditions:
    """What a fan must be like; what is left empty asks nothing.

    Attributes:
        levels: One of these levels.
        store_id: This home store.
        tag_id: Carries this tag.
        theme_id: Said something of this theme.
        orders_from: At least so many orders; 0 asks nothing.
        spent_from: Spent at least so much, yuan; 0 asks nothing.
        last_from: Last order at least so many days ago.
        last_to: Last order at most so many days ago.
        stages: In one of these stages of life (keys of behaviour.STAGES), as last night found.
        product_id: Bought this product, under any of its names.
        code_id: Said something in an interview that was coded so.
        survey_id: Gave ``answer`` to ``question`` of this survey, all three together.
        question: See above, the question's code.
        answer: See above, the option's code, or the number of a scale.
        answer_words: Question and answer as people read them.
    """

    levels: tuple[str, ...] = ()
    store_id: int | None = None
    tag_id: int | None = None
    theme_id: int | None = None
    orders_from: int | None = None
    spent_from: int | None = None
    last_from: int | None = None
    last_to: int | None = None
    stages: tuple[str, ...] = ()
    product_id: int | None = None
    code_id: int | None = None
    survey_id: int | None = None
    question: str = ""
    answer: str = ""
    answer_words: str = ""


def read_conditions(stored: dict[str, Any]) -> Conditions:
    """Give stored conditions, those of earlier releases too (what is unknown is left out)."""
    known = {each.name for each in fields(Conditions)}
    values = {name: value for name, value in stored.items() if name in known}
    return Conditions(**{**values, **{name: tuple(values.get(name, ())) for name in ("levels", "stages")}})


def parse_conditions(typed: object) -> Conditions:
    """Give conditions as a person types them; what is unknown or of the wrong kind is refused.

    Raises:
        InvalidInput: With what is wrong.
    """
    if not isinstance(typed, dict):
        raise InvalidInput("条件要写成名字和值。", '例如：{"orders_from": 6, "last_to": 30}')
    wanted = {each.name: each for each in fields(Conditions)}
    for name, value in typed.items():
        if name not in wanted:
            raise InvalidInput(f"没有“{str(name)[:40]}”这种条件。", f"可用：{'、'.join(wanted)}。")
        kind = str(wanted[name].type)
        fits = (
            isinstance(value, list)
            if "tuple" in kind
            else isinstance(value, str)
            if kind == "str"
            else type(value) is int
        )
        if not fits:
            raise InvalidInput(f"“{name}”的值不对。", "列表写成 [..]，编号和数字写成整数。")
        most = LIMITS.get(name)
        if most is not None and not 0 <= value <= most:
            raise InvalidInput(f"“{name}”要在 0 到 {most:,} 之间。", '例如：{"orders_from": 6, "last_to": 30}')
        if kind.startswith("int") and value >= 2**31:
            raise InvalidInput(f"“{name}”的编号太大。", "请从列表里抄编号。")
    found = read_conditions(typed)
    for name, known in (("levels", LEVEL_LABELS), ("stages", STAGES)):
        for each in getattr(found, name):
            if each not in known:
                raise InvalidInput(f"{name} 里没有“{str(each)[:40]}”。", f"可用：{'、'.join(known)}。")
    return found


def check_conditions(wanted: Conditions) -> None:
    """Refuse conditions that nobody can meet.

    Raises:
        InvalidInput: With what is wrong.
    """
    if wanted.last_from is not None and wanted.last_to is not None and wanted.last_from >= wanted.last_to:
        raise InvalidInput("“至少几天没来”要小于“几天内来过”。", "改好后再保存，填的都还在。")
    if wanted.survey_id is not None and not (wanted.question and wanted.answer):
        raise InvalidInput("选了问卷，还要选题目和答案。", "改好后再保存，填的都还在。")


def members(actor: Actor, wanted: Conditions) -> Any:
    """Select the ids of the fans in the actor's scope who are like this."""
    statement = select(Fan.id).where(Fan.merged_into_id.is_(None), Fan.erased_at.is_(None))
    statement = in_scope(statement, actor, brand=Fan.brand_id, store=Fan.home_store_id)
    if wanted.levels:
        statement = statement.where(Fan.level.in_(wanted.levels))
    if wanted.store_id is not None:
        statement = statement.where(Fan.home_store_id == wanted.store_id)
    if wanted.tag_id is not None:
        carries = select(FanTag.fan_id).where(FanTag.tag_id == wanted.tag_id, FanTag.removed_at.is_(None))
        statement = statement.where(is_among(carries))
    if wanted.theme_id is not None:
        said = (
            select(Voice.fan_id)
            .join(Unit, Unit.voice_id == Voice.id)
            .join(ThemeAssignment, ThemeAssignment.unit_id == Unit.id)
            .where(ThemeAssignment.theme_id == wanted.theme_id, Voice.fan_id.is_not(None))
        )
        statement = statement.where(is_among(said))
    if wanted.stages:
        latest = newest_changes()
        statement = statement.where(Fan.id.in_(select(latest.c.fan_id).where(latest.c.to_stage.in_(wanted.stages))))
    for said in _deeds(actor, wanted):
        statement = statement.where(is_among(said))
    having = _order_conditions(wanted)
    if having:
        record = aliased(Fan)  # only one that points to another has to be looked at
        person = func.coalesce(record.merged_into_id, Order.fan_id)
        bought = (
            select(person)
            .select_from(Order)
            .outerjoin(record, (record.id == Order.fan_id) & record.merged_into_id.is_not(None))
            .where(Order.brand_id == actor.brand_id, Order.fan_id.is_not(None))
        )
        statement = statement.where(Fan.id.in_(bought.group_by(person).having(*having)))
    return statement


def _deeds(actor: Actor, wanted: Conditions) -> list[Any]:
    """Select the fans who bought, said and answered what is asked, one select each."""
    found = []
    if wanted.product_id is not None:
        found.append(
            select(Order.fan_id)
            .join(OrderItem, OrderItem.order_id == Order.id)
            .where(
                OrderItem.product_id.in_(product_family(wanted.product_id)), Order.fan_id.is_not(None), is_purchase()
            )
        )
    if wanted.code_id is not None:
        found.append(
            select(Interview.fan_id)
            .join(Turn, Turn.interview_id == Interview.id)
            .join(Coding, Coding.turn_id == Turn.id)
            .where(
                Coding.code_id.in_(_now_under(wanted.code_id)), Coding.withdrawn_at.is_(None), Turn.speaker == "fan",
                Interview.fan_id.is_not(None),
            )
        )  # fmt: skip
    if wanted.survey_id is not None:
        value, option = cast(Answer.value, String), json.dumps(wanted.answer, ensure_ascii=False)
        versions = select(SurveyVersion.id).where(SurveyVersion.survey_id == wanted.survey_id)
        found.append(
            select(Response.fan_id)
            .join(Wave, Wave.id == Response.wave_id)
            .join(Answer, Answer.response_id == Response.id)
            .where(
                Wave.brand_id == actor.brand_id, Wave.version_id.in_(versions), Response.state == "submitted",
                Response.fan_id.is_not(None), Answer.question_code == wanted.question,
                value.in_([option, wanted.answer])
                | (value.startswith("[") & value.contains(option, autoescape=True)),
            )
        )  # fmt: skip
    return found


def _now_under(code_id: int) -> Any:
    """Select a code and what it was merged into, step by step: its passages have moved there."""
    path = select(Code.id, Code.merged_into_id).where(Code.id == code_id).cte(recursive=True)
    path = path.union_all(select(Code.id, Code.merged_into_id).join(path, Code.id == path.c.merged_into_id))
    return select(path.c.id)


def _order_conditions(wanted: Conditions) -> list[Any]:
    last, having = func.max(case((is_purchase(), Order.placed_at))), []
    if wanted.orders_from:
        having.append(func.sum(case((is_purchase(), 1), else_=0)) >= wanted.orders_from)
    if wanted.spent_from:
        having.append(func.sum(Order.amount_fen) >= 100 * wanted.spent_from)
    if wanted.last_from is not None:
        having.append(last <= now() - timedelta(days=wanted.last_from))
    if wanted.last_to is not None:
        having.append(last > now() - timedelta(days=wanted.last_to))
    return having


def condition_words(session: Session, actor: Actor, wanted: Conditions) -> str:
    """Say conditions in one Chinese line."""

    def name_of(table: Any, row_id: int | None) -> str:
        found = session.exec(select(table.name).where(table.id == row_id, table.brand_id == actor.brand_id)).first()
        return found or "已删除"

    said = [
        "或".join(LEVEL_LABELS[level] for level in wanted.levels if level in LEVEL_LABELS),
        wanted.store_id is not None and f"常去{name_of(Store, wanted.store_id)}",
        wanted.tag_id is not None and f"有标签“{name_of(Tag, wanted.tag_id)}”",
        wanted.theme_id is not None and f"说过“{name_of(Theme, wanted.theme_id)}”",
        "或".join(STAGES[stage] for stage in wanted.stages if stage in STAGES),
        wanted.product_id is not None and f"买过“{name_of(Product, wanted.product_id)}”",
        wanted.code_id is not None and f"访谈里谈到“{name_of(Code, wanted.code_id)}”",
        wanted.survey_id is not None and f"答过“{wanted.answer_words or wanted.answer}”",
        wanted.orders_from and f"至少 {wanted.orders_from} 单",
        wanted.spent_from and f"至少消费 ¥{wanted.spent_from:,}",
        wanted.last_from is not None and f"至少 {wanted.last_from} 天没来",
        wanted.last_to is not None and f"{wanted.last_to} 天内来过",
    ]
    return "、".join(part for part in said if part) or "全部粉丝"


def count_members(session: Session, actor: Actor, wanted: Conditions) -> int:
    """Count the fans who are like this."""
    return session.exec(select(func.count()).select_from(members(actor, wanted).subquery())).one()
