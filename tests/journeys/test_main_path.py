"""The main job by page: reviews go in, themes come out, a theme becomes a tag, a fix and an item; the overview shows it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from fanops.sample.chain import phone
from fanops.sample.sayings import make_reviews
from fanops.settings import today
from tests.journeys.conftest import DESK, PHONE


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 reviews by known and unknown people, and one without words."""
    path = tmp_path_factory.mktemp("reviews") / "评价.csv"
    with path.open("w", encoding="gb18030", newline="") as file:
        table = csv.writer(file)
        table.writerow(["评价内容", "门店", "手机号", "时间"])
        for said in make_reviews(today(), count=400):
            table.writerow(
                [said.text, "静安店", phone(said.fan) if said.fan is not None else "", f"{said.at:%Y-%m-%d %H:%M}"]
            )
        table.writerow(["", "静安店", "", "2026-10-01 10:00"])
    return path


def test_from_a_file_to_what_is_done(visit, reviews: Path) -> None:
    window = visit(DESK)
    page = window.page
    window.sign_in("admin", path="/import_voices")
    window.settle()
    page.locator("input[type=file]").set_input_files(reviews)
    page.get_by_text("会发生什么").wait_for()
    window.settle()
    assert page.get_by_role("button", name="导入 400 行").is_disabled()  # one row has no words
    page.get_by_text("只导入可用的行").click()
    window.settle()
    window.shot("import_preview_desk")
    page.get_by_role("button", name="导入 400 行").click()
    page.get_by_text("已导入原声：新增 400 条").first.wait_for(timeout=60_000)
    window.shot("imported_desk")

    window.open("/themes")
    page.get_by_role("button", name="发现主题").click()
    page.get_by_role("button", name="开始发现").click()
    page.get_by_text("上次发现").wait_for(timeout=90_000)
    window.settle()
    window.shot("themes_desk")

    page.locator("[data-testid=stPageLink] a[href*='theme=']").first.click()
    page.get_by_role("button", name="开服务改进").wait_for(timeout=30_000)
    window.settle()
    title = page.locator("[data-testid=stMain] h1").inner_text()
    window.shot("theme_desk")

    page.get_by_role("button", name="开服务改进").click()
    page.get_by_role("button", name="开这项改进").click()
    page.get_by_text("已在 1 家门店开了").first.wait_for()
    page.get_by_test_id("stPopoverBody").wait_for(state="detached")  # it closes by itself once the deed is done
    window.settle()
    page.get_by_role("button", name="给提出者贴标签").click()
    page.get_by_role("button", name="贴给").click()
    page.get_by_text("位粉丝贴上").first.wait_for()
    window.settle()
    page.get_by_role("button", name="开需求条目").first.click()
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="开需求条目").click()
    page.get_by_text("已开需求条目").first.wait_for()
    # It floats only while its own place, at the top, is out of sight.
    main, floating = page.get_by_test_id("stMain"), page.get_by_test_id("stToast").filter(has_text="已开需求条目")
    main.evaluate("main => main.scrollTo(0, main.scrollHeight)")
    floating.wait_for()
    main.evaluate("main => main.scrollTo(0, 0)")
    floating.wait_for(state="hidden", timeout=1_000)
    window.shot("theme_acted_desk")

    window.open("/fixes")
    assert title in page.locator("[data-testid=stMain]").inner_text()
    window.shot("fix_desk")
    window.open("/backlog")
    assert title in page.locator("[data-testid=stMain]").inner_text()
    window.shot("item_desk")
    window.open("/overview")
    assert title in page.locator("[data-testid=stMain]").inner_text()
    window.shot("overview_desk")
    assert (window.foreign, window.violations) == ([], [])

    phone_window = visit(PHONE)
    phone_window.sign_in("admin")
    for path in ("/", "/themes", "/fixes", "/backlog", "/voices"):
        phone_window.open(path)
        phone_window.shot(f"path_{path.strip('/') or 'home'}_phone")
        assert phone_window.width_overflow() == 0, path
        pictures = phone_window.page.locator("[data-testid=stFullScreenFrame]:has([data-testid=stVegaLiteChart])")
        tools = pictures.locator("[data-testid=stElementToolbar]")  # of 24 px: no finger hits them
        assert not any(each.is_visible() for each in tools.all()), path
