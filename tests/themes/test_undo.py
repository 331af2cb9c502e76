"""Taking edits back: who may, what stands in the way, where sentences land, and names that others took meanwhile."""

from __future__ import annotations

import pytest
from sqlmodel import select

from fanops.errors import Conflict, NotAllowed, NotFound
from fanops.tables import Theme, ThemeAssignment, ThemeEvent, Unit, Voice
from fanops.themes import edit, records


class Shop:
    """Themes 甲 (3 sentences), 乙 (4), 丙 (5), all said in store S1; and an editor."""

    def __init__(self, db, chain) -> None:
        self.db, self.chain, self.actor = db, chain, chain.actors["product"]
        self.ids: dict[str, int] = {}
        self.said: dict[str, list[int]] = {}
        for name, count in (("甲", 3), ("乙", 4), ("丙", 5)):
            self.add(name, count)

    def add(self, name: str, count: int, *, store: str = "S1", state: str = "active") -> int:
        with self.db.write() as session:
            theme = Theme(brand_id=self.chain.brand_id, name=name, state=state)
            session.add(theme)
            session.flush()
            self.ids[name], self.said[name] = theme.id, []
            for place in range(count):
                voice = Voice(brand_id=self.chain.brand_id, store_id=self.chain.stores[store], text=f"{name}{place}",
                              source_key=f"{name}{place}{theme.id}")  # fmt: skip
                session.add(voice)
                session.flush()
                unit = Unit(voice_id=voice.id, start=0, end=len(voice.text), polarity=0)
                session.add(unit)
                session.flush()
                session.add(ThemeAssignment(unit_id=unit.id, theme_id=theme.id, strength=0.5))
                self.said[name].append(unit.id)
        return theme.id

    def do(self, deed, *arguments, actor=None) -> int:
        with self.db.write() as session:
            return deed(session, actor or self.actor, *arguments).id

    def undo(self, number: int, actor=None) -> None:
        self.do(edit.undo_edit, number, actor=actor)

    def theme(self, theme_id: int) -> Theme:
        with self.db.read() as session:
            return session.get_one(Theme, theme_id)

    def held(self, theme_id: int | None) -> list[int]:
        statement = select(ThemeAssignment.unit_id).where(ThemeAssignment.theme_id == theme_id)
        with self.db.read() as session:
            return sorted(session.exec(statement))

    def new_of(self, number: int) -> int:
        with self.db.read() as session:
            return session.get_one(ThemeEvent, number).theme_id

    def listed(self) -> int:
        """Give how many sentences the themes that are listed hold."""
        with self.db.read() as session:
            return int(records.theme_table(session, self.actor)["units"].sum())


@pytest.fixture
def shop(db, chain) -> Shop:
    return Shop(db, chain)


def test_a_later_move_of_the_same_sentence_is_undone_first(shop):
    unit = shop.said["甲"][:1]
    first = shop.do(edit.move_units, unit, shop.ids["乙"])
    second = shop.do(edit.move_units, unit, shop.ids["丙"])
    with pytest.raises(Conflict, match=f"编辑 {second}.*移到“丙”"):
        shop.undo(first)
    assert unit[0] in shop.held(shop.ids["丙"])
    shop.undo(second)
    shop.undo(first)
    assert shop.held(shop.ids["甲"]) == shop.said["甲"]


def test_moves_of_other_sentences_into_the_same_theme_stand_for_themselves(shop):
    first = shop.do(edit.move_units, shop.said["甲"][:1], shop.ids["乙"])
    shop.do(edit.move_units, shop.said["甲"][1:2], shop.ids["乙"])
    shop.undo(first)
    assert shop.held(shop.ids["甲"]) == [shop.said["甲"][0], shop.said["甲"][2]]


def test_a_later_merge_of_what_was_merged_into_is_undone_first(shop):
    empty = shop.add("空", 0)
    first, none = (
        shop.do(edit.merge_themes, shop.ids["甲"], shop.ids["乙"]),
        shop.do(edit.merge_themes, empty, shop.ids["乙"]),
    )
    second = shop.do(edit.merge_themes, shop.ids["乙"], shop.ids["丙"])
    for number in (first, none):
        with pytest.raises(Conflict, match=f"编辑 {second}"):
            shop.undo(number)
    for number in (second, none, first):
        shop.undo(number)
    assert [shop.held(shop.ids[name]) for name in ("甲", "乙", "丙")] == [
        shop.said[name] for name in ("甲", "乙", "丙")
    ]


def test_a_split_is_not_undone_while_others_sentences_lie_in_it_or_belong_back_to_it(shop):
    split = shop.do(edit.split_theme, shop.ids["甲"], shop.said["甲"][:2], "新")
    new = shop.new_of(split)
    came = shop.do(edit.move_units, shop.said["乙"][:1], new)
    with pytest.raises(Conflict, match=f"编辑 {came}"):
        shop.undo(split)
    shop.undo(came)
    shop.do(edit.rename_theme, new, "别的名字")  # its name stands in nobody's way
    shop.undo(split)
    assert shop.held(shop.ids["甲"]) == shop.said["甲"] and shop.held(shop.ids["乙"]) == shop.said["乙"]


def test_an_undone_split_is_no_magnet(shop):
    with shop.db.write() as session:
        session.get_one(Theme, shop.ids["甲"]).centroid = b"\0\0\0\0"
    split = shop.do(edit.split_theme, shop.ids["甲"], shop.said["甲"][:2], "新")
    with shop.db.write() as session:
        session.get_one(Theme, shop.new_of(split)).centroid = b"\0\0\0\0"  # as a run gives it
    shop.undo(split)
    new = shop.theme(shop.new_of(split))
    assert (new.state, new.pinned, new.centroid) == ("retired", False, None)


def test_sentences_land_in_what_their_theme_was_merged_into_and_come_home_when_that_is_undone(shop):
    moved = shop.do(edit.move_units, shop.said["甲"][:1], shop.ids["乙"])
    split = shop.do(edit.split_theme, shop.ids["甲"], shop.said["甲"][1:2], "新")
    merged = shop.do(edit.merge_themes, shop.ids["甲"], shop.ids["丙"])
    shop.undo(moved)
    shop.undo(split)
    assert shop.held(shop.ids["丙"]) == sorted(shop.said["丙"] + shop.said["甲"]) and shop.listed() == 12
    shop.undo(merged)
    assert shop.held(shop.ids["甲"]) == shop.said["甲"] and shop.held(shop.ids["丙"]) == shop.said["丙"]


def test_a_theme_that_died_meanwhile_is_in_use_again_under_a_name_of_its_own(shop):
    moved = shop.do(edit.move_units, shop.said["甲"][:1], shop.ids["乙"])
    with shop.db.write() as session:
        session.get_one(Theme, shop.ids["甲"]).state = "died"
    shop.do(edit.rename_theme, shop.ids["丙"], "甲")
    shop.undo(moved)
    assert (shop.theme(shop.ids["甲"]).state, shop.theme(shop.ids["甲"]).name) == ("active", "甲（2）")


def test_what_had_no_place_has_none_again(shop):
    with shop.db.write() as session:
        session.delete(session.exec(select(ThemeAssignment).where(ThemeAssignment.unit_id == shop.said["甲"][0])).one())
    moved = shop.do(edit.move_units, shop.said["甲"][:2], shop.ids["乙"])
    shop.undo(moved)
    with shop.db.read() as session:
        assert shop.said["甲"][0] not in session.exec(select(ThemeAssignment.unit_id)).all()


def test_two_themes_in_use_never_have_one_name(shop):
    renamed = shop.do(edit.rename_theme, shop.ids["甲"], "丁")
    merged = shop.do(edit.merge_themes, shop.ids["丙"], shop.ids["乙"])
    retired = shop.do(edit.set_retired, shop.ids["乙"], True)
    for name, number in (("甲", renamed), ("丙", merged), ("乙", retired)):
        other = shop.add(name, 1)
        with pytest.raises(Conflict, match=f"“{name}”.*主题 {other} ") as refused:
            shop.undo(number)
        assert f"给主题 {other} 改名" in refused.value.hint
    with pytest.raises(Conflict, match="“乙”"):
        shop.do(edit.set_retired, shop.theme(shop.new_of(retired)).id, False)
    for name, number in (("乙", retired), ("丙", merged), ("甲", renamed)):  # the way out
        shop.do(edit.rename_theme, shop.ids[name], f"另一个{name}")
        shop.undo(number)
        assert shop.theme(shop.new_of(number)).name == name


def test_a_sub_theme_stands_in_no_names_way(shop):
    with shop.db.write() as session:
        session.add(Theme(brand_id=shop.chain.brand_id, name="等叫号", parent_id=shop.ids["甲"]))
    shop.do(edit.split_theme, shop.ids["甲"], shop.said["甲"][:1], "等叫号")


def test_managers_take_back_moves_of_their_own_stores_only(shop):
    manager = shop.chain.actors["store_manager"]
    elsewhere = shop.add("别店", 2, store="S3")
    merged = shop.do(edit.merge_themes, shop.ids["甲"], shop.ids["乙"])
    with pytest.raises(NotAllowed):
        shop.undo(merged, manager)
    with pytest.raises(NotFound):
        shop.do(edit.move_units, shop.said["别店"][:1], shop.ids["丙"], actor=manager)
    with pytest.raises(NotFound):
        shop.do(edit.move_units, [shop.said["别店"][0], shop.said["丙"][0]], shop.ids["乙"], actor=manager)
    others, own = (shop.do(edit.move_units, shop.said[name][:1], shop.ids["乙"]) for name in ("别店", "丙"))
    with pytest.raises(NotFound):
        shop.undo(others, manager)
    shop.undo(own, manager)
    assert shop.held(shop.ids["丙"]) == shop.said["丙"] and len(shop.held(elsewhere)) == 1


def test_only_live_themes_are_edited_and_the_refusal_says_where_to_go(shop):
    with shop.db.write() as session:
        sub = Theme(brand_id=shop.chain.brand_id, name="一种", parent_id=shop.ids["丙"])
        session.add(sub)
        session.flush()
        sub_id = sub.id
    died = shop.add("没了", 0, state="died")
    shop.do(edit.merge_themes, shop.ids["甲"], shop.ids["乙"])
    unit = shop.said["乙"][:1]
    for theme_id, way in (
        (sub_id, f"主题 {shop.ids['丙']}"),
        (shop.ids["甲"], f"主题 {shop.ids['乙']}"),
        (died, "它会自己回来"),
    ):
        for deed, arguments in (
            (edit.rename_theme, (theme_id, "新名")), (edit.merge_themes, (theme_id, shop.ids["丙"])),
            (edit.merge_themes, (shop.ids["丙"], theme_id)), (edit.move_units, (unit, theme_id)),
            (edit.split_theme, (theme_id, unit, "新")), (edit.set_pinned, (theme_id, True)),
        ):  # fmt: skip
            with pytest.raises(Conflict) as refused:
                shop.do(deed, *arguments)
            assert way in refused.value.hint, deed
    assert shop.listed() == 12


def test_a_theme_that_holds_nothing_is_not_restored(shop):
    died, retired = shop.add("没了", 0, state="died"), shop.add("空的", 0, state="retired")
    full = shop.add("还有", 1, state="died")
    for theme_id in (died, retired):
        with pytest.raises(Conflict, match="没有句子"):
            shop.do(edit.set_retired, theme_id, False)
    shop.do(edit.set_retired, full, False)
    with shop.db.read() as session:
        assert full in records.theme_table(session, shop.actor)["theme_id"].tolist()


def test_sentences_of_any_place_are_taken_out_together(shop):
    loose = shop.said["甲"][0]
    shop.do(edit.move_units, [loose], None)
    shop.do(edit.move_units, [loose, *shop.said["乙"][:1]], None)  # the first lies in no theme already
    assert shop.held(None) == sorted([loose, shop.said["乙"][0]])
    with pytest.raises(Conflict, match="本来就没有归类"):
        shop.do(edit.move_units, [loose], None)
