"""From a theme to what is done: tags with their sentence, fixes per store, gates that refuse, and the way back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from fanops.access import Role
from fanops.actions import gates, merge_items, records, records_fixes
from fanops.actions import records_backlog as backlog
from fanops.actions import records_rollout as rollouts
from fanops.actions.fix_states import MOVES, next_states
from fanops.actions.invite_raisers import invite_raisers
from fanops.actions.records_gates import set_gate_rules
from fanops.actions.undo_open_item import undo_open_item
from fanops.effect.records import Plan, freeze_plan, save_measurement
from fanops.errors import Conflict, InvalidInput, NotAllowed, NotFound
from fanops.fans import records_tellings
from fanops.fans.records import fan_table, get_fan, remove_tag, tags_of
from fanops.fans.records_contacts import record_contact
from fanops.fans.records_timeline import timeline
from fanops.settings import today
from fanops.tables import Evidence, Fan, FanTag, Telling, Theme, ThemeAssignment, Unit, Voice


@pytest.fixture
def theme(chain) -> int:
    """A theme that 18 fans said: 12 in S1, 6 in S2."""
    with chain.db.write() as session:
        row = Theme(brand_id=chain.brand_id, name="排队太久")
        session.add(row)
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
            session.add(ThemeAssignment(unit_id=unit.id, theme_id=row.id, strength=0.9))
        return row.id


def test_tags_carry_their_sentence_and_a_rejected_one_stays_away(chain, theme):
    product = chain.actors["product"]
    with chain.db.write() as session:
        assert records.tag_preview(session, product, theme, "嫌慢") == {
            "raisers": 18,
            "new": 18,
            "already": 0,
            "rejected": 0,
        }
        tag, count = records.tag_raisers(session, product, theme, "嫌慢")
        assert count == 18
        fan_id = session.exec(select(FanTag.fan_id).where(FanTag.tag_id == tag.id)).first()
        held = tags_of(session, product, fan_id)
        assert held["sentence"].tolist() == ["排队太久了"]
        remove_tag(session, product, int(held.iloc[0]["fan_tag_id"]), reject=True)
        assert records.tag_raisers(session, product, theme, "嫌慢")[1] == 0
        assert records.tag_preview(session, product, theme, "嫌慢") == {
            "raisers": 18,
            "new": 0,
            "already": 17,
            "rejected": 1,
        }
        moment = records.last_tagged_at(session, tag.id)
        assert records.undo_tagging(session, product, tag.id, moment) == 18
    with chain.db.write() as session, pytest.raises(InvalidInput):
        records.tag_raisers(session, product, theme, " ")
    for days in (0, -5, 10**9):
        with chain.db.write() as session, pytest.raises(InvalidInput, match="有效期"):
            records.tag_raisers(session, product, theme, "嫌慢", lasts_days=days)
    with chain.db.write() as session, pytest.raises(NotFound, match="没有这个主题"):
        records.tag_raisers(session, product, 99_999, "没有的主题")


def test_a_manager_sees_and_tags_only_their_own(chain, theme):
    with chain.db.write() as session:
        manager = chain.actors["store_manager"]
        assert len(records.raisers(session, manager, theme)) == 12
        assert len(records.raisers(session, chain.actors["clerk2"], theme)) == 0
        with pytest.raises(NotFound):
            records.raisers(session, chain.actors["stranger"], theme)
        with pytest.raises(NotFound):
            records_fixes.open_fix(session, manager, theme, [chain.stores["S2"]], "加人")
        with pytest.raises(NotAllowed):
            records_fixes.open_fix(session, chain.actors["clerk"], theme, [chain.stores["S1"]], "加人")
        table, total = fan_table(session, manager)
        assert total == 12 and len(table) == 12
        other = fan_table(session, chain.actors["product"], store_id=chain.stores["S2"])[0].iloc[0]["fan_id"]
        with pytest.raises(NotFound):
            get_fan(session, manager, int(other))
        assert timeline(session, chain.actors["product"], int(other))["what"].tolist() == ["排队太久了（“排队太久”）"]


def test_a_fix_goes_its_way_in_each_store(chain, theme):
    a, stores = chain.actors, chain.stores
    with chain.db.write() as session:
        fix = records_fixes.open_fix(
            session, a["product"], theme, [stores["S1"], stores["S2"]], "加人", due_on=today() - timedelta(days=1)
        )
        assert session.exec(select(Evidence.id).where(Evidence.fix_id == fix.id)).all().__len__() == 18
        rows = records_fixes.fix_stores(session, a["product"], fix.id).set_index("store_id")["fix_store_id"]
        mine, other = int(rows[stores["S1"]]), int(rows[stores["S2"]])
        assert records_fixes.fix_table(session, a["product"]).iloc[0][
            ["stores", "read", "done", "overdue"]
        ].tolist() == [
            2,
            0,
            0,
            2,
        ]
        records_fixes.note_read(session, a["clerk"], mine)
        records_fixes.move_fix(session, a["clerk"], mine, "fixing", "加了一人")
        with pytest.raises(NotAllowed):
            records_fixes.move_fix(session, a["clerk"], mine, "accepted")
        with pytest.raises(NotFound):
            records_fixes.move_fix(session, a["clerk"], other, "fixing")
        with pytest.raises(Conflict):
            records_fixes.move_fix(session, a["region_manager"], mine, "closed")
        records_fixes.move_fix(session, a["region_manager"], mine, "accepted")
        assert records_fixes.fix_table(session, a["product"]).iloc[0][["read", "done", "overdue"]].tolist() == [1, 1, 1]
        assert len(records.evidence_units(session, a["clerk"], fix_id=fix.id)) == 12
        with pytest.raises(Conflict):
            records_fixes.undo_open_fix(session, a["product"], fix.id)
        second = records_fixes.open_fix(session, a["product"], theme, [stores["S1"]], "再加人")
        records_fixes.undo_open_fix(session, a["product"], second.id)
        assert len(records_fixes.fix_table(session, a["product"])) == 1


@given(st.sampled_from(sorted({start for start, _ in MOVES})), st.sampled_from(list(Role)))
def test_nobody_moves_where_no_move_is(state, role):
    assert all((state, to) in MOVES and role in MOVES[(state, to)] for to in next_states(state, role))
    assert Role.CLERK not in MOVES[("fixing", "accepted")]


def test_the_backlog_opens_no_gate_without_its_evidence(chain, theme):
    product, stores = chain.actors["product"], chain.stores
    with chain.db.write() as session:
        item = backlog.open_item(session, product, theme, "预点单")
        item_id = item.id
        assert backlog.item_table(session, product).iloc[0][["sentences", "fans"]].tolist() == [18, 18]
        assert backlog.advance(session, product, item_id).stage == "define"
        with pytest.raises(Conflict, match="定义"):
            backlog.advance(session, product, item_id)
        backlog.write_down(session, product, item_id, wanted="手机上先点")
        backlog.advance(session, product, item_id)
        backlog.write_down(session, product, item_id, sample_note="做好了", pass_share=0.7)
        assert backlog.advance(session, product, item_id).stage == "trial"
        assert invite_raisers(session, product, item_id) == (18, {})
        assert invite_raisers(session, product, item_id) == (0, {})
        trials = backlog.trial_table(session, product, item_id)["trial_id"].tolist()
        for place, trial_id in enumerate(trials[:11]):
            backlog.record_verdict(session, product, int(trial_id), "like" if place < 7 else "dislike")
        freeze_plan(
            session,
            product,
            Plan("revenue", date(2026, 1, 5), date(2026, 3, 1), (stores["S1"],), (stores["S2"],)),
            item_id=item_id,
        )
        rollouts.plan_stores(session, product, item_id, [stores["S1"]])
        with pytest.raises(Conflict, match="还在“粉丝试用”，门店不能上线") as early:
            rollouts.set_rollout(session, product, item_id, stores["S1"], "live")
        assert "先走到“试点门店”" in early.value.hint and "7/11" in early.value.hint
        with pytest.raises(Conflict) as refused:  # 7 of 11 is below 70 %
            backlog.advance(session, product, item_id)
        assert "7/11" in refused.value.hint
        with pytest.raises(Conflict):
            backlog.write_down(session, product, item_id, pass_share=0.5)
        backlog.record_verdict(session, product, int(trials[7]), "like")  # 8 of 11
        assert backlog.advance(session, product, item_id).stage == "pilot"
        with pytest.raises(Conflict, match="“区域”锁着"):
            rollouts.plan_stores(session, product, item_id, [stores["S2"]], wave=2)
        rollouts.set_rollout(session, product, item_id, stores["S1"], "live")
        assert len(session.exec(select(Telling.id).where(Telling.item_id == item_id)).all()) == 12
        with pytest.raises(InvalidInput, match="今天以后"):
            rollouts.set_rollout(session, product, item_id, stores["S1"], "live", today() + timedelta(days=1))
        rollouts.set_rollout(session, product, item_id, stores["S1"], "withdrawn")
        assert (
            session.exec(select(Telling.id).where(Telling.item_id == item_id)).all() == []
        )  # it is not there any more
        rollouts.set_rollout(session, product, item_id, stores["S1"], "live")
        assert len(session.exec(select(Telling.id).where(Telling.item_id == item_id)).all()) == 12
        save_measurement(session, product, "did", "有效", {}, baseline_id=None, item_id=item_id)
        assert backlog.advance(session, product, item_id).stage == "rollout"
        assert rollouts.plan_stores(session, product, item_id, [stores["S2"]], wave=2) == 1
        backlog.advance(session, product, item_id)
        with pytest.raises(Conflict) as refused:
            backlog.advance(session, product, item_id)
        assert "18 位" in refused.value.hint
        for telling_id in records_tellings.telling_table(session, product)["telling_id"]:
            records_tellings.record_told(session, product, int(telling_id), "yes")
        backlog.write_down(session, product, item_id, untold_reason="西湖店还没上线")
        assert backlog.advance(session, product, item_id).stage == "closed"


def test_the_fourth_contact_is_refused_and_those_are_left_out(chain, theme):
    product = chain.actors["product"]
    with chain.db.write() as session:
        fans = session.exec(select(Fan).order_by(Fan.id)).all()
        for _ in range(3):
            record_contact(session, product, fans[0], "visit", "phone")
        with pytest.raises(Conflict, match="3 次"):
            record_contact(session, product, fans[0], "visit", "phone")
        fans[1].opted_out_at = fans[1].joined_at
        item = backlog.open_item(session, product, theme, "预点单")
        assert invite_raisers(session, product, item.id) == (16, {"近 30 天已联系 3 次": 1, "已退订": 1})


@pytest.mark.parametrize(
    ("likes", "verdicts", "is_open"), [(3, 4, False), (3, 5, True), (2, 5, False), (8, 11, True), (6, 11, False)]
)
def test_the_trial_gate(likes, verdicts, is_open):
    facts = gates.ItemFacts(pass_share=0.6, likes=likes, verdicts=verdicts, has_baseline=True, pilot_stores=1)
    assert (gates.missing("trial", facts, gates.GateRules()) == []) is is_open


def test_gates_are_the_brands_own(chain, theme):
    product = chain.actors["product"]
    short = gates.GateRules(skipped=["sample", "trial", "pilot", "review"], needs_baseline=False, needs_told=False)
    assert gates.stages_of(short) == ["listen", "define", "rollout", "closed"]
    with chain.db.write() as session:
        item_id = backlog.open_item(session, product, theme, "预点单", "手机上先点").id
        with pytest.raises(InvalidInput, match="定义"):
            set_gate_rules(session, product, gates.GateRules(skipped=["define"]))
        with pytest.raises(NotAllowed):
            set_gate_rules(session, chain.actors["store_manager"], short)
        set_gate_rules(session, product, short)
        backlog.advance(session, product, item_id)
        with pytest.raises(Conflict, match="定义"):  # the first stores are asked for, whichever stage comes before them
            backlog.advance(session, product, item_id)
        rollouts.plan_stores(session, product, item_id, [chain.stores["S1"]])
        assert backlog.advance(session, product, item_id).stage == "rollout"
        rollouts.set_rollout(session, product, item_id, chain.stores["S1"], "live")
        with pytest.raises(Conflict, match="铺开"):
            backlog.advance(session, product, item_id)
        save_measurement(session, product, "did", "有效", {}, baseline_id=None, item_id=item_id)
        assert backlog.advance(session, product, item_id).closed_at is not None
        with pytest.raises(InvalidInput, match="原因"):
            backlog.send_back(session, product, item_id, "define", " ")
        with pytest.raises(Conflict):
            backlog.send_back(session, product, item_id, "sample", "没有这个阶段")
        again = backlog.send_back(session, product, item_id, "rollout", "还要再铺两家")
        assert (again.stage, again.closed_at) == ("rollout", None)
        set_gate_rules(session, product, gates.GateRules())
        backlog.advance(session, product, item_id)
        with pytest.raises(Conflict, match="预点单"):  # it stands in 复盘
            set_gate_rules(session, product, gates.GateRules(skipped=["review"]))


def test_merged_evidence_comes_and_goes_with_the_merge(chain, theme):
    product = chain.actors["product"]
    with chain.db.write() as session:
        other = Theme(brand_id=chain.brand_id, name="等位久")
        session.add(other)
        session.flush()
        one = backlog.open_item(session, product, theme, "预点单").id
        two = backlog.open_item(session, product, other.id, "叫号").id
        before = (records.evidence_counts(session, item_id=two), records.evidence_fans(session, item_id=two))
        merge_items.merge_items(session, product, one, two)
        assert records.evidence_counts(session, item_id=two) == (18, 18)
        assert (
            len(records.evidence_fans(session, item_id=two))
            == len(records.evidence_units(session, product, item_id=two))
            == 18
        )
        merge_items.unmerge_item(session, product, one)
        assert (records.evidence_counts(session, item_id=two), records.evidence_fans(session, item_id=two)) == before


def _spoken(session, chain, said) -> int:
    """A theme of ``(fan or None, polarity)`` sentences; its id."""
    heard = Theme(brand_id=chain.brand_id, name="排队")
    session.add(heard)
    session.flush()
    fans: dict[str, int] = {}
    for place, (who, polarity) in enumerate(said):
        if who is not None and who not in fans:
            fan = Fan(brand_id=chain.brand_id, name_masked=who)
            session.add(fan)
            session.flush()
            fans[who] = fan.id
        voice = Voice(
            brand_id=chain.brand_id, source_key=f"依据{place}", text="排队", source="测试", fan_id=fans.get(who),
            store_id=chain.stores["S1"],
        )  # fmt: skip
        session.add(voice)
        session.flush()
        unit = Unit(voice_id=voice.id, start=0, end=2, polarity=polarity)
        session.add(unit)
        session.flush()
        session.add(ThemeAssignment(unit_id=unit.id, theme_id=heard.id, strength=0.9 if polarity == 1 else 0.1))
    session.flush()
    return heard.id


def test_evidence_is_what_speaks_for_a_change_and_no_fan_is_cut(chain, monkeypatch):
    monkeypatch.setattr(records, "_MOST_EVIDENCE", 3)
    said = [("甲", 1), ("甲", -1), ("乙", 1), (None, 1), (None, -1), (None, -1), (None, 0), ("丙", 0), ("丁", -1)]
    product = chain.actors["product"]
    with chain.db.write() as session:
        heard = _spoken(session, chain, said)
        item = backlog.open_item(session, product, heard, "预点单")
        statement = select(Fan.name_masked, Unit.polarity).select_from(Evidence).join(Unit, Unit.id == Evidence.unit_id)
        statement = statement.join(Voice, Voice.id == Unit.voice_id).outerjoin(Fan, Fan.id == Voice.fan_id)
        kept = [tuple(row) for row in session.exec(statement.where(Evidence.item_id == item.id).order_by(Evidence.id))]
        assert kept == [("甲", -1), ("丁", -1), ("丙", 0), ("乙", 1)]
        assert records.evidence_counts(session, item_id=item.id) == (4, 4)
        assert records.count_said(session, product, heard) == 9
        first = records.raisers(session, product, heard)
        assert sorted(session.get_one(Unit, unit_id).polarity for unit_id in first.values()) == [-1, -1, 0, 1]
    monkeypatch.setattr(records, "_MOST_EVIDENCE", 6)
    with chain.db.write() as session:
        item = backlog.open_item(session, product, heard, "预点单")
        assert records.evidence_counts(session, item_id=item.id) == (6, 4)


def test_praise_alone_is_evidence_too(chain):
    with chain.db.write() as session:
        heard = _spoken(session, chain, [(None, 1), (None, 1)])
        item = backlog.open_item(session, chain.actors["product"], heard, "多排热情的店员")
        assert records.evidence_counts(session, item_id=item.id) == (2, 0)


def test_an_item_opened_by_mistake_is_taken_back_until_it_is_worked_on(chain, theme):
    product = chain.actors["product"]
    with chain.db.write() as session:
        wrong, right = (backlog.open_item(session, product, theme, title).id for title in ("错的", "对的"))
        undo_open_item(session, product, wrong)
        assert backlog.item_table(session, product)["item_id"].tolist() == [right]
        assert session.exec(select(Evidence.id).where(Evidence.item_id == wrong)).first() is None
        rollouts.plan_stores(session, product, right, [chain.stores["S1"]])
        with pytest.raises(Conflict, match="已经在做"):
            undo_open_item(session, product, right)
        with pytest.raises(NotAllowed):
            undo_open_item(session, chain.actors["store_manager"], right)


def test_two_people_at_one_item_lose_nothing(chain, theme):
    product, ceo = chain.actors["product"], chain.actors["ceo"]
    with chain.db.write() as session:
        item = backlog.open_item(session, product, theme, "小锅").id
        backlog.write_down(session, product, item, seen={"wanted": ""}, wanted="两小时一换")
        with pytest.raises(Conflict, match="两小时一换"):
            backlog.write_down(session, ceo, item, seen={"wanted": ""}, wanted="加计时器")
        assert backlog.get_item(session, ceo, item).wanted == "两小时一换"
        backlog.write_down(session, ceo, item, seen={"wanted": "两小时一换"}, wanted="两小时一换，加计时器")
        backlog.advance(session, product, item, seen="listen")
        with pytest.raises(Conflict, match="已经把它移到“定义”"):
            backlog.advance(session, ceo, item, seen="listen")
        assert backlog.get_item(session, ceo, item).stage == "define"
