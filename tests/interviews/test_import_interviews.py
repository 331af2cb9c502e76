"""A transcript finds the fan it belongs to, however the number was written; a number that can't be one is refused."""

from __future__ import annotations

import pytest
from sqlmodel import select

from fanops.collect import record_on_behalf
from fanops.collect.import_interviews import HeldInterview, HeldTurn, import_interviews
from fanops.collect.record_on_behalf import add_person
from fanops.errors import InvalidInput
from fanops.settings import settings, today
from fanops.tables import Fan, FanIdentity, Interview, now

PASTED = "店员：最近来得多吗？\n顾客：每周两次，就是排队太久。"


@pytest.fixture
def known(chain) -> int:
    with chain.db.write() as session:
        return record_on_behalf.add_person(
            session, chain.actors["clerk"], store_id=chain.stores["S1"], phone="10000000032", member="HC000032"
        ).id


def held(chain, **identities: str) -> HeldInterview:
    turns = [HeldTurn("staff", "最近来得多吗"), HeldTurn("fan", "每周两次，就是排队太久")]
    return HeldInterview(str(identities), now(), turns, identities, store_id=chain.stores["S1"])


@pytest.mark.parametrize(
    "identities",
    [{"phone": "10000000032"}, {"phone": "+86 100 0000 0032"}, {"member": " hc000032 "}, {"phone": "", "member": "hc000032"}],
)  # fmt: skip
def test_the_fan_is_found(chain, known, identities) -> None:
    actor = chain.actors["store_manager"]
    done = import_interviews(chain.db, actor, [held(chain, **identities)], filename="稿", file_sha256="0" * 64)
    assert done.created_fans == 0
    with chain.db.read() as session:
        assert session.exec(select(Interview.fan_id)).one() == known and len(session.exec(select(Fan)).all()) == 1


def test_what_is_no_number_is_refused(chain) -> None:
    with pytest.raises(InvalidInput, match="位数"):
        import_interviews(
            chain.db, chain.actors["store_manager"], [held(chain, phone="138")], filename="稿", file_sha256="0" * 64
        )
    with chain.db.read() as session:
        assert session.exec(select(Interview)).all() == []


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_on_the_page_what_was_typed_stays(open_page, chain, known) -> None:
    at = open_page("store_manager", "interviews.py")
    at.text_area(key="interviews.pasted").set_value(PASTED).run()
    at.text_input(key="interviews.bring.phone").set_value("138")
    send = next(button for button in at.button if button.label == "导入这次访谈")
    send.click().run()
    assert not at.exception and any("位数" in box.value for box in at.error)
    assert at.text_input(key="interviews.bring.phone").value == "138"
    at.text_input(key="interviews.bring.phone").set_value("100 0000 0032")
    next(button for button in at.button if button.label == "导入这次访谈").click().run()
    assert not at.exception
    with chain.db.read() as session:
        assert session.exec(select(Interview.fan_id)).one() == known


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
@pytest.mark.parametrize("zone", ["Etc/GMT+12", "Etc/GMT-14"])
def test_today_is_the_stores_day(open_page, chain, monkeypatch, zone) -> None:
    """A day apart at any hour: in one of the two zones the machine has another day."""
    monkeypatch.setenv("FANOPS_TIMEZONE", zone)
    settings.cache_clear()
    at = open_page("store_manager", "interviews.py")
    at.text_area(key="interviews.pasted").set_value(PASTED).run()
    field = at.date_input(key="interviews.bring.day")
    assert field.value == field.max == today()


@pytest.mark.parametrize("at_store", ["S1", "S3"], ids=["new here", "a regular of another store"])
def test_who_is_not_known_here_is_interviewed_by_their_number(open_page, chain, at_store) -> None:
    """One page, one typing: no detour through 记答卷, and nobody is made twice."""
    if at_store == "S3":
        with chain.db.write() as session:
            add_person(session, chain.actors["clerk2"], store_id=chain.stores["S3"], phone="13800138000")
    at = open_page("clerk", "interviews.py")
    assert [tab.label for tab in at.tabs] == ["访谈", "现场访谈"]
    at.text_input(key="interviews.fan").set_value("13800138000").run()
    number = at.text_input(key="interviews.new.phone.13800138000")
    assert number.value == "13800138000" and number.proto.type == number.proto.PHONE
    next(button for button in at.button if button.label == "新增并开始").click().run()
    assert not at.exception and not at.error
    with chain.db.read() as session:
        held = session.exec(select(Interview)).one()
        assert held.fan_id == session.exec(select(Fan.id).join(FanIdentity, FanIdentity.fan_id == Fan.id)).one()
    assert not open_page("clerk", "interview.py", interview=held.id).error
