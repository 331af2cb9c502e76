"""From what 18 fans said to a verdict, by page: theme, item, gates, trial, pilot, effect; the second wave locked until then."""

from __future__ import annotations

import csv
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fanops.sample.chain import phone
from fanops.settings import today
from tests.journeys.conftest import DESK, PHONE, Server, Visit, start_server, stop_server

STORES, WEEKS, LIVE_WEEKS, LIFT = 8, 20, 8, 1.15
PILOT = ("V1店", "V2店")
OTHERS = ("芋泥很香", "杯子漏水了", "店员很热情", "珍珠有点硬", "座位太少", "价格有点贵")


def _orders(path: Path) -> None:
    """Steady revenue per store; the two pilot stores take 15 % more in the last eight weeks."""
    draw = np.random.default_rng(7)
    first = today() - timedelta(days=today().weekday() + 7 * WEEKS)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(["订单号", "门店", "下单时间", "金额"])
        for store in range(STORES):
            for week in range(WEEKS):
                lift = LIFT if store < 2 and week >= WEEKS - LIVE_WEEKS else 1.0
                for day in range(7):
                    at = datetime.combine(first + timedelta(weeks=week, days=day), datetime.min.time()) + timedelta(
                        hours=12
                    )
                    amount = (300 + 40 * store) * lift * np.exp(draw.normal(0, 0.03))
                    table.writerow(
                        [f"{store}-{week}-{day}", f"V{store + 1}店", f"{at:%Y-%m-%d %H:%M}", f"{amount:.2f}"]
                    )


def _voices(path: Path) -> None:
    """18 fans complain of the queue in the pilot stores; 60 others speak of other things."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(["评价内容", "门店", "手机号", "时间"])
        for place in range(18):
            table.writerow(
                [
                    f"排队等了{15 + place}分钟",
                    PILOT[place >= 12],
                    phone(place),
                    f"{today() - timedelta(days=90):%Y-%m-%d}",
                ]
            )
        for place in range(60):
            table.writerow(
                [
                    OTHERS[place % 6] + "啊" * (place // 6 % 3),
                    f"V{3 + place % 6}店",
                    "",
                    f"{today() - timedelta(days=80):%Y-%m-%d} 10:{place:02}",
                ]
            )


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A chain of eight stores of its own, with orders and voices imported by command."""
    folder = tmp_path_factory.mktemp("verdict")
    process, server = start_server(folder)
    for number in range(1, STORES + 1):
        server.fanops("org", "add-store", f"V{number}", f"V{number}店", "--region", "华东")
    _orders(folder / "订单.csv")
    _voices(folder / "评价.csv")
    server.fanops("import", "orders", str(folder / "订单.csv"))
    server.fanops("import", "voices", str(folder / "评价.csv"))
    yield server
    stop_server(process)


def _pick(window: Visit, label: str, *options: str) -> None:
    """Choose in a select box or a multiselect."""
    box = window.page.get_by_label(label, exact=True).first
    for option in options:
        window.settle()
        box.click()
        box.press_sequentially(option)
        window.page.get_by_role("option", name=option, exact=True).first.click()
    window.page.keyboard.press("Escape")
    window.settle()


def _press(window: Visit, name: str, saying: str) -> None:
    window.page.get_by_role("button", name=name, exact=True).first.click()
    window.page.get_by_text(saying).first.wait_for(timeout=30_000)
    window.settle()


@pytest.mark.timeout(600)  # some sixty steps in a browser, on a busy machine
def test_from_a_voice_to_a_verdict(visit: Any, chain: Server) -> None:
    window = visit(DESK, on=chain)
    page = window.page
    window.sign_in("admin", path="/themes")
    window.settle()
    page.get_by_role("button", name="发现主题").click()
    page.get_by_role("button", name="开始发现").click()
    page.get_by_text("上次发现").wait_for(timeout=120_000)
    window.settle()
    page.locator("[data-testid=stPageLink] a[href*='theme=']").filter(has_text="排队").first.click()
    page.get_by_role("button", name="开需求条目").first.wait_for(timeout=30_000)
    window.settle()
    page.get_by_role("button", name="开需求条目").first.click()
    page.get_by_label("做成什么样").fill("手机上先点，到店自取")
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="开需求条目").click()
    page.get_by_text("已开需求条目").first.wait_for()

    # the board by keyboard: two gates are open, the third says what it lacks
    window.open("/backlog")
    card = page.locator(".fanops-board article")
    assert "18 位粉丝" in card.inner_text()
    for stage in ("定义", "打样"):
        card.focus()
        page.keyboard.press("Alt+ArrowRight")
        page.get_by_text(f"已进入“{stage}”").first.wait_for(timeout=30_000)
        window.settle()
    card.drag_to(page.locator(".fanops-board section").nth(3))
    page.get_by_text("还没有写打样结果").first.wait_for(timeout=30_000)
    page.get_by_role("textbox", name="打样结果").fill("两款，出杯快 40 秒")
    page.get_by_role("button", name="记下", exact=True).click()
    page.get_by_text("可以前进").wait_for(timeout=30_000)
    window.settle()
    card.drag_to(page.locator(".fanops-board section").nth(3))
    page.get_by_text("已进入“粉丝试用”").first.wait_for(timeout=30_000)
    window.settle()

    # 18 raisers, 18 invited; 11 come, 8 would buy
    page.get_by_role("tab", name="粉丝试用").click()
    page.get_by_role("button", name="邀请这 18 位提出者来试").click()
    page.get_by_text("邀请 18 位").first.wait_for(timeout=30_000)
    window.settle()
    for place in range(11):
        page.get_by_role("tab", name="粉丝试用").click()
        verdict = re.compile("^会买$" if place < 8 else "^不会买$")
        page.locator("[data-testid=stButtonGroup] button").filter(has_text=verdict).first.click()
        page.get_by_role("button", name="记录评价").click()
        page.get_by_text(f"已评价 {place + 1} 位").wait_for(timeout=30_000)
        window.settle()
    assert page.get_by_text("8/11 位会买").is_visible()
    window.shot("verdict_trial_desk")

    # the plan is frozen before the first store, with what it could show at all
    window.open("/effects")
    page.get_by_text("定效果方案").click()
    _pick(window, "上线门店", *PILOT)
    page.get_by_text("以上的变化").first.wait_for(timeout=30_000)
    _pick(window, "对照门店（空着：其余全部）", *(f"V{number}店" for number in range(3, 9)))
    window.shot("verdict_plan_desk")
    _press(window, "冻结方案", "效果方案已冻结")

    window.open("/backlog")
    page.get_by_role("tab", name="门店铺开").click()
    _pick(window, "加入门店", *PILOT)
    _press(window, "加入", "已在 0 / 2 家计划门店上线")
    _press(window, "进入下一阶段", "试点门店还没有上线")
    page.get_by_role("tab", name="门店铺开").click()
    live = today() - timedelta(days=today().weekday() + 7 * LIVE_WEEKS)
    for place, store in enumerate(PILOT):
        page.get_by_role("tab", name="门店铺开").click()
        if page.get_by_label("门店", exact=True).first.input_value() != store:
            _pick(window, "门店", store)
        page.get_by_label("上线日", exact=True).get_by_role("spinbutton").first.click()
        page.keyboard.type(f"{live:%Y%m%d}")
        page.keyboard.press("Tab")
        window.settle()
        _press(window, "更新", f"已在 {place + 1} / 2 家计划门店上线")

    # the second wave is locked until the first has a verdict
    _pick(window, "加入门店", "V3店")
    _pick(window, "波次", "区域")
    _press(window, "加入", "“区域”锁着")
    window.open("/effects")
    _press(window, "测量", "至今带来的营业额")
    assert page.get_by_role("heading", name="有效").is_visible()
    window.shot("verdict_desk")
    window.open("/backlog")
    page.get_by_role("button", name="进入下一阶段", exact=True).click()
    page.locator(".fanops-board section").nth(5).locator("article").wait_for(timeout=30_000)
    window.settle()
    page.get_by_role("tab", name="门店铺开").click()
    _pick(window, "加入门店", "V3店")
    _pick(window, "波次", "区域")
    _press(window, "加入", "已在 2 / 3 家计划门店上线")
    window.open("/brief")
    assert "有效" in page.locator("[data-testid=stMain]").inner_text()
    page.goto(f"{window.server.url}/print/brief")
    assert len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(format="A4"))) == 1  # the owner's page is one sheet of paper
    assert (window.foreign, window.violations) == ([], [])

    phone_window = visit(PHONE, on=chain)
    phone_window.sign_in("admin")
    for path in ("/effects", "/backlog", "/fixes", "/loop"):
        phone_window.open(path)
        phone_window.shot(f"verdict_{path.strip('/')}_phone")
        assert phone_window.width_overflow() == 0, path
