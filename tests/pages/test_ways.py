"""No link of a page leads the person who sees it to 看不了这个页面."""

from __future__ import annotations

import pytest

from fanops.access import Role
from fanops.ui.frame import HOME, PAGES

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
CLERKS = [entry for entry in PAGES if Role.CLERK in entry.roles]


@ONE
@pytest.mark.parametrize("entry", CLERKS, ids=[entry.url_path for entry in CLERKS])
def test_a_clerk_without_data_is_led_only_to_pages_of_a_clerk(open_page, entry) -> None:
    open_to_clerks = {"" if each.file == HOME else each.url_path for each in CLERKS} | {"overview"}
    at = open_page("clerk", entry.file)
    assert not at.exception
    assert {link.proto.page for link in at.get("page_link")} <= open_to_clerks
