"""A fan's word stops every contact; what they raised, were promised, and whether it was kept; staff figures on one row."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from sqlmodel import select

from fanops.access import vault
from fanops.actions import records_backlog as backlog
from fanops.actions import records_rollout as rollouts
from fanops.actions.invite_raisers import invite_raisers, preview_raisers
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.fans import records_consent as consent
from fanops.fans import records_tellings
from fanops.fans.records_contacts import record_contact
from fanops.fans.records_promises import promises, raised_themes
from fanops.fans.records_timeline import timeline
from fanops.summary.records_staff import staff_ledger
from fanops.tables import Fan, Quota, Response, ServiceCard, Staff, Theme, ThemeAssignment, Unit, Voice, Wave, now


@pytest.fixture
def raiser(chain) -> tuple[int, int]:
    """A fan of S1 who complained twice of one theme to E1 in an interview, and an item of it: (fan id, item id)."""
    with chain.db.write() as session:
        staff_id = session.exec(select(Staff.id).where(Staff.store_id == chain.stores["S1"])).first()
        theme = Theme(brand_id=chain.brand_id, name="排队太久")
        fan = Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S1"], name_masked="王*")
        session.add_all([theme, fan])
        session.flush()
        for place, (text, empty) in enumerate((("排队太久", False), ("等了半小时", False), ("没有了", True))):
            voice = Voice(brand_id=chain.brand_id, store_id=chain.stores["S1"], fan_id=fan.id, kind="interview", text=text,
                          source_key=str(place), staff_id=staff_id, said_at=now() - timedelta(days=5 + place))  # fmt: skip
            session.add(voice)
            session.flush()
            unit = Unit(voice_id=voice.id, start=0, end=len(text), polarity=-1, no_content=empty)
            session.add(unit)
            session.flush()
            if not empty:
                session.add(ThemeAssignment(unit_id=unit.id, theme_id=theme.id, strength=0.9))
        session.flush()
        return fan.id, backlog.open_item(session, chain.actors["product"], theme.id, "预点单").id


def test_who_opts_out_is_contacted_by_nobody_until_they_agree_again(chain, raiser):
    fan_id, item = raiser
    clerk, product = chain.actors["clerk"], chain.actors["product"]
    with chain.db.write() as session:
        session.add(ServiceCard(fan_id=fan_id, store_id=chain.stores["S1"], deed="问候"))
        session.flush()
        consent.opt_out(session, clerk, fan_id, "别再打 13800138000")
        assert "13800138000" not in consent.consent_state(session, clerk, fan_id)["basis"].iloc[0]
        card = session.exec(select(ServiceCard)).one()
        assert (card.state, card.why_not) == ("not_done", "已退订")
        assert preview_raisers(session, product, item)[1]["why"].tolist() == ["已退订"]
        with pytest.raises(Conflict, match="已退订"):
            record_contact(session, clerk, session.get_one(Fan, fan_id), "visit", "phone")
        with pytest.raises(Conflict, match="已经退订"):
            consent.opt_out(session, clerk, fan_id)
        with pytest.raises(InvalidInput):
            consent.opt_in(session, clerk, fan_id, " ")
        consent.opt_in(session, clerk, fan_id, "上新可以告诉我")
        state = consent.consent_state(session, clerk, fan_id)
        assert state[["purpose", "granted", "basis"]].values.tolist() == [["contact", True, "上新可以告诉我"]]
        record_contact(session, clerk, session.get_one(Fan, fan_id), "visit", "phone")
        for deed in (consent.opt_out, consent.consent_state):
            with pytest.raises(NotFound):
                deed(session, chain.actors["clerk2"], fan_id)


def test_birthdays_are_shown_only_with_consent(chain, raiser):
    fan_id, _ = raiser
    clerk, day = chain.actors["clerk"], date(2026, 5, 6)
    with chain.db.write() as session:
        session.get_one(Fan, fan_id).birthday_sealed = vault().seal("05-06")
        session.flush()
        assert consent.birthdays_today(session, clerk, day).empty  # nobody asked them
        with pytest.raises(InvalidInput):
            consent.agree(session, clerk, fan_id, "everything")
        consent.agree(session, clerk, fan_id, consent.BIRTHDAY)
        assert consent.birthdays_today(session, clerk, day)["fan_id"].tolist() == [fan_id]
        for given in ("1990-05-06", "1990/5/6", "5月6日", "19900506", "0506"):
            session.get_one(Fan, fan_id).birthday_sealed = vault().seal(given)
            session.flush()
            assert len(consent.birthdays_today(session, clerk, day)) == 1, given
        assert consent.birthdays_today(session, clerk, date(2026, 5, 7)).empty
        assert consent.birthdays_today(session, chain.actors["clerk2"], day).empty
        consent.opt_out(session, clerk, fan_id)
        assert consent.birthdays_today(session, clerk, day).empty
        with pytest.raises(Conflict):
            consent.agree(session, clerk, fan_id, consent.BIRTHDAY)


def test_what_was_raised_and_promised_and_kept(chain, raiser):
    fan_id, item = raiser
    clerk, product = chain.actors["clerk"], chain.actors["product"]
    with chain.db.write() as session:
        said = raised_themes(session, clerk, fan_id)
        assert said[["theme", "sentences", "minded"]].values.tolist() == [["排队太久", 2, 2]]
        assert promises(session, clerk, fan_id).empty
        invite_raisers(session, product, item)
        rollouts.plan_stores(session, product, item, [chain.stores["S1"]])
        backlog.get_item(session, product, item).stage = "pilot"
        rollouts.set_rollout(session, product, item, chain.stores["S1"], "live")
        trial = int(backlog.trial_table(session, product, item)["trial_id"].iloc[0])
        backlog.record_verdict(session, clerk, trial, "like")
        kept = promises(session, clerk, fan_id)
        first = timeline(session, clerk, fan_id).iloc[0]
        assert first["kind"] == "告知" and first["at"] is pd.NaT and first["what"].endswith("：还没有")
        assert kept[["what", "kept", "said"]].values.tolist() == [["告知", False, ""], ["请来试", True, "会买"]]
        records_tellings.record_told(
            session, clerk, int(records_tellings.telling_table(session, clerk)["telling_id"].iloc[0]), "no"
        )
        assert promises(session, clerk, fan_id)["said"].tolist() == ["说还没改好", "会买"]
        line = timeline(session, clerk, fan_id)
        kinds = line["kind"].tolist()
        assert {"告知", "请来试"} <= set(kinds) and any("：会买" in what for what in line["what"])
        assert kinds.count("告知") == 1 and kinds.count("联系") == 1  # told is shown once, not as a contact too
        with pytest.raises(NotFound):
            promises(session, chain.actors["clerk2"], fan_id)


def test_staff_figures_by_hand(chain, raiser):
    fan_id, _ = raiser
    product = chain.actors["product"]
    with chain.db.write() as session:
        staff_id = session.exec(select(Staff.id).where(Staff.store_id == chain.stores["S1"])).first()
        session.add(ServiceCard(fan_id=fan_id, store_id=chain.stores["S1"], deed="问候", state="done", staff_id=staff_id,
                                closed_at=now()))  # fmt: skip
        session.flush()
        row = staff_ledger(session, product).set_index("staff_id").loc[staff_id]
        assert (row["units"], row["informative_share"], row["adopted"]) == (3, pytest.approx(2 / 3), 1)
        assert (row["done"], row["follow_up"], row["answered"]) == (1, 1.0, 0)
        assert row[["wanted", "value"]].isna().all()
        rest = staff_ledger(session, product).set_index("staff_id").drop(index=staff_id)
        assert rest["informative_share"].isna().all() and (rest["adopted"] == 0).all()
        assert staff_ledger(session, product, days=3).set_index("staff_id").loc[staff_id, "units"] == 0


def test_a_quota_counts_only_in_waves_that_run(chain, raiser):
    from fanops.collect import records_surveys as surveys
    from fanops.collect.surveys.definition import read_definition
    from fanops.content import content_path

    product = chain.actors["product"]
    definition = read_definition(content_path("surveys/store_visit.yaml").read_text("utf-8"))
    with chain.db.write() as session:
        staff_id = session.exec(select(Staff.id).where(Staff.store_id == chain.stores["S1"])).first()
        version = surveys.publish(session, product, definition)
        for title in ("这一期", "上一期"):
            wave = surveys.open_wave(session, product, version.id, title)
            session.add(Quota(wave_id=wave.id, staff_id=staff_id, wanted=10))
            session.add_all(
                Response(
                    wave_id=wave.id,
                    store_id=chain.stores["S1"],
                    staff_id=staff_id,
                    state="submitted",
                    submit_key=f"{title}{n}",
                )
                for n in range(3)
            )
            if title == "上一期":
                session.get_one(Wave, wave.id).closes_at = now() - timedelta(days=1)
        session.flush()
        row = staff_ledger(session, product).set_index("staff_id").loc[staff_id]
        assert (row["answered"], row["wanted"]) == (3, 10)
