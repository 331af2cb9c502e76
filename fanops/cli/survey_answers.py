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
@click.option("--map", "mapping", multiple=True, metavar="NUMBER=CODE",
              help="Which question of the export is which of ours; may be repeated. Without it: as last time, or guessed.")  # fmt: skip
@click.option("--role", "roles", multiple=True, metavar="ROLE=NUMBER",
              help="Which question gives store, phone or member; may be repeated. Without it: guessed.")  # fmt: skip
@click.option("--store", help="Store (code or name) of rows that name none.")
@click.option("--skip-refused", is_flag=True, help="Import the rows that can be; otherwise one bad row stops all.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--brand", help="Name of the brand, when there are several.")
def import_answers(
    wave: str, file: Path, mapping: tuple[str, ...], roles: tuple[str, ...], store: str | None, skip_refused: bool,
    dry_run: bool, as_json: bool, brand: str | None,
) -> None:  # fmt: skip
    """Import the answers in FILE (an export of 问卷星 or 腾讯问卷) into WAVE (its title)."""
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
