"""The pictures and lists of the theme pages."""

from __future__ import annotations

from urllib.parse import urlencode

import pandas as pd
import streamlit as st
from sqlmodel import Session

from fanops.access import Actor, Role
from fanops.jobs import records as jobs
from fanops.settings import settings
from fanops.tables import Theme, ThemeRun, now
from fanops.themes import records
from fanops.themes.selection import Selection, address_of
from fanops.themes.store_contrast import contrast_stores
from fanops.themes.weekly import Change, compared, recent_weeks, week_of, weekly_shares
from fanops.ui import charts, words
from fanops.ui.address import way_to_first_voices
from fanops.ui.guard import page_database
from fanops.ui.progress import show_job
from fanops.ui.refusal import plain, refusals
from fanops.ui.tables import on_phone, show_table, tapped_row
from fanops.ui.themes.no_content_views import NO_CONTENT
from fanops.ui.themes.said_views import said_under

GRANULARITIES = {"coarse": "粗（少而大）", "normal": "适中", "fine": "细（多而小）"}
THEMES_SHOWN = 25
_STANDS_OUT = 1.3  # times the share of the other stores
_ALL_UNITS = "全部语义单元（100%）"
_CHANCE = 0.05  # share of false claims among those made


def choose_theme(actor: Actor) -> None:
    """Let a person pick a theme when the page was opened without one."""
    with page_database().read() as session:
        table = records.theme_table(session, actor)
    st.title("看哪个主题")
    if table.empty:
        st.info("还没有主题。先导入原声，再发现主题。", icon=":material/lightbulb:")
        st.page_link("themes.py", label="去发现主题", icon=":material/arrow_forward:")
        return
    names = dict(zip(table["theme_id"], table["name"], strict=True))
    chosen = st.selectbox(
        "主题", list(names), format_func=names.get, index=None, key="theme.chosen", placeholder="选一个"
    )
    if chosen is not None:
        st.query_params["theme"] = str(chosen)
        st.rerun()


def discovery_bar(actor: Actor, run: ThemeRun | None, counts: dict[str, int]) -> None:
    """Show when the themes were last discovered, real progress while it runs, and the button that starts it."""
    with page_database().read() as session:
        job = jobs.latest_job(session, actor, "discover_themes")
        came = records.came_since_run(session, actor) if run else 0
    if job is not None and job.state in ("queued", "running"):
        show_job(job.id)
        return
    if job is not None and job.state == "failed":
        st.warning(f"上次发现主题没有完成：{job.message}", icon=":material/error:")
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    if run is not None:
        since = f"；此后新来 {words.count(came, '句')}，已先归进原有主题，新的事要重新发现才看得到" if came else ""
        left.caption(
            f"上次发现：{words.minute(run.created_at)}，用时 {run.seconds:.1f} 秒{since}",
            help=f"同样的原声和设置会得到同样的结果。这次结果的编号：{run.result_fingerprint[:8]}",
        )
    if actor.role not in (Role.PRODUCT, Role.CEO, Role.ADMIN) or not counts["units"]:
        return
    with right.popover("重新发现" if run else "发现主题", icon=":material/auto_awesome:", width="stretch"):
        granularity = st.radio("粗细", list(GRANULARITIES), 1, format_func=GRANULARITIES.get, key="themes.granularity")
        st.caption("已有主题的编号、名称和手工编辑都会保留。")
        if st.button("开始发现", type="primary", key="themes.start"):
            with refusals(), page_database().write() as session:
                jobs.enqueue(session, actor, "discover_themes", {"granularity": granularity})
            st.rerun()


def nothing_yet(actor: Actor, counts: dict[str, int]) -> None:
    """Say what will be here and the one step that gets there."""
    with page_database().read() as session:
        job = jobs.latest_job(session, actor, "discover_themes")
    if job is not None and job.state in ("queued", "running"):
        st.caption("正在发现主题，好了会自动出现在这里。")
    elif counts["units"]:
        st.info("原声已经在了，还没有发现主题。点上面的“发现主题”，几秒钟就好。", icon=":material/auto_awesome:")
    else:
        st.info("这里会是粉丝的需求主题。先导入评价、问卷或访谈。", icon=":material/upload:")
        way_to_first_voices()


def figures(row: pd.Series) -> None:
    """Show how many say it and how they mind; two beside each other on a phone, where four would fill the first screen."""
    shown = (
        ("粉丝", words.count(row["fans"], "位"), "说到过它的不同粉丝，同一个人只算一次。"),
        ("门店", words.count(row["stores"], "家"), None),
        ("原声", words.count(row["voices"], "条"), None),
        ("不满占比", words.share(row["negative_share"]), "不满的语义单元 ÷ 全部语义单元。"),
    )
    with st.container(horizontal=True):
        for name, value, meaning in shown:
            st.metric(name, value, border=True, help=meaning, width=168)
    st.caption(f"不满占比的分母是语义单元：{words.base_note(int(row['units']))}。")


def about(row: pd.Series) -> str:
    """Say a theme's aspect, key words and stability, as markdown."""
    known = ["多是笼统的话，没说哪样东西：具体的看子主题"] if row["vague"] and not row["general"] else []
    known += [f"方面：{plain(row['aspect'])}"] if row["aspect"] else []
    if row["keywords"]:
        known.append("关键词：" + plain("、".join(str(word) for word in row["keywords"][:8])))
    if pd.notna(row["stability"]):
        known.append(f"稳定度 {words.share(row['stability'], 0)}（换样本再分一次，还能分出多少）")
    return " · ".join(known)


def why_empty(session: Session, theme: Theme) -> str:
    """Say why a theme's page has nothing to show."""
    if theme.state == "retired":
        return "这个主题已停用：不再列出，句子都还在。可以在下面恢复它。"
    if theme.state == "merged":
        into = session.get(Theme, theme.merged_into_id)
        return f"这个主题已并入“{plain(into.name) if into else '另一个主题'}”，句子都在那里；撤销合并会回到这里。"
    if theme.state == "died":
        return "最近一次发现里没有这个主题了：它的句子归到了别处。历史在下面。"
    return "当前筛选下没有人说到这个主题。放宽上面的筛选再看。"


def headline(table: pd.DataFrame, counted: str) -> str:
    """Say the finding of the theme chart."""
    top = table.iloc[0]
    worst = (
        table[(table["units"] >= words.SMALL_BASE) & ~table["general"]]
        .sort_values("negative_share", ascending=False)
        .head(1)
    )
    unit = "位粉丝" if counted == "fans" else "条原声"
    text = f"最多人说“{top['name']}”（{int(top[counted]):,} {unit}）"
    about = table[~table["vague"]].head(1)
    if top["vague"] and len(about):
        text += f"，多是笼统的话；具体的事里最多的是“{about.iloc[0]['name']}”（{int(about.iloc[0][counted]):,} {unit}）"
    if len(worst):
        text += f"；最不满“{worst.iloc[0]['name']}”（{words.share(worst.iloc[0]['negative_share'], 0)} 不满）"
    return text


def overview(shown: pd.DataFrame, change: pd.DataFrame, counted: str) -> None:
    """Show the picture that answers the question, and the list under it."""
    charts.show(charts.theme_bars(shown.head(15), counted), headline(shown, counted))
    theme_list(shown, change, counted)


def export_link(actor: Actor, selection: Selection, theme_id: int | None = None) -> None:
    """Offer what is shown as Excel, with the sentences behind it, to those who may take data out."""
    if actor.role is Role.CLERK:
        return
    asked = address_of(selection) | ({"theme": str(theme_id)} if theme_id else {})
    st.link_button("导出 Excel（含句子）", f"/export/themes?{urlencode(asked)}", icon=":material/download:")


def piles(counts: dict[str, int], table: pd.DataFrame) -> None:
    """Lead to the sentences that a person can sort: those of no theme, and those whose theme is not sure."""
    for pile, number in {"未归类": counts["unassigned"], "拿不准": int(table["unsure"].sum())}.items():
        if number:
            part = words.share(number / counts["units"])
            st.page_link(
                "voices.py", label=f"{pile} {words.count(number, '句')}（{part}），去逐条归类", icon=":material/inbox:",
                query_params={"pile": pile},
            )  # fmt: skip
    if counts["no_content"]:
        st.page_link(
            "voices.py", label=f"无内容 {words.count(counts['no_content'], '句')}，放在一边了，去看放得对不对",
            icon=":material/inbox:", query_params={"pile": NO_CONTENT},
        )  # fmt: skip


def theme_list(table: pd.DataFrame, change: pd.DataFrame, counted: str) -> None:
    """List the themes, each a link with its figures; the same as a table to sort and download."""
    counted_by_theme = change.set_index("theme_id") if len(change) else None
    moves = [_change_words(counted_by_theme, theme_id) for theme_id in table["theme_id"]]
    looked_for = st.text_input("找主题", key="themes.words", placeholder="输入词，例如：排队 慢", max_chars=30)
    shown = 0
    for row, move in zip(table.to_dict("records"), moves, strict=True):
        if not all(part in f"{row['name']} {' '.join(row['keywords'])}" for part in looked_for.split()):
            continue
        shown += 1
        if shown > THEMES_SHOWN and not looked_for and not st.session_state.get("themes.all"):
            continue
        figures = f"{words.count(row['fans'], '位粉丝')} · " if counted == "fans" else ""
        figures += f"{words.count(row['voices'], '条原声')} · {words.count(row['stores'], '家门店')}"
        figures += f" · 不满 {words.share(row['negative_share'], 0)}"
        figures += " · 笼统评价，不算需求" if row["general"] else " · 多是笼统的话" if row["vague"] else ""
        with st.container(border=True, gap=None):
            st.page_link(
                "theme.py",
                label=f"**{plain(row['name'])}**",
                icon=":material/topic:",
                query_params={"theme": str(row["theme_id"])},
            )
            st.caption(figures + ("" if move == "—" else f" · 近 28 天占 {move}"))
    if shown > THEMES_SHOWN and not looked_for:
        _more_themes(shown - THEMES_SHOWN)
    if not shown:
        st.caption(f"没有主题的名字或关键词里有“{plain(looked_for)}”。")
    rows = pd.DataFrame(
        {
            "主题": table["name"],
            "粉丝": table["fans"],
            "门店": table["stores"],
            "原声": table["voices"],
            "不满": table["negative_share"],
            "近28天占比": moves,
            "方面": table["aspect"],
        }
    )
    with st.expander(f"全部 {len(table)} 个主题的表格", icon=":material/table:"):
        show_table(
            rows,
            hide_index=True,
            key="themes.table",
            column_config={
                "不满": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
                "近28天占比": st.column_config.TextColumn(
                    help="提到它的原声占全部原声：再前 28 天 → 近 28 天；两段的 95% 区间分开，才说升或降"
                ),
            },
        )


def _more_themes(left_out: int) -> None:
    """Say how many themes are not listed, with the way to all."""
    listed = bool(st.session_state.get("themes.all"))
    label = "只列出前面的" if listed else f"还有 {left_out} 个主题，全部列出"
    st.button(label, key="themes.more", on_click=lambda: st.session_state.update({"themes.all": not listed}))


def _change_words(counted: pd.DataFrame | None, theme_id: int) -> str:
    if counted is None or theme_id not in counted.index:
        return "—"
    row = counted.loc[theme_id]
    change = compared((row["voices"], row["voices_before"]), (row["base"], row["base_before"]))
    if not change.base or not change.base_before:
        return f"{words.share(change.share)}（{words.base_note(change.base)}）"
    said = f"{words.share(change.share_before)} → {words.share(change.share)}"
    if min(change.base, change.base_before) < words.SMALL_BASE:
        return f"{said}（样本不足）"
    return said + ("" if not change.clear else " 升" if change.share > change.share_before else " 降")


def store_heat(actor: Actor, selection: Selection, table: pd.DataFrame) -> None:
    """Show theme × store: who is far from the others."""
    with page_database().read() as session:
        frame = records.theme_by_store(session, actor, selection)
    top = said_in_stores(table, frame).head(15)
    frame = frame[frame["theme_id"].isin(top["theme_id"])]
    if frame.empty:
        st.info("这些原声没有注明门店，画不出门店对比。导入时对应“门店”一列就有了。", icon=":material/storefront:")
        return
    frame["占比"] = frame["units"] / frame["store_units"]
    frame["主题"] = frame["theme_id"].map(dict(zip(top["theme_id"], top["name"], strict=True)))
    order = frame["theme_id"].map({theme: place for place, theme in enumerate(top["theme_id"])})
    frame = frame.assign(order=order).sort_values(["order", "store_id"]).rename(columns={"store": "门店"})
    charts.show(charts.heat(frame, "门店", "主题", "占比", "占该店语义单元"), heat_headline(frame))
    with st.expander("每家门店的数字", icon=":material/table:", expanded=on_phone()):
        figures = heat_figures(frame)
        picked = tapped_row(figures, "themes.heat")
        if picked:
            row = top[top["name"] == figures.iloc[picked]["主题"]].iloc[0]
            st.page_link(
                "theme.py", label=f"打开“{plain(row['name'])}”，看原话", icon=":material/topic:",
                query_params={"theme": str(row["theme_id"])},
            )  # fmt: skip
        else:
            st.caption("点一个主题，可以打开它看原话。")


def said_in_stores(table: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Give the themes by how much is said of them in stores, general remarks last: thousands of reviews of no store compare none."""
    told = table["theme_id"].map(frame.groupby("theme_id")["units"].sum())
    order = table.assign(told=told).sort_values(["general", "told", "theme_id"], ascending=[True, False, True])
    return order[order["told"] > 0].drop(columns="told")


def heat_figures(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the shares of the heat map in words, a row per theme and a column per store; the first row is the base of each store."""
    shares = frame.pivot(index="主题", columns="门店", values="占比").reindex(frame["主题"].unique())
    bases = frame.drop_duplicates("门店").set_index("门店")["store_units"].reindex(shares.columns)
    told = shares.fillna(0.0).map(words.share).reset_index()
    base = pd.DataFrame([{"主题": _ALL_UNITS, **{store: words.count(units, "句") for store, units in bases.items()}}])
    return pd.concat([base, told], ignore_index=True)


def heat_headline(frame: pd.DataFrame) -> str:
    """Say which theme stands out in which store beyond chance, with its base and interval; or that none does.

    Args:
        frame: Rows of ``theme_by_store`` with the words ``主题, 门店``.
    """
    if frame["store_id"].nunique() < 2:
        return "只有一家门店，没有可比的"
    if (frame["store_units"] < words.SMALL_BASE).all():
        return "各门店样本不足，只供参考"
    cells = contrast_stores(frame)
    cells["times"] = cells["share"] / cells["other_share"]
    sure = (cells["q"] <= _CHANCE) & (cells["times"] >= _STANDS_OUT) & (cells["store_units"] >= words.SMALL_BASE)
    if not sure.any():
        return "没有一家门店明显突出"
    row = cells[sure].sort_values("times", ascending=False).iloc[0]
    between = f"95% 区间 {words.share(row['low'])} 到 {words.share(row['high'])}"
    return (
        f"“{row['主题']}”在{row['门店']}最突出：{words.share(row['share'])}"
        f"（{words.base_note(int(row['store_units']))}，{between}），其他门店 {words.share(row['other_share'])}"
    )


def trend_headline(change: Change) -> str:
    """Say the finding of the trend: the last four weeks against the four before."""
    if not change.base_before:
        return "每周提到它的原声占比"
    if not change.base:
        return "近四周没有原声"
    then, recent, base = words.share(change.share_before), words.share(change.share), words.base_note(change.base)
    if then == recent:
        return f"近四周 {recent}（{base}），与之前四周持平"
    if not change.clear:
        return f"之前四周 {then}，近四周 {recent}（{base}）：变化不明显"
    return f"近四周从 {then} {'升到' if change.share > change.share_before else '降到'} {recent}（{base}）"


def times_tab(times: pd.DataFrame, all_times: pd.DataFrame) -> None:
    """Show the weekly share with its interval, and the rows under it."""
    weekly = weekly_shares(times, all_times, settings().zone)
    if len(weekly) < 2:
        st.info("有日期的原声还不到两周，画不出趋势。", icon=":material/timeline:")
        return
    this_week = week_of(pd.Series([now()]), settings().zone).iloc[0]
    headline = trend_headline(recent_weeks(weekly, this_week))
    charts.show(charts.trend(weekly, "周", "占比", "占当周原声的比例"), headline)
    show_table(
        weekly.assign(周=weekly["周"].dt.strftime("%m月%d日"), 占比=weekly["占比"].map(words.share)),
        hide_index=True,
        column_order=["周", "原声", "合计", "占比"],
    )


def subtheme_list(session: Session, actor: Actor, selection: Selection, subthemes: pd.DataFrame) -> None:
    """List the sub-themes; a chosen one shows its sentences."""
    if subthemes.empty:
        st.info("这个主题里没有再分的小主题。", icon=":material/account_tree:")
        return
    shown = subthemes.rename(
        columns={"name": "子主题", "fans": "粉丝", "stores": "门店", "units": "语义单元", "negative": "其中不满"}
    )
    table = shown[["子主题", "粉丝", "门店", "语义单元", "其中不满"]]
    picked = tapped_row(table, "theme.subthemes")
    if picked is None:
        st.caption("点一行，看它的原话。")
        return
    row = subthemes.iloc[picked]
    sub_id = int(row["theme_id"])
    said_under(session, actor, selection, sub_id, str(row["name"]), int(row["units"]), f"theme.subtheme.{sub_id}")
