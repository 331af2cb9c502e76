"""The refused rows come back whole to the one who brought them: mended in the sheet, they are taken."""

from __future__ import annotations

import io
import json

import openpyxl
import pytest
from sqlmodel import select

from fanops.access.vault import vault
from fanops.collect.export_problems import export_problems
from fanops.collect.import_file import ImportRequest, import_file
from fanops.collect.uploads import keep_upload
from fanops.errors import NotFound
from fanops.tables import FanIdentity

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
MEMBERS = (
    "会员号,手机号,姓名,生日,门店\n"
    "M1,13800138001,王小明,1990-02-30,静安店\n"
    "M2,13800138002,李芳,1991-05-06,静安店\n"
    "M3,13800138003,赵,敏,1992-05-06,静安店\n"
    "M4,+86 13800138004,钱进,1993-05-06,火星店\n"
)


def _refused(chain, content: bytes, filename: str, login: str = "product", upload: str = "") -> list[list[str]]:
    upload = upload or keep_upload(content, chain.actors["product"])
    asked = {"upload": upload, "filename": filename, "kind": "members", "mapping": json.dumps({})}
    _, _, sheet = export_problems(chain.db, chain.actors[login], asked)
    rows = openpyxl.load_workbook(io.BytesIO(sheet)).active.iter_rows(values_only=True)
    return [[cell or "" for cell in row] for row in rows]


def _workbook(rows: list[list[str]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@ONE
@pytest.mark.parametrize("form", ["csv", "gb18030", "tab", "xlsx"])
def test_refused_rows_are_mended_in_the_sheet_and_taken(chain, form: str) -> None:
    content = {
        "csv": MEMBERS.encode(),
        "gb18030": MEMBERS.encode("gb18030"),
        "tab": MEMBERS.replace(",", "\t").encode(),
        "xlsx": _workbook([line.split(",") for line in MEMBERS.splitlines()]),
    }[form]
    heading, *rows = _refused(chain, content, f"会员.{form}")
    assert heading == ["行", "原因", "会员号", "手机号", "姓名", "生日", "门店", "多出的第1格"]
    assert [row[0] for row in rows] == ["2", "5", "4"] and all(row[1] for row in rows)
    assert [row[2:] for row in rows] == [
        ["M1", "13800138001", "王小明", "1990-02-30", "静安店", ""],
        ["M4", "+86 13800138004", "钱进", "1993-05-06", "火星店", ""],
        ["M3", "13800138003", "赵", "敏", "1992-05-06", "静安店"],
    ]
    rows[0][5], rows[1][6], rows[2][4:] = "1990-02-28", "静安店", ["赵敏", "1992-05-06", "静安店", ""]
    done = import_file(
        chain.db, chain.actors["product"], (_workbook([heading, *rows]), "改好.xlsx"), ImportRequest("members")
    )
    assert (done.new, done.refused) == (3, 0)
    with chain.db.read() as session:
        phones = session.exec(select(FanIdentity.sealed).where(FanIdentity.kind == "phone")).all()
    assert {vault().unseal(phone) for phone in phones} == {f"+861380013800{place}" for place in (1, 3, 4)}


@ONE
def test_nobody_else_gets_them(chain) -> None:
    upload = keep_upload(MEMBERS.encode(), chain.actors["product"])
    for login in ("admin", "store_manager"):
        with pytest.raises(NotFound):
            _refused(chain, b"", "会员.csv", login, upload)
