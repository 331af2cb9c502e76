"""The import page: what would happen, refused rows, the job, the way back, who may."""

from __future__ import annotations

import pytest
from sqlmodel import func, select

from fanops.cli.worker import handlers
from fanops.collect.import_file import ImportRequest, import_file
from fanops.jobs.worker import JobWorker
from fanops.tables import ImportBatch, Voice

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
FILE = "import_voices.py"
GOOD = "评论,门店\n排队太久了,静安店\n珍珠很硬,西湖店\n".encode()
BAD = "评论,门店\n排队太久了,静安店\n珍珠很硬,火星店\n".encode("gb18030")


def _voices(chain) -> int:
    with chain.db.read() as session:
        return session.exec(select(func.count()).select_from(Voice)).one()


def _uploaded(open_page, content: bytes, login: str = "product"):
    at = open_page(login, FILE)
    at.file_uploader[0].upload("评价.csv", content, "text/csv").run()
    assert not at.exception
    return at


@ONE
def test_empty_it_says_what_will_be_here(open_page) -> None:
    at = open_page("product", FILE)
    assert not at.exception
    assert any("还没有导入过" in each.value for each in at.markdown)


@ONE
def test_a_file_becomes_voices_and_can_be_taken_back(open_page, chain) -> None:
    at = _uploaded(open_page, GOOD)
    assert {each.label: each.value for each in at.metric}["新增"] == "2 行"
    at.button(key="import.start").click().run()
    assert _voices(chain) == 0  # the page itself stores nothing
    JobWorker(chain.db, handlers()).work_once()
    assert _voices(chain) == 2
    at.run()
    assert any("新增 2 条" in each.value for each in at.success)
    at.button(key="import.undo_last").click().run()
    assert not at.exception
    assert _voices(chain) == 0


@ONE
def test_refused_rows_are_listed_and_passed_over_only_when_asked(open_page, chain) -> None:
    at = _uploaded(open_page, BAD)
    assert at.button(key="import.start").disabled
    reasons = [frame.value for frame in at.dataframe if "原因" in frame.value.columns]
    assert "没有这家门店" in reasons[0]["原因"][0]
    at.checkbox(key="import.skip").check().run()
    at.button(key="import.start").click().run()
    JobWorker(chain.db, handlers()).work_once()
    assert _voices(chain) == 1


@ONE
def test_the_chief_executive_reads_only(open_page, chain) -> None:
    import_file(chain.db, chain.actors["product"], (GOOD, "评价.csv"), ImportRequest("voices"))
    at = open_page("ceo", FILE)
    assert not at.exception
    assert not at.file_uploader
    assert not [each for each in at.button if each.key and each.key.startswith("import.undo")]
    with chain.db.read() as session:
        assert session.exec(select(ImportBatch)).one().filename == "评价.csv"


@ONE
def test_a_clerk_does_not_get_in(open_page) -> None:
    at = open_page("clerk", FILE)
    assert not at.file_uploader
