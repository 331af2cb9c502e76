"""``fanops themes``: the edits by hand that a person makes on the pages, each with a number that ``undo`` takes."""

from __future__ import annotations

import json
from collections.abc import Callable

import click

_ID = click.IntRange(1, 2**63 - 1)
_OFFERED = 3
_TO_OR_OUT = "请写 --to 主题编号，或 --out，二选一。"


def _brand_and_json(command):
    command = click.option("--brand", help="品牌名称，有几个品牌时要写。")(command)
    return click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")(command)


def _carry_out(brand: str | None, as_json: bool, deed: Callable) -> None:
    """Do one edit for the owner, and say what was done and how it is taken back."""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.tables import Theme
    from fanops.themes.edit_words import told

    with ready_database().write() as session:
        event = deed(session, owner_actor(session, brand))
        done = {"event_id": event.id, "theme_id": event.theme_id, "kind": event.kind, "detail": event.detail}
        said = told(event.kind, session.get_one(Theme, event.theme_id).name, event.detail)
        undone = event.undone_at is not None
    if as_json:
        click.echo(json.dumps(done | {"undone": undone}, ensure_ascii=False))
        return
    way_back = "" if undone else f"撤销：fanops themes undo {done['event_id']}"
    click.echo(f"{'已撤销' if undone else '已做'}：{said}（主题 {done['theme_id']}）。{way_back}")


@click.command()
@click.argument("theme_id", type=_ID)
@click.argument("name")
@_brand_and_json
def rename(theme_id: int, name: str, brand: str | None, as_json: bool) -> None:
    """给主题 THEME_ID 改名，以后归纳都不再改。"""
    from fanops.themes import edit

    _carry_out(brand, as_json, lambda session, actor: edit.rename_theme(session, actor, theme_id, name))


@click.command()
@click.argument("theme_id", type=_ID)
@click.argument("into", type=_ID)
@_brand_and_json
def merge(theme_id: int, into: int, brand: str | None, as_json: bool) -> None:
    """把主题 THEME_ID 并入主题 INTO，原来的编号会指过去。"""
    from fanops.themes import edit

    _carry_out(brand, as_json, lambda session, actor: edit.merge_themes(session, actor, theme_id, into))


@click.command()
@click.argument("theme_id", type=_ID)
@click.argument("name")
@click.argument("unit_ids", type=_ID, nargs=-1, required=True)
@_brand_and_json
def split(theme_id: int, name: str, unit_ids: tuple[int, ...], brand: str | None, as_json: bool) -> None:
    """把几句话从主题 THEME_ID 拆出来，成为新主题 NAME。

    句子编号 UNIT_IDS 用 fanops themes sentences 查看。
    """
    from fanops.themes import edit

    _carry_out(brand, as_json, lambda session, actor: edit.split_theme(session, actor, theme_id, unit_ids, name))


@click.command()
@click.argument("unit_ids", type=_ID, nargs=-1, required=True)
@click.option("--to", type=_ID, help="移到哪个主题。")
@click.option("--out", is_flag=True, help="移出全部主题。")
@_brand_and_json
def move(unit_ids: tuple[int, ...], to: int | None, out: bool, brand: str | None, as_json: bool) -> None:
    """把几句话移到另一个主题，或移出全部主题。

    句子编号 UNIT_IDS 用 fanops themes sentences 查看；以后归纳照此不变，并从中学习。
    """
    from fanops.themes import edit

    if (to is None) is not out:
        raise click.UsageError(_TO_OR_OUT)
    _carry_out(brand, as_json, lambda session, actor: edit.move_units(session, actor, unit_ids, to))


@click.command()
@click.argument("theme_id", type=_ID)
@click.option("--off", is_flag=True, help="不再固定。")
@_brand_and_json
def pin(theme_id: int, off: bool, brand: str | None, as_json: bool) -> None:
    """固定主题 THEME_ID：以后归纳没有归出它也留着。"""
    from fanops.themes import edit

    _carry_out(brand, as_json, lambda session, actor: edit.set_pinned(session, actor, theme_id, not off))


@click.command()
@click.argument("theme_id", type=_ID)
@_brand_and_json
def retire(theme_id: int, brand: str | None, as_json: bool) -> None:
    """收起主题 THEME_ID：句子都在，不再列出。"""
    from fanops.themes import edit

    _carry_out(brand, as_json, lambda session, actor: edit.set_retired(session, actor, theme_id, True))


@click.command()
@click.argument("theme_id", type=_ID)
@_brand_and_json
def restore(theme_id: int, brand: str | None, as_json: bool) -> None:
    """恢复收起的主题 THEME_ID。"""
    from fanops.themes import edit

    _carry_out(brand, as_json, lambda session, actor: edit.set_retired(session, actor, theme_id, False))


@click.command()
@click.argument("event_id", type=_ID)
@_brand_and_json
def undo(event_id: int, brand: str | None, as_json: bool) -> None:
    """撤销一次修改 EVENT_ID（用 fanops themes history 查看）。"""
    from fanops.themes import edit

    _carry_out(brand, as_json, lambda session, actor: edit.undo_edit(session, actor, event_id))


@click.command()
@click.argument("theme_id", type=click.IntRange(0, 2**63 - 1))
@click.option("--words", default="", help="只看含有这几个字的原声。")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="最多列出多少。")
@_brand_and_json
def sentences(theme_id: int, words: str, limit: int, brand: str | None, as_json: bool) -> None:
    """列出主题 THEME_ID 的句子和编号，最有把握的在前。

    写 0 就是未归类的句子。
    """
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.themes.records import get_theme
    from fanops.themes.records_evidence import evidence

    with ready_database().read() as session:
        actor = owner_actor(session, brand)
        if theme_id:
            get_theme(session, actor, theme_id)
        rows, total = evidence(
            session, actor, theme_id=theme_id or None, unassigned=not theme_id, words=words, limit=limit
        )
    if as_json:
        columns = ["unit_id", "sentence", "strength", "unsure", "by_hand", "store", "said_at"]
        click.echo(rows[columns].to_json(orient="records", force_ascii=False, date_format="iso"))
        return
    for row in rows.itertuples():
        mark = "  手工" if row.by_hand else "  拿不准" if row.unsure else ""
        click.echo(f"{row.unit_id:>7}  {row.sentence}{mark}")
    click.echo(f"共 {total} 句。")


@click.command()
@click.option("--theme", "theme_id", type=_ID, help="只看这个主题里的。")
@click.option("--words", default="", help="只看含有这几个字的原声。")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="最多列出多少种说法。")
@_brand_and_json
def unsure(theme_id: int | None, words: str, limit: int, brand: str | None, as_json: bool) -> None:
    """列出拿不准的句子，说得最多的在前，附最可能的主题。

    句子前的编号给 fanops themes settle 用。
    """
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.themes.records import EVERYTHING, theme_table
    from fanops.themes.records_evidence import alike_units, evidence_in_order
    from fanops.themes.records_likely import likely_themes

    with ready_database().read() as session:
        actor = owner_actor(session, brand)
        alike = alike_units(session, actor, unsure=True, theme_id=theme_id, words=words)
        rows = evidence_in_order(session, actor, EVERYTHING, [units[0] for units in alike[:limit]])
        likely = likely_themes(session, actor, alike[:limit])
        names = theme_table(session, actor).set_index("theme_id")["name"].to_dict()
    told = [
        {"unit_id": row.unit_id, "sentence": row.sentence, "times": len(units), "theme_id": int(row.theme_id),
         "likely": [each for each in nearest if each in names][:_OFFERED]}
        for row, units, nearest in zip(rows.itertuples(), alike[:limit], likely, strict=True)
    ]  # fmt: skip
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for each in told:
        offered = "、".join(f"{theme} {names[theme]}" for theme in each["likely"])
        lies_in = f"{each['theme_id']} {names.get(each['theme_id'], '')}"
        click.echo(f"{each['unit_id']:>7}  {each['sentence']}（{each['times']} 句） 在 {lies_in}；可能是 {offered}")
    click.echo(f"共 {sum(map(len, alike))} 句、{len(alike)} 种说法。归类：fanops themes settle 编号 --to 主题编号")


@click.command()
@click.argument("unit_ids", type=_ID, nargs=-1, required=True)
@click.option("--to", type=_ID, help="归到哪个主题。")
@click.option("--out", is_flag=True, help="不属于任何主题。")
@_brand_and_json
def settle(unit_ids: tuple[int, ...], to: int | None, out: bool, brand: str | None, as_json: bool) -> None:
    """决定拿不准的句子 UNIT_IDS 归到哪里。

    编号用 fanops themes unsure 查看；说法一样的都照此办。
    """
    from fanops.themes import edit
    from fanops.themes.records_likely import unsure_alike

    if (to is None) is not out:
        raise click.UsageError(_TO_OR_OUT)
    _carry_out(
        brand, as_json,
        lambda session, actor: edit.move_units(session, actor, unsure_alike(session, actor, unit_ids), to),
    )  # fmt: skip


COMMANDS = (rename, merge, split, move, pin, retire, restore, undo, sentences, unsure, settle)
