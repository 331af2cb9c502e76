"""At the counter with a phone: the clerk finds the fan who just came in, reads the card, ticks it off; the time is printed."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

from fanops.settings import today
from tests.journeys.conftest import FINGER, PHONE

_FANS = 60


def test_a_clerk_finds_a_fan_reads_the_card_and_ticks_it_off(start, visit, tmp_path: Path, record_property) -> None:
    _, server = start(tmp_path)
    surnames = "赵钱孙李周吴郑冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳"
    came = today() - timedelta(days=7)
    members = [
        "会员号,手机号,姓名,开卡门店",
        *(f"M{place},1380013{place:04d},{surnames[place % len(surnames)]}小明,静安店" for place in range(_FANS)),
    ]
    orders = ["订单号,门店,下单时间,实付金额,会员号,商品明细"]
    orders += [f"D{place},静安店,{came} 10:{place % 60:02d},18,M{place},四季春" for place in range(_FANS)]
    for kind, lines in (("members", members), ("orders", orders)):
        path = tmp_path / f"{kind}.csv"
        path.write_text("\n".join(lines), "utf-8")
        server.fanops("import", kind, str(path))
    assert f"做了 {_FANS} 位" in server.fanops("fans", "rule", "run", "welcome_back")

    window = visit(PHONE, on=server, **FINGER)
    window.sign_in("clerk", path="/today")
    window.settle()
    page = window.page
    page.get_by_text(f"{_FANS} 张服务卡").wait_for()

    began = time.monotonic()
    page.get_by_label("找人").first.fill("柏")
    page.get_by_label("找人").first.press("Enter")
    card = page.get_by_text("柏**").first
    card.wait_for()
    page.get_by_text("四季春").first.wait_for()  # what they like, on the card
    page.get_by_text("问问第一次喝得怎么样").first.wait_for()  # what to do now
    window.settle()
    window.shot("card_found_phone")
    page.get_by_role("button", name="做了", exact=True).first.click()
    page.get_by_text("已记下。").first.wait_for()
    seconds = time.monotonic() - began
    record_property("seconds", round(seconds, 1))
    print(f"found, read and ticked off in {seconds:.1f} s")

    window.shot("card_done_phone")
    assert window.width_overflow() == 0
    page.get_by_text(f"{_FANS - 1} 张服务卡").wait_for()
    window.open("/fans")
    page.get_by_label("找人").first.fill("13800130034")
    page.get_by_label("找人").first.press("Enter")
    page.get_by_text("共 1 位").wait_for()
    window.settle()

    low = "nodes => nodes.map(n => [n.innerText, n.getBoundingClientRect().height]).filter(([_, h]) => h > 0 && h < 44)"
    targets = "a[href]:not([href^='#']), button.card, summary, [role=combobox], [data-testid=stTextInputField]"
    assert page.locator(f"[data-testid=stMain] :is({targets})").evaluate_all(low) == []
    page.locator("button.card").first.tap()
    page.wait_for_url("**/fan?fan=*")
    window.settle()
    shown = page.url
    page.get_by_text("谁介绍来的").click()
    page.get_by_label("介绍人的手机号或会员号").fill("M7")
    page.get_by_label("介绍人的手机号或会员号").press("Enter")
    page.get_by_role("button", name="记下", exact=True).click()
    page.get_by_text("已记下是谁介绍来的").first.wait_for()
    window.settle()
    page.get_by_role("button", name="介绍来的").click()
    page.wait_for_url(lambda address: "/fan?fan=" in address and address != shown)  # the address goes along
    window.settle()
    window.shot("introduced_by_phone")
    assert page.get_by_role("heading", level=1).inner_text().startswith(surnames[7])
    assert not window.foreign and not window.violations
