"""One's own password, from the page."""

from __future__ import annotations

import pytest

from fanops.access.accounts import SignInRefused, sign_in

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
NEW = "xin-de-mi-ma-2026"


def _change(at, current: str, new: str, again: str):
    at.text_input(key="me.current").input(current)
    at.text_input(key="me.new").input(new)
    at.text_input(key="me.again").input(again)
    return at.button(key="me.submit").click().run()


def test_changing_it_signs_out_everywhere(open_page, chain) -> None:
    at = _change(open_page("clerk", "me.py"), chain.password, NEW, NEW)
    assert [title.value for title in at.title] == ["请登录"]
    assert sign_in(chain.db, "clerk", NEW, "here", hours=1)[1] == chain.actors["clerk"]


@pytest.mark.parametrize(
    ("current", "new", "again", "said"),
    [
        ("wrong-password", NEW, NEW, "现在的密码不对"),
        (None, NEW, NEW + "x", "不一样"),
        (None, "short", "short", "密码至少"),
    ],
)
def test_what_is_refused(open_page, chain, current, new: str, again: str, said: str) -> None:
    at = _change(open_page("clerk", "me.py"), current or chain.password, new, again)
    assert said in at.error[0].value
    with pytest.raises(SignInRefused):
        sign_in(chain.db, "clerk", NEW, "here", hours=1)
