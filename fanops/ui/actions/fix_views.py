"""Service fixes on the screen: who has read and done them, a store's own cards with ticks, checklists to many stores."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import streamlit as st

from fanops.access import Actor, visible_stores
from fanops.access.attachments import attachment_counts
from fanops.access.organisation import regions_by_name
from fanops.actions import records_areas, records_fixes
from fanops.actions.fix_states import DONE, LABELS, next_states
from fanops.actions.records import HEAD_OFFICE, MANAGERS, TITLE_LIMIT
from fanops.settings import today
from fanops.ui import words
from fanops.ui.actions.action_views import evidence_list
from fanops.ui.address import way_to
from fanops.ui.collect.attachment_views import attachments
from fanops.ui.done import deeds_done, said_done
from fanops.ui.guard import page_database
from fanops.ui.paging import open_page, rows_from, turn_pages
from fanops.ui.refusal import plain, refusals
from fanops.ui.tables import show_table

PAGE_SIZE = 10
# What a store does by hand, as it says it; assigning goes with naming the person.
_STORE_DEEDS = {"fixing": "开始改", "reasked": "回访过了", "reopened": "重新打开"}
_STORES_THAT = {
    "等验收": lambda stores: (stores["state"] == "fixing") & stores["done_at"].notna(),
    "又出现": lambda stores: stores["state"] == "reopened",
}


def summary(fixes: pd.DataFrame, stores: pd.DataFrame) -> None:
    """Say how many are read, done and late."""
    late = int(fixes["overdue"].sum())
    text = (
        f"{len(fixes)} 项改进，{words.count(len(stores), '家次')}：已读 {int(fixes['read'].sum())}，"
        f"已做完 {int(fixes['done'].sum())}，已验收 {int(fixes['accepted'].sum())}"
    )
    st.caption(text + (f"，**过期 {late}**" if late else ""))


def fix_list(fixes: pd.DataFrame, stores: pd.DataFrame) -> None:
    """List fixes, those still open first by default; each opens into its stores."""
    left, right = st.columns([3, 2])
    asked = left.text_input("找改进", key="fixes.find", placeholder="标题或主题里的字", label_visibility="collapsed")
    which = right.segmented_control("哪些", ["进行中", "等验收", "又出现", "过期", "全部"], default="进行中", key="which",
                                    label_visibility="collapsed", bind="query-params")  # fmt: skip
    shown = fixes
    if which == "进行中":
        shown = shown[(shown["accepted"] < shown["stores"]) | (shown["not_fixed"] > 0)]
    elif which == "过期":
        shown = shown[shown["overdue"] > 0]
    elif which in _STORES_THAT:
        shown = shown[shown["fix_id"].isin(stores.loc[_STORES_THAT[which](stores), "fix_id"])]
    if asked:
        said = shown["title"].str.contains(asked, regex=False) | shown["theme"].fillna("").str.contains(
            asked, regex=False
        )
        shown = shown[said]
    if shown.empty:
        st.info("没有这样的改进。换个条件，或看“全部”。", icon=":material/search_off:")
        return
    shown = shown.sort_values("not_fixed", ascending=False, kind="stable")
    rows, total, _ = open_page("fixes.page", PAGE_SIZE, rows_from(shown, PAGE_SIZE))
    for row in rows.itertuples():
        with st.container(border=True):
            way_to("fixes.py", f"**{plain(row.title)}**", f"fixes.open.{row.fix_id}", fix=row.fix_id)
            late = f" · :red[过期 {row.overdue} 家]" if row.overdue else ""
            late += f" · :red[{row.not_fixed} 位说还没好]" if row.not_fixed else ""
            text = f"{row.stores} 家门店：已读 {row.read}，已做完 {row.done}，已验收 {row.accepted}{late}"
            st.progress(row.done / row.stores, text=text)
            source = f"来自主题“{plain(row.theme)}”，依据 {row.evidence} 句" if row.theme else "检查清单"
            st.caption(f"{source} · {words.day(row.opened_at)}开始")
    turn_pages("fixes.page", PAGE_SIZE, total)


def one_fix(actor: Actor, fix, of_fix: pd.DataFrame, area_names: dict[str, str]) -> None:
    """Show one fix to those above the stores: receipts, the stores that lack, the states, the sentences."""
    way_to("fixes.py", "全部改进", "fixes.back", icon=":material/arrow_back:")
    st.subheader(plain(fix.title), anchor=False)
    if fix.theme:
        st.page_link("theme.py", label=f"来自主题“{plain(fix.theme)}”", icon=":material/topic:",
                     query_params={"theme": str(int(fix.theme_id))})  # fmt: skip
    if of_fix["what_to_do"].iloc[0]:
        st.text(of_fix["what_to_do"].iloc[0])
    st.markdown(
        f"**{len(of_fix)} 家门店：{fix.read} 家已读，{fix.done} 家已做完，{fix.accepted} 家已验收** · "
        f"{plain(area_names.get(fix.area, fix.area))}"
    )
    rest = of_fix[of_fix["done_at"].isna()]
    if len(rest):
        late = [due == due and due is not None and due < today() for due in rest["due_on"]]
        names = [f"{store}（过期）" if over else store for store, over in zip(rest["store"], late, strict=True)]
        st.caption(f"还没做完的 {len(rest)} 家：" + plain("、".join(names)))
    where, said, how = st.tabs(["各门店", "顾客怎么说", "做得好的门店"])
    with where:
        with page_database().read() as session:
            told = records_fixes.told_by_store(session, actor, int(fix.fix_id))
        show_table(_store_rows(of_fix, told), hide_index=True)
        _move_form(actor, of_fix)
        _photos(actor, of_fix)
    with said:
        evidence_list(actor, fix_id=int(fix.fix_id))
    with how:
        examples(actor, int(fix.fix_id))


def _store_rows(of_fix: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    lines = len(of_fix["checklist"].iloc[0])
    shown = {
        "门店": of_fix["store"],
        "状态": [_state_words(row) for row in of_fix.itertuples()],
        "负责人": of_fix["owner"].fillna(""),
        "截止": of_fix["due_on"].map(words.day),
        "已读": of_fix["read_at"].map(lambda at: "" if pd.isna(at) else words.minute(at)),
        "已做完": of_fix["done_at"].map(lambda at: "" if pd.isna(at) else words.minute(at)),
    }
    if lines:
        shown["检查项"] = of_fix["ticks"].map(lambda ticks: f"{len(ticks)}/{lines}")
    if len(told):
        shown["回访"] = [
            ""
            if row is None
            else f"告知 {row.told}/{row.told + row.due}，{row.fixed} 位说好了，{row.not_fixed} 位说没好"
            for row in (told.loc[store] if store in told.index else None for store in of_fix["store_id"])
        ]
    return pd.DataFrame(shown | {"怎么做的": of_fix["note"]})


def _state_words(row) -> str:
    """Say a store's state, the same to the store and to those above it."""
    is_waiting = row.state == "fixing" and not pd.isna(row.done_at)
    return "已做完，等验收" if is_waiting else LABELS[row.state]


def _photos(actor: Actor, of_fix: pd.DataFrame) -> None:
    with page_database().read() as session:
        counts = attachment_counts(session, actor, [int(key) for key in of_fix["fix_store_id"]])
    for row in of_fix.itertuples():
        if count := counts.get(int(row.fix_store_id), 0):
            with st.expander(f"{plain(row.store)}的照片（{count}）", icon=":material/photo_camera:"):
                attachments(actor, fix_store_id=int(row.fix_store_id), may_add=False)


def _move_form(actor: Actor, of_fix: pd.DataFrame) -> None:
    movable = {int(row.fix_store_id): row for row in of_fix.itertuples() if next_states(row.state, actor.role)}
    if not movable:
        return
    waiting = [key for key, row in movable.items() if row.state == "fixing" and not pd.isna(row.done_at)]
    if waiting and "accepted" in next_states("fixing", actor.role):
        label = f"验收已做完的 {len(waiting)} 家"
        if st.button(label, key="fix.accept.all", icon=":material/done_all:", type="primary"):
            with refusals():
                with page_database().write() as session:
                    for key in waiting:
                        records_fixes.move_fix(session, actor, key, "accepted")
                said_done(f"{len(waiting)} 家已验收。", lambda: _back_to_fixing(actor, waiting))
                st.rerun()
    left, middle, right = st.columns([2, 2, 1], vertical_alignment="bottom")
    # The key carries the states: a box goes on showing the words it was first drawn with.
    now = ".".join(f"{key}{_state_words(row)}" for key, row in movable.items())
    chosen = left.selectbox("门店", list(movable), key=f"fix.move.store.{now}",
                            format_func=lambda key: f"{movable[key].store}（{_state_words(movable[key])}）")  # fmt: skip
    said = LABELS | ({"assigned": "退回，再改"} if chosen in waiting else {})
    to = middle.selectbox("改为", next_states(movable[chosen].state, actor.role), format_func=said.get,
                          key=f"fix.move.to.{chosen}.{movable[chosen].state}")  # fmt: skip
    why = st.text_input(
        "说明（门店会看到，可以不写）", key=f"fix.move.why.{chosen}.{movable[chosen].state}", max_chars=500
    )
    if right.button("更新", key="fix.move.do", width="stretch"):
        with refusals():
            with page_database().write() as session:
                records_fixes.move_fix(session, actor, chosen, to, why)
            said_done(f"{movable[chosen].store}已改为{LABELS[to]}。")
            st.rerun()


def _back_to_fixing(actor: Actor, keys: list[int]) -> None:
    with page_database().write() as session:
        for key in keys:
            records_fixes.move_fix(session, actor, key, "fixing")


def own_fixes(actor: Actor, stores: pd.DataFrame) -> None:
    """Show a store its own fixes as cards: what to do, tick, done; what fans say is not mended, then what is open by its due day."""
    minded = stores["not_fixed"] > 0
    order = stores.assign(order=stores["state"].isin(DONE) & ~minded, calm=~minded)
    order = order.sort_values(["order", "calm", "due_on"], kind="stable")
    closed = order[order["order"]]
    for row in order[~order["order"]].itertuples():
        with st.container(border=True):
            _own_card(actor, row)
    if len(closed):
        with page_database().read() as session:
            photos = attachment_counts(session, actor, [int(key) for key in closed["fix_store_id"]])
        with st.expander(f"已验收的 {len(closed)} 项"):
            for row in closed.itertuples():
                st.markdown(f"**{plain(row.title)}** · {LABELS[row.state]}")
                if row.note:
                    st.caption(plain(row.note))
                if photos.get(
                    int(row.fix_store_id)
                ):  # the store's own receipt; what was accepted is not changed any more
                    attachments(actor, fix_store_id=int(row.fix_store_id), may_add=False)


def _own_card(actor: Actor, row) -> None:
    key = int(row.fix_store_id)
    late = not pd.isna(row.due_on) and row.due_on < today() and pd.isna(row.done_at)
    due = f":red[{words.day(row.due_on)} 已过期]" if late else f"截止 {words.day(row.due_on)}"
    owner = f" · 负责人 {plain(row.owner)}" if row.owner else ""
    is_waiting = row.state == "fixing" and not pd.isna(row.done_at)
    st.markdown(f"**{plain(row.title)}** · {_state_words(row)} · {due}{owner}")
    if row.not_fixed:
        st.markdown(f":red[**{row.not_fixed} 位说还没好**]：告诉过他们已经做了，回答是没有改好。")
    if row.note and row.state in ("assigned", "reopened"):
        st.text(row.note)  # why it came back
    if row.what_to_do:
        st.text(row.what_to_do)
    for number, line in enumerate(row.checklist):
        st.checkbox(plain(line), str(number) in row.ticks, key=f"fix.tick.{key}.{number}", on_change=_ticked,
                    args=(actor, key, number))  # fmt: skip
    with st.container(horizontal=True):
        if pd.isna(row.read_at) and st.button("我读过了", key=f"fix.read.{key}"):
            with page_database().write() as session:
                records_fixes.note_read(session, actor, key)
            st.rerun()
        if pd.isna(row.done_at):
            with st.popover("改好了", icon=":material/check:", key=f"fix.done.{key}.{deeds_done()}"):
                note = st.text_area("怎么改的（别的门店可以照着做）", row.note, key=f"fix.note.{key}", max_chars=500)
                if st.button("记下：改好了", key=f"fix.done.do.{key}", type="primary"):
                    _done(actor, key, row.title, note)
        elif row.state not in DONE and st.button("还没改好", key=f"fix.undone.{key}"):
            with refusals():
                with page_database().write() as session:
                    records_fixes.take_back_done(session, actor, key)
                st.rerun()
        if actor.role in MANAGERS:
            if row.not_fixed and row.state in DONE:
                st.button(
                    "重新打开，再改一次", key=f"fix.again.{key}", type="primary", on_click=_again, args=(actor, row)
                )
            _owner_choice(actor, key)
        # 还没改好 is the way back while it waits to be accepted.
        for to in [] if is_waiting else next_states(row.state, actor.role):
            if to in _STORE_DEEDS and st.button(_STORE_DEEDS[to], key=f"fix.to.{key}.{to}"):
                with refusals():
                    with page_database().write() as session:
                        records_fixes.move_fix(session, actor, key, to)
                    st.rerun()
    with st.expander("照片", icon=":material/photo_camera:"):
        attachments(actor, fix_store_id=key)
    with st.expander("顾客怎么说，别的门店怎么做"):
        evidence_list(actor, fix_id=int(row.fix_id))
        examples(actor, int(row.fix_id))


def _again(actor: Actor, row) -> None:
    """Open a fix again that fans say is not mended: they were asked, and it is not."""
    with refusals():
        with page_database().write() as session:
            for to in ("reasked", "reopened") if row.state == "accepted" else ("reopened",):
                records_fixes.move_fix(session, actor, int(row.fix_store_id), to, f"{row.not_fixed} 位说还没好")
        said_done(f"“{row.title}”已重新打开。")


def _owner_choice(actor: Actor, key: int) -> None:
    with st.popover("负责人", icon=":material/person:", key=f"fix.owner.{key}.{deeds_done()}"):
        with page_database().read() as session:
            people = records_fixes.staff_of(session, actor, key)
        if not people:
            st.caption("这家门店还没有员工名单。请管理员在“门店”里添加。")
            return
        chosen = st.selectbox("谁来做", list(people), format_func=people.get, key=f"fix.owner.who.{key}")
        if st.button("指派", key=f"fix.owner.do.{key}", type="primary"):
            with refusals():
                with page_database().write() as session:
                    records_fixes.assign_owner(session, actor, key, chosen)
                said_done(f"已指派给{people[chosen]}。")
                st.rerun()


def _ticked(actor: Actor, key: int, line: int) -> None:
    with refusals(), page_database().write() as session:
        records_fixes.tick(session, actor, key, line, bool(st.session_state[f"fix.tick.{key}.{line}"]))


def _done(actor: Actor, key: int, title: str, note: str) -> None:
    with refusals():
        with page_database().write() as session:
            records_fixes.note_done(session, actor, key, note)
        said_done(f"“{title}”已做完，等上级验收。", lambda: _undone(actor, key))
        st.rerun()


def _undone(actor: Actor, key: int) -> None:
    with page_database().write() as session:
        records_fixes.take_back_done(session, actor, key)


def examples(actor: Actor, fix_id: int) -> None:
    """Show how other stores solved the same theme; nothing about their fans."""
    with page_database().read() as session:
        found = records_fixes.solved_examples(session, actor, fix_id)
    if found.empty:
        st.caption("还没有门店写下怎么改好的。")
    for row in found.itertuples():
        st.markdown(f"**{plain(row.store)}** · {words.day(row.done_at)}")
        st.text(row.note)


def send_checklist(actor: Actor) -> None:
    """Send a checklist to many stores at once."""
    if actor.role not in MANAGERS:
        return
    with st.popover("发一张检查清单", icon=":material/checklist:", key=f"fixes.send.{deeds_done()}"):
        with page_database().read() as session:
            stores = visible_stores(session, actor)
            regions = {number: name for name, number in regions_by_name(session, actor).items()}
            area_names = records_areas.areas(session, actor)
        names = {store.id: store.name for store in stores}
        here = {region: [s.id for s in stores if s.region_id == region] for region in regions}
        groups = {"自己选": [], "全部门店": list(names)} | {regions[r]: ids for r, ids in here.items() if ids}
        group = st.selectbox("发给", list(groups), index=1, key="fixes.send.group") if len(names) > 1 else "全部门店"
        with st.form("fixes.send", border=False, enter_to_submit=False):
            title = st.text_input(
                "清单名", key="fixes.send.title", max_chars=TITLE_LIMIT, placeholder="例如：国庆开店前检查"
            )
            lines = st.text_area("检查项，每行一条", key="fixes.send.lines", height=140,
                                 placeholder="冰箱温度写在表上\n取餐柜擦过\n叫号屏亮着")  # fmt: skip
            chosen = groups[group]
            if group == "自己选":
                chosen = st.multiselect(
                    "门店", list(names), format_func=names.get, key="fixes.send.stores", placeholder="选门店"
                )
            area = st.segmented_control("类别", list(area_names), default=next(iter(area_names)), format_func=area_names.get,
                                        key="fixes.send.area")  # fmt: skip
            due = st.date_input("截止", today() + timedelta(days=7), key="fixes.send.due", format="YYYY-MM-DD")
            if st.form_submit_button("发出", type="primary"):
                with refusals():
                    with page_database().write() as session:
                        fix_id = records_fixes.open_fix(
                            session, actor, None, chosen, title, area=area or next(iter(area_names)), due_on=due,
                            checklist=lines.splitlines(),
                        ).id  # fmt: skip
                    said_done(f"“{title.strip()}”已发给 {len(chosen)} 家门店。", lambda: _take_back(actor, fix_id))
                    st.rerun()


def _take_back(actor: Actor, fix_id: int) -> None:
    with page_database().write() as session:
        records_fixes.undo_open_fix(session, actor, fix_id)


def areas_form(actor: Actor, area_names: dict[str, str]) -> None:
    """Let the head office keep its own list of areas."""
    if actor.role not in HEAD_OFFICE:
        return
    with st.expander("类别", icon=":material/tune:"), st.form("fixes.areas", border=False):
        text = st.text_area("每行一个类别；正在用的不能删", "\n".join(area_names.values()), key="fixes.areas.text")
        if st.form_submit_button("保存"):
            with refusals():
                with page_database().write() as session:
                    records_areas.set_areas(session, actor, text.splitlines())
                said_done("类别已保存。")
                st.rerun()
