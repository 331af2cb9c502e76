"""Accounts: who may sign in, as what, over which part of the org tree; and signing in itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import delete, func
from sqlmodel import Session, select

from fanops.access.actor import Actor, Role, require
from fanops.access.audit import record_audit
from fanops.access.passwords import check_password_rules, hash_password, needs_rehash, password_fits
from fanops.access.sessions import actor_of, open_session, revoke_sessions
from fanops.access.vault import vault
from fanops.database import Database, take_turn
from fanops.errors import Conflict, FanopsError, InvalidInput, NotFound
from fanops.settings import settings
from fanops.tables import Account, Brand, Region, SignInFailure, SignInSession, Staff, Store, now

FAILURES_ALLOWED = 10
ADDRESS_FAILURES_ALLOWED = 100  # one address trying many names; a whole chain may sit behind one address
FAILURE_WINDOW = timedelta(minutes=15)
WRONG = "登录名或密码不对。"
_LOGIN = re.compile(r"[a-z0-9一-鿿][a-z0-9一-鿿._-]{1,39}")
_STORE_ROLES = (Role.CLERK, Role.STORE_MANAGER)


class SignInRefused(FanopsError):
    """Wrong or unknown: deliberately the same."""


class SignInSlowed(FanopsError):
    """Too many failures from this address for this user."""


# --- signing in -------------------------------------------------------------------------------------------------


def sign_in(db: Database, login: str, password: str, address: str, *, hours: int) -> tuple[str, Actor]:
    """Open a session for the right password.

    The failure is written before the password is looked at and taken back when it fits, so that many tries at once
    can't slip past the limit.

    Args:
        db: Where accounts live.
        login: As typed.
        password: As typed.
        address: Where the request came from; only a keyed hash is kept.
        hours: How long the session lasts.

    Returns:
        The cookie's token and who signed in.

    Raises:
        SignInSlowed: FAILURES_ALLOWED failures of this user from this address within FAILURE_WINDOW.
        SignInRefused: Wrong password, unknown or disabled user, with the same text and the same work.
    """
    login = tidy_login(login)
    pair = vault().lookup_hash("sign-in", f"{login}\x1f{address}")
    keys = [(_login_key(login) + pair)[:64], vault().lookup_hash("sign-in", f"\x1f{address}")]
    with db.write() as session:
        _count_try(session, keys)
        account = session.exec(select(Account).where(Account.login == login)).first()
    fits = password_fits(account.password_hash if account else None, password)
    if account is None or not fits or account.disabled_at is not None:
        with db.write() as session:
            actor = actor_of(account) if account else None
            record_audit(session, actor, "sign_in_failed", f"account:{account.id}" if account else "")
        raise SignInRefused(WRONG, "请检查大小写；忘了密码请联系管理员。")
    renewed = hash_password(password) if needs_rehash(account.password_hash) else None
    with db.write() as session:
        current = session.get(Account, account.id)
        if current is None or current.disabled_at is not None or current.password_hash != account.password_hash:
            raise SignInRefused(WRONG, "账号刚刚被修改过，请重新登录。")
        if renewed:
            current.password_hash = renewed
        session.exec(delete(SignInFailure).where(SignInFailure.key_hash.in_(keys)))
        token = open_session(session, current, hours=hours)
        actor = actor_of(current)
        record_audit(session, actor, "sign_in", f"account:{current.id}")
    return token, actor


def _count_try(session: Session, keys: list[str]) -> None:
    take_turn(session, f"sign-in {keys[-1]}")
    since = now() - FAILURE_WINDOW
    session.exec(delete(SignInFailure).where(SignInFailure.failed_at < since))
    limits = (
        (FAILURES_ALLOWED, "请 15 分钟后再试，或请管理员重设密码。"),
        (ADDRESS_FAILURES_ALLOWED, "请 15 分钟后再试。"),
    )
    for key, (allowed, way_out) in zip(keys, limits, strict=False):
        count = session.exec(select(func.count()).where(SignInFailure.key_hash == key)).one()
        if count >= allowed:
            raise SignInSlowed("尝试次数过多。", way_out)
    session.add_all([SignInFailure(key_hash=key) for key in keys])


def _login_key(login: str) -> str:
    """Give what the keys of a login's failures begin with, whichever address they came from."""
    return vault().lookup_hash("sign-in login", login)[:24]


def _own_password_key(account_id: int | None) -> str:
    return vault().lookup_hash("own-password", str(account_id))


def _forget_failures(session: Session, account: Account) -> None:
    """Let the account's owner try again at once, from any address."""
    its_own = SignInFailure.key_hash.startswith(_login_key(account.login), autoescape=True)
    session.exec(delete(SignInFailure).where(its_own | (SignInFailure.key_hash == _own_password_key(account.id))))


# --- accounts ---------------------------------------------------------------------------------------------------


def tidy_login(login: str) -> str:
    """Bring a login to the form it is stored in: NFKC, lower case, no spaces around."""
    return unicodedata.normalize("NFKC", login).strip().lower()[:80]


def add_account(
    session: Session,
    actor: Actor | None,
    *,
    brand_id: int,
    login: str,
    display_name: str,
    role: Role,
    password: str,
    region_id: int | None = None,
    store_id: int | None = None,
    staff_id: int | None = None,
    is_sample: bool = False,
) -> Account:
    """Add an account (账号).

    Args:
        session: The deed's session.
        actor: Who adds it; None only for the installation's first account, from the command line.
        brand_id: The brand it sees.
        login: 2 to 40 letters, digits, Chinese characters, ``. _ -``.
        display_name: Shown on the screen.
        role: A clerk or store manager needs a store, a region manager a region; the others see the whole brand.
        password: In clear; only its hash is kept.
        region_id: See ``role``.
        store_id: See ``role``.
        staff_id: The staff member who uses it.
        is_sample: Belongs to the sample chain.

    Raises:
        InvalidInput: A rule above is broken.
        Conflict: The login is taken.
    """
    login = tidy_login(login)
    if not _LOGIN.fullmatch(login):
        raise InvalidInput("登录名只能用字母、数字、汉字和 . _ -，2 到 40 个字符。", "例如：wangfang 或 静安店")
    if not display_name.strip():
        raise InvalidInput("请填写姓名。")
    if session.exec(select(Account).where(Account.login == login)).first():
        raise Conflict(f"登录名“{login}”已经有人用了。", "请换一个登录名。")
    check_password_rules(password, login)
    _check_place(session, brand_id, role, region_id, store_id, staff_id)
    account = Account(
        brand_id=brand_id,
        region_id=region_id,
        store_id=store_id,
        staff_id=staff_id,
        login=login,
        display_name=display_name.strip()[:40],
        role=role,
        password_hash=hash_password(password),
        is_sample=is_sample,
    )
    session.add(account)
    session.flush()
    record_audit(session, actor, "add_account", f"account:{account.id}", role=str(role))
    return account


def _check_place(
    session: Session, brand_id: int, role: Role, region_id: int | None, store_id: int | None, staff_id: int | None
) -> None:
    if role in _STORE_ROLES and store_id is None:
        raise InvalidInput(f"{role.label}的账号要指定门店。", "请选择这个账号所在的门店。")
    if role is Role.REGION_MANAGER and region_id is None:
        raise InvalidInput("区域经理的账号要指定大区。", "请选择这个账号负责的大区。")
    if role not in (*_STORE_ROLES, Role.REGION_MANAGER) and (region_id is not None or store_id is not None):
        raise InvalidInput(f"{role.label}看整个品牌，不能指定门店或大区。", "请把门店和大区留空。")
    if role in _STORE_ROLES and region_id is not None:
        raise InvalidInput(f"{role.label}的账号只指定门店。", "请把大区留空。")
    if role is Role.REGION_MANAGER and store_id is not None:
        raise InvalidInput("区域经理的账号只指定大区。", "请把门店留空。")
    for table, row_id, word in ((Region, region_id, "大区"), (Store, store_id, "门店"), (Staff, staff_id, "员工")):
        row = session.get(table, row_id) if row_id is not None else None
        if row_id is not None and (row is None or row.brand_id != brand_id):
            raise NotFound(f"没有这个{word}。", f"请从{word}列表里选择。")


def list_accounts(session: Session, actor: Actor) -> list[Account]:
    """List the accounts of the actor's brand, by login; disabled ones too."""
    return list(session.exec(select(Account).where(Account.brand_id == actor.brand_id).order_by(Account.login)))


def find_account(session: Session, actor: Actor, login: str) -> Account:
    """Give the account of that login.

    Raises:
        NotFound: None in the actor's brand.
    """
    query = select(Account).where(Account.login == tidy_login(login), Account.brand_id == actor.brand_id)
    account = session.exec(query).first()
    if account is None:
        raise NotFound(f"没有登录名为“{login}”的账号。", "请在账号列表里核对登录名。")
    return account


def change_account(
    session: Session,
    actor: Actor,
    login: str,
    *,
    role: Role | None = None,
    region_id: int | None = None,
    store_id: int | None = None,
    password: str | None = None,
    disabled: bool | None = None,
) -> Account:
    """Change what an account may do, its password, or whether it may sign in; its sessions end.

    Args:
        session: The deed's session.
        actor: Who changes it.
        login: Whose.
        role: New role; ``region_id`` and ``store_id`` are then its new place.
        region_id: Only together with ``role``.
        store_id: Only together with ``role``.
        password: New password in clear; the failures counted against the account are forgotten.
        disabled: Whether signing in is closed.

    Raises:
        Conflict: It would leave the brand without an administrator who can sign in.
        NotFound: No such account in the actor's brand.
    """
    account = find_account(session, actor, login)
    if role is not None:
        _check_place(session, account.brand_id, role, region_id, store_id, None)
        account.role, account.region_id, account.store_id = role, region_id, store_id
        record_audit(session, actor, "change_role", f"account:{account.id}", role=str(role))
    if password is not None:
        check_password_rules(password, account.login)
        account.password_hash = hash_password(password)
        _forget_failures(session, account)
        record_audit(session, actor, "change_password", f"account:{account.id}")
    if disabled is not None:
        account.disabled_at = now() if disabled else None
        record_audit(session, actor, "disable_account" if disabled else "enable_account", f"account:{account.id}")
    session.add(account)
    session.flush()
    if not _admins(session, account.brand_id):
        raise Conflict("这样就没有能登录的管理员了。", "请先给另一个账号管理员角色。")
    revoke_sessions(session, account.id)
    return account


def change_own_password(db: Database, actor: Actor, current: str, new: str) -> None:
    """Change one's own password; every session of the account ends, this one too.

    Guesses of the current password are counted like sign-ins, so that an open screen can't be used for guessing.

    Raises:
        SignInRefused: ``current`` is not the password.
        SignInSlowed: Too many wrong guesses.
        InvalidInput: ``new`` breaks a rule of passwords, or is the current one.
    """
    keys = [_own_password_key(actor.account_id)]
    with db.write() as session:
        account = session.get_one(Account, actor.account_id)
        _count_try(session, keys)
    if not password_fits(account.password_hash, current):
        raise SignInRefused("现在的密码不对。", "忘了密码请联系管理员重设。")
    check_password_rules(new, account.login)
    if new == current:
        raise InvalidInput("新密码和现在的一样。", "请换一个新的。")
    with db.write() as session:
        account = session.get_one(Account, actor.account_id)
        account.password_hash = hash_password(new)
        session.exec(delete(SignInFailure).where(SignInFailure.key_hash.in_(keys)))
        record_audit(session, actor, "change_password", f"account:{account.id}")
        revoke_sessions(session, account.id)


def _admins(session: Session, brand_id: int) -> int:
    query = select(func.count()).where(
        Account.brand_id == brand_id, Account.role == Role.ADMIN, Account.disabled_at.is_(None)
    )
    return session.exec(query).one()


def sample_accounts(session: Session) -> list[Account]:
    """List the accounts of the sample chain that can sign in; empty when no sample chain is loaded."""
    query = (
        select(Account)
        .join(Brand, Brand.id == Account.brand_id)
        .where(Brand.is_sample, Account.is_sample, Account.disabled_at.is_(None))
        .order_by(Account.id)
    )
    return list(session.exec(query))


def owner_actor(session: Session, brand: str | None = None) -> Actor:
    """Give the actor for the command line and the worker: the installation's owner, as ADMIN of one brand.

    Args:
        session: Any session.
        brand: Name of the brand; not needed while there is only one.

    Raises:
        NotFound: No brand (of that name).
        InvalidInput: Several brands and none named.
    """
    brands = list(session.exec(select(Brand).order_by(Brand.id)))
    if brand is not None:
        brands = [row for row in brands if row.name == brand]
    if not brands:
        raise NotFound(
            f"没有品牌“{brand}”。" if brand else "还没有品牌。",
            "请先运行：fanops org add-brand 名称，或 fanops sample load",
        )
    if len(brands) > 1:
        raise InvalidInput("有多个品牌，请说明是哪一个。", "请加上 --brand：" + "、".join(row.name for row in brands))
    return Actor(role=Role.ADMIN, brand_id=brands[0].id, display_name="命令行")


def export_accounts(db: Database, actor: Actor, _parameters: Mapping[str, str]) -> tuple[str, str, bytes]:
    """Give the brand's accounts as an Excel file: (file name, media type, bytes)."""
    import pandas as pd

    from fanops.spreadsheet import XLSX, write_xlsx

    require(actor, Role.ADMIN)
    with db.read() as session:
        rows = account_table(session, actor)
    return "账号.xlsx", XLSX, write_xlsx({"账号": pd.DataFrame(rows, columns=list(ACCOUNT_COLUMNS))})


ACCOUNT_COLUMNS = ("登录名", "姓名", "角色", "范围", "状态", "最近使用")


def account_table(session: Session, actor: Actor) -> list[dict[str, str]]:
    """List the brand's accounts as people read them: what each may do, where, and when it was last used."""
    require(actor, Role.ADMIN)
    stores = dict(session.exec(select(Store.id, Store.name).where(Store.brand_id == actor.brand_id)).all())
    regions = dict(session.exec(select(Region.id, Region.name).where(Region.brand_id == actor.brand_id)).all())
    seen = dict(
        session.exec(
            select(SignInSession.account_id, func.max(SignInSession.seen_at)).group_by(SignInSession.account_id)
        ).all()
    )
    zone = settings().zone
    return [
        dict(
            zip(
                ACCOUNT_COLUMNS,
                (
                    account.login,
                    account.display_name,
                    Role(account.role).label,
                    stores.get(account.store_id) or regions.get(account.region_id) or "全部门店",
                    "已停用" if account.disabled_at else "正常",
                    f"{seen[account.id].astimezone(zone):%Y-%m-%d %H:%M}" if account.id in seen else "从未登录",
                ),
                strict=True,
            )
        )
        for account in list_accounts(session, actor)
    ]
