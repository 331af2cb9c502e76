"""``fanops sample``: load or clear the sample chain."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from fanops.cli.imports import progress_bar
from fanops.database import ready_database


@click.group()
def sample() -> None:
    """示例连锁：12 家门店、3,000 位粉丝、半年的订单和原声。"""


@sample.command()
@click.option("--no-themes", is_flag=True, help="不归纳主题。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def load(no_themes: bool, as_json: bool) -> None:
    """载入示例连锁；已经载入过就什么都不做。"""
    from fanops.sample import SAMPLE_PASSWORD, load_sample

    with progress_bar("载入示例连锁", as_json) as progress:
        summary = load_sample(ready_database(), progress, discover=not no_themes)
    if as_json:
        click.echo(json.dumps(asdict(summary), ensure_ascii=False, default=str))
        return
    if summary.already:
        click.echo("示例连锁已经载入过了。")
        return
    click.echo(
        f"示例连锁已载入：{summary.fans:,} 位粉丝，{summary.orders:,} 笔订单，{summary.reviews:,} 条评价，"
        f"{summary.responses} 份答卷，{summary.interviews} 次访谈，{summary.themes} 个主题。"
    )
    click.echo(f"示例账号：dianyuan、dianzhang、quyu、chanpin、ceo、guanli，密码都是 {SAMPLE_PASSWORD}")
    click.echo("清除：fanops sample clear")


_LABELS = {
    "voice": "条原声", "fan_order": "笔订单", "fan": "位粉丝", "response": "份答卷", "interview": "次访谈", "theme": "个主题",
    "store": "家门店", "account": "个账号",
}  # fmt: skip


@sample.command()
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def clear(as_json: bool) -> None:
    """清除示例连锁，别的都不动。"""
    from fanops.sample import clear_sample

    cleared = clear_sample(ready_database())
    if as_json:
        click.echo(json.dumps(asdict(cleared), ensure_ascii=False))
        return
    if not cleared.removed:
        click.echo("没有载入示例连锁。")
        return
    gone = "、".join(f"{cleared.removed[name]:,} {word}" for name, word in _LABELS.items() if cleared.removed.get(name))
    click.echo(f"示例连锁已清除：{gone}。")
    if cleared.kept:
        words = {"brand": "品牌", "region": "大区", "store": "门店", "staff": "员工", "account": "账号（已停用）"}
        still = "、".join(f"{count} 个{words.get(name, name)}" for name, count in cleared.kept.items())
        click.echo(f"真实数据还用到：{still}，所以保留。")
