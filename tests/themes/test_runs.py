"""Runs over the registry: what people do meanwhile, who speaks, and what was there before all keep their place."""

from __future__ import annotations

from collections import Counter
from threading import Thread

import pytest
from sqlalchemy import event
from sqlmodel import select

from fanops.errors import Conflict, TooLittleData
from fanops.tables import Fan, Theme, ThemeAssignment, ThemeEvent, ThemeLineage, ThemeRun, Unit, Voice
from fanops.themes import edit, records_discovery, teach
from fanops.themes.assign import assign_new_units
from fanops.themes.discover import run_discovery
from tests.themes.test_discovery import add_voices, corpus

PLACES = ("停车", "停车位", "停车场", "地下车库", "车位", "找车位")
COMPLAINTS = (
    "太难了", "太少了", "要绕半天", "太远", "根本没有", "总是满的", "收费太贵", "进不去", "挤得很", "要等半小时", "排长队", "没人管", "太窄了",
    "找不到", "黑漆漆的",
)  # fmt: skip
PARKING = [place + complaint for complaint in COMPLAINTS for place in PLACES]


def held(chain) -> dict[int, int | None]:
    with chain.db.read() as session:
        return dict(session.exec(select(ThemeAssignment.unit_id, ThemeAssignment.theme_id)).all())


def live(chain) -> list[Theme]:
    with chain.db.read() as session:
        top = select(Theme).where(Theme.parent_id.is_(None), Theme.state == "active")
        return list(session.exec(top.order_by(Theme.id)))


def run(chain, meanwhile=lambda: None, **parameters) -> dict:
    """Discover; ``meanwhile`` is done once before the run saves."""
    waiting = [meanwhile]

    def progress(_share: float, doing: str) -> None:
        if doing == "保存" and waiting:
            waiting.pop()()

    return run_discovery(chain.db, chain.actors["product"], parameters, progress)


def one_fan_about_parking(chain) -> int:
    """Give the fan who says sixty times how hard it is to park."""
    with chain.db.write() as session:
        fan = Fan(brand_id=chain.brand_id)
        session.add(fan)
        session.flush()
        for place, text in enumerate(PARKING[:60]):
            voice = Voice(brand_id=chain.brand_id, fan_id=fan.id, text=text, source_key=f"one:{place}")
            session.add(voice)
            session.flush()
            session.add(Unit(voice_id=voice.id, start=0, end=len(text), polarity=-1))
        return fan.id


def test_what_people_do_while_a_run_works_holds(chain):
    texts, _ = corpus(size=200)
    add_voices(chain, texts)
    run(chain)
    first, second = (theme.id for theme in live(chain)[:2])
    moved = [unit for unit, theme in held(chain).items() if theme == first][:5]

    def meanwhile() -> None:
        with chain.db.write() as session:
            edit.move_units(session, chain.actors["product"], moved, second)
        add_voices(chain, ["排队排到门外去了"], start=9_000)
        with chain.db.write() as session:
            newest = session.exec(select(Unit.id).order_by(Unit.id.desc())).first()
            session.add(ThemeAssignment(unit_id=newest, theme_id=second, strength=0.9))

    run(chain, meanwhile)
    after = held(chain)
    assert [after[unit] for unit in moved] == [second] * 5
    assert after[max(after)] == second and len(after) == 201


def test_of_two_runs_at_once_the_later_is_refused_and_no_theme_stands_twice(chain):
    texts, _ = corpus(size=200)
    add_voices(chain, texts)
    with pytest.raises(Conflict):
        run(chain, lambda: run(chain))
    names = [theme.name for theme in live(chain)]
    assert len(names) == len(set(names)) and Counter(held(chain).values()).total() == 200
    with chain.db.read() as session:
        assert len(session.exec(select(ThemeRun)).all()) == 1


def test_units_that_a_person_put_into_a_theme_are_never_lost_with_it(chain):
    texts, _ = corpus()
    add_voices(chain, texts)
    run(chain)
    product = chain.actors["product"]
    two = [unit for unit, theme in held(chain).items() if theme == live(chain)[0].id][:2]
    with chain.db.write() as session:
        new = edit.split_theme(session, product, live(chain)[0].id, two, "先放这里").theme_id
        edit.set_pinned(session, product, new, False)
    run(chain)
    shown = {theme.id for theme in live(chain)}
    assert {held(chain)[unit] for unit in two} == {new} and set(held(chain).values()) <= shown


def test_what_one_fan_says_ever_so_often_is_no_theme_in_a_later_run_either(chain):
    texts, _ = corpus(size=200)
    add_voices(chain, texts)
    run(chain)
    one = one_fan_about_parking(chain)
    run(chain)
    said = select(ThemeAssignment.theme_id, Voice.fan_id).join(Unit, Unit.id == ThemeAssignment.unit_id)
    with chain.db.read() as session:
        rows = session.exec(said.join(Voice, Voice.id == Unit.voice_id)).all()
    for theme in live(chain):
        assert {fan for theme_id, fan in rows if theme_id == theme.id} != {one}, theme.name


def test_a_chain_of_which_only_one_speaks_is_told_so(chain):
    one_fan_about_parking(chain)
    with pytest.raises(TooLittleData, match="3 个人"):
        run(chain)


def test_what_a_person_merged_stays_when_ten_times_as_much_of_it_comes(chain):
    texts, _ = corpus(size=120)
    add_voices(chain, [*texts, *PARKING[:8]])
    run(chain)
    with chain.db.read() as session:
        parked = set(
            session.exec(select(Unit.id).join(Voice, Voice.id == Unit.voice_id).where(Voice.text.in_(PARKING)))
        )
    [(parking, _)] = Counter(held(chain)[unit] for unit in parked).most_common(1)
    into = next(theme.id for theme in live(chain) if theme.id != parking)
    mine = [unit for unit in parked if held(chain)[unit] == parking]
    with chain.db.write() as session:
        edit.merge_themes(session, chain.actors["product"], parking, into)
    add_voices(chain, PARKING[8:], start=5_000)
    run(chain)
    assert len(mine) > 5 and {held(chain)[unit] for unit in mine} == {into}


def test_a_revived_theme_never_takes_a_name_that_is_in_use(chain):
    texts, _ = corpus(size=200)
    add_voices(chain, texts)
    run(chain)
    product, [first, second, *_] = chain.actors["product"], live(chain)
    with chain.db.write() as session:
        session.get_one(Theme, first.id).state = "died"
        edit.rename_theme(session, product, second.id, first.name)
    run(chain)
    names = [theme.name for theme in live(chain)]
    assert len(names) == len(set(names)) and first.id in {theme.id for theme in live(chain)}


def test_another_encoder_finds_the_themes_again_by_their_units(chain):
    texts, _ = corpus(size=200)
    add_voices(chain, texts)
    run(chain)
    before = held(chain)
    with chain.db.write() as session:  # as if an encoder with longer vectors had made them
        [made] = session.exec(select(ThemeRun))
        made.versions = made.versions | {"encoder": "another"}
        for theme in session.exec(select(Theme)):
            theme.centroid = bytes(4 * 384)
    run(chain)
    after = held(chain)
    assert sum(after[unit] == theme for unit, theme in before.items()) >= 0.95 * len(before)


def test_subthemes_keep_their_ids_when_a_tenth_comes_to_it(chain):
    texts, _ = corpus(size=660)
    add_voices(chain, texts[:600])
    run(chain)
    of_unit = select(ThemeAssignment.unit_id, ThemeAssignment.subtheme_id)
    with chain.db.read() as session:
        before = {unit: sub for unit, sub in session.exec(of_unit) if sub}
    add_voices(chain, texts[600:], start=5_000)
    run(chain)
    with chain.db.read() as session:
        after = dict(session.exec(of_unit).all())
        subs = session.exec(select(Theme).where(Theme.parent_id.is_not(None), Theme.state == "active")).all()
    names = Counter((sub.parent_id, sub.name) for sub in subs)
    assert len(before) > 100 and max(names.values()) == 1
    assert sum(after[unit] == sub for unit, sub in before.items()) >= 0.75 * len(before)


def test_lineage_counts_what_a_theme_holds_in_the_end(chain):
    texts, _ = corpus(size=200)
    add_voices(chain, texts)
    run(chain)
    product, [first, second, *_] = chain.actors["product"], live(chain)
    with chain.db.write() as session:
        edit.merge_themes(session, product, first.id, second.id)
    made = run(chain)
    counts = Counter(held(chain).values())
    with chain.db.read() as session:
        told = session.exec(select(ThemeLineage).where(ThemeLineage.run_id == made["run_id"])).all()
        assert session.exec(select(ThemeEvent)).one().kind == "merge"
    assert {row.theme_id: row.units for row in told if row.kind != "died"}[second.id] == counts[second.id]
    assert made["unassigned"] == counts.get(None, 0)


def test_sentences_moved_into_a_theme_of_their_own_take_their_like_along_once(chain):
    texts, _ = corpus()
    add_voices(chain, texts)
    run(chain, granularity="coarse")
    with chain.db.read() as session:
        said = dict(session.exec(select(Unit.id, Voice.text).join(Voice, Voice.id == Unit.voice_id)).all())
    before = held(chain)
    home = Counter(before[unit] for unit, text in said.items() if "等位" in text).most_common(1)[0][0]
    group = [unit for unit, text in said.items() if "等位" in text and before[unit] == home]
    with chain.db.write() as session:
        new = edit.split_theme(session, chain.actors["product"], home, group[::2], "等位太慢").theme_id
    run(chain, granularity="coarse")
    after = held(chain)
    followed = [unit for unit, theme in after.items() if theme == new]
    assert len(group) > 7 and sum(unit in followed for unit in group) >= 0.8 * len(group)
    assert len(set(followed) - set(group)) <= 0.2 * len(group)
    assert Counter(after.values())[home] >= 0.9 * (Counter(before.values())[home] - len(group))
    run(chain, granularity="coarse")
    assert Counter(held(chain).values())[new] == len(followed)


def test_a_large_wave_of_something_else_makes_themes_of_its_own_though_it_was_assigned_at_once(chain):
    texts, _ = corpus(size=120)
    add_voices(chain, texts)
    run(chain)
    old = {theme.id for theme in live(chain)}
    add_voices(chain, PARKING * 3, start=5_000)
    assert assign_new_units(chain.db, chain.actors["product"])["assigned"] > 0
    run(chain)
    with chain.db.read() as session:
        rows = session.exec(select(Unit.id).join(Voice, Voice.id == Unit.voice_id).where(Voice.text.in_(PARKING)))
        parked = [held(chain)[unit] for unit in rows]
    assert sum(theme not in old for theme in parked) >= 0.8 * len(parked)


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_nobody_waits_to_write_while_a_run_learns(chain, monkeypatch):
    texts, _ = corpus(size=200)
    add_voices(chain, texts)
    run(chain)
    first, second = (theme.id for theme in live(chain)[:2])
    moved = [unit for unit, theme in held(chain).items() if theme == first][:5]
    with chain.db.write() as session:
        edit.move_units(session, chain.actors["product"], moved, second)
    add_voices(chain, PARKING[:40], start=9_000)  # a theme that has no id yet while the run learns
    learnt = []

    def write() -> None:
        with chain.db.write() as session:
            session.get_one(Theme, second).name = "写得进去"
        learnt.append("written")

    def generalise(*given):
        clerk = Thread(target=write)
        clerk.start()
        clerk.join(5)
        learnt.append(clerk.is_alive())
        return teach.generalise(*given)

    monkeypatch.setattr(records_discovery, "generalise", generalise)
    run(chain)
    assert learnt == ["written", False]  # once, and beside it somebody wrote
    after, shown = held(chain), {theme.id for theme in live(chain)}
    assert [after[unit] for unit in moved] == [second] * 5 and {*after.values()} - {None} <= shown and len(shown) > 2


def test_while_nobody_else_can_write_no_placement_is_read_as_an_object(chain):
    texts, _ = corpus(size=200)
    add_voices(chain, texts)
    run(chain)
    loaded: list[int] = []

    def note(row: ThemeAssignment, _: object) -> None:
        loaded.append(row.unit_id)

    def meanwhile() -> None:
        add_voices(chain, ["排队排到门外去了"], start=9_000)
        assign_new_units(chain.db, chain.actors["product"])
        event.listen(ThemeAssignment, "load", note)

    try:
        run(chain, meanwhile)
    finally:
        event.remove(ThemeAssignment, "load", note)
    assert not loaded and len(held(chain)) == 201


def test_one_answer_about_what_many_said_in_the_same_words_draws_hardly_anything_along(chain):
    texts, _ = corpus(size=300)
    add_voices(chain, texts)
    run(chain)
    # What a whole theme is about, asked once about its words said most often, and answered wrongly.
    home, other = (theme.id for theme in live(chain)[:2])
    with chain.db.read() as session:
        rows = session.exec(
            select(Voice.text, Unit.id)
            .join(Unit, Unit.voice_id == Voice.id)
            .join(ThemeAssignment, ThemeAssignment.unit_id == Unit.id)
            .where(ThemeAssignment.theme_id == home)
        ).all()
    often = Counter(text for text, _ in rows).most_common(1)[0][0]
    add_voices(chain, [often] * 40, start=5_000)
    run(chain)
    with chain.db.read() as session:
        same = list(session.exec(select(Unit.id).join(Voice, Voice.id == Unit.voice_id).where(Voice.text == often)))
    before = held(chain)
    with chain.db.write() as session:
        edit.move_units(session, chain.actors["product"], same, other)
    run(chain)
    after = held(chain)
    drawn = [unit for unit in before if unit not in same and before[unit] == home and after[unit] == other]
    assert all(after[unit] == other for unit in same) and len(drawn) < 5
