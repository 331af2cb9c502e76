"""A million short units: how long and in how much memory ``themes label`` takes, cold.

    python tests/bench/bench_million.py DATA_FOLDER OUT_FOLDER [UNITS]

The units are clauses of delivery reviews and restaurant reviews, repeated with noise: a lead (真的, 今天, 说实话 …), an end (了, 啊, ！ …),
or one character dropped, drawn with a seed, so that most are different texts. Writes ``million.json``.
"""

from __future__ import annotations

import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fanops.text.table_file import read_table
from fanops.text.units import unit_texts

LEADS = (
    "",
    "",
    "",
    "真的",
    "今天",
    "说实话",
    "感觉",
    "我觉得",
    "上次",
    "每次都",
    "这家",
    "一直",
    "可惜",
    "总之",
    "其实",
    "朋友说",
    "昨晚",
    "中午",
)
ENDS = ("", "", "", "了", "啊", "吧", "呢", "！", "。", "～", "哈哈", "真的", "啦", "呀", "…", "哦", "！！", "😊")


def main() -> None:
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    wanted = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000
    out.mkdir(parents=True, exist_ok=True)
    draw = random.Random(5)
    reviews = [str(text) for text in read_table(data / "waimai_10k.csv", "review")["review"]]
    clauses = [unit for review in reviews for unit in unit_texts(review) if 3 <= len(unit) <= 40]
    with (data / "restaurant_clauses.csv").open(encoding="utf-8-sig") as file:
        clauses += [row["text"] for row in csv.DictReader(file)]
    folder = Path(tempfile.mkdtemp(prefix="fanops-million-"))
    path = folder / "units.csv"
    distinct = set()
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["text"])
        for _ in range(wanted):
            text = draw.choice(clauses)
            if draw.random() < 0.2 and len(text) > 4:
                at = draw.randrange(len(text))
                text = text[:at] + text[at + 1 :]
            text = draw.choice(LEADS) + text + draw.choice(ENDS)
            distinct.add(text)
            table.writerow([text])
    command = ["themes", "label", str(path), "--text-column", "text", "--out", str(folder / "out.csv")]
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "fanops.cli", *command], capture_output=True, text=True)
    seconds = time.perf_counter() - began
    result = {
        "units": wanted, "distinct": len(distinct), "seconds": round(seconds, 1), "exit_code": done.returncode,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024), "said": (done.stdout + done.stderr)[-400:],
    }  # fmt: skip
    (out / "million.json").write_text(json.dumps(result, indent=1, ensure_ascii=False), "utf-8")
    print(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
