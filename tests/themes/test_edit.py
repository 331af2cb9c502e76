"""Hand edits are events with author and undo: after an undo everything is as it was."""

from __future__ import annotations

import random

import pytest
from sqlmodel import select

from fanops.access import Actor
from fanops.errors import Conflict, FanopsError, InvalidInput, NotAllowed, NotFound
from fanops.tables import Fan, Theme, ThemeAssignment, Unit, Voice
from fanops.themes import edit, records
from fanops.themes.records_evidence import evidence
from fanops.themes.selection import Selection

SENTENCES = {"排队等位太久": 4, "珍珠太硬": 3}


@pytest.fixture
def themes(db, chain) -> dict[str, int]:
    """Two themes with a sub-theme each, said by different fans in different stores; ids of the themes by name."""
    with db.write() as session:
        ids = {}
        for name, size in SENTENCES.items():
            theme = Theme(brand_id=chain.brand_id, name=name)
            session.add(theme)
            session.flush()
            ids[name] = theme.id
            sub = Theme(brand_id=chain.brand_id, name=f"{name[:2]}的一种", parent_id=theme.id)
            session.add(sub)
            session.flush()
            for place in range(size):
                fan = Fan(brand_id=chain.brand_id, name_masked="王**", home_store_id=chain.stores["S1"])
                session.add(fan)
                session.flush()
                voice = Voice(brand_id=chain.brand_id, store_id=chain.stores[("S1", "S2")[place % 2]], fan_id=fan.id,
                              source_key=f"{name}{place}", text=f"真的{name}", source="测试")  # fmt: skip
                session.add(voice)
                session.flush()
                unit = Unit(voice_id=voice.id, start=2, end=2 + len(name), polarity=-1)
                session.add(unit)
                session.flush()
                session.add(
                    ThemeAssignment(
                        unit_id=unit.id, theme_id=theme.id, subtheme_id=sub.id if place % 2 else None, strength=0.5 + place / 10
                    )
                )  # fmt: skip
    return ids


def state_of(db) -> tuple:
    """Everything an edit can touch, for comparing before and after."""
    with db.read() as session:
        rows = session.exec(select(ThemeAssignment).order_by(ThemeAssignment.unit_id)).all()
        named = session.exec(select(Theme).where(Theme.state != "retired").order_by(Theme.id)).all()
        return (
            [(r.unit_id, r.theme_id, r.subtheme_id, r.strength, r.unsure, r.by_hand) for r in rows],
            [(t.id, t.name, t.named_by_hand, t.pinned, t.state, t.merged_into_id) for t in named],
        )


def units_of(db, theme_id: int) -> list[int]:
    with db.read() as session:
        statement = select(ThemeAssignment.unit_id).where(ThemeAssignment.theme_id == theme_id)
        return sorted(session.exec(statement))


def product(chain) -> Actor:
    return chain.actors["product"]


def do(db, deed, *arguments) -> int:
    """Carry out an edit, in a transaction of its own; gives its number."""
    with db.write() as session:
        return deed(session, *arguments).id


EDITS = {
    "rename": lambda s, a, i: edit.rename_theme(s, a, i["珍珠太硬"], "珍珠嚼不动"),
    "merge": lambda s, a, i: edit.merge_themes(s, a, i["珍珠太硬"], i["排队等位太久"]),
    "pin": lambda s, a, i: edit.set_pinned(s, a, i["珍珠太硬"], True),
    "retire": lambda s, a, i: edit.set_retired(s, a, i["珍珠太硬"], True),
}


@pytest.mark.parametrize("kind", EDITS)
def test_undo_returns_exactly(db, chain, themes, kind):
    before = state_of(db)
    with db.write() as session:
        event_id = EDITS[kind](session, product(chain), themes).id
    assert state_of(db) != before
    with db.write() as session:
        edit.undo_edit(session, product(chain), event_id)
    assert state_of(db) == before
    with db.write() as session, pytest.raises(Conflict):
        edit.undo_edit(session, product(chain), event_id)


def test_a_merge_undone_after_a_run_let_its_sub_themes_end_has_them_again(db, chain, themes):
    before = state_of(db)
    with db.write() as session:
        merged = edit.merge_themes(session, product(chain), themes["珍珠太硬"], themes["排队等位太久"]).id
    with db.write() as session:
        for sub in session.exec(select(Theme).where(Theme.parent_id == themes["珍珠太硬"])):
            sub.state = "died"
    with db.write() as session:
        edit.undo_edit(session, product(chain), merged)
    assert state_of(db) == before


def one_of(held: dict[int, int | None], chance: random.Random, theme_id: int) -> list[int]:
    mine = [unit for unit, theme in held.items() if theme == theme_id]
    return chance.sample(mine, min(len(mine), chance.randint(1, 2)))


def any_edit(db, actor: Actor, chance: random.Random, number: int) -> int | None:
    """Do some edit, such as come to a person's mind; gives its number, None where it was refused."""
    with db.read() as session:
        held = dict(session.exec(select(ThemeAssignment.unit_id, ThemeAssignment.theme_id)).all())
        live = session.exec(
            select(Theme.id).where(Theme.parent_id.is_(None), Theme.state.in_(["active", "retired"]))
        ).all()
    one, other = chance.choice(live), chance.choice(live)
    deed = chance.choice([
        lambda s: edit.rename_theme(s, actor, one, chance.choice(["甲", "乙", "丙"])),
        lambda s: edit.merge_themes(s, actor, one, other),
        lambda s: edit.split_theme(s, actor, one, one_of(held, chance, one), f"拆出{number}"),
        lambda s: edit.move_units(s, actor, one_of(held, chance, one), chance.choice([other, other, None])),
        lambda s: edit.set_pinned(s, actor, one, chance.random() < 0.5),
        lambda s: edit.set_retired(s, actor, one, chance.random() < 0.5),
    ])  # fmt: skip
    try:
        with db.write() as session:
            return deed(session).id
    except FanopsError:
        return None


def test_whatever_was_edited_and_in_whatever_order_it_is_taken_back_all_is_as_it_was(db, chain, themes):
    before, actor = state_of(db), product(chain)
    for seed in range(12):
        chance = random.Random(seed)
        done = [number for step in range(12) if (number := any_edit(db, actor, chance, 100 * seed + step)) is not None]
        while done:
            refused = []
            for number in chance.sample(done, len(done)):
                try:
                    with db.write() as session:
                        edit.undo_edit(session, actor, number)
                except Conflict as refusal:
                    assert refusal.hint
                    refused.append(number)
                with db.read() as session:
                    names = session.exec(
                        select(Theme.name).where(Theme.parent_id.is_(None), Theme.state == "active")
                    ).all()
                    assert len(names) == len(set(names))
            assert len(refused) < len(done), "something can always be taken back"
            done = refused
        assert state_of(db) == before, seed


def test_move_and_split_are_kept_by_hand_and_undone(db, chain, themes):
    before = state_of(db)
    chosen = units_of(db, themes["排队等位太久"])[:2]
    with db.write() as session:
        moved = edit.move_units(session, product(chain), chosen, themes["珍珠太硬"]).id
    assert len(units_of(db, themes["珍珠太硬"])) == 5
    with db.write() as session:
        split = edit.split_theme(session, product(chain), themes["珍珠太硬"], chosen, "等位没有座")
        split_id, new_id = split.id, split.theme_id
    assert units_of(db, new_id) == chosen
    with db.read() as session:
        assert all(session.exec(select(ThemeAssignment.by_hand).where(ThemeAssignment.theme_id == new_id)))
    with db.write() as session, pytest.raises(Conflict, match=f"编辑 {split_id}"):
        edit.undo_edit(session, product(chain), moved)
    with db.write() as session:
        edit.undo_edit(session, product(chain), split_id)
    with db.write() as session:
        edit.undo_edit(session, product(chain), moved)
    assert state_of(db) == before


def test_a_later_merge_must_be_undone_first(db, chain, themes):
    with db.write() as session:
        renamed = edit.rename_theme(session, product(chain), themes["珍珠太硬"], "珍珠嚼不动").id
        edit.merge_themes(session, product(chain), themes["珍珠太硬"], themes["排队等位太久"])
    with db.write() as session, pytest.raises(Conflict):
        edit.undo_edit(session, product(chain), renamed)


@pytest.mark.parametrize(
    ("name", "refusal"), [("", InvalidInput), ("长" * 31, InvalidInput), ("排队等位太久", Conflict)]
)
def test_bad_names_are_refused(db, chain, themes, name, refusal):
    with db.write() as session, pytest.raises(refusal):
        edit.rename_theme(session, product(chain), themes["珍珠太硬"], name)


def test_roles_and_brands(db, chain, themes):
    with db.write() as session, pytest.raises(NotAllowed):
        edit.rename_theme(session, chain.actors["clerk"], themes["珍珠太硬"], "别的")
    stranger = chain.actors["stranger"]
    with db.write() as session:
        with pytest.raises(NotFound):
            edit.rename_theme(session, stranger, themes["珍珠太硬"], "别的")
        with pytest.raises(NotFound):
            edit.move_units(session, stranger, units_of(db, themes["珍珠太硬"]), None)
        assert evidence(session, stranger)[1] == 0


def test_counts_are_of_distinct_people_and_scoped(db, chain, themes):
    with db.write() as session:
        fans = session.exec(select(Fan).order_by(Fan.id)).all()
        fans[1].merged_into_id = fans[0].id  # two of the four who wait are one person
    with db.read() as session:
        table = records.theme_table(session, product(chain)).set_index("name")
        assert table.loc["排队等位太久", ["units", "fans", "stores"]].tolist() == [4, 3, 2]
        assert table.loc["珍珠太硬", "negative_share"] == 1.0
        clerk = chain.actors["clerk"]
        own = records.theme_table(session, clerk).set_index("name")
        assert own.loc["排队等位太久", "units"] == 2
        rows, total = evidence(session, clerk, theme_id=themes["排队等位太久"])
        assert total == 2 and set(rows["sentence"]) == {"排队等位太久"}
        assert records.totals(session, product(chain))["units"] == 7
        shares = records.theme_by_store(session, product(chain), theme_id=themes["珍珠太硬"])
        assert shares[["units", "store_units", "independent"]].values.tolist() == [[2, 4, 2], [1, 3, 1]]
        waits = records.theme_by_store(session, product(chain), theme_id=themes["排队等位太久"])
        assert waits["independent"].tolist() == [2, 2]


@pytest.mark.parametrize("words", ["%", "_", "' OR 1=1 --", "\\", "珍珠"])
def test_search_takes_words_literally(db, chain, themes, words):
    with db.read() as session:
        assert evidence(session, product(chain), words=words)[1] == (3 if words == "珍珠" else 0)
        assert evidence(session, product(chain), Selection(store_id=10**9))[1] == 0
