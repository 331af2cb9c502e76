"""``fanops themes``: the edits by hand that a person makes on the pages, each with a number that ``undo`` takes."""

from __future__ import annotations

import json
from collections.abc import Callable

import click

_ID = click.IntRange(1, 2**63 - 1)
_OFFERED = 3
_TO_OR_OUT = "请写 --to 主题编号，或 --out，二选一。"


def _brand_and_json(command):
    command = click.option("--brand", help="Brand, when there are several.")(command)
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


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
    """Rename THEME_ID; no later run changes the name."""
    from fanops.themes import edit

    _carry_out(brand, as_json, lambda session, actor: edit.rename_theme(session, actor, theme_id, name))


@click.command()
@click.argument("theme_id", type=_ID)
@click.argument("into", type=_ID)
@_brand_and_json
def merge(theme_id: int, into: int, brand: str | None, as_json: bool) -> None:
    """Merge THEME_ID into the theme INTO; its number stays as a pointer."""
    from fanops.themes import edit

    _carry_out(brand, as_json, lambda session, actor: edit.merge_themes(session, actor, theme_id, into))


@click.command()
@click.argument("theme_id", type=_ID)
@click.argument("name")
@click.argument("unit_ids", type=_ID, nargs=-1, required=True)
@_brand_and_json
def split(theme_id: int, name: str, unit_ids: tuple[int, ...], brand: str | None, as_json: bool) -> None:
    """Take UNIT_IDS (as `sentences` shows them) out of THEME_ID into a new theme called NAME."""
    from fanops.themes import edit

    _carry_out(brand, as_json, lambda session, actor: edit.split_theme(session, actor, theme_id, unit_ids, name))


@click.command()
@click.argument("unit_ids", type=_ID, nargs=-1, required=True)
@click.option("--to", type=_ID, help="Theme they go to.")
@click.option("--out", is_flag=True, help="Out of all themes instead.")
@_brand_and_json
def move(unit_ids: tuple[int, ...], to: int | None, out: bool, brand: str | None, as_json: bool) -> None:
    """Move UNIT_IDS (as `sentences` shows them) to a theme, or out of all; later runs keep them there and learn from it."""
    from fanops.themes import edit

    if (to is None) is not out:
        raise click.UsageError(_TO_OR_OUT)
    _carry_out(brand, as_json, lambda session, actor: edit.move_units(session, actor, unit_ids, to))


@click.command()
@click.argument("theme_id", type=_ID)
@click.option("--off", is_flag=True, help="Unpin it.")
@_brand_and_json
def pin(theme_id: int, off: bool, brand: str | None, as_json: bool) -> None:
    """Pin THEME_ID: it stays even when a run does not find it."""
    from fanops.themes import edit

    _carry_out(brand, as_json, lambda session, actor: edit.set_pinned(session, actor, theme_id, not off))


@click.command()
@click.argument("theme_id", type=_ID)
@_brand_and_json
def retire(theme_id: int, brand: str | None, as_json: bool) -> None:
    """Retire THEME_ID: kept with its sentences, not listed."""
    from fanops.themes import edit

    _carry_out(brand, as_json, lambda session, actor: edit.set_retired(session, actor, theme_id, True))


@click.command()
@click.argument("theme_id", type=_ID)
@_brand_and_json
def restore(theme_id: int, brand: str | None, as_json: bool) -> None:
    """Take a retired THEME_ID back."""
    from fanops.themes import edit

    _carry_out(brand, as_json, lambda session, actor: edit.set_retired(session, actor, theme_id, False))


@click.command()
@click.argument("event_id", type=_ID)
@_brand_and_json
def undo(event_id: int, brand: str | None, as_json: bool) -> None:
    """Take the edit EVENT_ID (as `history` shows it) back."""
    from fanops.themes import edit

    _carry_out(brand, as_json, lambda session, actor: edit.undo_edit(session, actor, event_id))


@click.command()
@click.argument("theme_id", type=click.IntRange(0, 2**63 - 1))
@click.option("--words", default="", help="Only voices with these characters.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most this many.")
@_brand_and_json
def sentences(theme_id: int, words: str, limit: int, brand: str | None, as_json: bool) -> None:
    """List the sentences of THEME_ID (0: of no theme), those that belong most surely first, with the ids that edits take."""
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
@click.option("--theme", "theme_id", type=_ID, help="Only what lies in this theme.")
@click.option("--words", default="", help="Only voices with these characters.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most this many sayings."
)
@_brand_and_json
def unsure(theme_id: int | None, words: str, limit: int, brand: str | None, as_json: bool) -> None:
    """List what nobody is sure of, said most often first: the number that `settle` takes, and the likeliest themes."""
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
@click.option("--to", type=_ID, help="Theme they belong to.")
@click.option("--out", is_flag=True, help="They belong to no theme.")
@_brand_and_json
def settle(unit_ids: tuple[int, ...], to: int | None, out: bool, brand: str | None, as_json: bool) -> None:
    """Say where UNIT_IDS (as `unsure` shows them) belong; it counts for all doubtful sentences that say the same."""
    from fanops.themes import edit
    from fanops.themes.records_likely import unsure_alike

    if (to is None) is not out:
        raise click.UsageError(_TO_OR_OUT)
    _carry_out(
        brand, as_json,
        lambda session, actor: edit.move_units(session, actor, unsure_alike(session, actor, unit_ids), to),
    )  # fmt: skip


COMMANDS = (rename, merge, split, move, pin, retire, restore, undo, sentences, unsure, settle)
