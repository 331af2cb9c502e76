"""``fanops survey panel``: the same fans asked again, what changed in them, who is still there."""

from __future__ import annotations

import json

import click

from fanops.cli.survey_quota import find_wave


@click.group()
def panel() -> None:
    """固定样本组：同一批粉丝，隔一段时间再问。"""


def _find(session, actor, title: str) -> int:
    from fanops.collect.records_panels import panels
    from fanops.errors import NotFound

    known = panels(session, actor)
    ids = dict(zip(known["title"], known["panel_id"], strict=True))
    if title not in ids:
        raise NotFound(f"没有“{title}”这个固定样本组。", f"有：{'、'.join(ids) or '还没有建过'}")
    return int(ids[title])


@panel.command("list")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def list_them(as_json: bool, brand: str | None) -> None:
    """列出固定样本组，最新的在前。"""
    from fanops.access.accounts import owner_actor
    from fanops.collect.records_panels import panels
    from fanops.database import ready_database

    with ready_database().read() as session:
        table = panels(session, owner_actor(session, brand))
    if as_json:
        click.echo(table.to_json(orient="records", force_ascii=False, date_format="iso"))
        return
    for row in table.itertuples():
        click.echo(f"{row.title}　{row.fans} 位　{row.waves} 期")
    if table.empty:
        click.echo("还没有固定样本组。例如：fanops survey panel create 核心粉丝 --wave 十一月")


@panel.command()
@click.argument("title")
@click.option("--segment", help="人群名称。")
@click.option("--theme", type=int, help="主题编号：提出过它的粉丝。")
@click.option("--wave", help="一期的标题：答过的粉丝。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def create(title: str, segment: str | None, theme: int | None, wave: str | None, brand: str | None) -> None:
    """建一个固定样本组，叫 TITLE。

    里面可以是一个人群、一个主题的提出者，或一期的答卷人。
    """
    from fanops.access.accounts import owner_actor
    from fanops.collect.invite_fans import Asked
    from fanops.collect.records_panels import create_panel
    from fanops.database import ready_database
    from fanops.errors import InvalidInput, NotFound
    from fanops.fans.records_segments import segments

    if sum(each is not None for each in (segment, theme, wave)) != 1:
        raise InvalidInput("要说从哪里来。", "--segment、--theme、--wave 三个里写一个。")
    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        if segment is not None:
            known = {each.name: each.id for each in segments(session, actor)}
            if segment not in known:
                raise NotFound(f"没有“{segment}”这个人群。", f"有：{'、'.join(known) or '还没有存过'}")
            asked = Asked("segment", known[segment])
        elif theme is not None:
            asked = Asked("theme", theme)
        else:
            asked = Asked("wave", find_wave(session, actor, wave or ""))
        _, fans = create_panel(session, actor, title, asked)
    click.echo(f"固定样本组“{title}”有 {fans} 位粉丝。")


@panel.command()
@click.argument("title")
@click.argument("wave")
@click.option("--dry-run", is_flag=True, help="只说会请谁、不请谁。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def ask(title: str, wave: str, dry_run: bool, brand: str | None) -> None:
    """用一期 WAVE（标题）问固定样本组 TITLE。

    还在组里的都问；太频繁、没同意、配额已满的不问。
    """
    from fanops.access.accounts import owner_actor
    from fanops.collect.records_panels import ask_panel, preview_asking
    from fanops.database import ready_database

    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        panel_id, wave_id = _find(session, actor, title), find_wave(session, actor, wave)
        yes, no = preview_asking(session, actor, panel_id, wave_id)
        invited = len(yes) if dry_run else ask_panel(session, actor, panel_id, wave_id)
    click.echo(f"{'会邀请' if dry_run else '已邀请'} {invited} 位。")
    for why, count in no["why"].value_counts().items():
        click.echo(f"  不邀请：{why} {count} 位")


@panel.command()
@click.argument("title")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def show(title: str, as_json: bool, brand: str | None) -> None:
    """查看固定样本组 TITLE：问了谁、谁答了、从头到尾变了什么。"""
    from fanops.access.accounts import owner_actor
    from fanops.collect.records_panels import panel_answers
    from fanops.collect.surveys.attrition import attrition
    from fanops.collect.surveys.change import changes, comparable
    from fanops.database import ready_database

    with ready_database().read() as session:
        actor = owner_actor(session, brand)
        found = panel_answers(session, actor, _find(session, actor, title))
    kept = attrition(found.waves)
    waves = [each.wave_id for each in found.waves]
    changed, unlike = None, []
    if len(waves) > 1:
        pairs, unlike = comparable(found.surveys[waves[0]], found.surveys[waves[-1]])
        changed = changes(pairs, found.values[waves[0]], found.values[waves[-1]])
    if as_json:
        kept = kept.drop(columns=[name for name in kept.columns if name.endswith("_ids")])
        result = {
            "waves": json.loads(kept.to_json(orient="records", force_ascii=False)),
            "change": json.loads(changed.to_json(orient="records", force_ascii=False)) if changed is not None else [],
            "not_comparable": unlike,
        }
        click.echo(json.dumps(result, ensure_ascii=False))
        return
    for row in kept.itertuples():
        click.echo(
            f"{row.title}　问了 {row.asked}　答了 {row.answered}　一直在答 {row.all_along}　上期答这期没答 {row.dropped}"
        )
    if changed is None:
        click.echo("只问过一期，还没有变化可以看。")
        return
    for row in changed.itertuples():
        mark = {1: " ↑", -1: " ↓", 0: ""}[row.differs]
        click.echo(
            f"{row.title}　{row.label}　{row.before:.2f} → {row.after:.2f}"
            f"（{row.change:+.2f}，{row.low:.2f} 到 {row.high:.2f}，n={row.base}）{mark}"
        )
