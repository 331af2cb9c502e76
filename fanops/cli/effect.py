"""``fanops effect``: measure what a rollout changed, on any table."""

from __future__ import annotations

import json
import math
from pathlib import Path

import click


@click.group()
def effect() -> None:
    """测量一项行动改变了什么。"""


@effect.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--unit", required=True, help="门店在哪一列。")
@click.option("--time", "time_column", required=True, help="时间在哪一列。")
@click.option("--value", required=True, help="数值在哪一列。")
@click.option("--treated-from", required=True, help="门店从哪一期开始做，在哪一列；空着表示没有做。")
@click.option("--lower-is-better", is_flag=True, help="越低越好的指标，例如不满占比。")
@click.option("--smallest", default=0.0, help="值得做的最小效果（比例），例如 0.02。")
@click.option("--pass-line", default=0.0, help="事先说好的效果（比例），例如 0.03。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def did(
    file: Path, unit: str, time_column: str, value: str, treated_from: str, lower_is_better: bool, smallest: float,
    pass_line: float, as_json: bool,
) -> None:  # fmt: skip
    """双重差分：文件 FILE（CSV 或 Excel）每店每期一行。"""
    from fanops.effect.did import estimate_effect
    from fanops.effect.panel import read_panel
    from fanops.effect.verdict import TOO_LITTLE, verdict
    from fanops.errors import TooLittleData
    from fanops.text.table_file import read_table

    panel = read_panel(read_table(file), unit, time_column, value, treated_from)
    names = ("estimate", "low", "high", "estimate_share", "low_share", "high_share")
    treated = int((panel.start < panel.n_periods).sum())
    try:
        found = estimate_effect(panel)
    except TooLittleData as refusal:
        result: dict = dict.fromkeys(names)
        result |= {"verdict": TOO_LITTLE, "n_treated": treated, "n_control": len(panel.units) - treated,
                   "minimum_detectable_share": None, "pre_trend_p": None, "n_periods": panel.n_periods,
                   "note": f"{refusal.message}{refusal.hint}"}  # fmt: skip
    else:
        word = verdict(found, higher_is_better=not lower_is_better, smallest_share=smallest, pass_share=pass_line)
        result = {name: getattr(found, name) for name in names}
        result |= {"verdict": word, "n_treated": found.n_treated, "n_control": found.n_control,
                   "minimum_detectable_share": found.minimum_detectable_share, "pre_trend_p": found.pre_trend_p,
                   "p": found.p, "n_periods": found.n_periods, "scale": found.scale,
                   "method": "imputation estimator over untreated store-periods; inference over stores"}  # fmt: skip
    result["synthetic"] = _synthetic(panel)
    result = {name: None if isinstance(v, float) and not math.isfinite(v) else v for name, v in result.items()}
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, indent=1))
        return
    if result["estimate"] is None:
        click.echo(f"{result['verdict']}：{result['note']}")
        return
    click.echo(
        f"{result['verdict']}：{result['estimate_share']:+.1%}"
        f"（95% 区间 {result['low_share']:+.1%} 到 {result['high_share']:+.1%}），"
        f"每店每期 {result['estimate']:+,.1f}（{result['low']:+,.1f} 到 {result['high']:+,.1f}）。"
    )
    shown = result["pre_trend_p"]
    click.echo(
        f"上线 {result['n_treated']} 家，对照 {result['n_control']} 家，{result['n_periods']} 期；"
        f"这样的设计能看出约 {result['minimum_detectable_share']:.1%} 的变化；"
        f"上线前走势差异 p={'—' if shown is None else format(shown, '.2f')}。"
    )


def _synthetic(panel) -> dict | None:
    """A second opinion where one to three stores are treated; None where it can't be had."""
    from fanops.effect.synthetic import synthetic_control
    from fanops.errors import TooLittleData

    try:
        found = synthetic_control(panel)
    except TooLittleData:
        return None
    return {"estimate_share": found.estimate_share, "p": found.p, "least_p": found.least_p, "fit_share": found.fit_share,
            "weights": found.weights.to_dict("records")}  # fmt: skip


from fanops.cli.effect_database import credit, item, power, raisers  # noqa: E402  (the group must exist first)

for command in (item, power, raisers, credit):
    effect.add_command(command)
