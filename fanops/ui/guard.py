"""Who is looking at this page, asked again at every rerun."""

from __future__ import annotations

import time

import streamlit as st

from fanops.access import Actor, Role, record_audit
from fanops.access.sessions import close_session_row, recheck, touch
from fanops.database import Database, database

_NOTED_EVERY_S = 300.0
_TO_SIGN_IN = """
export default function () {
  const here = window.location.pathname + window.location.search
  window.location.assign(here === "/" ? "/login" : "/login?next=" + encodeURIComponent(here))
}
"""


def page_database() -> Database:
    """Give the database pages read and write: one engine per process."""
    return database()


def find_actor() -> Actor | None:
    """Give who is signed in, as the account is at this moment; None when the session has ended."""
    user = st.user.to_dict()
    try:
        account_id, session_id = int(user.get("uid") or 0), int(user.get("sid") or 0)
    except (TypeError, ValueError):
        return None
    if not account_id or not session_id:
        return None
    with database().read() as session:
        return recheck(session, session_id, account_id)


def current_actor() -> Actor:
    """Give who is signed in; without anybody, stop here with the way to sign in."""
    actor = find_actor()
    if actor is None:
        ask_to_sign_in()
        st.stop()
    return actor


def ask_to_sign_in() -> None:
    """Say that nobody is signed in, and go to the sign-in page, which leads back to this address."""
    st.title("请登录")
    st.write("您还没有登录，或登录已经结束。正在打开登录页……")
    st.link_button("去登录", "/login", type="primary")
    st.components.v2.component("fanops_to_sign_in", js=_TO_SIGN_IN)(key="guard.to_sign_in")


def need(*roles: Role) -> Actor:
    """Give who is signed in when they have one of ``roles`` (any, when none is named); else stop with the reason."""
    actor = current_actor()
    if roles and actor.role not in roles:
        st.title("看不了这个页面")
        st.write(f"{actor.role.label}没有这个页面。需要的角色：{'、'.join(role.label for role in roles)}。")
        st.stop()
    return actor


def note_in_use() -> None:
    """Note that the session is in use (a write at most every five minutes)."""
    if time.monotonic() - st.session_state.get("guard.noted_at", -_NOTED_EVERY_S) < _NOTED_EVERY_S:
        return
    st.session_state["guard.noted_at"] = time.monotonic()
    with database().write() as session:
        touch(session, int(st.user.to_dict().get("sid") or 0))


def sign_out() -> None:
    """End the session; the cookie is worth nothing from now on, in every tab."""
    session_id = int(st.user.to_dict().get("sid") or 0)
    actor = find_actor()
    if actor is None:
        return
    with database().write() as session:
        close_session_row(session, session_id)
        record_audit(session, actor, "sign_out", f"account:{actor.account_id}")
