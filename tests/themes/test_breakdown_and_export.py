"""Themes by region, tier, channel and batch, and as Excel: the figures of the page, in the same scope and filters."""

from __future__ import annotations

import io
from datetime import timedelta

import pandas as pd
import pytest

from fanops.errors import Conflict, InvalidInput
from fanops.tables import Fan, ImportBatch, Theme, ThemeAssignment, Unit, Voice, now
from fanops.themes import export_themes, records
from fanops.themes.records_breakdown import batches, channels, region_names, theme_by_group
from fanops.themes.selection import Selection, address_of, selection_of

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


@pytest.fixture
def told(chain) -> dict[str, int]:
    """Theme 排队 of four sentences in 华东 and one elsewhere, 珍珠 of one; two channels, two files, a regular."""
    with chain.db.write() as session:
        fan = Fan(brand_id=chain.brand_id, name_masked="王*", level="core")
        files = [ImportBatch(brand_id=chain.brand_id, kind="voices", filename=f"{n}月.csv", file_sha256=str(n), state="done") for n in (1, 2)]  # fmt: skip
        themes = {name: Theme(brand_id=chain.brand_id, name=name, keywords=["久"]) for name in ("排队", "=珍珠")}
        session.add_all([fan, *files, *themes.values()])
        session.flush()
        rows = [("排队", "S1", "delivery", 0), ("排队", "S1", "delivery", 1), ("排队", "S2", "", 1), ("排队", "S1", "miniapp", 1),
                ("排队", "S3", "delivery", 1), ("=珍珠", "S1", "delivery", 1)]  # fmt: skip
        for place, (name, store, channel, file) in enumerate(rows):
            voice = Voice(brand_id=chain.brand_id, store_id=chain.stores[store], channel=channel, text=f"{name}久{place}𠮷",
                          source_key=str(place), import_batch_id=files[file].id, fan_id=fan.id if place < 2 else None,
                          said_at=now() - timedelta(days=place))  # fmt: skip
            session.add(voice)
            session.flush()
            unit = Unit(voice_id=voice.id, start=0, end=len(voice.text), polarity=-1)
            session.add(unit)
            session.flush()
            session.add(ThemeAssignment(unit_id=unit.id, theme_id=themes[name].id, strength=0.5))
        return {name: theme.id for name, theme in themes.items()} | {"file": files[0].id, "later": files[1].id}


def test_a_theme_is_counted_by_group_in_scope(chain, told):
    product, clerk = chain.actors["product"], chain.actors["clerk"]
    with chain.db.read() as session:
        rows = theme_by_group(session, product, Selection(), told["=珍珠"], "channel")
        assert rows[["group", "units", "group_units"]].values.tolist() == [["delivery", 1, 4], ["miniapp", 0, 1]]
        rows = theme_by_group(session, product, Selection(), told["排队"], "level")
        assert rows[["group", "units", "fans", "negative"]].values.tolist() == [["core", 2, 1, 2]]
        rows = theme_by_group(session, product, Selection(), told["排队"], "region")
        east = chain.regions["华东"]
        assert rows.set_index("group").loc[east, ["units", "group_units"]].tolist() == [4, 5]
        assert theme_by_group(session, clerk, Selection(), told["排队"], "kind")["units"].tolist() == [3]
        assert theme_by_group(session, chain.actors["stranger"], Selection(), told["排队"], "kind").empty
        assert channels(session, product) == ["delivery", "miniapp"] and channels(session, chain.actors["clerk2"]) == [
            "delivery"
        ]
        assert batches(session, product) == {told["later"]: "2月.csv", told["file"]: "1月.csv"}
        assert list(batches(session, chain.actors["clerk2"])) == [told["later"]]
        assert set(region_names(session, clerk)) == {east}


def test_a_channel_and_a_batch_narrow_what_is_counted(chain, told):
    with chain.db.read() as session:
        product = chain.actors["product"]
        assert records.totals(session, product, Selection(channel="miniapp"))["voices"] == 1
        assert records.totals(session, product, Selection(batch_id=told["later"]))["voices"] == 5


def test_an_address_carries_the_filters_or_is_refused():
    chosen = Selection(store_id=3, channel="delivery", since=now(), batch_id=2)
    assert selection_of(address_of(chosen)) == chosen and selection_of({"theme": "7"}) == Selection()
    for wrong in ({"store_id": "x"}, {"since": "gestern"}, {"since": "2026-01-01"}, {"batch_id": "9" * 30}):
        with pytest.raises(InvalidInput):
            selection_of(wrong)


def sheets_of(chain, login: str, **parameters: str) -> dict[str, pd.DataFrame]:
    content = export_themes.export_themes(chain.db, chain.actors[login], parameters)[2]
    return pd.read_excel(io.BytesIO(content), sheet_name=None, engine="openpyxl")


@ONE
def test_the_workbook_holds_what_the_page_shows(chain, told, monkeypatch):
    sheets = sheets_of(chain, "product")
    assert list(sheets) == ["主题", "句子", "门店"]
    assert sheets["主题"][["主题", "原声", "句子", "不满"]].values.tolist() == [["排队", 5, 5, 5], ["'=珍珠", 1, 1, 1]]
    assert (
        len(sheets["句子"]) == 6 and set(sheets["句子"]["句子"]) >= {"排队久0𠮷"} and sheets["门店"]["句子"].sum() == 6
    )
    assert sheets["句子"]["渠道"].value_counts().to_dict() == {
        "外卖平台": 4,
        "小程序": 1,
    }  # the sixth came through none
    assert "粉丝" in sheets["句子"] and set(sheets["句子"]["粉丝"].dropna()) == {"王*"}
    assert len(sheets_of(chain, "store_manager")["句子"]) == 4  # the own store only
    one = sheets_of(chain, "product", theme=str(told["排队"]), channel="delivery")
    assert one["主题"]["主题"].tolist() == ["排队"] and len(one["句子"]) == 3
    assert len(sheets_of(chain, "stranger")["句子"]) == 0
    monkeypatch.setattr(export_themes, "MOST_SENTENCES", 5)
    with pytest.raises(Conflict):
        sheets_of(chain, "product")


@ONE
def test_the_page_narrows_by_channel_and_leads_to_the_same_file(open_page, chain, told):
    at = open_page("product", "themes.py")
    at.selectbox(key="channel").set_value("delivery").run()
    shown = " ".join(str(box.value) for box in at.caption)
    assert not at.exception and "只看：渠道 外卖平台" in shown and "4 条原声" in shown
    links = [box.proto.url for box in at.get("link_button")]
    assert any(link.startswith("/export/themes?") and "channel=delivery" in link for link in links)
    assert not open_page("clerk", "themes.py").get("link_button")


@ONE
@pytest.mark.parametrize("by", ["store", "region", "level", "channel", "kind"])
def test_a_theme_is_compared_by_each_group(open_page, chain, told, by):
    at = open_page("product", "theme.py", theme=told["排队"])
    at.session_state["theme.tab"] = "对比"
    at.session_state["theme.by"] = by
    at.run()
    said = " ".join(str(box.value) for box in [*at.markdown, *at.info])
    one_of_a_kind = by in ("level", "kind")
    assert not at.exception and ("没有可比的" if one_of_a_kind else "每百句里") in said


@ONE
@pytest.mark.parametrize("by", ["store", "region", "channel"])
def test_each_figure_of_the_comparison_opens_to_exactly_its_sentences(open_page, chain, told, by, monkeypatch):
    tables: list[pd.DataFrame] = []
    shown: list[str] = []
    # AppTest has no tap on a table, and takes a component's data in without giving it out
    monkeypatch.setattr("fanops.ui.themes.compare_views.tapped_row", lambda rows, key: tables.append(rows) or 0)
    monkeypatch.setattr("fanops.ui.themes.said_views.quotes", lambda rows, key: shown.extend(rows["sentence"]))
    at = open_page("product", "theme.py", theme=told["排队"])
    at.session_state["theme.tab"] = "对比"
    at.session_state["theme.by"] = by
    at.run()
    first = tables[-1].iloc[0]
    assert not at.exception and len(set(shown)) == first["语义单元"]
    assert f"{first.iloc[0]}：{first['语义单元']} 句" in " ".join(str(box.value) for box in at.markdown)
