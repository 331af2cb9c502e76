"""The page of findings: judged with a reason, merged and taken apart; what is the whole brand's is head office's to decide."""

from __future__ import annotations

import pytest

from fanops.findings import records
from fanops.tables import Finding, Theme, ThemeRun

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def words_on(at) -> str:
    return " ".join(str(box.value) for box in [*at.markdown, *at.caption, *at.success, *at.info, *at.error, *at.title])


@pytest.fixture
def theme(chain) -> int:
    """A theme that nobody has spoken of yet; its id."""
    with chain.db.write() as session:
        run = ThemeRun(brand_id=chain.brand_id, input_fingerprint="a", result_fingerprint="b")
        session.add(run)
        session.flush()
        row = Theme(brand_id=chain.brand_id, name="排队太久", born_run_id=run.id)
        session.add(row)
        session.flush()
        return row.id


@ONE
def test_a_merged_finding_names_where_it_went_and_is_taken_apart(open_page, theme, chain):
    with chain.db.write() as session:
        write = records.write_finding
        one, other = (write(session, chain.actors["product"], theme, claim).id for claim in ("等位", "排队"))
        records.merge_findings(session, chain.actors["product"], other, one)
    at = open_page("product", "findings.py")
    at.button_group(key="findings.state").set_value("merged").run()
    at.button(key=f"findings.unmerge.{other}").click().run()
    with chain.db.read() as session:
        assert session.get_one(Finding, other).state == "accepted"


@ONE
def test_findings_are_judged_with_a_reason_and_taken_back(open_page, theme, chain):
    with chain.db.write() as session:
        records.write_finding(session, chain.actors["product"], theme, "周末等位最久", chain.stores["S1"])
        brand = records.write_finding(session, chain.actors["product"], theme, "全品牌都在等位").id
    at = open_page("store_manager", "findings.py")
    assert not at.exception and "周末等位最久" in words_on(at)
    assert "由产品团队、CEO 或管理员决定" in words_on(at)
    assert not [button for button in at.button if str(button.key).endswith(f".{brand}")]
    assert f"findings.reason.{brand}" not in {box.key for box in at.text_input}
    at.text_input(key="findings.reason.1").set_value("活动带来的")
    next(button for button in at.button if button.label == "不采纳").click().run()
    assert not at.exception and "原因已记下" in words_on(at)
    with chain.db.read() as session:
        assert session.get_one(Finding, 1).state == "dismissed"
    at.button(key="done.undo").click().run()
    with chain.db.read() as session:
        assert session.get_one(Finding, 1).state == "accepted"
    assert (
        "店员没有这个页面" in words_on(open_page("clerk", "findings.py")) or open_page("clerk", "findings.py").exception
    )
