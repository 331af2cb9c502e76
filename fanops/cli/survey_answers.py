"""``fanops survey import-answers``: the export of another survey tool into a wave of ours."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from fanops.cli.survey_quota import find_wave
from fanops.errors import InvalidInput

_SHOWN = 20


def _pairs(given: tuple[str, ...], example: str) -> dict[str, str] | None:
    wrong = next((pair for pair in given if "=" not in pair), None)
    if wrong is not None:
        raise InvalidInput(f"“{wrong}”要写成 左边=右边。", f"例如：{example}。")
    return {left.strip(): right.strip() for left, _, right in (pair.partition("=") for pair in given)} or None


@click.command("import-answers")
@click.argument("wave")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "mapping", multiple=True, metavar="题号=编号",
              help="导出里的第几题是我们的哪一题；可以写几次。不写就照上次，或自动判断。")  # fmt: skip
@click.option("--role", "roles", multiple=True, metavar="身份=题号",
              help="第几题是门店、手机号或会员号；可以写几次。不写就自动判断。")  # fmt: skip
@click.option("--store", help="没写门店的行算哪家（编号或名称）。")
@click.option("--skip-refused", is_flag=True, help="能导入的行先导入；不写时，有一行不对就都不导入。")
@click.option("--dry-run", is_flag=True, help="只说会怎样，不导入。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def import_answers(
    wave: str, file: Path, mapping: tuple[str, ...], roles: tuple[str, ...], store: str | None, skip_refused: bool,
    dry_run: bool, as_json: bool, brand: str | None,
) -> None:  # fmt: skip
    """把文件 FILE（问卷星或腾讯问卷的导出）导入一期 WAVE（标题）。"""
    from fanops.access.accounts import owner_actor
    from fanops.collect.import_survey_export import ExportRequest, import_survey_export, preview_survey_export
    from fanops.database import ready_database

    db = ready_database()
    with db.read() as session:
        actor = owner_actor(session, brand)
        request = ExportRequest(
            find_wave(session, actor, wave),
            _pairs(mapping, "--map 1=overall"),
            _pairs(roles, "--role phone=7"),
            store,
            skip_refused,
        )
    if dry_run:
        preview = preview_survey_export(db, actor, file, request)
        if as_json:
            click.echo(json.dumps(asdict(preview), ensure_ascii=False))
            return
        if preview.earlier_batch is not None:
            click.echo(f"这个文件已经导入过（批次 {preview.earlier_batch}）。")
        for number, code in preview.questions.items():
            click.echo(f"  {code} ← 第 {number} 题")
        click.echo(
            f"{preview.layout}：会新增 {preview.new:,} 份，已有 {preview.same:,} 份，不能收 {preview.refused:,} 行。"
        )
        for problem in preview.problems[:_SHOWN]:
            click.echo(f"  · {problem}")
        if len(preview.problems) > _SHOWN:
            click.echo(f"  …… 另有 {len(preview.problems) - _SHOWN:,} 处")
        return
    done = import_survey_export(db, actor, file, request)
    if as_json:
        click.echo(json.dumps(asdict(done), ensure_ascii=False))
    elif done.already:
        click.echo(f"这个文件已经导入过（批次 {done.batch_id}），没有重复导入。")
    else:
        counts = f"新增 {done.new:,} 份答卷，已有 {done.same:,} 份未动，跳过 {done.refused:,} 行"
        click.echo(f"批次 {done.batch_id}：{counts}。\n撤销：fanops import undo {done.batch_id}")
