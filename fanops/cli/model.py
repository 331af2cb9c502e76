"""``fanops model``: describe and train what ships in models/."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import click

from fanops.content import content_path


@click.group()
def model() -> None:
    """自带的语言模型：查看和训练。"""


@model.command()
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def card(as_json: bool) -> None:
    """列出自带的模型、校验和与成绩。"""
    from fanops.text.encoder import load_encoder

    encoder = load_encoder()
    about = json.loads(content_path("models", "polarity", "model.json").read_text("utf-8"))
    files = sorted(file for file in content_path("models").rglob("*") if file.is_file())
    hashes = {
        str(file.relative_to(content_path("models"))): hashlib.sha256(file.read_bytes()).hexdigest() for file in files
    }
    if as_json:
        found = {
            "encoder": {"dimension": encoder.dimension, "fingerprint": encoder.fingerprint},
            "polarity": about,
            "files": hashes,
        }
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return
    click.echo(f"句向量：{encoder.dimension} 维，指纹 {encoder.fingerprint}")
    click.echo(f"情感：留出集三分类正确率 {about['held_out_accuracy']:.1%}（{about['held_out']} 句）")
    for name, digest in hashes.items():
        click.echo(f"  {digest[:16]}  {name}")


@model.command()
@click.option("--data-folder", required=True, type=click.Path(path_type=Path), help="放 MIT 许可的数据文件的文件夹。")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="写到哪个文件夹。")
@click.option("--steps", type=int, help="训练多少步，试一试时用；默认与自带的一样。")
def train(data_folder: Path, out: Path, steps: int | None) -> None:
    """重新训练句子编码模型。

    两核约 20 分钟；要先装 train 依赖组。
    """
    from fanops.text.training.encoder import train_encoder
    from fanops.text.training.fit_encoder import FitParameters

    parameters = FitParameters() if steps is None else FitParameters(steps=steps)
    with click.progressbar(length=100, label="训练句向量", file=sys.stderr) as bar:
        about = train_encoder(
            data_folder, out, parameters, lambda share, doing: bar.update(round(share * 100) - bar.pos)
        )
    for name, digest in about["files_sha256"].items():
        click.echo(f"  {digest[:16]}  {name}")
    click.echo(f"已写入 {out}；使用：FANOPS_ENCODER={out}")


@model.command("train-polarity")
@click.option("--data-folder", required=True, type=click.Path(path_type=Path), help="放 MIT 许可的数据文件的文件夹。")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="写到哪个文件夹。")
def train_polarity(data_folder: Path, out: Path) -> None:
    """重新训练情感模型。"""
    from fanops.text.training.polarity import train_polarity as train

    with click.progressbar(length=100, label="训练情感模型", file=sys.stderr) as bar:
        about = train(data_folder, out, lambda share, doing: bar.update(round(share * 100) - bar.pos))
    click.echo(f"留出集三分类正确率 {about['held_out_accuracy']:.1%}，已写入 {out}")
