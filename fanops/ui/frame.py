"""The frame around every page: groups 听 懂 做 效 领 by role, who is signed in, the way out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from fanops.access import Actor, Role
from fanops.access.organisation import brand_of
from fanops.content import content_path
from fanops.ui.address import OPEN, PAGE
from fanops.ui.guard import ask_to_sign_in, find_actor, need, note_in_use, page_database, sign_out
from fanops.ui.refusal import begin_run, plain, refusals
from fanops.ui.roles import EVERYONE, HEAD_OFFICE, MANAGERS
from fanops.ui.theme import CHINESE_WIDGETS, CHOSEN, NOTICES, THUMBS

GROUPS = {"听": "听 · 收集", "懂": "懂 · 需求", "做": "做 · 行动", "效": "效 · 效果", "领": "领 · 总览与管理"}


@dataclass(frozen=True)
class PageEntry:
    """One page of the application.

    Attributes:
        file: File name in ``pages/``; its stem is the address (``/themes``), except for the home page.
        title: Name in the menu.
        icon: Material symbol.
        group: One of GROUPS.
        roles: Who is offered it; the page itself still calls ``need``.
        is_detail: Reached from another page with a query (``/theme?id=7``), not shown in the menu.
    """

    file: str
    title: str
    icon: str
    group: str
    roles: tuple[Role, ...] = EVERYONE
    is_detail: bool = False

    @property
    def url_path(self) -> str:
        """The page's address without the slash."""
        return self.file.removesuffix(".py")


HOME = "overview.py"
_ICON = Path(__file__).parent.parent / "web" / "icon.png"

PAGES: tuple[PageEntry, ...] = (
    PageEntry("overview.py", "总览", "dashboard", "领"),
    PageEntry("brief.py", "给老板的一页", "summarize", "领", MANAGERS),
    PageEntry("loop.py", "闭环", "sync", "领", MANAGERS),
    PageEntry("work.py", "后台任务", "progress_activity", "领", MANAGERS),
    PageEntry("messages.py", "消息", "outbox", "领", HEAD_OFFICE),
    PageEntry("organisation.py", "门店", "store", "领", (Role.ADMIN,)),
    PageEntry("accounts.py", "账号", "manage_accounts", "领", (Role.ADMIN,)),
    PageEntry("audit_log.py", "审计记录", "policy", "领", (Role.ADMIN,)),
    PageEntry("surveys.py", "问卷", "quiz", "听"),
    PageEntry("survey_editor.py", "写问卷", "edit_document", "听", HEAD_OFFICE),
    PageEntry("record.py", "记答卷", "edit_note", "听"),
    PageEntry("me.py", "我的账号", "account_circle", "领", is_detail=True),
    PageEntry("panels.py", "固定样本组", "groups_2", "听"),
    PageEntry("interviews.py", "访谈", "record_voice_over", "听"),
    PageEntry("interview.py", "一次访谈", "record_voice_over", "听", is_detail=True),
    PageEntry("codebook.py", "编码本", "library_books", "听", MANAGERS),
    PageEntry("import_voices.py", "导入", "upload_file", "听", MANAGERS),
    PageEntry("findings.py", "发现", "lightbulb", "懂", MANAGERS),
    PageEntry("themes.py", "主题", "bubble_chart", "懂"),
    PageEntry("theme.py", "主题详情", "topic", "懂", is_detail=True),
    PageEntry("voices.py", "原声", "format_quote", "懂"),
    PageEntry("dictionary.py", "词典", "dictionary", "懂", HEAD_OFFICE),
    PageEntry("today.py", "今天", "today", "做"),
    PageEntry("fans.py", "粉丝", "groups", "做"),
    PageEntry("fan.py", "粉丝详情", "person", "做", is_detail=True),
    PageEntry("fan_insights.py", "粉丝变化", "monitoring", "做", MANAGERS),
    PageEntry("segments.py", "人群", "filter_alt", "做", MANAGERS),
    PageEntry("tags.py", "标签", "sell", "做", MANAGERS),
    PageEntry("allocation.py", "分配", "assignment_ind", "做", MANAGERS),
    PageEntry("rules.py", "规则", "rule", "做", MANAGERS),
    PageEntry("fixes.py", "服务改进", "build", "做"),
    PageEntry("backlog.py", "需求条目", "checklist", "做", MANAGERS),
    PageEntry("effects.py", "效果", "trending_up", "效", MANAGERS),
)


def pages_for(role: Role) -> list[PageEntry]:
    """List the pages a role is offered, of those that exist."""
    return [entry for entry in PAGES if role in entry.roles and content_path("pages", entry.file).is_file()]


def run_frame() -> None:
    """Draw the frame and run the page that was asked for; without a session, only the way to sign in."""
    st.set_page_config(layout="wide", page_icon=str(_ICON))
    actor = find_actor()
    if actor is None:
        # Under every address, so that signing in leads back to it.
        doors = [st.Page(ask_to_sign_in, title="登录", url_path=e.url_path, default=e.file == HOME) for e in PAGES]
        st.navigation(doors, position="hidden").run()
        return
    note_in_use()
    begin_run()
    # Every page has its address for everybody, so that links never break; the role decides about the menu and the run.
    st.html(CHINESE_WIDGETS)
    st.html(THUMBS)
    st.html(NOTICES)
    st.html(CHOSEN)
    entries = [entry for entry in PAGES if content_path("pages", entry.file).is_file()]
    pages = {entry: _page(entry, actor.role) for entry in entries}
    menu = {title: [pages[e] for e in entries if e.group == group] for group, title in GROUPS.items()}
    if all(entry.file != HOME for entry in entries):
        menu[GROUPS["领"]].append(st.Page(_nothing_yet, title="总览", url_path="overview", default=True))
    page = st.navigation({title: each for title, each in menu.items() if each}, expanded=True)
    # Again, because a page's symbol in the menu also becomes the tab's picture, from a foreign host (CSP stops it).
    st.set_page_config(page_title=f"{page.title} · fanops", page_icon=str(_ICON))
    with st.sidebar:
        _show_account(actor)
    st.session_state[OPEN] = {entry.file for entry in entries if actor.role in entry.roles}
    for entry, each in pages.items():
        if each is page:
            need(*entry.roles)
            st.session_state[PAGE] = entry.file
    with refusals():
        page.run()


def _page(entry: PageEntry, role: Role) -> st.Page:
    return st.Page(
        content_path("pages", entry.file),
        title=entry.title,
        icon=f":material/{entry.icon}:",
        url_path=entry.url_path,
        default=entry.file == HOME,
        visibility="visible" if role in entry.roles and not entry.is_detail else "hidden",
    )


def _nothing_yet() -> None:
    st.title("总览")
    st.write("这里会显示本期的五个数字和等您处理的事。")


def _show_account(actor: Actor) -> None:
    with page_database().read() as session:
        brand = brand_of(session, actor)
    st.logo(str(_ICON), size="large")
    if brand.is_sample:
        st.badge("示例数据", icon=":material/science:", color="orange")
    st.caption(f"{plain(brand.name)} · {plain(actor.display_name)} · {actor.role.label}")
    st.page_link("me.py", label="我的账号", icon=":material/account_circle:")
    st.button("退出", key="frame.sign_out", icon=":material/logout:", on_click=sign_out, type="tertiary")
