"""The pages from a voice to its effect: empty ones say what to do next, filled ones show it, deeds are done and undone."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from fanops.actions import records_backlog as backlog
from fanops.actions import records_fixes
from fanops.actions import records_rollout as rollouts
from fanops.actions.invite_raisers import invite_raisers
from fanops.cli.worker import handlers
from fanops.collect import records_surveys as surveys
from fanops.collect.records_voices import NewVoice, add_voices
from fanops.collect.surveys.definition import read_definition
from fanops.content import content_path
from fanops.effect.measure import measure
from fanops.fans import records_tellings
from fanops.jobs import records as jobs
from fanops.jobs.worker import JobWorker
from fanops.settings import settings
from fanops.tables import Answer, Fan, Fix, FixStore, Order, Response, ServiceCard, Theme, ThemeEvent, now
from fanops.themes import records_dictionary as dictionary
from fanops.themes.discover import run_discovery

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
EMPTY = {
    "overview.py": "还没有数据", "themes.py": "先导入", "theme.py": "还没有主题", "voices.py": "没有符合条件", "fixes.py": "还没有服务改进",
    "backlog.py": "还没有需求条目", "effects.py": "还没有可以测量", "fans.py": "还没有粉丝", "today.py": "没有要告知", "surveys.py": "还没有开过一期",
    "findings.py": "还没有主题", "dictionary.py": "还没有词",
}  # fmt: skip
SAID = [
    f"{start}{subject}{what}"
    for start in ("", "真的", "每次")
    for subject, what in [
        ("排队", "太久了"), ("排队", "等了半小时"), ("等位", "等太久"), ("出餐", "慢得要命"), ("珍珠", "太硬"), ("珍珠", "嚼不动"),
        ("芋圆", "有点硬"), ("小料", "没煮软"), ("店员", "很热情"), ("店员", "态度很好"), ("收银", "很有耐心"), ("店长", "笑脸迎人"),
    ]
]  # fmt: skip


def words_on(at) -> str:
    shown = [
        *at.markdown,
        *at.caption,
        *at.error,
        *at.success,
        *at.info,
        *at.warning,
        *at.title,
        *at.subheader,
        *at.text,
    ]
    return " ".join(str(box.value) for box in shown)


@pytest.fixture
def filled(chain) -> int:
    """Voices, orders, themes, a measured fix, an item; gives the id of the largest theme."""
    product = chain.actors["product"]
    with chain.db.write() as session:
        for place, text in enumerate(SAID):
            store = chain.stores["S1" if place % 2 else "S2"]
            fan = Fan(brand_id=chain.brand_id, home_store_id=store, name_masked="王**", level="fan")
            session.add(fan)
            session.flush()
            voice = NewVoice(
                text, "review", "测试", str(place), said_at=now() - timedelta(days=place), store_id=store, fan_id=fan.id
            )
            add_voices(session, chain.brand_id, [voice])
            for week in range(12):
                placed = now() - timedelta(weeks=week, hours=place)
                session.add(Order(brand_id=chain.brand_id, store_id=store, fan_id=fan.id, number=f"{place}-{week}",
                                  placed_at=placed, amount_fen=2000 + 10 * place))  # fmt: skip
    run_discovery(chain.db, product, {})
    with chain.db.write() as session:
        theme_id = session.exec(select(Theme.id).where(Theme.parent_id.is_(None)).order_by(Theme.id)).first()
        fix = records_fixes.open_fix(session, product, theme_id, [chain.stores["S1"]], "高峰期加人")
        row = int(records_fixes.fix_stores(session, product, fix.id).iloc[0]["fix_store_id"])
        done = datetime.now(settings().zone) - timedelta(weeks=5)
        for state in ("fixing", "accepted"):
            records_fixes.move_fix(session, product, row, state, happened_at=done)
        measure(session, product, fix_id=fix.id)
        item = backlog.open_item(session, product, theme_id, "预点单", "手机上先点")
        rollouts.plan_stores(session, product, item.id, [chain.stores["S1"]])
        invite_raisers(session, product, item.id)
        backlog.get_item(session, product, item.id).stage = "pilot"
        rollouts.set_rollout(session, product, item.id, chain.stores["S1"], "live")
    return theme_id


@ONE
@pytest.mark.parametrize("file", EMPTY)
def test_an_empty_page_says_what_to_do_next(open_page, file):
    at = open_page("ceo", file)
    assert not at.exception
    assert EMPTY[file] in words_on(at)


@ONE
@pytest.mark.parametrize("login", ["clerk", "region_manager", "product", "ceo"])
def test_filled_pages_open_for_each_role(open_page, filled, login):
    for file in ("overview.py", "themes.py", "voices.py", "fixes.py", "fans.py", "today.py", "surveys.py"):
        at = open_page(login, file)
        assert not at.exception, file
        assert file != "overview.py" or "访谈与问卷：多少位粉丝答过问卷" in words_on(at)
    at = open_page(login, "theme.py", theme=filled)
    assert not at.exception and "来自" in words_on(at)


@ONE
def test_numbers_stand_on_their_base_and_effects_claim_nothing_without_controls(open_page, filled):
    assert "36 条原声" in words_on(open_page("product", "themes.py"))
    assert "18 条原声" in words_on(open_page("store_manager", "themes.py"))
    at = open_page("ceo", "effects.py")
    assert not at.exception and "前后对比(不能归因)" in words_on(at)
    at = open_page("ceo", "backlog.py")
    assert not at.exception and "聆听" in words_on(at) + str([p.proto.text for p in at.get("progress")])


@ONE
def test_a_theme_is_renamed_and_the_rename_undone(open_page, filled, chain):
    at = open_page("product", "theme.py", theme=filled)
    at.session_state["theme.tab"] = "编辑与历史"
    at.run()
    next(box for box in at.text_input if box.label == "名称").set_value("等得太久")
    next(button for button in at.button if button.label == "改名").click().run()
    assert not at.exception
    with chain.db.read() as session:
        assert session.get_one(Theme, filled).name == "等得太久"
    at.button(key="done.undo").click().run()
    with chain.db.read() as session:
        assert session.get_one(Theme, filled).name != "等得太久"
        assert session.exec(select(ThemeEvent.undone_at)).one() is not None


@ONE
def test_a_fix_is_opened_from_a_theme_and_a_bad_title_keeps_what_was_typed(open_page, filled, chain):
    at = open_page("store_manager", "theme.py", theme=filled)
    at.text_input(key=f"act.fix.title.{filled}").set_value("  ")
    at.text_area(key=f"act.fix.what.{filled}").set_value("加一个人叫号")
    next(button for button in at.button if button.label == "开这项改进").click().run()
    assert "要有一个标题" in words_on(at).replace("\\", "")
    assert at.text_area(key=f"act.fix.what.{filled}").value == "加一个人叫号"
    at.text_input(key=f"act.fix.title.{filled}").set_value("叫号")
    next(button for button in at.button if button.label == "开这项改进").click().run()
    with chain.db.read() as session:
        assert session.exec(select(Fix.title).order_by(Fix.id.desc())).first() == "叫号"
    at.button(key="done.undo").click().run()
    with chain.db.read() as session:
        assert session.exec(select(Fix.title).order_by(Fix.id.desc())).first() == "高峰期加人"


@ONE
def test_a_clerk_ticks_a_fix_and_tells_a_fan(open_page, filled, chain):
    at = open_page("clerk", "today.py")
    assert not at.exception
    buttons = [button for button in at.button if button.label == "已告知"]
    assert buttons
    at.text_input(key="tell.words").set_value("没有的人").run()
    assert "没有这样要告知的" in words_on(at)
    at.text_input(key="tell.words").set_value("高峰期").run()
    [first, *_] = [button.key for button in at.button if button.label == "已告知"]
    at.button_group(key=first.replace("done", "answer")).set_value("no").run()
    at.button(key=first).click().run()
    with chain.db.read() as session:
        assert len(records_tellings.telling_table(session, chain.actors["clerk"], "told")) == 1
    at = open_page("store_manager", "fixes.py")  # where it is said in front, and opened again in one tap
    assert not at.exception and "1 位说还没好" in words_on(at)
    next(button for button in at.button if str(button.key).startswith("fix.again.")).click().run()
    assert not at.exception and "已重新打开" in words_on(at)
    with chain.db.read() as session:
        assert session.exec(select(FixStore.state)).all() == ["reopened"]
    bars = [bar.proto.text for bar in open_page("product", "fixes.py").get("progress")]
    assert "1 位说还没好" in bars[0]


@ONE
def test_a_clerk_takes_the_verdict_of_a_fan_who_came_to_try(open_page, filled, chain):
    at = open_page("clerk", "today.py")
    at.text_input(key="trials.words").set_value("没有的人").run()
    assert "没有这样的试用" in words_on(at)
    at.text_input(key="trials.words").set_value("").run()
    liked = next(button for button in at.button if str(button.key).startswith("trials.like."))
    liked.click().run()
    assert not at.exception and "已记下：会买" in words_on(at)
    with chain.db.read() as session:
        assert backlog.trial_table(session, chain.actors["product"], 1)["verdict"].tolist().count("like") == 1
    at.button(key="done.undo").click().run()
    next(button for button in at.button if button.label == "已告知").click().run()
    at.button(key="done.undo").click().run()
    assert not at.exception and not at.error
    with chain.db.read() as session:
        assert backlog.trial_table(session, chain.actors["product"], 1)["verdict"].tolist().count("like") == 0
        assert records_tellings.telling_table(session, chain.actors["clerk"], "told").empty


@ONE
def test_what_was_done_opens_from_the_page_for_the_owner(open_page, filled):
    at = open_page("ceo", "brief.py")
    links = "".join(link.proto.page for link in at.get("page_link"))
    assert not at.exception and "fixes" in links and "backlog" in links


@ONE
def test_a_word_is_added_proved_and_taken_out(open_page, filled, chain):
    at = open_page("product", "dictionary.py")
    at.text_area(key="dictionary.lines").set_value("珍珠 = 黑珍珠\n椰果")
    next(button for button in at.button if button.label == "加入词典").click().run()
    assert not at.exception and "新增 3 个词" in words_on(at)
    at.button(key="dictionary.check").click().run()
    assert JobWorker(chain.db, handlers()).work_once()
    at = open_page("product", "dictionary.py")
    assert not at.exception and "36 条原声" in words_on(at)
    assert "6 句全部完整" in at.dataframe[0].value["验证"].tolist()
    at.selectbox(key="dictionary.remove.word").set_value("椰果").run()
    at.button(key="dictionary.remove").click().run()
    assert "已移出" in words_on(at)
    with chain.db.read() as session:
        assert "椰果" not in set(dictionary.word_table(session, chain.actors["product"])["word"])


@ONE
def test_the_dictionary_stays_on_the_suggestions_after_one_is_taken(open_page, chain):
    product = chain.actors["product"]
    each = {"texts": 3, "tokens": ["芋", "泥"], "example": "芋泥好喝"}
    with chain.db.write() as session:
        job = jobs.enqueue(session, product, "prove_dictionary")
        job.state, job.ended_at = jobs.DONE, now()
        job.result = {"voices": 9, "proofs": [], "suggestions": [{"word": "芋泥", **each}, {"word": "鸭屎香", **each}]}
    at = open_page("product", "dictionary.py")
    before = [tab.label for tab in at.tabs]
    at.session_state["dictionary.tab"] = "新词建议"
    at.run()
    offered = [box for box in at.button if (box.key or "").startswith(("dictionary.take.", "dictionary.reject."))]
    assert offered and {box.proto.type for box in offered} == {"secondary"}  # of fifteen none is the one to press
    at.button(key="dictionary.take.芋泥").click().run()
    assert not at.exception
    assert "词典里有 1 个词，还有 1 个新词建议" in " ".join(box.value for box in at.caption)
    assert [tab.label for tab in at.tabs] == before  # the same labels: the same tab stays open
    assert at.session_state["dictionary.tab"] == "新词建议"


@ONE
def test_typed_words_and_a_file_are_both_added(open_page, chain):
    at = open_page("product", "dictionary.py")
    at.text_area(key="dictionary.lines").set_value("[竞品]\n喜茶")
    content = "椰果\n芋泥波波 = 芋泥啵啵\n" + "长" * 31
    at.file_uploader(key="dictionary.file").upload("词典.txt", content.encode("gb18030"), "text/plain")
    next(button for button in at.button if button.label == "加入词典").click().run()
    assert not at.exception and "新增 4 个" in words_on(at)
    assert "文件里的这一行" in at.dataframe[-1].value["原因"].tolist()[0]
    with chain.db.read() as session:
        table = dictionary.word_table(session, chain.actors["product"]).set_index("word")
    assert set(table.index) == {"喜茶", "椰果", "芋泥波波", "芋泥啵啵"}
    assert table["is_competitor"].sum() == 1 and table.loc["喜茶", "is_competitor"]


@ONE
def test_a_clerk_records_a_fans_answers(open_page, chain):
    assert "没有正在收集" in words_on(open_page("clerk", "record.py"))
    survey = read_definition(content_path("surveys/store_visit.yaml").read_text("utf-8"))
    with chain.db.write() as session:
        version = surveys.publish(session, chain.actors["product"], survey)
        surveys.open_wave(session, chain.actors["product"], version.id, "十一月")
    at = open_page("clerk", "record.py")
    at.text_input(key="record.new.phone.").set_value("12345")
    next(button for button in at.button if button.label == "新增并开始").click().run()
    assert at.error and at.text_input(key="record.new.phone.").value == "12345"
    at.text_input(key="record.new.phone.").set_value("13800138000")
    next(button for button in at.button if button.label == "新增并开始").click().run()
    assert not at.exception
    for _ in range(30):
        if any(button.key == "record.submit" for button in at.button):
            break
        answer_the_question(at)
        assert not at.exception and not at.error, words_on(at)
    with chain.db.read() as session:
        before = len(session.exec(select(Answer)).all())
    assert before >= 2
    at.button(key="record.submit").click().run()
    assert not at.exception and "回执码" in words_on(at)
    with chain.db.read() as session:
        response = session.exec(select(Response)).one()
        assert response.state == "submitted" and response.fan_id and response.staff_id == chain.actors["clerk"].staff_id


def answer_the_question(at) -> None:
    """Answer the question on the screen as a clerk would: the first choice, a middle score, a few words, or skip it."""
    for control in at.button_group:
        if control.key.startswith("record."):
            control.set_value(control.options[len(control.options) // 2] if control.label == "分数" else [0]).run()
            if control.label == "分数":
                return
    for area in at.text_area:
        area.set_value("等位太久")
    choices = [
        button
        for button in at.button
        if button.key and button.key.count(".") == 3 and button.key.startswith("record.1.")
    ]
    ways = choices or [b for b in at.button if b.label == "下一题"] or [b for b in at.button if b.label == "跳过"]
    ways[0].click().run()


@ONE
def test_a_rule_is_tried_run_and_its_card_ticked_by_the_clerk(open_page, filled, chain):
    at = open_page("store_manager", "rules.py")
    at.button(key="rule.try.recovery").click().run()
    assert not at.exception and "会做" in words_on(at)
    next(button for button in at.button if button.key == "rule.run.recovery").click().run()
    assert not at.exception and "张服务卡" in words_on(at)
    at = open_page("clerk", "today.py")
    assert not at.exception and "服务补救" in words_on(at)
    assert sum(button.proto.type == "primary" for button in at.button) == 1  # what to do first, not twenty
    at.text_input(key="today.words").set_value("没有的人").run()
    assert "没有这样的服务卡" in words_on(at)
    at.text_input(key="today.words").set_value("").run()
    next(button for button in at.button if button.label == "做了").click().run()
    assert not at.exception and "已记下" in words_on(at)
    at.button(key="done.undo").click().run()
    with chain.db.read() as session:
        assert "done" not in session.exec(select(ServiceCard.state)).all()


@ONE
def test_segments_are_made_and_insights_drawn(open_page, filled, chain):
    at = open_page("product", "segments.py")
    at.number_input(key="segment.orders_from").set_value(3).run()
    assert "36 位" in words_on(at)
    at.text_input(key="segment.name").set_value("常客")
    at.button(key="segment.save").click().run()
    assert not at.exception and "已保存" in words_on(at)
    at = open_page("product", "segments.py")
    assert "看不出不同" in str([frame.value.to_dict() for frame in at.dataframe])
    for see in ("复购率", "留存", "生命周期", "RFM", "还会来吗"):
        assert not open_page("product", "fan_insights.py", see=see).exception, see
    with chain.db.read() as session:
        fan_id = session.exec(select(Fan.id)).first()
    at = open_page("product", "fan.py", fan=fan_id)
    assert not at.exception


@ONE
def test_a_survey_is_pasted_checked_previewed_and_published(open_page, chain):
    at = open_page("product", "survey_editor.py")
    at.text_area(key="editor.pasted").set_value(
        "满意度\n1. 今天满意吗？[单选题] *\nA. 满意\nB. 不满意\n2. 您的建议 [填空题]"
    ).run()
    at.button(key="editor.pasted.do").click().run()
    assert not at.exception and "检查过了：2 题" in words_on(at)
    at.button(key="editor.publish").click().run()
    assert not at.exception and "已发布，第 1 版" in words_on(at)
    with chain.db.read() as session:
        [(survey, version)] = surveys.surveys(session, chain.actors["product"])
        assert survey.title == "满意度" and len(list(surveys.definition_of(version).questions())) == 2
    at = open_page("product", "survey_editor.py")
    at.text_area(key="editor.pasted").set_value("没有题目").run()
    at.button(key="editor.pasted.do").click().run()
    assert "没有读到题目" in words_on(at) and at.text_area(key="editor.pasted").value == "没有题目"


@ONE
def test_fans_are_shared_out_and_one_is_forgotten(open_page, filled, chain):
    at = open_page("store_manager", "allocation.py")
    assert not at.exception and "18 位还没有人跟进" in words_on(at)
    at.button(key="allocation.give").click().run()
    assert not at.exception and "已分配 18 位" in words_on(at)
    with chain.db.read() as session:
        fan_id = session.exec(select(Fan.id).where(Fan.home_store_id == chain.stores["S1"])).first()
    at = open_page("store_manager", "fan.py", fan=fan_id)
    at.button(key=f"fan.erase.do.{fan_id}").click().run()
    assert "还没有确认" in words_on(at)
    at.text_input(key=f"fan.erase.typed.{fan_id}").set_value("删除")
    at.button(key=f"fan.erase.do.{fan_id}").click().run()
    with chain.db.read() as session:
        assert session.get_one(Fan, fan_id).erased_at is not None


@ONE
def test_the_raisers_of_a_theme_are_invited_to_a_wave(open_page, filled, chain):
    survey = read_definition(content_path("surveys/new_product_trial.yaml").read_text("utf-8"))
    with chain.db.write() as session:
        version = surveys.publish(session, chain.actors["product"], survey)
        wave = surveys.open_wave(session, chain.actors["product"], version.id, "新品").id
    at = open_page("product", "surveys.py")
    assert not at.exception and "会邀请" in words_on(at)
    at.button(key=f"invite.do.{wave}").click().run()
    assert not at.exception and "各有自己的链接" in words_on(at) and "打开 0" in words_on(at)
