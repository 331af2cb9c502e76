"""``fanops brief``: the CEO's page as a file, for the weekly mail or the wall."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="要写的 HTML 文件，一页 A4。"
)
@click.option("--days", type=click.IntRange(1, 3650), default=7, show_default=True, help="看多少天。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def brief(out: Path, days: int, brand: str | None) -> None:
    """把老板的一页（周报）写成文件。"""
    from fanops.access.accounts import owner_actor
    from fanops.access.organisation import brand_of
    from fanops.database import ready_database
    from fanops.summary.records_brief import brief as brief_of
    from fanops.text.table_file import check_out, write_file
    from fanops.web.brief_sheet import brief_sheet

    check_out(out)
    with ready_database().read() as session:
        actor = owner_actor(session, brand)
        sheet = brief_sheet(brand_of(session, actor), actor, brief_of(session, actor, days))
    write_file(sheet.body, out)
    click.echo(f"已写到 {out}。")
