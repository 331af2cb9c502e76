"""The dictionary on the screen: words with their proof, suggestions to take or turn down, lines or a file to add."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.jobs import records as jobs
from fanops.tables import Job
from fanops.themes import records_dictionary as records
from fanops.ui import words
from fanops.ui.done import said_done
from fanops.ui.guard import page_database
from fanops.ui.progress import show_job
from fanops.ui.refusal import plain, refusals, show_problems
from fanops.ui.tables import show_table

JOB = "prove_dictionary"
_SHOWN = 15


def check_bar(actor: Actor, *, has_words: bool) -> Job | None:
    """Offer the proof, show it while it runs, and give the last one that ended well."""
    with page_database().read() as session:
        job = jobs.latest_job(session, actor, JOB)
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    if job is not None and job.state in jobs.ACTIVE:
        with left:
            show_job(job.id)
    elif job is not None and job.state == jobs.DONE:
        left.caption(f"{words.minute(job.ended_at)}在最近 {words.count(job.result['voices'], '条原声')}上验证过。")
    elif job is not None and job.state == "failed":
        left.warning(f"上次验证没有完成：{plain(job.message)}", icon=":material/error:")
    else:
        left.caption("还没有验证过。" if has_words else "还没有自己的词。验证时也会在原声里找新词。")
    if (job is None or job.state not in jobs.ACTIVE) and right.button(
        "验证并找新词", icon=":material/fact_check:", key="dictionary.check", width="stretch"
    ):
        _check_again(actor)
        st.rerun()
    return job if job is not None and job.state == jobs.DONE else None


def _check_again(actor: Actor) -> None:
    with refusals(), page_database().write() as session:
        jobs.enqueue(session, actor, JOB)


def word_list(actor: Actor, table: pd.DataFrame, checked: Job | None) -> None:
    """List the words; those that still split first, each with why."""
    if table.empty:
        st.info("还没有词。到“添加”里写几个商品名，或看看“新词建议”。", icon=":material/dictionary:")
        return
    proofs = {each["word"]: each for each in checked.result["proofs"]} if checked else {}
    split = [each for each in proofs.values() if each["sentences"] and each["held"] < each["sentences"]]
    if split:
        st.warning(f"{len(split)} 个词还会被切开。", icon=":material/content_cut:")
    shown = table.assign(proof=[_proof_words(proofs.get(word)) for word in table["word"]],
                         why=[proofs.get(word, {}).get("why", "") for word in table["word"]],
                         example=[proofs.get(word, {}).get("example", "") for word in table["word"]],
                         order=[word not in {each["word"] for each in split} for word in table["word"]])  # fmt: skip
    shown = shown.sort_values(["order", "word"], ignore_index=True)
    rows = {
        "词": shown["word"],
        "是谁的别名": [c if c != w else "" for w, c in zip(shown["word"], shown["canonical"], strict=True)],
        "验证": shown["proof"],
        "原因": shown["why"],
        "例句": shown["example"],
        "来自": shown["source"].where(~shown["is_competitor"], "人工 · 竞品"),
    }
    unused = () if checked else ("验证", "原因", "例句")
    show_table(
        pd.DataFrame({name: values for name, values in rows.items() if name not in unused}),
        hide_index=True, key="dictionary.table",
        column_config={"原因": st.column_config.TextColumn(width="medium")},
    )  # fmt: skip
    mine = table[table["source"] == "人工"]["word"].tolist()
    if not mine:
        return
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    word = left.selectbox(
        "移出一个词", mine, index=None, key="dictionary.remove.word", placeholder="选一个人工添加的词"
    )
    if right.button("移出", key="dictionary.remove", disabled=word is None, width="stretch"):
        row = table[table["word"] == word].iloc[0]
        line = ("[竞品]\n" if row["is_competitor"] else "") + (
            word if row["canonical"] == word else f"{row['canonical']} = {word}"
        )
        with refusals():
            with page_database().write() as session:
                records.remove_word(session, actor, word)
            said_done(f"已移出“{word}”。", lambda: _add(actor, line))
            st.rerun()


def _proof_words(proof: dict[str, Any] | None) -> str:
    if proof is None:
        return "未验证"
    if not proof["sentences"]:
        return "没出现过"
    if proof["held"] == proof["sentences"]:
        return f"{proof['held']} 句全部完整"
    return f"{proof['sentences']} 句里 {proof['held']} 句完整，切成 {'、'.join(proof['split_as'][:3])}"


def open_suggestions(actor: Actor, checked: Job | None) -> list[dict[str, Any]]:
    """Give the suggestions of the last proof that nobody has decided on since."""
    if checked is None:
        return []
    with page_database().read() as session:
        decided = set(records.word_table(session, actor)["word"]) | records.rejected_words(session, actor)
    return [each for each in checked.result["suggestions"] if each["word"] not in decided]


def suggestion_list(actor: Actor, checked: Job | None) -> None:
    """Show suggestions with counts, each to be taken or turned down in one click."""
    if checked is None:
        st.info("点“验证并找新词”，在原声里找词典还不认得的词。", icon=":material/search:")
        return
    suggestions = open_suggestions(actor, checked)
    if not suggestions:
        st.success("没有新的建议。", icon=":material/check:")
        return
    st.caption("常连在一起、前后搭配又多样的字串。是词就收下；不是就不收，以后不再提。")
    for each in suggestions[:_SHOWN]:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            with st.container(gap=None):
                st.markdown(
                    f"**{plain(each['word'])}** · {words.count(each['texts'], '条原声')} · 现在切成 {plain('/'.join(each['tokens']))}"
                )
                st.caption(f"“…{plain(each['example'])}…”")
            if st.button("收下", key=f"dictionary.take.{each['word']}"):
                _add(actor, each["word"])
                said_done(
                    f"“{each['word']}”已加入词典，下次发现主题时生效。",
                    lambda word=each["word"]: _take_back(actor, word),
                )
                st.rerun()
            if st.button("不是词", key=f"dictionary.reject.{each['word']}"):
                with page_database().write() as session:
                    records.reject_word(session, actor, each["word"])
                said_done(f"“{each['word']}”以后不再建议。", lambda word=each["word"]: _unreject(actor, word))
                st.rerun()
    if len(suggestions) > _SHOWN:
        st.caption(f"先看最常见的 {_SHOWN} 个，处理后会补上，另有 {len(suggestions) - _SHOWN} 个。")


def _add(actor: Actor, lines: str) -> None:
    with page_database().write() as session:
        records.add_words(session, actor, lines)


def _take_back(actor: Actor, word: str) -> None:
    with page_database().write() as session:
        records.remove_word(session, actor, word)


def _unreject(actor: Actor, word: str) -> None:
    with page_database().write() as session:
        records.unreject_word(session, actor, word)


def add_form(actor: Actor) -> None:
    """Take typed lines, a dictionary file, or both."""
    with st.form("dictionary.add", border=False, enter_to_submit=False):
        lines = st.text_area(
            "一行一个词", key="dictionary.lines", height=160,
            placeholder="芋泥波波 = 芋泥啵啵 / 芋泥\n鸭屎香\n[竞品]\n喜茶",
            help="“=”后面是别名，用“/”隔开；“[竞品]”以下的是竞品名。",
        )  # fmt: skip
        file = st.file_uploader("也可以上传词典文件", type=["txt", "csv", "dic"], key="dictionary.file",
                                help="结巴词典也可以：词频和词性会忽略。")  # fmt: skip
        if not st.form_submit_button("加入词典", type="primary"):
            return
    with refusals():
        # each is read by itself: a section or an encoding of one is none of the other's
        given = [lines] if lines.strip() or file is None else []
        given += [file.getvalue()] if file is not None else []
        with page_database().write() as session:
            done = [records.add_words(session, actor, content) for content in given]
        counts = {name: sum(each[name] for each, _ in done) for name in ("new", "changed", "same")}
        unused = [
            problem if content is lines else replace(problem, why=f"文件里的这一行：{problem.why}")
            for content, (_, read) in zip(given, done, strict=True)
            for problem in read.problems
        ]
        if unused:
            show_problems(unused)
            st.success(
                f"新增 {counts['new']} 个，改动 {counts['changed']} 个；上面这些行没有用上。", icon=":material/check:"
            )
            return
        said_done(
            f"新增 {counts['new']} 个词，改动 {counts['changed']} 个，{counts['same']} 个本来就有。下次发现主题时生效。"
        )
        st.rerun()
