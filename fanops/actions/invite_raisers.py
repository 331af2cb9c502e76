"""请顾客体验: exactly the fans who raised an item are asked to try it, over a channel that exists; who is left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd
from sqlmodel import Session, select

from fanops.access import Actor, record_audit, require, vault
from fanops.access.organisation import brand_of
from fanops.actions import records
from fanops.actions.records_backlog import KEEPERS, get_item
from fanops.collect import records_surveys as surveys
from fanops.errors import InvalidInput
from fanops.fans.records_cards import TRIAL as TRIAL_CARD
from fanops.fans.records_cards import trial_deed
from fanops.fans.records_contacts import reasons_not_to_contact
from fanops.fans.records_person import PERSON
from fanops.sending.events import TRIAL
from fanops.sending.mail import read_server
from fanops.sending.records import robots_by_store, write_mail, write_to_robot
from fanops.settings import settings, today
from fanops.tables import (
    BacklogItem,
    Consent,
    Contact,
    Fan,
    FanIdentity,
    ImportBatch,
    Response,
    ServiceCard,
    Store,
    Trial,
    Wave,
)  # fmt: skip

CHANNELS = {"task": "门店服务卡", "link": "个人链接", "mail": "邮件", "wecom": "门店群机器人"}
CHANNEL_NOTES = {
    "task": "每位粉丝一张服务卡，由门店的人当面或电话邀请；做了才算一次联系。",
    "link": "每位粉丝一个自己的问卷链接，从“问卷”页下载后由人发出；每人算一次联系。",
    "mail": "给有邮箱、同意联系的粉丝发邮件，里面是自己的问卷链接；每人算一次联系。",
    "wecom": "门店群里说要邀请几位（不带姓名），名单是服务卡；做了才算一次联系。",
}
NEEDS_WAVE = frozenset({"link", "mail"})
_DUE_DAYS = 7
_AGREES_TO = ("mail", "reply")


@dataclass(frozen=True)
class Way:
    """How raisers are invited.

    Attributes:
        channel: A key of CHANNELS.
        wave_id: The open wave that a link leads to.
        most: Only so many now, those who mind most and said it last first; None all. The rest can be invited later.
    """

    channel: str = "task"
    wave_id: int | None = None
    most: int | None = None


def _wave(session: Session, actor: Actor, way: Way) -> Wave | None:
    if way.channel not in CHANNELS:
        raise InvalidInput("没有这种邀请方式。", f"可用：{'、'.join(CHANNELS.values())}。")
    if way.channel not in NEEDS_WAVE:
        return None
    if way.wave_id is None:
        raise InvalidInput("要选一期正在进行的问卷。", "链接打开的就是它；没有的话，先在“问卷”里开一期。")
    wave = surveys.get_wave(session, actor, way.wave_id)
    surveys.check_is_open(wave)
    return wave


def preview_raisers(
    session: Session, actor: Actor, item_id: int, way: Way = Way()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Say who would be invited and who not, by name of reason; those invited before are in neither list.

    Returns:
        All who may be invited, ``way.most`` or not: ``fan_id, fan, store_id, store, minded`` (displeased sentences), ``said_at``
        (the last); who mind most and said it last first. Left out: ``fan_id, fan, why``.

    Raises:
        InvalidInput: No such channel, or no wave where one is needed.
        Conflict: The wave is not open.
    """
    item = get_item(session, actor, item_id)
    wave = _wave(session, actor, way)
    known = set(session.exec(select(Trial.fan_id).where(Trial.item_id == item.id)))
    said_in = {fan: at for fan, at in records.evidence_fans(session, item_id=item.id).items() if fan not in known}
    reasons = _reasons(session, actor, way, wave, said_in)
    statement = select(Fan.id, Fan.name_masked, Fan.home_store_id).where(
        Fan.id.in_(list(said_in)), Fan.brand_id == actor.brand_id
    )
    names = dict(session.exec(select(Store.id, Store.name).where(Store.brand_id == actor.brand_id)).all())
    robots = robots_by_store(session, actor) if way.channel == "wecom" else {}
    weights, yes, no = records.how_strongly(session, item.id), [], []
    for fan_id, name, home in session.exec(statement.order_by(Fan.id)):
        store_id = said_in[fan_id] or home
        why = reasons.get(fan_id, "")
        if not why and way.channel in ("task", "wecom") and store_id is None:
            why = "不知道是哪家门店的"
        if not why and way.channel == "wecom" and store_id not in robots:
            why = "门店没有群机器人"
        if why:
            no.append((fan_id, name, why))
        else:
            yes.append((fan_id, name, store_id, names.get(store_id, ""), *weights.get(fan_id, (0, None))))
    may = pd.DataFrame(yes, columns=["fan_id", "fan", "store_id", "store", "minded", "said_at"])
    may = may.sort_values(["minded", "said_at", "fan_id"], ascending=[False, False, True], ignore_index=True)
    return may.astype({"store_id": object}), pd.DataFrame(no, columns=["fan_id", "fan", "why"])


def _reasons(
    session: Session, actor: Actor, way: Way, wave: Wave | None, said_in: dict[int, int | None]
) -> dict[int, str]:
    fans = list(said_in)
    reasons = reasons_not_to_contact(session, fans)
    if wave is not None:
        answered = select(Response.fan_id).where(
            Response.wave_id == wave.id, Response.state == "submitted", Response.fan_id.in_(fans)
        )
        for fan_id in session.exec(answered):
            reasons.setdefault(fan_id, "这一期已经答过")
    if way.channel == "mail":
        addresses = _addresses(session, actor, fans)
        agreed = _agreed(session, fans)
        for fan_id in fans:
            why = "没有邮箱" if fan_id not in addresses else _why_no_consent(agreed.get(fan_id), addresses[fan_id][1])
            if why:
                reasons.setdefault(fan_id, why)
    return reasons


def _why_no_consent(agreed: bool | None, basis: str) -> str:
    """Say why a mail must not be written: refused, or neither a consent nor a ground of the import on record."""
    if agreed is not None:
        return "" if agreed else "不同意联系"
    return "" if basis else "没有同意联系的记录"


def _addresses(session: Session, actor: Actor, fans: Sequence[int]) -> dict[int, tuple[bytes, str]]:
    """Give the sealed mail address of fans that have one, with the ground on which it was imported."""
    statement = (
        select(PERSON, FanIdentity.sealed, ImportBatch.consent_basis)
        .join(Fan, Fan.id == FanIdentity.fan_id)
        .outerjoin(ImportBatch, ImportBatch.id == FanIdentity.import_batch_id)
        .where(FanIdentity.kind == "mail", FanIdentity.brand_id == actor.brand_id, PERSON.in_(list(fans)))
        .order_by(FanIdentity.id)
    )
    return {fan_id: (sealed, basis or "") for fan_id, sealed, basis in session.exec(statement)}


def _agreed(session: Session, fans: Sequence[int]) -> dict[int, bool]:
    """Give the newest word of each fan on being contacted; those who never said anything are left out."""
    statement = select(Consent.fan_id, Consent.granted).where(
        Consent.fan_id.in_(list(fans)), Consent.purpose.in_(_AGREES_TO)
    )
    return dict(session.exec(statement.order_by(Consent.given_at, Consent.id)).all())


def invite_raisers(session: Session, actor: Actor, item_id: int, way: Way = Way()) -> tuple[int, dict[str, int]]:
    """Invite the raisers whom the preview names, the first ``way.most`` of them.

    A link or a mail counts as a contact at once; a card, also one that a robot tells of, when staff have done it.

    Args:
        session: A writing session.
        actor: Head office.
        item_id: The item to try.
        way: The channel, and the wave where a link is sent.

    Returns:
        How many were invited now, and how many were left out by reason.

    Raises:
        InvalidInput: No such channel, or no wave where one is needed.
        Conflict: The wave is not open.
        NotReady: Mail without a server to send it.
    """
    require(actor, *KEEPERS)
    item = get_item(session, actor, item_id)
    if way.most is not None and way.most < 1:
        raise InvalidInput("至少要邀请一位。", "不限人数就留空。")
    if way.channel == "mail":
        read_server(settings().smtp_url, settings().mail_from)
    yes, no = preview_raisers(session, actor, item.id, way)
    invited = [(int(row.fan_id), None if pd.isna(row.store_id) else int(row.store_id), row.store)
               for row in yes.head(way.most or len(yes)).itertuples()]  # fmt: skip
    for fan_id, store_id, _ in invited:
        session.add(Trial(item_id=item.id, fan_id=fan_id, store_id=store_id, channel=way.channel))
    session.flush()
    if way.channel in NEEDS_WAVE:
        _send_links(session, actor, item, way, invited)
    else:
        _make_cards(session, item, invited)
    if way.channel == "wecom":
        robots = robots_by_store(session, actor)
        for store_id, count in sorted(Counter(store_id for _, store_id, _ in invited).items()):
            data = {"item_id": item.id, "title": item.title, "count": count}
            write_to_robot(session, robots[store_id], TRIAL, data, store_id)
    refused = {str(why): int(count) for why, count in no["why"].value_counts().items()}
    record_audit(session, actor, "invite_raisers", f"backlog_item:{item.id}", invited=len(invited), channel=way.channel)
    return len(invited), refused


def _make_cards(session: Session, item: BacklogItem, invited: list[tuple[int, int | None, str]]) -> None:
    due = today() + timedelta(days=_DUE_DAYS)
    session.add_all(
        ServiceCard(fan_id=fan_id, store_id=store_id, deed=trial_deed(item.title),
                    reason="提过这件事，请来试新做法", due_on=due, rule_code=TRIAL_CARD)
        for fan_id, store_id, _ in invited
    )  # fmt: skip
    session.flush()


def _send_links(
    session: Session, actor: Actor, item: BacklogItem, way: Way, invited: list[tuple[int, int | None, str]]
) -> None:
    brand = brand_of(session, actor).name
    addresses = _addresses(session, actor, [fan_id for fan_id, _, _ in invited]) if way.channel == "mail" else {}
    for fan_id, store_id, store in invited:
        code = surveys.personal_code(session, actor, way.wave_id, fan_id, store_id)
        session.add(Contact(fan_id=fan_id, store_id=store_id, staff_id=actor.staff_id, kind="trial", channel=way.channel,
                            subject=item.title[:200]))  # fmt: skip
        if way.channel == "mail":
            text = _letter(brand, item.title, store, f"{settings().forms_url}/s/{code}")
            to = vault().unseal(addresses[fan_id][0])
            write_mail(session, actor, fan_id, to, f"{brand}请您来试：{item.title}", text, TRIAL,
                       {"item_id": item.id, "wave_id": way.wave_id})  # fmt: skip
    session.flush()


def _letter(brand: str, title: str, store: str, link: str) -> str:
    return (
        "您好：\n\n"
        f"您提过的事，我们有了新的做法：{title}。想请您来{store or '门店'}试一试，再用一分钟告诉我们您的看法：\n\n"
        f"{link}\n\n"
        "这个链接只给您一个人用，请不要转给别人。不想再收到这样的邮件，请告诉门店，或直接回复本邮件。\n\n"
        f"{brand}\n"
    )
