"""A person signs in, looks around, signs out; at a desk and on a phone."""

from __future__ import annotations

import pytest

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.mark.parametrize(("where", "viewport"), [("desk", DESK), ("phone", PHONE)])
def test_in_and_out(visit, where: str, viewport: dict[str, int]) -> None:
    window = visit(viewport)
    window.page.goto(window.server.url)
    assert window.page.url.endswith("/login")
    assert window.width_overflow() == 0
    window.shot(f"sign_in_{where}")
    window.sign_in("ceo", "wrong-password")
    assert "登录名或密码不对" in window.page.get_by_role("alert").inner_text()
    assert window.page.get_by_label("登录名").input_value() == "ceo"
    window.shot(f"sign_in_refused_{where}")
    window.sign_in("ceo")
    window.settle()
    window.shot(f"home_{where}")
    assert window.width_overflow() == 0

    # What a script in the page could steal: nothing.
    assert "fanops" not in window.page.evaluate("document.cookie")
    [cookie] = [each for each in window.page.context.cookies() if each["name"] == "fanops_session"]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")

    if where == "phone":
        window.page.get_by_test_id("stExpandSidebarButton").click()
    window.page.get_by_role("button", name="退出").click()
    window.page.wait_for_url("**/login")
    window.shot(f"signed_out_{where}")
    # The copied cookie is dead.
    thief = visit(viewport)
    thief.page.context.add_cookies([cookie])
    thief.page.goto(window.server.url)
    assert thief.page.url.endswith("/login")
    assert window.foreign == []
    assert window.violations == []


def test_signed_out_in_one_tab_is_signed_out_in_all(visit) -> None:
    window = visit()
    window.sign_in("admin", path="/accounts")
    window.settle()
    assert window.page.url.endswith("/accounts")
    other = window.page.context.new_page()
    other.goto(f"{window.server.url}/logout")
    other.get_by_role("button", name="退出").click()
    other.wait_for_url("**/login")
    window.page.get_by_role("button", name="添加账号").click()
    window.page.wait_for_url("**/login?next=%2Faccounts")


def test_a_page_the_role_lacks_says_why(visit) -> None:
    window = visit()
    window.sign_in("clerk", path="/accounts")
    window.page.get_by_role("heading", name="看不了这个页面").wait_for()
    assert "管理员" in window.page.get_by_test_id("stMain").inner_text()
    assert window.page.get_by_test_id("stSidebarNav").get_by_text("账号").count() == 0
    window.page.goto(f"{window.server.url}/nothing-here")
    window.page.get_by_role("heading", name="没有这个页面").wait_for()


def test_dark_and_light(visit) -> None:
    for scheme in ("light", "dark"):
        window = visit(color_scheme=scheme)
        window.sign_in("admin", path="/accounts")
        window.settle()
        window.shot(f"accounts_{scheme}")
        colour = window.page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
        assert colour == {"light": "rgb(251, 250, 247)", "dark": "rgb(22, 24, 26)"}[scheme]


def test_adding_an_account_and_taking_the_list_out(visit) -> None:
    window = visit()
    window.sign_in("admin", path="/accounts")
    window.settle()
    page = window.page
    page.get_by_label("登录名", exact=True).fill("wangfang")
    page.get_by_label("姓名", exact=True).fill("王芳")
    page.get_by_label("密码", exact=True).fill("yi-ju-hao-ji-de-hua")
    page.get_by_role("button", name="添加账号").click()
    page.get_by_text("店员的账号要指定门店").first.wait_for()
    assert page.get_by_label("姓名", exact=True).input_value() == "王芳"
    window.shot("accounts_refusal")
    address = window.server.url + page.get_by_role("link", name="导出 Excel").get_attribute("href")
    assert "spreadsheetml" in page.request.get(address).headers["content-type"]
    assert "spreadsheetml" not in visit().page.request.get(address).headers["content-type"]


HOSTILE = "![x](https://evil.example/a.png) [y](http://evil.example)"


def test_a_name_is_only_a_name(visit) -> None:
    visit_as_admin = visit()
    visit_as_admin.server.fanops(
        "account", "add", "mallory", "--role", "ceo", "--name", HOSTILE[:40], stdin="mingtian-hecha-2026\n"
    )
    window = visit()
    window.sign_in("mallory")
    window.settle()
    sidebar = window.page.get_by_test_id("stSidebar")
    assert HOSTILE[:30].replace("://", "") in sidebar.inner_text().replace("\u2060", "").replace("://", "")
    assert sidebar.locator("img[src*=evil], a[href*=evil]").count() == 0
    assert window.foreign == []
