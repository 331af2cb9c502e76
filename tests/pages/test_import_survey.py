"""The import page with an export of 问卷星: recognised, matched by a person, the job, the way back; photos of an interview."""

from __future__ import annotations

import pytest
from sqlmodel import func, select

from fanops.access.attachments import attachments, folder
from fanops.cli.worker import handlers
from fanops.collect import record_interview as record
from fanops.collect import records_surveys
from fanops.collect.surveys.definition import read_definition
from fanops.jobs.worker import JobWorker
from fanops.tables import Response, Voice
from tests.access.test_attachments import photo, sound
from tests.collect.test_survey_exports import SURVEY, TENCENT, WJX

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
FILE = "import_voices.py"


def _count(chain, table) -> int:
    with chain.db.read() as session:
        return session.exec(select(func.count()).select_from(table)).one()


def _uploaded(open_page, content: str, login: str = "product"):
    at = open_page(login, FILE)
    at.file_uploader[0].upload("问卷导出.csv", content.encode("gb18030"), "text/csv").run()
    assert not at.exception
    return at


@pytest.fixture
def wave(chain) -> int:
    with chain.db.write() as session:
        version = records_surveys.publish(session, chain.actors["product"], read_definition(SURVEY))
        return records_surveys.open_wave(session, chain.actors["product"], version.id, "十一月").id


@ONE
def test_an_export_becomes_answers_and_can_be_taken_back(open_page, chain, wave) -> None:
    at = _uploaded(open_page, WJX)
    assert any("问卷星的导出，8 道题" in each.value for each in at.info)
    assert {each.label: each.value for each in at.metric} == {"新增": "2 份", "已有": "0 份", "不能导入": "3 份"}
    assert at.button(key="import.survey.start").disabled
    at.checkbox(key="import.survey.skip").check().run()
    at.button(key="import.survey.start").click().run()
    assert not at.exception and _count(chain, Response) == 0
    JobWorker(chain.db, handlers()).work_once()
    at.run()
    assert _count(chain, Response) == 2
    assert any("已导入答卷：新增 2 条，跳过 3" in each.value for each in at.success), [
        each.value for each in at.success
    ]
    at.button(key="import.undo_last").click().run()
    assert not at.exception and _count(chain, Response) == 0 and _count(chain, Voice) == 0


@ONE
def test_a_wrong_match_is_refused_and_put_right(open_page, chain, wave) -> None:
    at = _uploaded(open_page, TENCENT)
    selects = {box.label: box for box in at.selectbox}
    title = next(label for label in selects if "想对我们说点什么" in label)
    selects[title].select("overall").run()
    assert not at.exception and any("对应了两次" in each.value for each in at.error)
    {box.label: box for box in at.selectbox}[title].select("").run()
    assert not at.error and {each.label: each.value for each in at.metric}["新增"] == "2 份"


@ONE
def test_without_a_wave_the_words_are_taken(open_page, chain) -> None:
    at = _uploaded(open_page, TENCENT)
    assert any("还没有开过问卷的一期" in each.value for each in at.caption)
    assert at.multiselect[0].value == ["4"]
    at.button(key="import.start").click().run()
    JobWorker(chain.db, handlers()).work_once()
    with chain.db.read() as session:
        (voice,) = session.exec(select(Voice)).all()
    assert (voice.text, voice.kind, voice.source) == ("杯子有点漏", "survey", "腾讯问卷")
    at = _uploaded(open_page, TENCENT.replace("漏", "脏"))
    at.multiselect[0].set_value([]).run()
    assert not at.exception and any("至少选一道" in each.value for each in at.info)


@ONE
def test_a_photo_and_the_sound_beside_an_interview(open_page, chain) -> None:
    clerk = chain.actors["clerk"]
    with chain.db.write() as session:
        held = record.start_interview(session, clerk, "core_fan_interview", store_id=chain.stores["S1"]).id

    def kept() -> list[str]:
        with chain.db.read() as session:
            return [row.name for row in attachments(session, clerk, interview_id=held)]

    at = open_page("clerk", "interview.py", interview=held)
    at.file_uploader[0].upload("门口.jpg", photo(), "image/jpeg").run()
    assert not at.exception and kept() == ["门口.jpg"]
    at.run()  # nothing is stored twice by a rerun
    assert kept() == ["门口.jpg"]
    at.file_uploader[0].upload("录音.mp3", sound(), "audio/mpeg").run()
    assert kept() == ["门口.jpg", "录音.wav"]
    at.file_uploader[0].upload("假.jpg", b"<svg/>", "image/jpeg").run()
    assert any("不是能收的照片或录音" in each.value for each in at.error) and len(kept()) == 2
    next(button for button in at.button if button.label == "移除").click().run()
    assert not at.exception and kept() == ["录音.wav"]
    at.button(key="done.undo").click().run()
    assert kept() == ["门口.jpg", "录音.wav"] and len(list(folder().glob("*/*"))) == 2


@ONE
def test_a_transcript_keeps_its_recording(open_page, chain) -> None:
    at = open_page("store_manager", "interviews.py")
    at.text_area(key="interviews.pasted").input("店员：最近来得多吗？\n顾客：每周两次，就是排队太久。").run()
    recording = next(box for box in at.file_uploader if box.label.startswith("录音"))
    recording.upload("采访.wav", sound(), "audio/wav").run()
    next(button for button in at.button if button.label == "导入这次访谈").click().run()
    assert not at.exception and not at.error
    actor = chain.actors["store_manager"]
    with chain.db.read() as session:
        held = int(record.interview_table(session, actor)[0]["interview_id"][0])
        assert [row.name for row in attachments(session, actor, interview_id=held)] == ["采访.wav"]
    at = open_page("store_manager", "interview.py", interview=held)
    assert not at.exception and any("照片和录音 1" in each.label for each in at.expander)
