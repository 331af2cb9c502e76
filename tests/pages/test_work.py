"""The page of background work: real progress, cancelling, how it ended; each sees what they may."""

from __future__ import annotations

import pytest

from fanops.jobs import records
from fanops.jobs.worker import JobWorker

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
FILE = "work.py"


def _enqueue(chain, login: str = "ceo", **parameters) -> int:
    with chain.db.write() as session:
        return records.enqueue(session, chain.actors[login], "discover_themes", parameters).id


def _words(at) -> str:
    boxes = [*at.markdown, *at.error, *at.success, *at.info]
    return " ".join(str(box.value) for box in boxes)


@ONE
def test_empty(open_page) -> None:
    at = open_page("ceo", FILE)
    assert not at.exception
    assert "还没有后台任务" in _words(at)


@ONE
def test_progress_as_it_is(open_page, chain) -> None:
    job_id = _enqueue(chain)
    with chain.db.write() as session:
        records.claim(session, "w", ["discover_themes"])
        records.report_progress(session, job_id, "w", 0.42, "归类 3,200 句")
    at = open_page("ceo", FILE)
    assert not at.exception
    [bar] = at.get("progress")
    assert bar.proto.value == 42
    assert "归类 3,200 句" in bar.proto.text
    assert "42%" in bar.proto.text


@ONE
def test_cancelling_from_the_page(open_page, chain) -> None:
    job_id = _enqueue(chain)
    at = open_page("ceo", FILE)
    at.button(key=f"job.cancel.{job_id}").click().run()
    with chain.db.read() as session:
        assert records.find_job(session, chain.actors["ceo"], job_id).state == records.CANCELLED
    at.run()
    assert "已取消" in list(at.dataframe[0].value["结果"])


@ONE
def test_how_it_ended(open_page, chain) -> None:
    def refuse(_db, context):
        from fanops.errors import TooLittleData

        if context.parameters.get("n") == 1:
            raise TooLittleData("只有 12 条原声。", "先导入更多原声。")

    for number in (1, 2):
        _enqueue(chain, n=number)
    laborer = JobWorker(chain.db, {"discover_themes": refuse})
    while laborer.work_once():
        continue
    at = open_page("ceo", FILE)
    table = at.dataframe[0].value
    assert list(table["结果"]) == ["已完成", "没有完成"]
    assert "只有 12 条原声。先导入更多原声。" in list(table["说明"])


@ONE
def test_one_store_does_not_see_anothers_work(open_page, chain) -> None:
    _enqueue(chain)
    assert "还没有后台任务" in _words(open_page("region_manager", FILE))
    assert open_page("product", FILE).get("progress")
