"""后台在做什么: what runs in the background, how far it is, and how it ended."""

import streamlit as st

from fanops.jobs import records
from fanops.terms import TERMS
from fanops.ui import words
from fanops.ui.frame import MANAGERS
from fanops.ui.guard import need, page_database
from fanops.ui.progress import show_job
from fanops.ui.tables import show_table

KINDS = {"discover_themes": "发现主题", "import_file": "导入文件", "import_survey": "导入答卷", "prove_dictionary": "验证词典",
         "refresh_fans": "更新粉丝", "find_findings": "更新发现", "run_rules": "自动规则", "reopen_returned": "看有没有又出现的",
         "sweep_attachments": "清理附件", "keep_weekly": "存周报"}  # fmt: skip

actor = need(*MANAGERS)
with page_database().read() as session:
    jobs = records.list_jobs(session, actor)

st.title("后台在做什么")
st.caption(TERMS["job"].definition + (f"最近 {len(jobs)} 个。" if jobs else ""))
active = [job for job in jobs if job.state in records.ACTIVE]
for job in active:
    st.markdown(f"**{KINDS.get(job.kind, '任务')} {job.id}**")
    show_job(job.id)
if not jobs:
    st.write("还没有后台任务。导入文件或发现主题时，进度会显示在这里。")
    st.stop()
if not active:
    st.write("现在没有任务在运行。")


def _when(moment) -> str:
    return words.minute(moment) if moment else ""


ended = [job for job in jobs if job.state not in records.ACTIVE]
if ended:
    st.subheader("做过的")
    show_table(
        [
            {
                "编号": job.id,
                "任务": KINDS.get(job.kind, job.kind),
                "结果": records.STATE_WORDS[job.state],
                "说明": f"{job.message}{job.hint}",
                "发起": _when(job.created_at),
                "用时(秒)": round((job.ended_at - job.started_at).total_seconds(), 1)
                if job.ended_at and job.started_at
                else None,
            }
            for job in ended
        ],
        hide_index=True,
        key="work.ended",
    )
