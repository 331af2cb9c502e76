"""A million order rows through the import, cold: seconds and peak memory.

    python tests/bench/bench_orders.py OUT_FOLDER [ROWS]

Writes ``orders.json``.
"""

from __future__ import annotations

import csv
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path


def main() -> None:
    out = Path(sys.argv[1])
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="fanops-orders-"))
    os.environ |= {"FANOPS_DATA": str(folder / "data"), "FANOPS_KEY_FILE": str(folder / "key")}
    fanops = [sys.executable, "-m", "fanops.cli"]
    for words in (
        "org add-brand 山茶",
        "org add-region 华东",
        "org add-store S1 静安店 --region 华东",
        "org add-store S2 徐汇店 --region 华东",
    ):
        subprocess.run([*fanops, *words.split()], check=True, stdout=subprocess.DEVNULL)
    draw, begin = random.Random(3), datetime(2026, 1, 1)
    path = folder / "orders.csv"
    with path.open("w", encoding="gb18030", newline="") as file:
        table = csv.writer(file)
        table.writerow(["订单号", "门店", "会员号", "下单时间", "金额", "渠道"])
        for number in range(rows):
            at = begin + timedelta(minutes=draw.randrange(460_000))
            member = f"M{draw.randrange(rows // 15):07d}" if draw.random() < 0.7 else ""
            table.writerow(
                [
                    f"A{number:08d}",
                    draw.choice(("静安店", "徐汇店")),
                    member,
                    f"{at:%Y-%m-%d %H:%M}",
                    f"{draw.randrange(800, 6000) / 100:.2f}",
                    "到店",
                ]
            )
    began = time.perf_counter()
    done = subprocess.run([*fanops, "import", "orders", str(path)], capture_output=True, text=True)
    result = {
        "rows": rows, "seconds": round(time.perf_counter() - began, 1), "exit_code": done.returncode,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024), "said": (done.stdout + done.stderr)[-300:],
    }  # fmt: skip
    (out / "orders.json").write_text(json.dumps(result, indent=1, ensure_ascii=False), "utf-8")
    print(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
