"""近服务: a store's cards for today, and the few lines that say whom one serves."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from sqlalchemy import case, distinct, exists, func, literal
from sqlmodel import Session, select

from fanops.access import Actor, in_scope
from fanops.access.scope import store_ids
from fanops.database.frames import frame_of
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.fans.outlook import FittedModel
from fanops.fans.records import get_fan, phone_tails
from fanops.fans.records_contacts import record_contact, take_back_contact, why_not_contact
from fanops.fans.records_outlook import kept_model
from fanops.fans.records_person import PERSON, person_ids
from fanops.fans.records_products import with_canonical
from fanops.fans.records_rules import OUTER_MARKS, SCRAP, rule_titles
from fanops.fans.records_tellings import PROMISE, due_titles, tell_with_card, untell_with_card
from fanops.settings import settings, today
from fanops.tables import (
    BacklogItem,
    Fan,
    Fix,
    Order,
    OrderItem,
    Product,
    ServiceCard,
    Store,
    Telling,
    Theme,
    ThemeAssignment,
    Unit,
    Voice,
    is_purchase,
    now,
)  # fmt: skip

DONE, NOT_DONE = "done", "not_done"
TRIAL = "trial"  # rule_code of a card that asks a fan to try what they asked for
_OTHERS = {TRIAL: "请顾客体验"}
_LIKES, _VISIT_DAYS, _LEAST_ORDERS = 2, 14, 6


def trial_deed(title: str) -> str:
    """Give what a card says that asks a fan to try an item."""
    return f"请他/她来试：{title}"[:200]


def card_table(
    session: Session, actor: Actor, state: str = "open", limit: int = 200, *, store_id: int | None = None
) -> pd.DataFrame:
    """List service cards, of one store or of all: late ones first, then by the day they are due.

    Returns:
        Rows ``card_id, fan_id`` (the kept record)``, fan, level, store, rule, deed, reason, due_on, late, own`` (whether the fan's page
        can be opened too: who asked for something here may belong to another store)``, tail`` (of the phone).
    """
    own = literal(True) if actor.sees_all_stores else func.coalesce(Fan.home_store_id.in_(store_ids(actor)), False)
    statement = (
        select(
            ServiceCard.id, PERSON, Fan.name_masked, Fan.level, Store.name, ServiceCard.rule_code, ServiceCard.deed,
            ServiceCard.reason, ServiceCard.due_on, own,
        )
        .join(Fan, Fan.id == ServiceCard.fan_id)
        .join(Store, Store.id == ServiceCard.store_id)
        .where(ServiceCard.state == state)
    )  # fmt: skip
    statement = in_scope(statement, actor, brand=Fan.brand_id, store=ServiceCard.store_id)
    if store_id is not None:
        statement = statement.where(ServiceCard.store_id == store_id)
    rows = session.exec(statement.order_by(ServiceCard.due_on, ServiceCard.id).limit(limit)).all()
    columns = ["card_id", "fan_id", "fan", "level", "store", "rule", "deed", "reason", "due_on", "own"]
    frame = frame_of(rows, columns)
    titles = rule_titles(session, actor) | _OTHERS
    frame["rule"] = [titles.get(code, "手工") for code in frame["rule"]]
    tails = phone_tails(session, frame["fan_id"])
    frame["tail"] = [tails.get(fan_id, "") for fan_id in frame["fan_id"]]
    frame["late"] = [due is not None and due < today() for due in frame["due_on"]]
    return frame


def card_lines(
    session: Session, actor: Actor, fan_id: int, deed: str = "", *, brief: bool = False
) -> list[tuple[str, str]]:
    """Give at most five lines about a fan: 喜欢, 提过, 我们做了, 现在做, 注意; in brief 我们做了 and 现在做.

    Raises:
        NotFound: A fan that this actor neither sees nor has an open card for.
    """
    fan = _served(session, actor, fan_id)
    if brief:
        return [(label, text) for label, text in (("我们做了", _answered(session, fan.id)), ("现在做", deed)) if text]
    lines = [
        ("喜欢", "、".join(_likes(session, fan.id))),
        ("提过", _asked(session, fan.id)),
        ("我们做了", _answered(session, fan.id)),
        ("现在做", deed),
        ("注意", why_not_contact(session, fan)),
    ]
    return [(label, text) for label, text in lines if text]


def _served(session: Session, actor: Actor, fan_id: int) -> Fan:
    """Give a fan of the actor's stores, or of another store's with an open card in one of them."""
    has_card = exists().where(ServiceCard.fan_id.in_(person_ids(fan_id)), ServiceCard.state == "open")
    if not actor.sees_all_stores:
        has_card = has_card.where(ServiceCard.store_id.in_(store_ids(actor)))
    here = select(Fan).where(Fan.id == fan_id, Fan.brand_id == actor.brand_id, Fan.erased_at.is_(None), has_card)
    return session.exec(here).first() or get_fan(session, actor, fan_id)


def _likes(session: Session, fan_id: int) -> list[str]:
    bought = (
        select(Product.id, func.sum(OrderItem.quantity).label("quantity"))
        .join(OrderItem, OrderItem.product_id == Product.id)
        .join(Order, Order.id == OrderItem.order_id)
        .where(Order.fan_id.in_(person_ids(fan_id)), is_purchase())
        .group_by(Product.id)
        .subquery()
    )
    quantity = func.sum(bought.c.quantity)
    statement, name = with_canonical(select(Product.id).join(bought, bought.c.id == Product.id))
    return list(
        session.exec(statement.with_only_columns(name).group_by(name).order_by(quantity.desc(), name).limit(_LIKES))
    )


def _asked(session: Session, fan_id: int) -> str:
    """Give the fan's newest sentence that says something: displeased ones first, then those of a theme, scraps last."""
    statement = (
        select(Voice.text, Unit.start, Unit.end)
        .join(Unit, Unit.voice_id == Voice.id)
        .outerjoin(ThemeAssignment, ThemeAssignment.unit_id == Unit.id)
        .where(Voice.fan_id.in_(person_ids(fan_id)), Unit.no_content.is_(False))
        .order_by(
            case((Unit.end - Unit.start < SCRAP, 1), else_=0),
            case((Unit.polarity == -1, 0), else_=1),
            case((ThemeAssignment.theme_id.is_(None), 1), else_=0),
            Voice.said_at.desc(),
            Unit.id.desc(),
        )
        .limit(1)
    )
    found = session.exec(statement).first()
    return f"“{found[0][found[1] : found[2]].strip(OUTER_MARKS)}”" if found else ""


def _answered(session: Session, fan_id: int) -> str:
    if due := due_titles(session, fan_id):
        return f"{'、'.join(due)}（还没有告诉）"
    told = session.exec(
        select(func.coalesce(BacklogItem.title, Fix.title))
        .select_from(Telling)
        .outerjoin(BacklogItem, BacklogItem.id == Telling.item_id)
        .outerjoin(Fix, Fix.id == Telling.fix_id)
        .where(Telling.fan_id.in_(person_ids(fan_id)))
        .order_by(Telling.id.desc())
        .limit(1)
    ).first()
    if told is not None:
        return f"{told}（已告诉过）"
    theme = (
        select(ThemeAssignment.theme_id)
        .join(Unit, Unit.id == ThemeAssignment.unit_id)
        .join(Voice, Voice.id == Unit.voice_id)
        .where(Voice.fan_id.in_(person_ids(fan_id)))
    )
    fix = session.exec(
        select(Fix.title).join(Theme, Theme.id == Fix.theme_id).where(Fix.theme_id.in_(theme)).order_by(Fix.id.desc())
    ).first()
    return f"{fix}（在改）" if fix else ""


def expected_today(session: Session, actor: Actor, at: date | None = None, limit: int = 10) -> pd.DataFrame:
    """List fans who are likely to come today, by the brand's model of who still comes; without one, by their usual gap.

    On the sample chain's last 28 days, ten per store: of those the model named 24 % came, of those the gap named 16 %.

    Returns:
        Rows ``fan_id, fan, level, last_on, usual_days`` (usual gap), ``chance`` (of coming today, 0–1; NaN without a model), ``tail``
        (of the phone); the likeliest first.
    """
    day, fit = at or today(), kept_model(session, actor)
    # Days are counted in UTC, which parts no evening of a store east of it; the model needs no more.
    last, first, days = (
        func.max(Order.placed_at),
        func.min(Order.placed_at),
        func.count(distinct(func.date(Order.placed_at))),
    )
    statement = (
        select(Fan.id, Fan.name_masked, Fan.level, last, first, days, func.count(Order.id))
        .join(Order, Order.fan_id == Fan.id)
        .where(is_purchase(), Fan.level.in_(["fan", "core"]), Fan.merged_into_id.is_(None), Fan.erased_at.is_(None))
        .group_by(Fan.id, Fan.name_masked, Fan.level)
    )
    statement = in_scope(statement, actor, brand=Fan.brand_id, store=Fan.home_store_id)
    recent = now() - timedelta(days=2 * _VISIT_DAYS)
    found = session.exec(statement.having(last > recent, func.count(Order.id) >= _LEAST_ORDERS)).all()
    columns = ["fan_id", "fan", "level", "newest", "oldest", "days", "orders"]
    frame = frame_of(found, columns)
    for name in ("newest", "oldest"):
        frame[name] = pd.to_datetime(frame[name], utc=True).dt.tz_convert(settings().zone)
    likely = _likely_today(frame, day, fit).head(limit)
    tails = phone_tails(session, likely["fan_id"])
    return likely.assign(tail=[tails.get(fan_id, "") for fan_id in likely["fan_id"]])


def _likely_today(frame: pd.DataFrame, day: date, fit: FittedModel) -> pd.DataFrame:
    span = (frame["newest"] - frame["oldest"]).dt.total_seconds() / 86_400
    since = (pd.Timestamp(day, tz=settings().zone) - frame["newest"].dt.normalize()).dt.days
    gap = span / (frame["orders"] - 1)
    off = (since - gap).abs()
    if fit.bounds:
        whole = (frame["newest"].dt.normalize() - frame["oldest"].dt.normalize()).dt.days
        history = pd.DataFrame({"repeats": frame["days"] - 1, "last_day": whole, "age_days": whole + since})
        # An expected number of purchase days within one day is the chance of one.
        chance, wanted = pd.Series(fit.model.expected(history, 1.0), index=frame.index, dtype=float), since > 0
    else:
        chance = pd.Series(float("nan"), index=frame.index)
        wanted = (off <= np.maximum(1.0, 0.2 * gap)) & (gap <= _VISIT_DAYS)
    shown = frame.assign(last_on=frame["newest"].dt.date, usual_days=gap.round(1), chance=chance, off=off)[wanted]
    order = shown.sort_values(["chance", "off", "fan_id"], ascending=[False, True, True], ignore_index=True)
    return order[["fan_id", "fan", "level", "last_on", "usual_days", "chance"]]


def close_card(session: Session, actor: Actor, card_id: int, state: str, reason: str = "") -> ServiceCard:
    """Tick a card: ``done``, or ``not_done`` with the reason; what was done counts as a contact of the fan.

    With a card that asks to tell what was done, everything that is due to this fan is noted as told.

    Raises:
        NotFound: No such card in the actor's scope.
        InvalidInput: Not done without a reason.
        Conflict: Ticked already.
    """
    statement = select(ServiceCard).join(Fan, Fan.id == ServiceCard.fan_id).where(ServiceCard.id == card_id)
    card = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=ServiceCard.store_id)).first()
    if card is None or state not in (DONE, NOT_DONE):
        raise NotFound("没有这张服务卡。", "请从今天的列表里选择。")
    if card.state != "open":
        raise Conflict("这张卡已经有人处理过了。", "刷新页面看最新的列表。")
    if state == NOT_DONE and not reason.strip():
        raise InvalidInput("没做要写一句原因。", "例如：今天没来、不愿意聊。")
    if state == DONE:
        kind = "telling" if card.rule_code == PROMISE else "service"
        record_contact(session, actor, session.get_one(Fan, card.fan_id), kind, "in_store", card.deed)
    card.state, card.staff_id, card.closed_at = state, actor.staff_id, now()
    if state == DONE and card.rule_code == PROMISE:
        tell_with_card(session, actor, card)
    if state == NOT_DONE:
        card.why_not = reason.strip()[:200]
    session.add(card)
    session.flush()
    return card


def reopen_card(session: Session, actor: Actor, card_id: int) -> None:
    """Take a tick back (undo); the contact it counted is taken out again, and what was told with it is due again."""
    statement = select(ServiceCard).join(Fan, Fan.id == ServiceCard.fan_id).where(ServiceCard.id == card_id)
    card = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=ServiceCard.store_id)).first()
    if card is None or card.state == "open":
        raise NotFound("没有可以撤销的。", "")
    if card.state == DONE:
        take_back_contact(session, card.fan_id, ("service", "telling"), card.deed)
        if card.rule_code == PROMISE:
            untell_with_card(session, card)
    card.state, card.why_not, card.staff_id, card.closed_at = "open", "", None, None
    session.add(card)
