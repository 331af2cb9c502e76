"""The administrator's pages for stores and for the audit log."""

from __future__ import annotations

import pytest
from sqlmodel import delete, select

from fanops.access.audit import record_audit
from fanops.tables import AuditEntry, Region, Staff, Store
from tests.pages.test_domain_pages import words_on

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def field(at, kind: str, label: str):
    """The last field of this label: each form has its own."""
    return [each for each in getattr(at, kind) if each.label == label][-1]


def press(at, label: str):
    [button] = [each for each in at.button if each.label == label]
    return button.click().run()


@ONE
def test_a_new_chain_gets_its_region_store_and_clerk(open_page, chain):
    with chain.db.write() as session:  # another brand's administrator, with nothing yet
        session.exec(delete(Store).where(Store.brand_id == chain.other_brand_id))
        session.exec(delete(Region).where(Region.brand_id == chain.other_brand_id))
    assert "先添加大区和门店" in words_on(open_page("stranger", "overview.py"))
    said = words_on(open_page("stranger", "brief.py"))
    assert "还没有门店" in said and "还没有核心粉丝" in said and "都有声音" not in said
    at = open_page("stranger", "organisation.py")
    assert not at.exception and "还没有大区" in words_on(at)
    at.text_input[0].input(" 华北 ")
    press(at, "添加大区")
    assert "已添加大区 华北" in words_on(at) and not at.error
    at.text_input[0].input("N1")
    at.text_input[1].input("国贸店")
    press(at, "添加门店")
    assert (
        "请先添加大区" in at.error[0].value and at.text_input[1].value == "国贸店"
    )  # no region chosen: nothing typed is lost
    next(each for each in at.selectbox if each.label == "大区").select("华北")
    press(at, "添加门店")
    assert not at.exception and at.dataframe[0].value[["编号", "门店", "大区"]].values.tolist() == [
        ["N1", "国贸店", "华北"]
    ]
    field(at, "text_input", "员工编号").input("E1")
    field(at, "text_input", "姓名").input("孙丽")
    field(at, "selectbox", "门店").select("N1")
    press(at, "添加员工")
    assert at.dataframe[0].value["员工"].tolist() == [1]
    with chain.db.read() as session:
        assert session.exec(select(Staff.name).where(Staff.brand_id == chain.other_brand_id)).all() == ["孙丽"]


@ONE
def test_a_store_is_closed_and_opened_again(open_page, chain):
    at = open_page("admin", "organisation.py")
    field(at, "selectbox", "哪家门店").select(chain.stores["S2"]).run()
    at.checkbox[0].check()
    press(at, "保存更改")
    assert not at.exception and "关店" in str(at.dataframe[0].value["状态"].tolist())
    at.button(key="done.undo").click().run()
    assert at.dataframe[0].value["状态"].tolist() == ["营业"] * 3


@ONE
def test_the_log_is_read_in_chinese_and_checked(open_page, chain):
    with chain.db.write() as session:
        record_audit(session, chain.actors["ceo"], "reveal_identity", "fan:7")
    at = open_page("admin", "audit_log.py", deed="reveal_identity")
    assert not at.exception
    assert at.dataframe[0].value[["谁", "做了什么", "对象"]].values.tolist() == [["ceo", "看了完整号码", "粉丝 7"]]
    press(at, "核对记录有没有被改过")
    assert "没有被改动" in at.success[0].value
    with chain.db.write() as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.deed == "reveal_identity")).one()
        entry.subject = "fan:8"
    press(at, "核对记录有没有被改过")
    assert f"从第 {entry.id} 条起对不上" in at.error[0].value


@ONE
def test_an_empty_house_says_what_to_do_next_and_only_what_one_may(open_page, chain) -> None:
    with chain.db.write() as session:
        session.exec(delete(Store).where(Store.brand_id == chain.other_brand_id))
    assert "先添加门店" in words_on(open_page("stranger", "import_voices.py"))
    assert "还没有门店" in words_on(open_page("stranger", "me.py"))
    staffless = open_page("stranger", "allocation.py")
    assert "去添加员工" in [link.proto.label for link in staffless.get("page_link")]
    for file, unfit in (
        ("overview.py", "导入"),
        ("fixes.py", "检查清单"),
        ("surveys.py", "发布"),
        ("interviews.py", "文字稿"),
        ("panels.py", "开始"),
    ):
        assert unfit not in " ".join(each.value for each in open_page("clerk", file).info), file
