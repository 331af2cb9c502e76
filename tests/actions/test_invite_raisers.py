"""Raisers are invited over each channel that exists; who is left out, by name of reason; each contact counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import func, select

from fanops.access import vault
from fanops.access.vault import mask_identifier
from fanops.actions import records_backlog as backlog
from fanops.actions import records_rollout as rollouts
from fanops.actions.invite_raisers import Way, invite_raisers, preview_raisers
from fanops.actions.records_trials import waiting_trials
from fanops.actions.undo_invitation import undo_invitation
from fanops.collect import records_surveys as surveys
from fanops.collect.invite_fans import export_links
from fanops.collect.surveys.definition import read_definition
from fanops.content import content_path
from fanops.effect.records import Plan, freeze_plan, plan_of, undo_freeze_plan
from fanops.effect.records_starts import starts_of
from fanops.errors import Conflict, InvalidInput, NotAllowed, NotFound, NotReady
from fanops.fans import records_tellings
from fanops.fans.records_cards import card_table, close_card
from fanops.fans.records_contacts import record_contact
from fanops.sending import records as sending
from fanops.settings import settings, today
from fanops.tables import (
    Consent,
    Contact,
    Evidence,
    Fan,
    FanIdentity,
    ImportBatch,
    Invitation,
    Message,
    ServiceCard,
    Theme,
    ThemeAssignment,
    Trial,
    Unit,
    Voice,
    now,
)  # fmt: skip

ROBOT = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a-key"


@pytest.fixture
def item(chain) -> int:
    """An item that 18 fans raised: 12 in S1, 6 in S2."""
    with chain.db.write() as session:
        theme = Theme(brand_id=chain.brand_id, name="排队太久")
        session.add(theme)
        session.flush()
        for place in range(18):
            store = chain.stores["S1" if place < 12 else "S2"]
            fan = Fan(brand_id=chain.brand_id, name_masked="王**", home_store_id=store)
            session.add(fan)
            session.flush()
            voice = Voice(
                brand_id=chain.brand_id, store_id=store, fan_id=fan.id, text="排队太久了", source_key=str(place)
            )
            session.add(voice)
            session.flush()
            unit = Unit(voice_id=voice.id, start=0, end=5, polarity=-1)
            session.add(unit)
            session.flush()
            session.add(ThemeAssignment(unit_id=unit.id, theme_id=theme.id, strength=0.9))
        return backlog.open_item(session, chain.actors["product"], theme.id, "预点单").id


@pytest.fixture
def wave(chain) -> int:
    """An open wave."""
    definition = read_definition(content_path("surveys/store_visit.yaml").read_text("utf-8"))
    with chain.db.write() as session:
        version = surveys.publish(session, chain.actors["product"], definition)
        return surveys.open_wave(session, chain.actors["product"], version.id, "试用问卷").id


def _fans(session) -> list[Fan]:
    return list(session.exec(select(Fan).order_by(Fan.id)))


def _count(session, table, *conditions) -> int:
    return session.exec(select(func.count()).select_from(table).where(*conditions)).one()


def _mail_address(session, fan: Fan, place: int, batch_id: int | None = None) -> None:
    address = f"fan{place}@example.com"
    session.add(FanIdentity(brand_id=fan.brand_id, fan_id=fan.id, kind="mail", masked=mask_identifier("mail", address),
                            lookup_hash=vault().lookup_hash("mail", address), sealed=vault().seal(address),
                            import_batch_id=batch_id))  # fmt: skip


def test_a_task_is_a_card_of_the_fans_store_and_counts_when_it_is_done(chain, item) -> None:
    product = chain.actors["product"]
    with chain.db.write() as session:
        for _ in range(3):
            record_contact(session, product, _fans(session)[0], "visit", "phone")
        _fans(session)[17].opted_out_at = now()
        yes, no = preview_raisers(session, product, item)
        assert (len(yes), sorted(no["why"])) == (16, ["已退订", "近 30 天已联系 3 次"])
        assert _count(session, Trial) == 0  # looking stores nothing
        assert invite_raisers(session, product, item) == (16, {"已退订": 1, "近 30 天已联系 3 次": 1})
        assert invite_raisers(session, product, item) == (0, {"已退订": 1, "近 30 天已联系 3 次": 1})
        cards = card_table(session, chain.actors["clerk"])
        assert len(cards) == 11 and set(cards["rule"]) == {"请顾客体验"} and "预点单" in cards.iloc[0]["deed"]
        assert set(session.exec(select(Trial.channel))) == {"task"}
        before = _count(session, Contact)
        close_card(session, chain.actors["clerk"], int(cards.iloc[0]["card_id"]), "done")
        assert _count(session, Contact) == before + 1


def test_a_link_is_personal_leads_to_the_wave_and_counts(chain, item, wave) -> None:
    product = chain.actors["product"]
    with chain.db.write() as session:
        with pytest.raises(InvalidInput, match="问卷"):
            invite_raisers(session, product, item, Way("link"))
        assert invite_raisers(session, product, item, Way("link", wave)) == (18, {})
        assert _count(session, Invitation, Invitation.wave_id == wave, Invitation.fan_id.is_not(None)) == 18
        assert _count(session, Contact, Contact.channel == "link", Contact.kind == "trial") == 18
        assert (_count(session, ServiceCard), set(session.exec(select(Trial.channel)))) == (0, {"link"})
    name, _, content = export_links(chain.db, product, {"wave": str(wave)})
    assert name.startswith("试用问卷") and len(content) > 5_000
    with chain.db.write() as session:
        surveys.close_wave(session, product, wave)
        with pytest.raises(Conflict):
            preview_raisers(session, product, item, Way("link", wave))


@pytest.fixture
def mail_is_set(db, monkeypatch):
    monkeypatch.setenv("FANOPS_SMTP_URL", "smtp://127.0.0.1:25")
    monkeypatch.setenv("FANOPS_MAIL_FROM", "hi@shancha.example")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def test_a_mail_goes_to_those_with_an_address_and_consent(chain, item, wave, mail_is_set) -> None:
    product = chain.actors["product"]
    with chain.db.write() as session:
        batch = ImportBatch(brand_id=chain.brand_id, kind="members", filename="m.csv", file_sha256="0" * 64,
                            consent_basis="会员章程第 3 条")  # fmt: skip
        session.add(batch)
        session.flush()
        for place, fan in enumerate(_fans(session)[:10]):
            _mail_address(session, fan, place, batch.id if place < 4 else None)
        fans = _fans(session)
        session.add(Consent(fan_id=fans[0].id, purpose="mail", granted=False))  # refused, whatever the import said
        session.add(Consent(fan_id=fans[4].id, purpose="reply", granted=True))
        session.add(Consent(fan_id=fans[5].id, purpose="research", granted=True))  # not to this
        fans[1].opted_out_at = now()
        found = invite_raisers(session, product, item, Way("mail", wave))
        assert found == (3, {"没有邮箱": 8, "没有同意联系的记录": 5, "不同意联系": 1, "已退订": 1})
        messages = session.exec(select(Message).order_by(Message.id)).all()
        assert {message.fan_id for message in messages} == {fans[2].id, fans[3].id, fans[4].id}
        assert "example.com" not in str(messages) and "/s/" not in str(messages)
        letter = vault().unseal(messages[0].to_sealed)
        assert "fan2@example.com" in letter and "/s/" in letter and "静安店" in letter and "排队太久了" not in letter
        assert _count(session, Contact, Contact.channel == "mail") == 3


def test_without_a_mail_server_nothing_is_done(chain, item, wave) -> None:
    with pytest.raises(NotReady), chain.db.write() as session:
        invite_raisers(session, chain.actors["product"], item, Way("mail", wave))
    with chain.db.read() as session:
        assert _count(session, Trial) == 0


def test_a_robot_tells_the_store_how_many_without_names(chain, item) -> None:
    product = chain.actors["product"]
    with chain.db.write() as session:
        sending.add_webhook(session, product, "wecom", "静安店群", ROBOT, [], store_id=chain.stores["S1"])
        found = invite_raisers(session, product, item, Way("wecom"))
        assert found == (12, {"门店没有群机器人": 6})
        [message] = session.exec(select(Message)).all()
        assert message.body["text"]["content"] == (
            "静安店：请邀请 12 位提过这件事的粉丝来试“预点单”，名单在“今天”的服务卡里。"
        )
        assert (_count(session, ServiceCard), set(session.exec(select(Trial.channel)))) == (12, {"wecom"})


def test_who_may(chain, item) -> None:
    with chain.db.write() as session:
        with pytest.raises(NotAllowed):
            invite_raisers(session, chain.actors["store_manager"], item)
        with pytest.raises(NotFound):
            invite_raisers(session, chain.actors["stranger"], item)
        with pytest.raises(InvalidInput):
            invite_raisers(session, chain.actors["product"], item, Way("pigeon"))


def test_only_the_first_few_are_invited_those_who_mind_most_and_said_it_last(chain, item) -> None:
    product = chain.actors["product"]
    with chain.db.write() as session:
        fans = _fans(session)
        theme_id = session.exec(select(Theme.id)).one()
        # the 6th said it twice; the 3rd spoke of it later than the others
        voices = {row.fan_id: row for row in session.exec(select(Voice))}
        for place, voice in enumerate(voices.values()):
            voice.said_at = now() - timedelta(days=30 - (20 if voice.fan_id == fans[2].id else place))
        again = Voice(brand_id=chain.brand_id, store_id=chain.stores["S1"], fan_id=fans[5].id, text="又排队", source_key="x",
                      said_at=now() - timedelta(days=40))  # fmt: skip
        session.add(again)
        session.flush()
        unit = Unit(voice_id=again.id, start=0, end=3, polarity=-1)
        session.add(unit)
        session.flush()
        session.add(ThemeAssignment(unit_id=unit.id, theme_id=theme_id, strength=0.9))
        session.add(Evidence(unit_id=unit.id, item_id=item))
        session.flush()
        yes, _ = preview_raisers(session, product, item, Way(most=2))
        assert len(yes) == 18 and yes["fan_id"].tolist()[:3] == [fans[5].id, fans[2].id, fans[17].id]
        assert yes["minded"].tolist()[:2] == [2, 1]
        assert invite_raisers(session, product, item, Way(most=2)) == (2, {})
        invited = set(session.exec(select(Trial.fan_id)))
        assert invited == {fans[5].id, fans[2].id} and _count(session, ServiceCard) == 2
        assert invite_raisers(session, product, item) == (16, {})  # the rest, later
        with pytest.raises(InvalidInput, match="至少要邀请一位"):
            invite_raisers(session, product, item, Way(most=0))


def test_a_verdict_ticks_the_card_and_telling_counts_and_is_refused_like_any_contact(chain, item) -> None:
    product, clerk = chain.actors["product"], chain.actors["clerk"]
    with chain.db.write() as session:
        invite_raisers(session, product, item, Way(most=3))
        trials = waiting_trials(session, clerk)
        assert trials["title"].unique().tolist() == ["预点单"] and len(card_table(session, clerk)) == len(trials)
        first = trials.iloc[0]
        with pytest.raises(InvalidInput, match="还没有选评价"):
            backlog.record_verdict(session, clerk, int(first["trial_id"]), "")
        backlog.record_verdict(session, clerk, int(first["trial_id"]), "like")
        backlog.record_verdict(session, clerk, int(first["trial_id"]), "unsure")  # thought again: no second contact
        assert len(waiting_trials(session, clerk)) == len(card_table(session, clerk)) == len(trials) - 1
        fan_id = int(first["fan_id"])
        assert _count(session, Contact, Contact.fan_id == fan_id) == 1
        rollouts.plan_stores(session, product, item, [chain.stores["S1"]])
        backlog.get_item(session, product, item).stage = "pilot"
        rollouts.set_rollout(session, product, item, chain.stores["S1"], "live")
        due = records_tellings.telling_table(session, clerk).set_index("fan_id")["telling_id"]
        records_tellings.record_told(session, clerk, int(due[fan_id]))
        records_tellings.record_told(session, clerk, int(due[fan_id]), "yes")  # the answer later is no contact
        assert _count(session, Contact, Contact.fan_id == fan_id) == 2
        other = next(each for each in due.index if each != fan_id)
        for _ in range(3):
            record_contact(session, clerk, session.get_one(Fan, int(other)), "visit", "phone")
        with pytest.raises(Conflict, match="近 30 天已联系 3 次"):
            records_tellings.record_told(session, clerk, int(due[other]))
        assert len(waiting_trials(session, chain.actors["clerk2"])) == 0


def test_a_slip_of_the_thumb_can_be_taken_back(chain, item) -> None:
    """A verdict decides over the rollout, and a telling is a contact: tapped beside, neither may stand."""
    product, clerk = chain.actors["product"], chain.actors["clerk"]
    with chain.db.write() as session:
        invite_raisers(session, product, item, Way(most=3))
        trials, cards = waiting_trials(session, clerk), card_table(session, clerk)
        trial_id, fan_id = int(trials.iloc[0]["trial_id"]), int(trials.iloc[0]["fan_id"])
        with pytest.raises(NotFound):
            backlog.take_back_verdict(session, clerk, trial_id)
        before = _count(session, Contact, Contact.fan_id == fan_id)
        backlog.record_verdict(session, clerk, trial_id, "dislike", "太甜")
        session.flush()
        backlog.take_back_verdict(session, clerk, trial_id)
        session.flush()
        assert waiting_trials(session, clerk).equals(trials) and card_table(session, clerk).equals(cards)
        assert _count(session, Contact, Contact.fan_id == fan_id) == before
        with pytest.raises(NotFound):
            backlog.take_back_verdict(session, chain.actors["clerk2"], trial_id)
        backlog.record_verdict(session, clerk, trial_id, "like")
        rollouts.plan_stores(session, product, item, [chain.stores["S1"]])
        backlog.get_item(session, product, item).stage = "pilot"
        rollouts.set_rollout(session, product, item, chain.stores["S1"], "live")
        due = records_tellings.telling_table(session, clerk)
        telling = int(due.set_index("fan_id")["telling_id"][fan_id])
        before = _count(session, Contact, Contact.fan_id == fan_id)
        with pytest.raises(NotFound):
            records_tellings.take_back_told(session, clerk, telling)
        records_tellings.record_told(session, clerk, telling, "no")
        with pytest.raises(NotFound):
            records_tellings.take_back_told(session, chain.actors["clerk2"], telling)
        records_tellings.take_back_told(session, clerk, telling)
        session.flush()
        assert records_tellings.telling_table(session, clerk).equals(due)
        assert _count(session, Contact, Contact.fan_id == fan_id) == before


def test_an_invitation_is_taken_back_where_nothing_has_reached_a_fan(chain, item, wave) -> None:
    product, clerk = chain.actors["product"], chain.actors["clerk"]
    with chain.db.write() as session:
        since = now()
        invite_raisers(session, product, item, Way(most=3))
        first = waiting_trials(session, clerk).iloc[0]
        backlog.record_verdict(session, clerk, int(first["trial_id"]), "like")
        assert undo_invitation(session, product, item, since) == 2  # who came stays
        assert _count(session, Trial) == 1 and card_table(session, clerk).empty
        assert len(preview_raisers(session, product, item)[0]) == 17  # and can be invited again
        with pytest.raises(Conflict, match="已经送到粉丝那里"):
            undo_invitation(session, product, item, since)
        before, since = _count(session, Contact), now()
        invite_raisers(session, product, item, Way("link", wave, 3))
        opened = session.exec(select(Invitation).order_by(Invitation.id)).first()
        opened.opened_at = now()
        assert undo_invitation(session, product, item, since) == 2
        assert _count(session, Contact) == before + 1
        assert _count(session, Invitation, Invitation.revoked_at.is_(None)) == 1
        with pytest.raises(NotAllowed):
            undo_invitation(session, clerk, item, since)


def test_what_a_mail_or_a_robot_has_said_is_not_taken_back(chain, item) -> None:
    product = chain.actors["product"]
    with chain.db.write() as session:
        sending.add_webhook(session, product, "wecom", "静安店群", ROBOT, [], store_id=chain.stores["S1"])
        since = now()
        assert invite_raisers(session, product, item, Way("wecom", most=2))[0] == 2
        with pytest.raises(Conflict):
            undo_invitation(session, product, item, since)
        assert _count(session, Trial) == 2


def test_planning_and_going_live_are_taken_back_until_a_fan_was_told(chain, item) -> None:
    product, clerk, store = chain.actors["product"], chain.actors["clerk"], chain.stores["S1"]
    with chain.db.write() as session:
        rollouts.plan_stores(session, product, item, [store, chain.stores["S2"]])
        rollouts.undo_plan(session, product, item, [chain.stores["S2"]])
        assert rollouts.rollout_table(session, product, item)["store_id"].tolist() == [store]
        backlog.get_item(session, product, item).stage = "pilot"
        was = rollouts.rollout_of(session, product, item, store)
        rollouts.set_rollout(session, product, item, store, "live")
        assert len(records_tellings.telling_table(session, clerk)) == 12
        with pytest.raises(Conflict, match="已有门店往前走了"):
            rollouts.undo_plan(session, product, item, [store])
        rollouts.undo_rollout(session, product, item, store, *was)
        assert records_tellings.telling_table(session, clerk).empty
        assert starts_of(session, item_id=item) == {}  # no start that never was
        rollouts.set_rollout(session, product, item, store, "live")
        telling = int(records_tellings.telling_table(session, clerk).iloc[0]["telling_id"])
        records_tellings.record_told(session, clerk, telling)
        with pytest.raises(Conflict, match="已经告诉过 1 位"):
            rollouts.undo_rollout(session, product, item, store, *was)
        live = rollouts.rollout_of(session, product, item, store)
        rollouts.set_rollout(session, product, item, store, "paused")
        rollouts.undo_rollout(session, product, item, store, *live)
        assert rollouts.rollout_of(session, product, item, store) == live


def test_a_plan_is_taken_back_until_a_store_has_it(chain, item) -> None:
    product, store = chain.actors["product"], chain.stores["S1"]
    plan = Plan("revenue", today() - timedelta(weeks=9), today(), (store,), (chain.stores["S2"],))
    with chain.db.write() as session:
        first = freeze_plan(session, product, plan, item_id=item).id
        second = freeze_plan(session, product, plan, item_id=item).id
        with pytest.raises(Conflict):
            undo_freeze_plan(session, product, first)  # another stands on it
        undo_freeze_plan(session, product, second)
        assert plan_of(session, product, item_id=item).id == first
        with pytest.raises(NotFound):
            undo_freeze_plan(session, chain.actors["stranger"], first)
        rollouts.plan_stores(session, product, item, [store])
        backlog.get_item(session, product, item).stage = "pilot"
        rollouts.set_rollout(session, product, item, store, "live")
        with pytest.raises(Conflict, match="已经开始"):
            undo_freeze_plan(session, product, first)
