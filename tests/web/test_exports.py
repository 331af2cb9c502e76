"""Exports: every export × every role, logged, kept by nobody."""

from __future__ import annotations

import io
from urllib.parse import quote

import openpyxl
import pytest
from sqlmodel import select

from fanops.access import Role
from fanops.tables import AuditEntry
from fanops.web import exports
from fanops.web.exports import EXPORTS, Export

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
LOGINS = {
    "clerk": Role.CLERK,
    "store_manager": Role.STORE_MANAGER,
    "region_manager": Role.REGION_MANAGER,
    "product": Role.PRODUCT,
    "ceo": Role.CEO,
    "admin": Role.ADMIN,
}


def greet(_db, actor, parameters):
    """An export for these tests."""
    return f"问候 {actor.display_name}.txt", "text/plain; charset=utf-8", f"您好 {sorted(parameters)}".encode()


@ONE
@pytest.mark.parametrize("login", sorted(LOGINS))
def test_each_export_is_for_its_roles_only(signed_in, monkeypatch, login: str) -> None:
    client = signed_in(login)
    for name, export in EXPORTS.items():
        # Whether the role passes the door, without doing the export itself.
        monkeypatch.setitem(EXPORTS, name, Export("tests.web.greeting:greet", export.roles))
        monkeypatch.setattr(Export, "load", lambda self: greet)
        wanted = 200 if LOGINS[login] in export.roles else 403
        assert client.get(f"/export/{name}").status_code == wanted, name


def test_an_export_is_logged_and_kept_by_no_cache(signed_in, chain) -> None:
    answer = signed_in("admin").get("/export/accounts?period=11")
    assert answer.headers["cache-control"] == "no-store"
    assert quote("账号.xlsx") in answer.headers["content-disposition"]
    assert answer.headers["content-disposition"].startswith("attachment")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    logins = {row[0].value for row in sheet.iter_rows(min_row=2)}
    assert logins == set(chain.accounts) - {"stranger"}
    with chain.db.read() as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.deed == "export")).one()
    assert (entry.subject, entry.account_id) == ("export:accounts", chain.accounts["admin"])
    assert entry.detail == {"parameters": ["period"], "bytes": len(answer.content)}


@ONE
def test_refusals_and_bugs_are_told_apart(signed_in, monkeypatch) -> None:
    client = signed_in("admin")
    assert client.get("/export/nothing").status_code == 404

    def broken(_db, _actor, _parameters):
        raise ValueError("secret path /srv/fanops")

    monkeypatch.setitem(exports.EXPORTS, "broken", Export("x:y"))
    monkeypatch.setattr(Export, "load", lambda self: broken)
    answer = client.get("/export/broken")
    assert answer.status_code == 500
    assert "出错了" in answer.text
    assert "secret" not in answer.text


def test_every_export_can_be_loaded() -> None:
    for name, export in EXPORTS.items():
        assert callable(export.load()), name
        assert export.roles, name
