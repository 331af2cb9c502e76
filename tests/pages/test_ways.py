"""No link leads the person who sees it to 看不了这个页面, and a number's link to its own rows."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from fanops.access import Role
from fanops.actions.records_fixes import open_fix
from fanops.fans.records import ANY_TAG
from fanops.tables import Fan, FanTag, Fix, FixStore, ServiceCard, Tag, Telling, now
from fanops.ui.frame import HOME, PAGES
from tests.pages.test_domain_pages import filled, words_on  # noqa: F401

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
CLERKS = [entry for entry in PAGES if Role.CLERK in entry.roles]


@ONE
@pytest.mark.parametrize("entry", CLERKS, ids=[entry.url_path for entry in CLERKS])
def test_a_clerk_without_data_is_led_only_to_pages_of_a_clerk(open_page, entry) -> None:
    open_to_clerks = {"" if each.file == HOME else each.url_path for each in CLERKS} | {"overview"}
    at = open_page("clerk", entry.file)
    assert not at.exception
    assert {link.proto.page for link in at.get("page_link")} <= open_to_clerks


@ONE
def test_what_was_served_told_and_tagged_opens_into_its_rows(open_page, chain) -> None:
    here, elsewhere = chain.stores["S1"], chain.stores["S3"]
    with chain.db.write() as session:
        fans = [Fan(brand_id=chain.brand_id, home_store_id=here, name_masked=name) for name in ("王**", "李**")]
        tag, fix = Tag(brand_id=chain.brand_id, name="怕甜"), Fix(brand_id=chain.brand_id, title="加人", area="service")
        session.add_all([*fans, tag, fix])
        session.flush()
        session.add(FanTag(fan_id=fans[0].id, tag_id=tag.id, origin="manual"))
        session.add(
            ServiceCard(fan_id=fans[0].id, store_id=here, deed="道歉", rule_code="", state="done", closed_at=now())
        )
        session.add(Telling(fan_id=fans[1].id, store_id=here, fix_id=fix.id, state="told", told_at=now()))
    [served] = open_page("region_manager", "today.py", done="served", store=here).dataframe
    assert served.value["做了什么"].tolist() == ["道歉"]
    [told] = open_page("region_manager", "today.py", done="told", store=here).dataframe
    assert told.value[["粉丝", "告诉了什么"]].values.tolist() == [["李**", "加人"]]
    for asked in ("served", "told"):
        assert not open_page("region_manager", "today.py", done=asked, store=elsewhere).dataframe
        assert not open_page("clerk2", "today.py", done=asked, store=here).dataframe  # by changing the address
    [tagged] = open_page("region_manager", "fans.py", tag=ANY_TAG).dataframe
    assert tagged.value["粉丝"].tolist() == ["王**"]
    assert len(open_page("region_manager", "fans.py").dataframe[0].value) == 2


@ONE
def test_a_number_of_the_seven_links_opens_the_rows_of_its_store(open_page, chain) -> None:
    here = chain.stores["S1"]
    with chain.db.write() as session:
        for title, store in (("加人", here), ("换杯盖", chain.stores["S2"])):
            fix = Fix(brand_id=chain.brand_id, title=title, area="service")
            session.add(fix)
            session.flush()
            session.add(FixStore(fix_id=fix.id, store_id=store, state="accepted", done_at=now(), note="高峰加一位"))
    [table] = open_page("region_manager", "overview.py", rows="fixed", store=here).dataframe
    assert table.value[["改进", "状态", "怎么做的"]].values.tolist() == [["加人", "已验收", "高峰加一位"]]
    foreign = open_page("clerk2", "overview.py", rows="fixed", store=here)  # by changing the address
    assert not foreign.exception and not foreign.dataframe
    empty = open_page("region_manager", "overview.py", rows="earned", store=here)
    assert not empty.exception and "还没有" in empty.info[0].value


@ONE
def test_a_number_of_the_loop_opens_the_actions_it_counts(open_page, chain, request) -> None:
    theme_id = request.getfixturevalue("filled")
    with chain.db.write() as session:
        open_fix(session, chain.actors["product"], theme_id, [chain.stores["S1"]], "还没做")
    for link, count in (("acted", 3), ("done", 2)):
        at = open_page("ceo", "loop.py", of=link)
        assert not at.exception
        assert f"的，是这些事（{count}）" in words_on(at)
    at.button(key="loop.acted").click().run()
    assert at.query_params["of"] == "acted"
    voices = next(link.proto for link in at.get("page_link") if "听到" in link.proto.label)
    assert "全部时间" in unquote(voices.query_string)  # not what another page was narrowed to
