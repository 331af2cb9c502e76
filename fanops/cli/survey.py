"""``fanops survey``: check, list and show the survey definitions."""

from __future__ import annotations

import json
from pathlib import Path

import click

from fanops.cli.survey_answers import import_answers
from fanops.cli.survey_panel import panel
from fanops.cli.survey_paper import import_sheet, sheet
from fanops.cli.survey_quota import find_wave, quota
from fanops.collect.surveys.check import check_survey, every_path
from fanops.collect.surveys.definition import SurveyDefinition, read_definition
from fanops.content import content_path
from fanops.errors import InvalidInput


@click.group()
def survey() -> None:
    """问卷与访谈提纲。"""


for _command in (quota, panel, sheet, import_sheet, import_answers):
    survey.add_command(_command)


def _read(file: Path) -> SurveyDefinition:
    try:
        return read_definition(file.read_text("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file.name} 不是 UTF-8 文件。", "请用 UTF-8 编码保存后再来一次。") from error


@survey.command("list")
def list_surveys() -> None:
    """列出自带的问卷。"""
    for file in sorted(content_path("surveys").rglob("*.yaml")):
        definition = _read(file)
        asked = sum(question.is_asked for _, question in definition.questions())
        click.echo(f"{file.stem:24} {definition.title}（{asked} 题）{definition.purpose}")


@survey.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def check(files: tuple[Path, ...], as_json: bool) -> None:
    """检查问卷文件；有不能发布的，退出码是 1。

    不写 FILES 就检查全部自带的。
    """
    results = []
    for file in files or sorted(content_path("surveys").rglob("*.yaml")):
        try:
            issues = [
                {"serious": i.serious, "line": i.line, "question": i.question, "why": i.why}
                for i in check_survey(_read(file))
            ]
        except InvalidInput as refusal:
            issues = [
                {"serious": True, "line": p.row, "question": "", "why": f"{p.column + '：' if p.column else ''}{p.why}"}
                for p in refusal.problems
            ]
        results.append({"file": str(file), "issues": issues})
    if as_json:
        click.echo(json.dumps(results, ensure_ascii=False, indent=1))
    else:
        for result in results:
            click.echo(f"{result['file']}：{'没有问题' if not result['issues'] else ''}")
            for issue in result["issues"]:
                mark = "必须改" if issue["serious"] else "建议"
                click.echo(f"  [{mark}] 第 {issue['line'] or '?'} 行 {issue['question']} {issue['why']}")
    if any(issue["serious"] for result in results for issue in result["issues"]):
        raise SystemExit(1)


@survey.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--most", type=click.IntRange(1), default=50, show_default=True, help="最多列出多少条。")
def paths(file: Path, most: int) -> None:
    """列出问卷里作答的每一条路。"""
    seen: set[tuple[str, ...]] = set()
    for answers, shown in every_path(_read(file)):
        way = tuple(question.code for question in shown)
        if way in seen:
            continue
        seen.add(way)
        if len(seen) > most:
            click.echo(f"…… 只列出前 {most} 条")
            return
        decided = "，".join(f"{code}={value}" for code, value in answers.items()) or "（无条件）"
        click.echo(f"{len(seen)}. {decided}\n   {' → '.join(way)}")


@survey.command()
@click.argument("wave")
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="要写的文件，.xlsx 或 .csv。"
)
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def results(wave: str, out: Path, brand: str | None) -> None:
    """导出一期 WAVE（标题）的答卷。

    每份答卷一行，每个选项一列。
    """
    from fanops.access.accounts import owner_actor
    from fanops.collect.export_responses import export_responses
    from fanops.database import ready_database
    from fanops.text.table_file import check_out, write_file

    check_out(out)
    db = ready_database()
    with db.read() as session:
        actor = owner_actor(session, brand)
        wave_id = find_wave(session, actor, wave)
    _, _, content = export_responses(db, actor, {"wave": str(wave_id), "as": out.suffix.lstrip(".").lower()})
    write_file(content, out)
    click.echo(f"已写入 {out}")
