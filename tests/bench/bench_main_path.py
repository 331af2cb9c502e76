"""The main path as commands, cold, each in a process of its own: seconds and peak memory.

    python tests/bench/bench_main_path.py DATA_FOLDER OUT_FOLDER

Imports the 11,987 delivery reviews into a new installation, discovers themes, labels the same file without a database.
Writes ``main_path.json``.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def run(*arguments: str) -> dict[str, float]:
    """Run a fanops command; give its wall seconds and the largest memory of any child so far, MB."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "fanops.cli", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"seconds": round(time.perf_counter() - began, 1), "largest_mb": round(peak)}


def main() -> None:
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="fanops-path-"))
    os.environ |= {"FANOPS_DATA": str(folder / "data"), "FANOPS_KEY_FILE": str(folder / "key")}
    reviews = str(data / "waimai_10k.csv")
    run("org", "add-brand", "山茶")
    result = {
        "import voices": run("import", "voices", reviews),
        "themes discover": run("themes", "discover"),
        "themes label": run("themes", "label", reviews, "--text-column", "review", "--out", str(folder / "out.csv")),
    }
    (out / "main_path.json").write_text(json.dumps(result, indent=1), "utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
