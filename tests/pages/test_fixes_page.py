"""Checklists by page: sent to many stores, ticked by a clerk on the phone, accepted by head office, taken back."""

from __future__ import annotations

import io
from datetime import timedelta

from PIL import Image

from fanops.access.attachments import add_attachment
from fanops.access.media import prepare_media
from fanops.actions import records_fixes
from fanops.settings import today
from fanops.summary.records import waiting
from fanops.tables import Fan, FixStore, ServiceCard, Telling
from tests.pages.test_domain_pages import ONE, words_on


@ONE
def test_a_clerk_ticks_a_checklist_and_head_office_accepts_it(open_page, chain):
    product = chain.actors["product"]
    with chain.db.write() as session:
        fix_id = records_fixes.open_fix(
            session,
            product,
            None,
            [chain.stores["S1"], chain.stores["S2"]],
            "开店前检查",
            checklist=["擦柜子", "看温度"],
        ).id
        rows = records_fixes.fix_stores(session, product, fix_id).set_index("store_id")["fix_store_id"]
    key = int(rows[chain.stores["S1"]])
    at = open_page("clerk", "fixes.py")
    assert "开始改" in [button.label for button in at.button]
    at.button(key=f"fix.done.do.{key}").click().run()
    assert "还有 2 条没有勾" in words_on(at)
    at.checkbox(key=f"fix.tick.{key}.0").check().run()
    at.checkbox(key=f"fix.tick.{key}.1").check().run()
    at.text_area(key=f"fix.note.{key}").set_value("开门前十分钟做")
    at.button(key=f"fix.done.do.{key}").click().run()
    assert not at.exception and "等上级验收" in words_on(at)
    at = open_page("product", "fixes.py")
    assert "已做完 1" in words_on(at) + str([bar.proto.text for bar in at.get("progress")])
    at.button(key=f"fixes.open.{fix_id}").click().run()
    assert at.query_params["fix"] == str(fix_id)  # the next tap stays with this one
    assert "1 家已读，1 家已做完，0 家已验收" in words_on(at) and "还没做完的 1 家" in words_on(at)
    words = "静安店（已做完，等验收）"  # as the store reads it
    assert words in next(box for box in at.selectbox if box.label == "门店").options
    at.button(key="fix.accept.all").click().run()
    assert not at.exception
    with chain.db.read() as session:
        assert records_fixes.fix_table(session, product).iloc[0]["accepted"] == 1
    assert "静安店（已验收）" in next(box for box in at.selectbox if box.label == "门店").options  # no word of before
    at.button(key="done.undo").click().run()
    assert "1 家已做完，0 家已验收" in words_on(at)  # the store's receipt stands
    next(each for each in at.text_input if "说明" in each.label).set_value("柜子还没到")
    assert next(box for box in at.selectbox if box.label == "改为").options[0] == "退回，再改"
    at.button(key="fix.move.do").click().run()
    assert "柜子还没到" in words_on(open_page("clerk", "fixes.py"))
    at.button(key="fixes.back").click().run()
    assert not at.exception and "fix" not in at.query_params


@ONE
def test_a_checklist_is_sent_to_all_stores_and_taken_back(open_page, chain):
    at = open_page("product", "fixes.py")
    at.text_input(key="fixes.send.title").set_value("开店前检查")
    next(button for button in at.button if button.label == "发出").click().run()
    assert "清单还是空的" in "".join(toast.value for toast in at.toast)  # out of sight under a tall form otherwise
    assert "清单还是空的" in words_on(at) and at.text_input(key="fixes.send.title").value == "开店前检查"
    at.text_area(key="fixes.send.lines").set_value("擦柜子\n看温度")
    next(button for button in at.button if button.label == "发出").click().run()
    assert not at.exception and "已发给" in words_on(at) and "已发给" in at.toast[0].value
    at.run()
    assert "已发给" in words_on(at) and not at.toast  # it floats once
    at.switch_page("tags.py").run()
    assert not at.success  # it speaks of fixes
    at.switch_page("fixes.py").run()
    at.text_input(key="fixes.send.title").set_value("关店前检查")
    at.text_area(key="fixes.send.lines").set_value("关灯")
    next(button for button in at.button if button.label == "发出").click().run()
    at.button(key="done.undo").click().run()
    with chain.db.read() as session:
        assert records_fixes.fix_table(session, chain.actors["product"])["title"].tolist() == ["开店前检查"]


@ONE
def test_all_who_are_to_be_told_can_be_reached(open_page, chain):
    with chain.db.write() as session:
        store = chain.stores["S1"]
        fix = records_fixes.open_fix(session, chain.actors["product"], None, [store], "高峰期加人", checklist=["加人"])
        for place in range(25):
            fan = Fan(brand_id=chain.brand_id, home_store_id=store, name_masked=f"王{place}")
            session.add(fan)
            session.flush()
            session.add(Telling(fix_id=fix.id, fan_id=fan.id, store_id=store))
    at = open_page("clerk", "today.py")
    assert "25 位粉丝等我们告诉" in words_on(at) and "**王19**" in words_on(at) and "**王20**" not in words_on(at)
    at.session_state["tell.page"] = 2
    at.run()
    assert not at.exception and "**王24**" in words_on(at) and "**王19**" not in words_on(at)
    at.text_input(key="tell.words").set_value("王7").run()  # fewer than were paged through
    assert not at.exception and "**王7**" in words_on(at)


@ONE
def test_every_service_card_can_be_reached(open_page, chain):
    with chain.db.write() as session:
        store = chain.stores["S1"]
        for place in range(25):
            fan = Fan(brand_id=chain.brand_id, home_store_id=store, name_masked=f"王{place}")
            session.add(fan)
            session.flush()
            session.add(ServiceCard(fan_id=fan.id, store_id=store, deed="问候"))
    at = open_page("clerk", "today.py")
    first = words_on(at)
    at.session_state["today.cards"] = 2
    at.run()
    assert not at.exception
    for place in range(25):
        assert (f"**王{place}**" in first) != (f"**王{place}**" in words_on(at)), place


@ONE
def test_what_waits_opens_to_the_fixes_it_counts(open_page, chain):
    clerk, product = chain.actors["clerk"], chain.actors["product"]
    with chain.db.write() as session:
        for title in ("擦柜子", "看温度"):
            fix = records_fixes.open_fix(session, product, None, [chain.stores["S1"]], title, checklist=[title])
        key = int(records_fixes.fix_stores(session, product, fix.id)["fix_store_id"].iloc[0])
        records_fixes.tick(session, clerk, key, 0)
        records_fixes.note_done(session, clerk, key)
        [ready] = waiting(session, product)
        row = session.get_one(FixStore, key)
        row.due_on = today() - timedelta(days=3)
        session.add(row)
        session.flush()
        # done, only not yet accepted: it is not late, as on the page of fixes
        assert [each.what for each in waiting(session, product)] == [ready.what]
        assert records_fixes.fix_table(session, product)["overdue"].sum() == 0
    assert (ready.what, ready.count, ready.page) == ("家次服务改进做完了，等验收", 1, "fixes.py")
    at = open_page("product", "fixes.py", **ready.query)
    shown = [button.label for button in at.button if str(button.key).startswith("fixes.open.")]
    assert shown == ["**看温度**"]


@ONE
def test_a_store_sees_its_photo_after_acceptance_too(open_page, chain):
    product = chain.actors["product"]
    photo = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(photo, "JPEG")
    with chain.db.write() as session:
        fix_id = records_fixes.open_fix(session, product, None, [chain.stores["S1"]], "擦柜子", checklist=["擦"]).id
        key = int(records_fixes.fix_stores(session, product, fix_id)["fix_store_id"].iloc[0])
        media = prepare_media(photo.getvalue(), "柜子.jpg")
        add_attachment(session, chain.actors["clerk"], media, fix_store_id=key)
        for state in ("assigned", "fixing", "accepted"):
            records_fixes.move_fix(session, product, key, state)
    at = open_page("clerk", "fixes.py")
    assert not at.exception and "柜子" in words_on(at).replace("擦柜子", "")
    assert "移除" not in [button.label for button in at.button]
