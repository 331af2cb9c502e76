"""The map: scoped, narrowed by word, theme and polarity, thinned the same way each time; chosen points are units."""

from __future__ import annotations

import pandas as pd
import pytest

from fanops.tables import Theme, ThemeAssignment, Unit, Voice
from fanops.themes.records_map import map_bounds, map_points
from fanops.ui.themes.map_views import chosen_units, theme_colours, theme_map

DARK = ("#ECEAE4", "#16181A")


@pytest.fixture
def placed(chain) -> list[int]:
    """Themes 排队 (30 units in S1) and 珍珠 (10 in S3), on a line."""
    with chain.db.write() as session:
        themes = []
        for name, store, count in (("排队", "S1", 30), ("珍珠", "S3", 10)):
            theme = Theme(brand_id=chain.brand_id, name=name)
            session.add(theme)
            session.flush()
            themes.append(theme.id)
            for place in range(count):
                voice = Voice(brand_id=chain.brand_id, store_id=chain.stores[store], source_key=f"{name}{place}",
                              text=f"{name}100%<b>{place}</b>")  # fmt: skip
                session.add(voice)
                session.flush()
                unit = Unit(voice_id=voice.id, start=0, end=len(voice.text), polarity=-1 if place % 2 else 1)
                session.add(unit)
                session.flush()
                x = float(place) if name == "排队" else 100.0
                session.add(ThemeAssignment(unit_id=unit.id, theme_id=theme.id, strength=1, x=x, y=-x))
    return themes


def test_the_map_is_scoped_and_narrowed(chain, placed):
    product, clerk = chain.actors["product"], chain.actors["clerk"]
    with chain.db.read() as session:
        points, total = map_points(session, product)
        assert total == 40 and points["theme_id"].value_counts().to_dict() == {placed[0]: 30, placed[1]: 10}
        assert map_points(session, clerk)[1] == 30 and map_points(session, chain.actors["stranger"])[1] == 0
        assert map_points(session, product, words="珍珠")[1] == 10
        assert map_points(session, product, words="%<b>1")[1] == 12  # 1 and 10 to 19, and 1: taken as it is
        assert map_points(session, product, words="_")[1] == 0
        assert map_points(session, product, theme_id=placed[0], polarity=-1)[1] == 15
        thinned = [map_points(session, product, most=20) for _ in range(2)]
        assert thinned[0][0].equals(thinned[1][0]) and 0 < len(thinned[0][0]) < 40 and thinned[0][1] == 40
        left, right, bottom, top = map_bounds(session, product)
        assert (left, right, bottom, top) == pytest.approx((-3, 103, -103, 3))


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_chosen_points_are_units_and_words_are_data(chain, placed):
    with chain.db.read() as session:
        points, _ = map_points(session, chain.actors["product"])
        option, groups = theme_map(
            points, {placed[0]: "<script>"}, map_bounds(session, chain.actors["product"]), theme_colours(placed), DARK
        )
    assert [len(group) for group in groups] == [10, 30]
    # A theme keeps its colour whichever others are drawn with it.
    among = theme_map(points, {999: "别的", placed[0]: "排队"}, (0, 1, 0, 1), theme_colours([*placed, 999]), DARK)[0][
        "series"
    ]
    colour = {each["name"]: each.get("itemStyle", {}).get("color") for each in [*option["series"], *among]}
    assert colour["排队"] == colour["<script>"]
    chosen = {"selection": {"selected": [
        {"series_index": 1, "data_indices": [2, 0, 2]}, {"series_index": 0, "data_indices": [9, 400]},
        {"series_index": 7, "data_indices": [0]},
    ]}}  # fmt: skip
    assert chosen_units(chosen, groups) == sorted([groups[1][0], groups[1][2], groups[0][9]])
    label = option["series"][-1]["label"]
    assert (label["color"], label["textBorderColor"]) == DARK  # the ink of light paper would not be seen
    # a template's placeholders are escaped by the chart; a function or a name inside the template would not be
    assert option["tooltip"]["formatter"] == "{a}<br/>{@text}"


def brightness(colour: str) -> float:
    """Relative luminance (WCAG 2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("paper", ["#FBFAF7", "#16181A"])
def test_no_theme_is_lost_on_the_paper(paper):
    for colour in theme_colours(range(24)).values():
        dark, light = sorted((brightness(colour), brightness(paper)))
        assert (light + 0.05) / (dark + 0.05) > 1.7, colour


def test_no_two_of_the_drawn_themes_look_the_same_and_later_ones_change_none():
    first = [1, 2, 13, 25, 26, 49]
    colours = theme_colours(first)
    later = theme_colours([*first, *range(100, 118)])
    assert len(set(later.values())) == len(later) == 24 and {each: later[each] for each in first} == colours
    assert set(theme_colours(range(60)).values()) == set(later.values())


def test_on_a_phone_names_stay_inside_the_picture_and_tools_fit_a_finger():
    at = {1: 0.05, 2: 0.5, 3: 0.97}
    points = pd.DataFrame(
        [(each, each, x, 0.5, "话") for each, x in at.items()], columns=["unit_id", "theme_id", "x", "y", "text"]
    )
    names = {each: f"主题{each}" for each in at}
    drawn = {
        wide: theme_map(points, names, (0, 1, 0, 1), theme_colours(names), DARK, narrow=not wide)[0]
        for wide in (True, False)
    }
    sides = {wide: [each["label"]["align"] for each in option["series"][-1]["data"]] for wide, option in drawn.items()}
    assert sides == {True: ["center"] * 3, False: ["left", "center", "right"]}
    assert (drawn[True]["toolbox"]["itemSize"], drawn[False]["toolbox"]["itemSize"]) == (22, 44)
