"""Edits of themes by command: what a page can do, with the numbers that the lists show."""

from __future__ import annotations

import json
import logging

import pandas as pd
import pytest
from click.testing import CliRunner
from sqlmodel import select

from fanops.cli import cli
from fanops.errors import Conflict, FanopsError
from fanops.tables import AuditEntry, Fan, Theme, ThemeAssignment, Unit, Voice

BRAND = ("--brand", "山茶")


@pytest.fixture(autouse=True)
def logging_as_before():
    """Commands set up logging for their process; here the process goes on."""
    ours = logging.getLogger("fanops")
    level, handlers = ours.level, list(ours.handlers)
    yield
    for handler in ours.handlers:
        if handler not in handlers:
            handler.close()
    ours.handlers[:], ours.level = handlers, level


@pytest.fixture
def ids(chain) -> dict[str, int]:
    """Themes 排队 and 珍珠 with three sentences each."""
    found = {}
    with chain.db.write() as session:
        for name in ("排队", "珍珠"):
            theme = Theme(brand_id=chain.brand_id, name=name)
            session.add(theme)
            session.flush()
            found[name] = theme.id
            for place in range(3):
                voice = Voice(brand_id=chain.brand_id, text=f"{name}{place}", source_key=f"{name}{place}")
                session.add(voice)
                session.flush()
                unit = Unit(voice_id=voice.id, start=0, end=len(voice.text), polarity=0)
                session.add(unit)
                session.flush()
                session.add(ThemeAssignment(unit_id=unit.id, theme_id=theme.id, strength=0.5))
    return found


def themes(*arguments: object, refused: type[FanopsError] | None = None) -> str:
    """Run a command; gives what it says, or the refusal."""
    result = CliRunner().invoke(cli, ["themes", *map(str, arguments), *BRAND])
    if refused is not None:
        assert result.exit_code != 0
        return result.output + str(result.exception)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result.output


def as_json(*arguments: object):
    return json.loads(themes(*arguments, "--json"))


def held(chain, theme_id: int | None) -> list[int]:
    with chain.db.read() as session:
        return sorted(session.exec(select(ThemeAssignment.unit_id).where(ThemeAssignment.theme_id == theme_id)))


def test_a_theme_is_edited_and_everything_taken_back(chain, ids):
    waiting, pearls = ids["排队"], ids["珍珠"]
    sentences = as_json("sentences", waiting)
    assert [row["sentence"] for row in sentences] == ["排队0", "排队1", "排队2"]
    units = [row["unit_id"] for row in sentences]
    before = as_json("list")
    done = [as_json("rename", waiting, "排队太久")["event_id"]]
    done.append(as_json("move", units[0], "--to", pearls)["event_id"])
    assert held(chain, pearls)[0] == units[0]
    done.append(as_json("move", units[1], "--out")["event_id"])
    assert [row["unit_id"] for row in as_json("sentences", 0)] == [units[1]]
    split = as_json("split", pearls, "新的", units[0])
    done.append(split["event_id"])
    assert held(chain, split["theme_id"]) == [units[0]]
    done += [as_json("pin", pearls)["event_id"], as_json("pin", pearls, "--off")["event_id"]]
    done += [as_json("retire", waiting)["event_id"], as_json("restore", waiting)["event_id"]]
    said = themes("merge", pearls, waiting)
    assert f"把“珍珠”并入“排队太久”（主题 {pearls}）" in said
    done.append(int(said.split("undo ")[1]))
    assert "后面的编辑" in themes("undo", done[4], refused=Conflict)
    for number in reversed(done):
        themes("undo", number)
    assert as_json("list") == before


def test_the_history_says_what_was_undone(chain, ids):
    first = as_json("merge", ids["珍珠"], ids["排队"])["event_id"]
    second = as_json("rename", ids["排队"], "排队太久")["event_id"]
    themes("undo", first)
    lines = themes("history").splitlines()
    [merged] = [line for line in lines if f"编辑 {first} " in line]
    [renamed] = [line for line in lines if f"编辑 {second} " in line]
    assert "把“珍珠”并入“排队”" in merged and "已撤销" in merged
    assert "改名为“排队太久”" in renamed and "已撤销" not in renamed
    edits = {row["event_id"]: row for row in as_json("history")["edits"]}
    assert edits[first]["undone_at"] and not edits[second]["undone_at"]
    assert edits[first]["detail"] == {"into": ids["排队"], "into_name": "排队"}


@pytest.mark.parametrize(
    "arguments", [("move", 1), ("move", 1, "--to", 2, "--out"), ("move", "--out"), ("rename", 0, "x"), ("undo", 10**20)]
)
def test_what_makes_no_sense_is_refused_before_anything_is_opened(chain, arguments):
    result = CliRunner().invoke(cli, ["themes", *map(str, arguments), *BRAND])
    assert result.exit_code == 2, result.output


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_themes_are_written_to_excel_whole_and_logged(chain, ids, tmp_path):
    out = tmp_path / "主题.xlsx"
    done = CliRunner().invoke(cli, ["themes", "export", "--out", str(out), *BRAND], catch_exceptions=False)
    assert "导出主题" in done.stderr  # the bar: 36,000 sentences take seconds
    assert done.exit_code == 0 and "2 个主题、6 句" in done.output
    assert len(pd.read_excel(out, sheet_name="句子", engine="openpyxl")) == 6
    with chain.db.read() as session:
        assert session.exec(select(AuditEntry.subject).where(AuditEntry.deed == "export")).all() == ["export:themes"]
    refused = CliRunner().invoke(cli, ["themes", "export", "--out", str(tmp_path / "nowhere" / "a.xlsx"), *BRAND])
    assert refused.exit_code and "没有这个文件夹" in refused.output


def test_what_is_unsure_is_listed_once_and_settled_for_all_who_said_it(chain, ids):
    with chain.db.write() as session:
        for text in ("催了三遍才做", "不过催了三遍才做～"):
            voice = Voice(brand_id=chain.brand_id, text=text, source_key=text)
            session.add(voice)
            session.flush()
            unit = Unit(voice_id=voice.id, start=0, end=len(text), polarity=-1)
            session.add(unit)
            session.flush()
            session.add(ThemeAssignment(unit_id=unit.id, theme_id=ids["珍珠"], strength=0.3, unsure=True))
    (asked,) = json.loads(themes("unsure", "--json"))
    assert asked["times"] == 2 and asked["theme_id"] == ids["珍珠"]
    assert "共 2 句、1 种说法" in themes("unsure") and "（2 句） 在" in themes("unsure", "--theme", ids["珍珠"])
    assert "共 0 句" in themes("unsure", "--words", "排队")
    assert "没有 999" in themes("settle", 999, "--to", ids["排队"], refused=Conflict)
    assert "2 句" in themes("settle", asked["unit_id"], "--to", ids["排队"])
    assert themes("sentences", ids["排队"]).count("催了三遍才做") == 2 and "共 0 句" in themes("unsure")
    event = json.loads(themes("history", "--json"))["edits"][0]["event_id"]
    themes("undo", event)
    assert "共 2 句、1 种说法" in themes("unsure")


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_what_most_say_is_listed_first_also_where_hardly_anyone_is_known(chain, ids):
    with chain.db.write() as session:
        fan = Fan(brand_id=chain.brand_id)
        session.add(fan)
        session.flush()
        session.exec(select(Voice).where(Voice.text == "珍珠0")).one().fan_id = fan.id
        lost = session.exec(select(ThemeAssignment).where(ThemeAssignment.theme_id == ids["珍珠"])).all()[-1]
        session.delete(lost)
    assert [row["name"] for row in as_json("list")] == [
        "排队",
        "珍珠",
    ]  # as on the page; by fans it would be the other way round
