"""No plain phone anywhere: a marked number through every door, then every file, log, address and export is searched for it."""

from __future__ import annotations

import io
import logging
import re
import zipfile
from pathlib import Path

import pytest
from sqlmodel import select

from fanops.access import Role
from fanops.collect import record_on_behalf as record
from fanops.collect import records_surveys as surveys
from fanops.collect.import_file import ImportRequest, import_file, preview_file, run_import
from fanops.collect.surveys.definition import read_definition
from fanops.collect.uploads import keep_upload
from fanops.content import content_path
from fanops.database import back_up
from fanops.errors import FanopsError
from fanops.fans import records, records_matches, records_value
from fanops.fans.refresh import refresh_fans
from fanops.tables import AuditEntry, Fan, FanIdentity, Unit, Voice
from fanops.web.exports import EXPORTS

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
# One number per door, so that a leak names its door; the last digits are what a search is for.
MEMBER, REVIEW, ORDER, FORM, STAFF, SAID, REFUSED = (
    f"139876501{place}" for place in ("11", "22", "33", "44", "55", "66", "77")
)
DOORS = {
    "members": MEMBER,
    "review": REVIEW,
    "order": ORDER,
    "form": FORM,
    "staff": STAFF,
    "said": SAID,
    "refused": REFUSED,
}
_SPLIT = re.compile(rb"(?<=\d)[\s\-](?=\d)")


def leaks(content: bytes) -> set[str]:
    """Tell which doors' numbers stand in these bytes, also written with spaces; a workbook's parts are looked into."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return set().union(*(leaks(packed.read(name)) for name in packed.namelist()))
    joined = _SPLIT.sub(b"", content)
    return {door for door, number in DOORS.items() if number.encode() in content or number.encode() in joined}


def in_files(folder: Path) -> dict[str, set[str]]:
    """Search every file under a folder."""
    found = {path.name: leaks(path.read_bytes()) for path in folder.rglob("*") if path.is_file()}
    return {name: doors for name, doors in found.items() if doors}


def test_the_search_finds_what_it_is_for(tmp_path):
    (tmp_path / "a.txt").write_bytes(f"电话 {MEMBER[:3]} {MEMBER[3:7]} {MEMBER[7:]}".encode("gb18030"))
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as packed:
        packed.writestr("sheet.xml", f"<v>{FORM}</v>")
    assert in_files(tmp_path) == {"a.txt": {"members"}, "b.xlsx": {"form"}}


def through_the_imports(chain) -> None:
    admin = chain.actors["admin"]
    members = f"会员号,手机号,姓名,开卡门店\nM1,{MEMBER},王小明,静安店\n".encode("gb18030")
    run_import(chain.db, admin, {"upload": keep_upload(members, admin), "filename": "会员.csv", "kind": "members"},
               lambda share, doing: None)  # fmt: skip
    reviews = (
        f"评价内容,门店,手机号,评价时间\n等太久，打我电话{SAID[:3]} {SAID[3:7]} {SAID[7:]},静安店,{REVIEW},2026-11-01\n"
    )
    import_file(chain.db, admin, (reviews.encode(), "评价.csv"), ImportRequest("voices"))
    orders = f"订单号,门店,下单时间,实付金额,手机号\nD1,静安店,2026-11-02 10:00,18,{ORDER}\n"
    import_file(chain.db, admin, (orders.encode(), "订单.csv"), ImportRequest("orders"))
    refused = f"订单号,门店,下单时间,实付金额,手机号\nD2,没有的店,昨天,{REFUSED},{REFUSED}\n"
    preview_file(chain.db, admin, (refused.encode(), "错.csv"), ImportRequest("orders"))
    with pytest.raises(FanopsError):
        import_file(chain.db, admin, (refused.encode(), "错.csv"), ImportRequest("orders"))
    keep_upload(refused.encode(), admin)  # left behind by somebody who closed the page


def through_the_form(chain, browser) -> list[str]:
    survey = read_definition(content_path("surveys", "store_visit.yaml").read_text("utf-8"))
    with chain.db.write() as session:
        version = surveys.publish(session, chain.actors["product"], survey)
        wave = surveys.open_wave(session, chain.actors["product"], version.id, "十一月")
        code = surveys.place_code(session, chain.actors["product"], wave.id, chain.stores["S1"], "3 号桌")
        draft = record.start_on_behalf(
            session, chain.actors["clerk"], wave.id, store_id=chain.stores["S1"],
            fan_id=record.add_person(session, chain.actors["clerk"], store_id=chain.stores["S1"], phone=STAFF).id,
        )  # fmt: skip
        record.answer_on_behalf(session, chain.actors["clerk"], draft.id, "overall", {"overall": ["2"]})
        record.answer_on_behalf(session, chain.actors["clerk"], draft.id, "say", {"say": [f"有事打{SAID}"]})
        record.submit_on_behalf(session, chain.actors["clerk"], draft.id)
    client = browser()
    seen = [client.post(f"/s/{code}/start"), client.post(f"/s/{code}", data={"at": 0, "overall": "2", "go": "next"})]
    answers = {"at": 1, "say": f"排队太久，请打{SAID}", "contact": FORM, "contact.consent": "yes", "go": "next"}
    seen += [client.post(f"/s/{code}", data=answers), client.get(f"/s/{code}")]
    assert seen[2].status_code == 200
    return [str(answer.url) + answer.headers.get("location", "") for answer in seen]


def through_the_fans_page(chain, open_page, fan_id: int) -> list[str]:
    at = open_page("store_manager", "fan.py", fan=fan_id)
    assert not at.exception
    shown = " ".join(str(each.value) for each in [*at.text, *at.markdown, *at.caption])
    assert leaks(shown.encode()) == set() and "139****0111" in shown
    with chain.db.read() as session:
        identity = session.exec(
            select(FanIdentity.id).where(FanIdentity.fan_id == fan_id, FanIdentity.kind == "phone")
        ).one()
    at.button(key=f"fan.reveal.{identity}").click().run()
    assert leaks(" ".join(str(each.value) for each in at.text).encode()) == {
        "members"
    }  # the right, used: a logged click
    found = open_page("clerk", "fans.py")
    found.text_input(key="fans.words").set_value(MEMBER).run()
    assert not found.exception and len(found.dataframe[0].value) == 1
    with chain.db.write() as session:
        other = session.exec(select(Fan.id).where(Fan.id != fan_id, Fan.home_store_id == chain.stores["S1"])).first()
        records_value.record_referral(session, chain.actors["clerk"], other, MEMBER, "一起来的")
        assert session.exec(select(AuditEntry.subject).where(AuditEntry.deed == "reveal_identity")).one()
    return [str(dict(at.query_params)), str(dict(found.query_params))]


@ONE
def test_a_marked_phone_leaves_no_trace(chain, browser, signed_in, open_page, installation, caplog):
    caplog.set_level(logging.DEBUG)
    through_the_imports(chain)
    addresses = through_the_form(chain, browser)
    with chain.db.read() as session:
        fan_id = records.fan_table(session, chain.actors["admin"], look_for=MEMBER)[0].iloc[0]["fan_id"]
    addresses += through_the_fans_page(chain, open_page, int(fan_id))
    refresh_fans(chain.db, chain.actors["admin"], {}, lambda share, doing: None)
    with chain.db.read() as session:
        assert leaks(str(records_matches.matches(session, chain.actors["admin"])).encode()) == set()
        assert len(session.exec(select(FanIdentity).where(FanIdentity.kind == "phone")).all()) == 5
        assert leaks(" ".join(session.exec(select(Voice.text)).all()).encode()) == set()
        assert session.exec(select(Unit.id)).first() is not None
    addresses += through_the_exports(signed_in, int(fan_id))
    copy = back_up(chain.db, installation / "backups")
    assert copy.stat().st_size > 100_000 and leaks(copy.read_bytes()) == set()
    assert (installation / "fanops.sqlite-wal").stat().st_size > 0  # the log that is written ahead is among the files
    assert in_files(installation) == {}
    assert leaks("\n".join(addresses).encode()) == set()
    assert leaks(caplog.text.encode()) == set()


def through_the_exports(signed_in, fan_id: int) -> list[str]:
    """Take out whatever can be taken out: only a fan's own document, by those who may, holds a number."""
    addresses = []
    for login in ("clerk", "product", "store_manager"):
        client = signed_in(login)
        for name in EXPORTS:
            answer = client.get(f"/export/{name}?fan={fan_id}&wave=1")
            addresses.append(str(answer.url))
            with_right = name == "fan" and login == "store_manager"
            assert leaks(answer.content) == ({"members"} if with_right else set()), (login, name)
            assert login != "clerk" or Role.CLERK in EXPORTS[name].roles or answer.status_code == 403, name
    return addresses
