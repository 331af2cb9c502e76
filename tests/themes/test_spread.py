"""Long jobs on a real Dask cluster of two processes: the same result as here, also when one of them is killed midway."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest

from fanops.errors import NotReady
from fanops.text.polarity import polarity
from fanops.text.tokens import tokenizer
from fanops.themes import label, spread
from fanops.themes.discovery import discover
from fanops.themes.label import label_texts
from fanops.themes.parameters import Parameters

_PLACES = ("门店", "柜台", "前台", "二楼", "窗边", "吧台", "靠门", "里间", "外摆", "拐角")
_SAYINGS = (
    "排队等了{n}分钟太久了", "叫号等{n}号还没轮到", "珍珠煮得太硬咬不动{n}", "第{n}次喝珍珠还是硬", "店员态度很热情{n}",
    "{n}号店员笑着打招呼", "奶茶太甜要{n}分糖才行", "{n}分糖还是甜得发腻", "外卖洒了{n}杯", "送餐慢了{n}分钟汤都凉了",
)  # fmt: skip
TEXTS = [f"{place}{saying.format(n=n)}" for n in range(12) for place in _PLACES for saying in _SAYINGS]


def shouted(part: list[int]) -> tuple[int, list[int]]:
    """Square numbers, slowly, and tell by whom."""
    time.sleep(0.15)
    return os.getpid(), [each * each for each in part]


@pytest.fixture(scope="module")
def cluster() -> Iterator:
    """A scheduler and two worker processes on this machine; the nanny starts a killed one again."""
    from distributed import LocalCluster

    with pytest.MonkeyPatch.context() as patch:
        # A new process runs the main module again, and Streamlit's page tests leave a script of theirs in its place.
        patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as started:
            yield started


@pytest.fixture
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of 300, so that a small file has several; only the side that cuts needs to know."""
    monkeypatch.setattr(spread, "CHUNK", 300)


def test_results_come_in_order_from_both_workers_and_survive_a_kill(cluster):
    chunks = [[number, number + 1] for number in range(20)]
    results = spread.in_chunks(shouted, chunks, cluster.scheduler_address)
    first, _ = next(results)
    os.kill(first, signal.SIGKILL)  # two of its chunks are under way
    rest = list(results)
    assert [values for _, values in rest] == [[number**2, (number + 1) ** 2] for number in range(1, 20)]
    assert len({first, *(pid for pid, _ in rest)} - {os.getpid()}) >= 2


def test_labels_on_a_cluster_are_those_of_this_machine(cluster, short_chunks):
    here = label_texts(TEXTS, level="unit")
    there = label_texts(TEXTS, level="unit", cluster=cluster.scheduler_address)
    assert there == here and here.fingerprint


def test_a_worker_killed_midway_changes_nothing(cluster, short_chunks):
    parameters, killed = Parameters(fit_most=300), []

    def kill_one(share: float, doing: str) -> None:
        if doing == "归类":  # vectors are made, most texts are not yet assigned
            killed.append(next(each.pid for each in cluster.workers.values() if each.pid))
            os.kill(killed[0], signal.SIGKILL)

    here = discover(TEXTS, None, spread.encoder(None), tokenizer(), parameters)
    address = cluster.scheduler_address
    there = discover(
        TEXTS, None, spread.encoder(None, address), tokenizer(), parameters, kill_one, cluster=address
    )  # fmt: skip
    assert killed and there.fingerprint == here.fingerprint
    for name in ("labels", "sublabels", "strength", "unsure", "positions", "vectors"):
        assert np.array_equal(getattr(there, name), getattr(here, name)), name
    assert [group.name for group in there.themes] == [group.name for group in here.themes]


def test_vectors_of_a_long_file_are_those_of_the_encoder(cluster, short_chunks):
    spreading = spread.encoder(None, cluster.scheduler_address)
    here = spread.load_encoder(None)
    assert np.array_equal(spreading.encode(TEXTS), here.encode(TEXTS))
    assert np.array_equal(spreading.encode(TEXTS[:5]), here.encode(TEXTS[:5]))
    assert (spreading.fingerprint, spreading.dimension) == (here.fingerprint, here.dimension)


def test_a_worker_with_another_model_is_refused():
    with pytest.raises(NotReady, match="句向量模型"):
        spread.encoded((None, "0" * 16, ["排队太久"]))


def test_no_scheduler_is_said_in_words(monkeypatch):
    monkeypatch.setattr(spread, "_PATIENCE_SECONDS", 0.5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(NotReady, match="Dask"):
            list(spread.in_chunks(shouted, [[1], [2]], nobody))


def test_without_a_cluster_everything_is_done_here():
    assert list(spread.in_chunks(len, [[1, 2], [3]])) == [2, 1]
    assert spread.bounds(0) == [] and spread.bounds(spread.CHUNK + 1)[-1] == (spread.CHUNK, spread.CHUNK + 1)


def seat(home: int, dies: bool) -> int:
    """Tell by which process it was done; one that is to die does so anywhere but at home."""
    if dies and os.getpid() != home:
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def test_work_beside_is_done_by_another_process_and_here_when_that_dies():
    home = os.getpid()
    assert spread.beside(seat, home, False)() != home
    assert spread.beside(seat, home, True)() == home
    assert spread.beside(seat, home, False)() != home, "the next one gets a new process"


def test_a_long_file_is_judged_as_a_short_one_is():
    texts = TEXTS * 3
    found = label_texts(texts)
    judged = polarity(texts)
    assert len(texts) >= label._BESIDE_LEAST
    assert found.columns["polarity"] == judged.values.tolist()
