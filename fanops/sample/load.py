"""Load the sample chain: files are generated and go through the very functions that real files go through."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
from sqlmodel import Session, select

from fanops.access import Actor, Role
from fanops.access.accounts import add_account
from fanops.access.organisation import add_brand, add_region, add_staff, add_store
from fanops.collect import records_surveys
from fanops.collect.import_file import ImportRequest, import_file
from fanops.collect.import_interviews import HeldInterview, HeldTurn, import_interviews
from fanops.collect.import_responses import import_responses
from fanops.collect.invite_fans import Asked
from fanops.collect.records_panels import ask_panel, create_panel
from fanops.collect.records_sheet import SheetResponse
from fanops.collect.surveys.definition import SurveyDefinition, read_definition
from fanops.content import content_path
from fanops.database import Database
from fanops.fans.identity import tidy_identifier
from fanops.sample import truth
from fanops.sample.act import act
from fanops.sample.chain import ACCOUNTS, BRAND, REGIONS, SAMPLE_PASSWORD, STAFF, STORES, member_number
from fanops.sample.clear import clear_sample, find_sample_brand, is_loaded
from fanops.settings import settings
from fanops.tables import Account, Brand, Staff, Store, Wave

Progress = Callable[[float, str], None]
_log = logging.getLogger("fanops.sample")
_SURVEY = "store_visit.yaml"


@dataclass(frozen=True)
class SampleSummary:
    """What was loaded; ``already`` when the sample chain was there and nothing was done."""

    brand_id: int
    anchor: date
    fans: int = 0
    orders: int = 0
    reviews: int = 0
    responses: int = 0
    interviews: int = 0
    themes: int = 0
    already: bool = False


def _silent(_share: float, _doing: str) -> None:
    """Report to nobody."""


def load_sample(
    db: Database,
    progress: Progress = _silent,
    *,
    today: date | None = None,
    seed: int = truth.SEED,
    discover: bool = True,
) -> SampleSummary:
    """Load the sample chain (示例连锁).

    The same seed and the same week give the same rows. A load that was cut off is cleared and done anew.

    Args:
        db: The database.
        progress: Called with (share 0–1, Chinese phrase).
        today: The data end the evening before the Monday on or before it; None is the present day.
        seed: Of everything that is drawn.
        discover: Also discover themes and act on them.
    """
    anchor = truth.anchor_for(today or datetime.now(settings().zone).date())
    if is_loaded(db):
        with db.read() as session:
            return SampleSummary(find_sample_brand(session).id, anchor, already=True)
    with db.read() as session:
        cut_off = find_sample_brand(session) is not None
    if cut_off:
        clear_sample(db)
    progress(0.0, "门店和账号")
    with db.write() as session:
        actor = _add_chain(session, anchor)
    return _fill(db, actor, anchor, seed, progress, discover)


def _fill(db: Database, actor: Actor, anchor: date, seed: int, progress: Progress, discover: bool) -> SampleSummary:
    from fanops.sample.buying import make_members, make_orders
    from fanops.sample.sayings import make_reviews

    def part(begin: float, end: float) -> Progress:
        return lambda share, doing: progress(begin + share * (end - begin), doing)

    progress(0.02, "会员")
    members = _import(db, actor, "members", make_members(anchor, seed), "示例-会员.csv", part(0.02, 0.10))
    progress(0.10, "半年的订单")
    bought = make_orders(anchor, seed)
    orders = _import(db, actor, "orders", bought, "示例-订单.csv", part(0.12, 0.45))
    progress(0.45, "评价")
    reviews = make_reviews(anchor, seed)
    names = {store.code: store.name for store in STORES}
    table = pd.DataFrame(
        {
            "评价编号": [said.number for said in reviews],
            "评价内容": [said.text for said in reviews],
            "门店": [names[said.store] for said in reviews],
            "会员号": [member_number(said.fan) if said.fan else "" for said in reviews],
            "评价时间": [f"{said.at:%Y-%m-%d %H:%M:%S}" for said in reviews],
            "评分": [str(said.score) for said in reviews],
            "平台": [said.source for said in reviews],
        }
    )
    said = _import(db, actor, "voices", table, "示例-评价.csv", part(0.45, 0.60), encoding="utf-8-sig")
    progress(0.60, "问卷和访谈")
    answered = _survey_waves(db, actor, anchor, seed)
    counts = bought.loc[bought["会员号"] != "", "会员号"].value_counts(sort=False)
    regulars = sorted(counts.sort_values(ascending=False, kind="stable").index[:400])
    held = _interviews(db, actor, anchor, seed, [int(number[2:]) for number in regulars])
    themes = 0
    if discover:
        themes = _discover(db, actor, part(0.65, 0.95))
        progress(0.95, "标签、改进和需求")
        act(db, actor, anchor)
    progress(1.0, "完成")
    _log.info("sample chain loaded: %d fans, %d orders, %d reviews", members, orders, said)
    return SampleSummary(actor.brand_id, anchor, members, orders, said, answered, held, themes)


def _add_chain(session: Session, anchor: date) -> Actor:
    taken = session.exec(select(Brand.id).where(Brand.name == BRAND)).first() is not None
    brand = add_brand(session, f"{BRAND}（示例）" if taken else BRAND, industry="茶饮", is_sample=True)
    actor = Actor(role=Role.ADMIN, brand_id=brand.id, display_name="示例")
    regions = {name: add_region(session, actor, name, is_sample=True).id for name in REGIONS}
    stores: dict[str | None, int | None] = {None: None}
    for place, each in enumerate(STORES):
        store = add_store(
            session, actor, code=each.code, name=each.name, region=each.region, kind=each.kind, city=each.city,
            is_sample=True,
        )  # fmt: skip
        store.opened_on = truth.first_day(anchor) - timedelta(days=200 + 97 * place)
        stores[each.code] = store.id
    staff: dict[str | None, int | None] = {None: None}
    for code, name, store_code, title in STAFF:
        staff[code] = add_staff(session, actor, code=code, name=name, store=store_code, title=title, is_sample=True).id
    for login, name, role, region, store_code, staff_code in ACCOUNTS:
        if session.exec(select(Account.id).where(Account.login == login)).first() is not None:
            login = f"{login}.shili"
        add_account(
            session, actor, brand_id=brand.id, login=login, display_name=name, role=role, password=SAMPLE_PASSWORD,
            region_id=regions.get(region), store_id=stores[store_code], staff_id=staff[staff_code], is_sample=True,
        )  # fmt: skip
    return actor


def _import(
    db: Database,
    actor: Actor,
    kind: str,
    table: pd.DataFrame,
    filename: str,
    progress: Progress,
    encoding: str = "gb18030",
) -> int:
    content = table.to_csv(index=False, lineterminator="\n").encode(encoding)
    request = ImportRequest(kind, source={"orders": "pos"}.get(kind, ""), consent_basis="示例数据", is_sample=True)
    return import_file(db, actor, (content, filename), request, progress).new


def sample_survey() -> SurveyDefinition:
    """Give the survey that the sample chain's waves ask."""
    return read_definition((content_path("surveys") / _SURVEY).read_text("utf-8-sig"))


def _survey_waves(db: Database, actor: Actor, anchor: date, seed: int) -> int:
    from fanops.sample.conversations import WAVE_WEEKS, make_answers

    survey, zone = sample_survey(), settings().zone
    places = _places(db, actor)
    total, panel_id = 0, None  # who answered the first wave is asked again with the second
    for wave, week in enumerate(WAVE_WEEKS):
        begins = truth.first_day(anchor) + timedelta(weeks=week)
        opens = datetime.combine(begins, datetime.min.time(), zone)
        answers = make_answers(anchor, wave, survey, seed)
        with db.write() as session:
            version = records_surveys.publish(session, actor, survey)
            title = f"{begins.year} 年 {begins.month} 月{survey.title}"
            # The newest one stays open, so that the first thing a clerk tries works.
            closes = None if week == WAVE_WEEKS[-1] else opens + timedelta(weeks=2)
            row = records_surveys.open_wave(session, actor, version.id, title, closes_at=closes)
            session.get_one(Wave, row.id).opens_at = opens
            wave_id = row.id
            if panel_id is not None:
                ask_panel(session, actor, panel_id, wave_id)
        sheet = [
            SheetResponse(
                each.row, each.form, each.at.replace(tzinfo=zone), _identities(each.fan), places[each.store]
            )
            for each in answers
        ]  # fmt: skip
        done = import_responses(
            db,
            actor,
            wave_id,
            sheet,
            filename=f"示例-问卷-{wave + 1}.xlsx",
            file_sha256=_digest(answers),
            is_sample=True,
        )
        total += done.new
        if panel_id is None:
            with db.write() as session:
                panel, _ = create_panel(session, actor, f"{begins.year} 常答问卷的粉丝", Asked("wave", wave_id))
                panel_id = panel.id
    return total


def _interviews(db: Database, actor: Actor, anchor: date, seed: int, regulars: list[int]) -> int:
    from fanops.sample.conversations import GUIDE, make_interviews

    zone, places = settings().zone, _places(db, actor)
    with db.read() as session:
        staff = dict(session.exec(select(Staff.code, Staff.id).where(Staff.brand_id == actor.brand_id)).all())
    made = make_interviews(anchor, regulars, seed)
    held = [
        HeldInterview(
            key=each.key, started_at=each.at.replace(tzinfo=zone), store_id=places[each.store], staff_id=staff[each.staff],
            ended_at=each.at.replace(tzinfo=zone) + timedelta(minutes=each.minutes), guide=GUIDE,
            identities=_identities(each.fan),
            turns=[HeldTurn(turn.speaker, turn.text, turn.question) for turn in each.turns],
        )
        for each in made
    ]  # fmt: skip
    done = import_interviews(db, actor, held, filename="示例-访谈.docx", file_sha256=_digest(made), is_sample=True)
    return done.new


def _places(db: Database, actor: Actor) -> dict[str, int]:
    with db.read() as session:
        return dict(session.exec(select(Store.code, Store.id).where(Store.brand_id == actor.brand_id)).all())


def _identities(fan: int) -> dict[str, str]:
    return {"member": tidy_identifier("member", member_number(fan))}


def _digest(made: list[Any]) -> str:
    return hashlib.sha256(json.dumps(made, default=str, ensure_ascii=False).encode()).hexdigest()


def _discover(db: Database, actor: Actor, progress: Progress) -> int:
    """Discover themes by the same use case that people start."""
    from fanops.findings.find import discover_and_find

    discover_and_find(db, actor, {}, progress)
    return _count_themes(db, actor)


def _count_themes(db: Database, actor: Actor) -> int:
    from sqlalchemy import func

    from fanops.tables import Theme

    query = select(func.count()).where(
        Theme.brand_id == actor.brand_id, Theme.state == "active", Theme.parent_id.is_(None)
    )
    with db.read() as session:
        return session.exec(query).one()
