"""Every page × every role. A page that is not in this table fails, so that nobody forgets to decide."""

from __future__ import annotations

import ast

import pytest

from fanops.access import Role
from fanops.content import content_path
from fanops.ui.address import PAGE
from fanops.ui.frame import GROUPS, HOME, PAGES, pages_for

C, S, R, P, E, A = (
    Role.CLERK,
    Role.STORE_MANAGER,
    Role.REGION_MANAGER,
    Role.PRODUCT,
    Role.CEO,
    Role.ADMIN,
)
EVERYONE = {C, S, R, P, E, A}

# Decided by hand, against what the frame offers.
MATRIX: dict[str, set[Role]] = {
    "overview.py": EVERYONE,
    "work.py": EVERYONE - {C},
    "brief.py": EVERYONE - {C},
    "loop.py": EVERYONE - {C},
    "messages.py": {P, E, A},
    "accounts.py": {A},
    "organisation.py": {A},
    "audit_log.py": {A},
    "me.py": EVERYONE,
    "surveys.py": EVERYONE,
    "survey_editor.py": {P, E, A},
    "record.py": EVERYONE,
    "panels.py": EVERYONE,
    "interviews.py": EVERYONE,
    "interview.py": EVERYONE,
    "codebook.py": EVERYONE - {C},
    "import_voices.py": EVERYONE - {C},
    "findings.py": EVERYONE - {C},
    "themes.py": EVERYONE,
    "theme.py": EVERYONE,
    "voices.py": EVERYONE,
    "dictionary.py": {P, E, A},
    "today.py": EVERYONE,
    "fan_insights.py": EVERYONE - {C},
    "segments.py": EVERYONE - {C},
    "tags.py": EVERYONE - {C},
    "rules.py": EVERYONE - {C},
    "allocation.py": EVERYONE - {C},
    "fans.py": EVERYONE,
    "fan.py": EVERYONE,
    "fixes.py": EVERYONE,
    "backlog.py": EVERYONE - {C},
    "effects.py": EVERYONE - {C},
}
LOGINS = {
    "clerk": C,
    "store_manager": S,
    "region_manager": R,
    "product": P,
    "ceo": E,
    "admin": A,
}
ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def _files() -> set[str]:
    return {path.name for path in content_path("pages").glob("*.py")} - {"app.py"}


def test_every_page_is_in_the_frame_and_in_the_table() -> None:
    assert {entry.file for entry in PAGES} == set(MATRIX)
    assert _files() <= set(MATRIX), "a page that the frame does not know"


def test_the_frame_offers_what_was_decided() -> None:
    for entry in PAGES:
        assert set(entry.roles) == MATRIX[entry.file], entry.file
        assert entry.group in GROUPS
    for role in Role:
        assert {entry.file for entry in pages_for(role)} == {f for f, who in MATRIX.items() if role in who} & _files()


def test_no_page_hides_a_module_of_the_standard_library() -> None:
    import sys

    assert not {entry.url_path for entry in PAGES} & sys.stdlib_module_names


@pytest.mark.parametrize("file", sorted(_files()))
def test_every_page_asks_who_is_there(file: str) -> None:
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(content_path("pages", file).read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    wanted = {"need"} if MATRIX[file] != EVERYONE else {"need", "current_actor"}
    assert calls & wanted, f"pages/{file} must call {' or '.join(sorted(wanted))} of fanops.ui.guard"


@ONE
@pytest.mark.parametrize("login", sorted(LOGINS))
def test_each_role_gets_its_pages_without_an_error(open_page, login: str) -> None:
    """On a chain without any data: every page says what will be here, none breaks."""
    for file in sorted(_files()):
        if LOGINS[login] not in MATRIX[file]:
            continue
        at = open_page(login, file)
        assert not at.exception, f"{login} on {file}: {[box.message for box in at.exception]}"
        assert at.session_state[PAGE] == file
        # A page that says it can't be opened alone (a detail without an id) is fine; a blank one is not.
        assert at.title or at.header or at.markdown or at.info or at.error, f"{login} on {file}: blank"


@ONE
@pytest.mark.parametrize("login", sorted(LOGINS))
def test_no_role_gets_the_others_pages(open_page, login: str) -> None:
    for file in sorted(_files()):
        if LOGINS[login] not in MATRIX[file]:
            at = open_page(login, file)
            assert [title.value for title in at.title] == ["看不了这个页面"], f"{login} on {file}"


@ONE
@pytest.mark.parametrize("claimed", [{}, {"uid": "1", "sid": "999"}, {"uid": "x", "sid": "y"}, {"uid": "1"}])
def test_nobody_gets_no_page(chain, claimed: dict[str, str]) -> None:
    from streamlit.testing.v1 import AppTest

    at = AppTest.from_file(str(content_path("pages", "app.py")), default_timeout=60)
    at.user = claimed
    at.run()
    assert [title.value for title in at.title] == ["请登录"]
    assert not at.dataframe


def test_home_is_a_page() -> None:
    assert HOME in MATRIX
