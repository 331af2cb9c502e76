"""What came in a wave: each kind of question is shown, and each figure opens to the responses under it."""

from __future__ import annotations

import pytest

from fanops.collect import records_surveys as surveys
from fanops.collect.surveys.definition import read_definition
from fanops.tables import Answer, Response, now

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
SURVEY = """
code: visit
title: 到店
groups:
  - code: g
    title: 一
    questions:
      - {code: why, kind: multiple, title: 为什么来, options: [近, 好喝], other: 其他}
      - {code: cups, kind: number, title: 一周几杯}
      - {code: since, kind: date, title: 第一次来}
      - {code: parts, kind: matrix, title: 各方面, rows: [口味, 环境], options: [好, 差]}
      - {code: best, kind: ranking, title: 最看重, options: [快, 热情]}
      - {code: wish, kind: long_text, title: 想说什么}
"""


@pytest.fixture
def wave(chain) -> int:
    """Three responses, two of S1 and one of S2; the third left most empty."""
    with chain.db.write() as session:
        survey = read_definition(SURVEY)
        version = surveys.publish(session, chain.actors["product"], survey).id
        made = surveys.open_wave(session, chain.actors["product"], version, "春").id
        row = {option.label: option.code for _, question in survey.questions() for option in question.rows}
        code = {option.label: option.code for _, question in survey.questions() for option in question.options}
        answers = [
            {"why": [code["近"], "other"], "cups": 3, "since": "2026-05-01", "best": [code["热情"], code["快"]],
             "parts": {row["口味"]: code["好"], row["环境"]: code["差"]}, "wish": "<b>加座位</b>"},
            {"why": [code["好喝"]], "cups": 5, "since": "2026-05-03", "best": [code["快"], code["热情"]]},
            {"why": [code["好喝"]]},
        ]  # fmt: skip
        for number, given in enumerate(answers):
            response = Response(wave_id=made, store_id=chain.stores["S1" if number < 2 else "S2"], submit_key=f"{number}",
                                state="submitted", submitted_at=now())  # fmt: skip
            session.add(response)
            session.flush()
            for question, value in given.items():
                other = "朋友带来" if question == "why" and "other" in value else ""
                session.add(
                    Answer(
                        response_id=response.id, question_code=question, value=value, other_text=other, scope="general"
                    )
                )
        return made


def tables(at) -> list[list[dict]]:
    return [table.value.to_dict("records") for table in at.dataframe]


@ONE
def test_each_kind_of_question_is_shown_with_its_base(open_page, chain, wave) -> None:
    at = open_page("product", "surveys.py", wave=wave)
    shown = " ".join(str(box.value) for box in (*at.markdown, *at.caption))
    assert not at.exception
    for title, base in (("为什么来", 3), ("一周几杯", 2), ("第一次来", 2), ("各方面", 1), ("最看重", 2)):
        assert f"**{title}（样本不足（n={base}））**" in shown, title
    assert "平均 4.0（95% 区间" in shown and "其他：1 人写了" in shown and "想说什么**（1 人写了）" in shown
    written = [row["原话"] for table in tables(at) for row in table if "原话" in row]
    assert written == ["朋友带来", "<b>加座位</b>"]


@ONE
@pytest.mark.parametrize(
    ("question", "said", "rows"),
    [("why", "好喝", 2), ("why", "其他", 1), ("cups", "5", 1), ("since", "2026-05-01", 1), ("parts", "环境：差", 1), ("best", "快", 1)],
)  # fmt: skip
def test_a_figure_opens_to_its_responses(open_page, chain, wave, question, said, rows) -> None:
    at = open_page("product", "surveys.py", wave=wave)
    at.selectbox(key=f"wave.opened.{question}").set_value(said).run()
    assert not at.exception
    opened = [table for table in tables(at) if table and "写的话" in table[0]]
    assert [len(table) for table in opened] == [rows]


@ONE
def test_a_store_opens_only_its_own(open_page, chain, wave) -> None:
    at = open_page("store_manager", "surveys.py", wave=wave)
    at.selectbox(key="wave.opened.why").set_value("好喝").run()
    opened = [table for table in tables(at) if table and "写的话" in table[0]]
    assert [len(table) for table in opened] == [1] and "收到 2 份答卷" in " ".join(box.value for box in at.caption)


@ONE
def test_few_answers_and_none_show_no_figure_that_is_not_there(open_page, chain) -> None:
    text = SURVEY.replace("visit", "few") + "      - {code: nps, kind: nps, title: 推荐吗}\n"
    with chain.db.write() as session:
        version = surveys.publish(session, chain.actors["product"], read_definition(text)).id
        made = surveys.open_wave(session, chain.actors["product"], version, "夏").id
        response = Response(
            wave_id=made, store_id=chain.stores["S1"], submit_key="x", state="submitted", submitted_at=now()
        )
        session.add(response)
        session.flush()
        session.add(Answer(response_id=response.id, question_code="cups", value=4, scope="general"))
    at = open_page("product", "surveys.py", wave=made)
    shown = " ".join(str(box.value) for box in (*at.markdown, *at.caption))
    assert not at.exception and "nan" not in shown
    assert "平均 4.0（样本不足（n=1））" in shown and shown.count("还没有人答这一题。") == 6
