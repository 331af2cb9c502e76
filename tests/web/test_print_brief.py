"""The CEO's sheet: for those who lead, escaped, without script."""

from __future__ import annotations

import pytest

from fanops.tables import Fan, Theme, ThemeAssignment, ThemeRun, Unit, Voice, now

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


@ONE
def test_the_sheet_is_for_those_who_lead_and_escapes_what_fans_wrote(signed_in, browser, chain) -> None:
    with chain.db.write() as session:
        run = ThemeRun(brand_id=chain.brand_id, input_fingerprint="a", result_fingerprint="b")
        session.add(run)
        session.flush()
        theme = Theme(brand_id=chain.brand_id, name="<script>alert(1)</script>", born_run_id=run.id)
        fan = Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S1"], level="core")
        session.add_all([theme, fan])
        session.flush()
        voice = Voice(brand_id=chain.brand_id, store_id=chain.stores["S1"], fan_id=fan.id, source_key="1", text="慢", said_at=now())
        session.add(voice)
        session.flush()
        unit = Unit(voice_id=voice.id, start=0, end=1)
        session.add(unit)
        session.flush()
        session.add(ThemeAssignment(unit_id=unit.id, theme_id=theme.id, run_id=run.id, strength=1))
    assert browser().get("/print/brief", headers={"accept": "text/html"}).status_code == 303
    assert signed_in("clerk").get("/print/brief").status_code == 403
    sheet = signed_in("ceo").get("/print/brief?days=7")
    assert sheet.status_code == 200 and "<script" not in sheet.text and "&lt;script&gt;" in sheet.text
    for odd in ("days=0", "days=-1", "days=99999999999999999999", "days=x"):
        assert signed_in("ceo").get(f"/print/brief?{odd}").status_code == 200
    assert "&lt;script&gt;" not in signed_in("stranger").get("/print/brief").text
