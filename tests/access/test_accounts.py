"""Signing in and the life of an account, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlmodel import select

from fanops.access import Role, accounts, verify_audit
from fanops.access.accounts import (
    FAILURES_ALLOWED,
    SignInRefused,
    SignInSlowed,
    account_table,
    add_account,
    change_account,
    change_own_password,
    list_accounts,
    owner_actor,
    sample_accounts,
    sign_in,
)
from fanops.access.sessions import close_session, find_signed_in, load_actor, recheck
from fanops.errors import Conflict, InvalidInput, NotAllowed, NotFound
from fanops.tables import Account, AuditEntry, Brand, SignInFailure, SignInSession, now


def _try(chain, login: str = "clerk", password: str = "wrong-password", address: str = "10.0.0.1") -> str:
    token, _ = sign_in(chain.db, login, password, address, hours=12)
    return token


def test_the_right_password_opens_a_session(chain) -> None:
    token, actor = sign_in(chain.db, "  Clerk ", chain.password, "10.0.0.1", hours=12)
    assert actor == chain.actors["clerk"]
    assert len(token) >= 43  # 256 bits
    with chain.db.read() as session:
        assert load_actor(session, token) == actor
        row = session.exec(select(SignInSession)).one()
        assert token not in (row.token_sha256, str(row))
        assert session.exec(select(SignInFailure)).all() == []


def test_wrong_unknown_and_disabled_are_the_same(chain, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str | None] = []
    real = accounts.password_fits
    monkeypatch.setattr(accounts, "password_fits", lambda stored, typed: verified.append(stored) or real(stored, typed))
    with chain.db.write() as session:
        change_account(session, chain.actors["admin"], "ceo", disabled=True)
    said = []
    for login, password in (("clerk", "wrong-password"), ("nobody", "wrong-password"), ("ceo", chain.password)):
        with pytest.raises(SignInRefused) as refusal:
            _try(chain, login, password)
        said.append((refusal.value.message, refusal.value.hint))
    assert len(set(said)) == 1
    # The same work each time: one argon2 verification, against a dummy where there is no account.
    assert [stored is None for stored in verified] == [False, True, False]


def test_an_unknown_user_costs_a_real_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    from fanops.access import passwords

    seen: list[str] = []

    class Watched:
        def verify(self, stored: str, password: str) -> bool:
            seen.append(stored)
            return real.verify(stored, password)

        def hash(self, password: str) -> str:
            return real.hash(password)

    real = passwords._hasher
    passwords._dummy_hash.cache_clear()
    monkeypatch.setattr(passwords, "_hasher", Watched())
    assert not passwords.password_fits(None, "anything at all")
    mine, its = real.hash("x").split("$")[3], seen[0].split("$")[3]
    assert mine == its, "the dummy must cost what a real hash costs"


def test_ten_failures_from_one_address_are_enough(chain) -> None:
    for _ in range(FAILURES_ALLOWED):
        with pytest.raises(SignInRefused):
            _try(chain)
    with pytest.raises(SignInSlowed):
        _try(chain, password=chain.password)
    # Somebody else, and the same person elsewhere, are not locked out by it.
    assert _try(chain, "ceo", chain.password)
    assert _try(chain, password=chain.password, address="10.0.0.2")


def test_failures_are_forgotten_after_a_while_and_by_success(chain) -> None:
    for _ in range(FAILURES_ALLOWED - 1):
        with pytest.raises(SignInRefused):
            _try(chain)
    assert _try(chain, password=chain.password)
    for _ in range(FAILURES_ALLOWED):
        with pytest.raises(SignInRefused):
            _try(chain)
    with chain.db.write() as session:
        for row in session.exec(select(SignInFailure)):
            row.failed_at = now() - timedelta(minutes=16)
            session.add(row)
    assert _try(chain, password=chain.password)


def test_a_new_password_from_the_administrator_opens_the_lock(chain) -> None:
    for login in ("clerk", "ceo"):
        for _ in range(FAILURES_ALLOWED):
            with pytest.raises(SignInRefused):
                _try(chain, login)
    for _ in range(FAILURES_ALLOWED):
        with pytest.raises(SignInRefused):
            change_own_password(chain.db, chain.actors["clerk"], "wrong-password", "xin-de-mi-ma-2026")
    with pytest.raises(SignInSlowed) as locked:
        _try(chain, password=chain.password)
    assert "重设密码" in locked.value.hint
    with chain.db.write() as session:
        change_account(session, chain.actors["admin"], "clerk", password="xin-de-mi-ma-2026")
    assert _try(chain, password="xin-de-mi-ma-2026")
    change_own_password(chain.db, chain.actors["clerk"], "xin-de-mi-ma-2026", "you-huan-le-yi-ge")
    with pytest.raises(SignInSlowed):  # another login's failures stay
        _try(chain, "ceo", chain.password)


def test_many_tries_at_once_do_not_slip_past(chain) -> None:
    outcomes: list[type[BaseException]] = []

    def attempt() -> None:
        try:
            _try(chain)
        except (SignInRefused, SignInSlowed) as refusal:
            outcomes.append(type(refusal))

    threads = [threading.Thread(target=attempt) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(SignInRefused) <= FAILURES_ALLOWED
    with pytest.raises(SignInSlowed):
        _try(chain)


def test_neither_name_nor_address_is_kept_in_clear(chain) -> None:
    with pytest.raises(SignInRefused):
        _try(chain, "wangfang", address="203.0.113.77")
    with chain.db.read() as session:
        kept = "".join(row.key_hash for row in session.exec(select(SignInFailure)))
        audit = "".join(f"{row.subject}{row.detail}" for row in session.exec(select(AuditEntry)))
    assert "wangfang" not in kept + audit
    assert "203.0.113.77" not in kept + audit


def test_sessions_end(chain) -> None:
    token = _try(chain, password=chain.password)
    with chain.db.read() as session:
        signed_in = find_signed_in(session, token)
    assert signed_in is not None
    with chain.db.write() as session:
        assert close_session(session, token) == chain.accounts["clerk"]
        assert close_session(session, token) is None
    with chain.db.read() as session:
        assert load_actor(session, token) is None
        assert recheck(session, signed_in.session_id, chain.accounts["clerk"]) is None


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "汉" * 50, "a" * 100_000])
def test_no_other_token_opens_anything(chain, token: str) -> None:
    with chain.db.read() as session:
        assert find_signed_in(session, token) is None


def test_a_session_row_belongs_to_one_account(chain) -> None:
    token = _try(chain, password=chain.password)
    with chain.db.read() as session:
        signed_in = find_signed_in(session, token)
        assert recheck(session, signed_in.session_id, chain.accounts["ceo"]) is None
        assert recheck(session, signed_in.session_id + 1, chain.accounts["clerk"]) is None


def test_an_expired_session_is_none(chain) -> None:
    token = _try(chain, password=chain.password)
    with chain.db.write() as session:
        row = session.exec(select(SignInSession)).one()
        row.expires_at = now() - timedelta(seconds=1)
        session.add(row)
    with chain.db.read() as session:
        assert load_actor(session, token) is None


@pytest.mark.parametrize(
    "change",
    [
        {"password": "xin-de-mi-ma-2026"},
        {"disabled": True},
        {"role": Role.PRODUCT},
    ],
)
def test_every_change_ends_the_sessions(chain, change: dict) -> None:
    token = _try(chain, password=chain.password)
    with chain.db.write() as session:
        change_account(session, chain.actors["admin"], "clerk", **change)
    with chain.db.read() as session:
        assert load_actor(session, token) is None
        assert verify_audit(session) is None


def test_ones_own_password(chain) -> None:
    actor, new = chain.actors["clerk"], "xin-de-mi-ma-2026"
    token = _try(chain, password=chain.password)
    with pytest.raises(SignInRefused):
        change_own_password(chain.db, actor, "wrong-password", new)
    for weak in ("short", chain.password):
        with pytest.raises(InvalidInput):
            change_own_password(chain.db, actor, chain.password, weak)
    change_own_password(chain.db, actor, chain.password, new)
    with chain.db.read() as session:
        assert load_actor(session, token) is None
        assert verify_audit(session) is None
    assert _try(chain, password=new)
    with pytest.raises(SignInRefused):
        _try(chain, password=chain.password)


def test_an_open_screen_is_no_place_for_guessing(chain) -> None:
    actor = chain.actors["clerk"]
    for _ in range(FAILURES_ALLOWED):
        with pytest.raises(SignInRefused):
            change_own_password(chain.db, actor, "wrong-password", "xin-de-mi-ma-2026")
    with pytest.raises(SignInSlowed):
        change_own_password(chain.db, actor, chain.password, "xin-de-mi-ma-2026")
    assert _try(chain, password=chain.password)


def test_a_role_change_gives_the_new_scope(chain) -> None:
    with chain.db.write() as session:
        change_account(
            session, chain.actors["admin"], "clerk", role=Role.REGION_MANAGER, region_id=chain.regions["华南"]
        )
    _, actor = sign_in(chain.db, "clerk", chain.password, "10.0.0.1", hours=12)
    assert (actor.role, actor.region_id, actor.store_id) == (Role.REGION_MANAGER, chain.regions["华南"], None)


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"login": "a b"}, InvalidInput),
        ({"login": "x"}, InvalidInput),
        ({"login": "<script>"}, InvalidInput),
        ({"login": "CLERK"}, Conflict),
        ({"display_name": " "}, InvalidInput),
        ({"password": "short"}, InvalidInput),
        ({"role": Role.CLERK}, InvalidInput),
        ({"role": Role.REGION_MANAGER}, InvalidInput),
        ({"role": Role.CEO, "store": "S1"}, InvalidInput),
        ({"role": Role.CLERK, "store": "X1"}, NotFound),
        ({"role": Role.CLERK, "store_id": 999_999}, NotFound),
    ],
)
def test_accounts_that_can_not_be(chain, given: dict, refusal: type[Exception]) -> None:
    wanted = {"login": "wangfang", "display_name": "王芳", "role": Role.PRODUCT, "password": "yi-ju-hao-ji-de-hua"}
    wanted |= given
    if "store" in wanted:
        wanted["store_id"] = chain.stores[wanted.pop("store")]
    with pytest.raises(refusal), chain.db.write() as session:
        add_account(session, chain.actors["admin"], brand_id=chain.brand_id, **wanted)
    with chain.db.read() as session:
        assert len(session.exec(select(Account)).all()) == len(chain.accounts)


def test_the_last_administrator_can_not_go(chain) -> None:
    for change in ({"disabled": True}, {"role": Role.CEO}):
        with pytest.raises(Conflict), chain.db.write() as session:
            change_account(session, chain.actors["admin"], "admin", **change)
    assert _try(chain, "admin", chain.password)


def test_accounts_of_another_brand_do_not_exist(chain) -> None:
    with chain.db.read() as session:
        assert "stranger" not in {row.login for row in list_accounts(session, chain.actors["admin"])}
    with pytest.raises(NotFound), chain.db.write() as session:
        change_account(session, chain.actors["admin"], "stranger", disabled=True)


def test_the_table_of_accounts_is_for_administrators(chain) -> None:
    _try(chain, password=chain.password)
    with chain.db.read() as session:
        rows = {row["登录名"]: row for row in account_table(session, chain.actors["admin"])}
        with pytest.raises(NotAllowed):
            account_table(session, chain.actors["ceo"])
    assert rows["clerk"]["范围"] == "静安店"
    assert rows["region_manager"]["范围"] == "华东"
    assert rows["ceo"]["最近使用"] == "从未登录"
    assert rows["clerk"]["最近使用"] != "从未登录"


def test_sample_accounts_are_named_only_for_a_sample_brand(chain) -> None:
    with chain.db.read() as session:
        assert sample_accounts(session) == []
    with chain.db.write() as session:
        account = session.get_one(Account, chain.accounts["ceo"])
        account.is_sample = True
        session.add(account)
    with chain.db.read() as session:
        assert sample_accounts(session) == []
    with chain.db.write() as session:
        brand = session.get_one(Brand, chain.brand_id)
        brand.is_sample = True
        session.add(brand)
    with chain.db.read() as session:
        assert [row.login for row in sample_accounts(session)] == ["ceo"]


def test_the_owner_must_say_which_brand(chain) -> None:
    with chain.db.read() as session:
        with pytest.raises(InvalidInput, match="多个品牌"):
            owner_actor(session)
        with pytest.raises(NotFound):
            owner_actor(session, "没有的")
        actor = owner_actor(session, "山茶")
    assert (actor.role, actor.brand_id, actor.account_id) == (Role.ADMIN, chain.brand_id, None)
