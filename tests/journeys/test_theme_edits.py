"""A product manager's hour with the themes: rename, merge, split, move, undo; all of it stands after the next run with more."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from fanops.sample.chain import phone
from fanops.sample.sayings import make_reviews
from fanops.settings import today
from tests.journeys.conftest import DESK, PHONE, Visit

RENAMED, TAKEN_OUT = "我们自己起的名字", "单独拿出来的事"


def _reviews(path: Path, first: int, last: int) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["评价内容", "门店", "手机号", "时间"])
        for said in make_reviews(today(), count=440)[first:last]:
            known = phone(said.fan) if said.fan is not None else ""
            table.writerow([said.text, "静安店", known, f"{said.at:%Y-%m-%d %H:%M}"])
    return str(path)


def _tab(window: Visit, name: str) -> None:
    window.page.get_by_role("tab", name=name).click()
    window.settle()


def _tick(window: Visit, count: int) -> list[str]:
    """Tick the first sentences that nobody else said too (×2 counts for two), and give them."""
    once = window.page.locator("[data-testid=stMain] figure:has(input)").filter(has_not_text="×")
    once.first.wait_for()
    marked = once.locator("mark").all_inner_texts()[:count]
    for place in range(count):
        once.nth(place).locator("input[type=checkbox]").check()
    window.page.get_by_text(f"已选 {count} 句").wait_for()
    window.settle()
    return marked


def _choose(window: Visit, label: str, option: str) -> None:
    box = window.page.get_by_label(label)
    box.click()
    box.fill(option)
    window.page.get_by_role("option", name=option, exact=True).click()
    window.settle()


@pytest.mark.timeout(600)  # two discoveries and some forty steps in a browser, on a busy machine
def test_edits_by_hand_outlive_the_next_run(visit, start, tmp_path: Path) -> None:
    _, server = start(tmp_path)
    server.fanops("import", "voices", _reviews(tmp_path / "一.csv", 0, 400))
    server.fanops("themes", "discover")
    window = visit(DESK, on=server)
    page = window.page
    window.sign_in("admin", path="/themes")
    window.settle()
    links = page.locator("[data-testid=stMain] a[href*='theme=']")
    links.nth(2).wait_for()
    listed = [(re.search(r"theme=(\d+)", links.nth(at).get_attribute("href"))[1], links.nth(at).inner_text().split("\n")[-1].strip()) for at in range(3)]  # fmt: skip
    (first, _), (second, second_name), (third, third_name) = listed

    window.open(f"/theme?theme={first}")
    _tab(window, "编辑与历史")
    page.get_by_label("名称").fill(RENAMED)
    page.get_by_role("button", name="改名").click()
    page.get_by_text(f"已改名为“{RENAMED}”").first.wait_for()

    _tab(window, "原声")
    apart = _tick(window, 3)
    page.get_by_label("拆成新主题").fill(TAKEN_OUT)
    page.get_by_role("button", name="拆出").click()
    page.get_by_text(f"已把 3 句拆成“{TAKEN_OUT}”").first.wait_for()
    window.settle()

    window.open(f"/theme?theme={second}")
    moved = _tick(window, 2)
    _choose(window, "移动到", RENAMED)
    page.get_by_role("button", name="移动").click()
    page.get_by_text("已移动 2 句").first.wait_for()

    for undone in (True, False):
        window.open(f"/theme?theme={third}")
        _tab(window, "编辑与历史")
        _choose(window, "合并到", second_name)
        page.get_by_role("button", name="合并").click()
        page.get_by_text(f"“{third_name}”已并入“{second_name}”").first.wait_for()
        if undone:
            page.get_by_role("button", name="撤销", exact=True).click()
            page.get_by_text(f"“{third_name}”已并入“{second_name}”").first.wait_for(state="detached")
    window.shot("theme_merged_desk")

    server.fanops("import", "voices", _reviews(tmp_path / "二.csv", 400, 440))
    server.fanops("themes", "discover")

    window.open("/themes")
    page.get_by_text("全部").last.wait_for()
    for name, stays in ((RENAMED, True), (TAKEN_OUT, True), (second_name, True), (third_name, False)):
        page.get_by_label("找主题").fill(name)
        page.get_by_label("找主题").press("Enter")
        window.settle()
        found = page.locator("[data-testid=stMain] a[href*='theme=']", has_text=re.compile(f"{re.escape(name)}$"))
        found.first.wait_for() if stays else found.first.wait_for(state="detached")
    window.open(f"/theme?theme={third}")
    page.get_by_text(f"这个主题已并入“{second_name}”").wait_for()
    for theme_name, sentences in ((TAKEN_OUT, apart), (RENAMED, moved)):
        window.open("/themes")
        page.get_by_label("找主题").fill(theme_name)
        page.get_by_label("找主题").press("Enter")
        page.locator("[data-testid=stMain] a[href*='theme=']", has_text=theme_name).first.click()
        page.get_by_role("heading", name=theme_name).wait_for()
        page.locator("[data-testid=stMain] figure mark").first.wait_for()
        window.settle()
        # By hand is surest: these sentences stand first.
        shown = page.locator("[data-testid=stMain] figure:has(input) mark").all_inner_texts()
        assert set(sentences) <= set(shown), theme_name

    window.open("/themes")
    _tab(window, "地图")
    page.locator("[data-testid=stMain] canvas").first.wait_for()
    window.shot("map_desk")
    assert (window.foreign, window.violations) == ([], [])
    small = visit(PHONE, on=server)
    small.sign_in("admin", path="/themes")
    small.settle()
    for name in ("列表", "地图", "沿革", "质量"):
        _tab(small, name)
        small.shot(f"themes_{name}_phone")
        assert small.width_overflow() == 0, name
