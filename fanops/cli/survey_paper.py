"""``fanops survey sheet`` and ``import-sheet``: paper for shops without network, out and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from fanops.cli.survey_quota import find_wave

_SHOWN = 20


@click.command()
@click.argument("wave")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="要写的文件，.xlsx。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def sheet(wave: str, out: Path, brand: str | None) -> None:
    """写出一期 WAVE（标题）的录入表，纸质答卷每份一行。"""
    from fanops.access.accounts import owner_actor
    from fanops.collect.records_paper import export_paper_sheet
    from fanops.database import ready_database
    from fanops.text.table_file import check_out, write_file

    check_out(out)
    db = ready_database()
    with db.read() as session:
        actor = owner_actor(session, brand)
        wave_id = find_wave(session, actor, wave)
    _, _, content = export_paper_sheet(db, actor, {"wave": str(wave_id)})
    write_file(content, out)
    click.echo(f"已写入 {out}")


@click.command("import-sheet")
@click.argument("wave")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--skip-refused", is_flag=True, help="能导入的行先导入；不写时，有一行不对就都不导入。")
@click.option("--dry-run", is_flag=True, help="只说会怎样，不导入。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def import_sheet(wave: str, file: Path, skip_refused: bool, dry_run: bool, as_json: bool, brand: str | None) -> None:
    """把填好的录入表 FILE 导入一期 WAVE（标题）。

    每份纸质答卷按编号只导入一次。
    """
    from fanops.access.accounts import owner_actor
    from fanops.collect.import_paper import import_paper, preview_paper
    from fanops.database import ready_database

    db = ready_database()
    with db.read() as session:
        actor = owner_actor(session, brand)
        wave_id = find_wave(session, actor, wave)
    content = file.read_bytes()
    if dry_run:
        preview = preview_paper(db, actor, wave_id, content)
        batch_id, new, same, refused, problems = None, preview.new, preview.same, preview.refused, preview.problems
    else:
        done = import_paper(db, actor, wave_id, content, file.name, skip_refused=skip_refused)
        batch_id, new, same, refused, problems = done.batch_id, done.new, done.same, done.refused, done.problems
    if as_json:
        result = {"batch": batch_id, "new": new, "same": same, "refused": refused}
        click.echo(json.dumps(result | {"problems": [asdict(each) for each in problems]}, ensure_ascii=False))
        return
    did = "会新增" if dry_run else f"批次 {batch_id}：新增" if batch_id else "没有新的："
    click.echo(f"{did} {new} 份，已有 {same} 份未动，不能收 {refused} 行。")
    for problem in problems[:_SHOWN]:
        click.echo(f"  · {problem}")
    if len(problems) > _SHOWN:
        click.echo(f"  …… 另有 {len(problems) - _SHOWN} 处")
    if batch_id:
        click.echo(f"撤销：fanops import undo {batch_id}")
