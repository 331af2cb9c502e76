"""Spread (分发): the same work on many chunks, here or on a Dask cluster, with the same result; and work done beside other work.

Chunks have the same borders on both ways, and each is worked on alone, so that where it was done can't be seen in the result.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any, TypeVar

import numpy as np

from fanops.errors import NotReady
from fanops.text.encoder import Encoder, load_encoder

CHUNK = 20_000  # units worked on together: about 15 MB of vectors
_AHEAD = 3  # chunks per worker that are under way: bounds memory on the cluster
_PATIENCE_SECONDS = 30.0
_IDLE_SECONDS = 20  # after which a process that stands by ends
_TRIES = 5  # workers that may die under one chunk before it is given up

Chunk, Result = TypeVar("Chunk"), TypeVar("Result")


def in_chunks(work: Callable[[Chunk], Result], chunks: Sequence[Chunk], cluster: str = "") -> Iterator[Result]:
    """Do ``work`` on each chunk; results come in the order of the chunks.

    Args:
        work: A function of a module, or a partial of one: it is sent to the workers.
        chunks: What to work on; on a cluster each is sent to one worker.
        cluster: Address of a Dask scheduler (``tcp://host:8786``), empty: here, one after the other.

    Raises:
        NotReady: No Dask here, no scheduler at the address, or no worker left.
    """
    if not cluster or len(chunks) < 2:  # a single chunk is not worth the way
        return map(work, chunks)
    return _on_cluster(work, chunks, cluster)


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep products of matrices to one thread: with more, the last digits depend on how many there are."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):
        yield


def beside(work: Callable[..., Result], *arguments: Any) -> Callable[[], Result]:
    """Begin ``work`` in a process of its own: two that think in Python hinder each other in one.

    Args:
        work: A function of a module.
        arguments: What it takes; they are sent.

    Returns:
        Waits for the result. Where no process can be had, or it died, the work is done here.
    """
    from loky import get_reusable_executor

    try:
        under_way = get_reusable_executor(max_workers=1, timeout=_IDLE_SECONDS).submit(work, *arguments)
    except OSError:
        return partial(work, *arguments)

    def result() -> Result:
        try:
            return under_way.result()
        except BrokenExecutor:
            return work(*arguments)

    return result


def bounds(count: int) -> list[tuple[int, int]]:
    """Give where the chunks of ``count`` rows begin and end."""
    return [(at, min(at + CHUNK, count)) for at in range(0, count, CHUNK)]


def _on_cluster(work: Callable[[Chunk], Result], chunks: Sequence[Chunk], cluster: str) -> Iterator[Result]:
    client = connected(cluster)
    try:
        waiting, ahead = deque(chunks), _AHEAD * max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
        under_way: deque[Any] = deque()
        while waiting or under_way:
            while waiting and len(under_way) < ahead:
                under_way.append(client.submit(work, waiting.popleft(), pure=False, retries=_TRIES))
            yield _finished(client, under_way.popleft())
    finally:
        client.close()


def connected(cluster: str) -> Any:
    """Connect to a Dask scheduler that has at least one worker.

    Raises:
        NotReady: No Dask here, no scheduler at the address, or no worker.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise NotReady(
            "设了 FANOPS_DASK，但这台机器没有装 Dask。", "请运行 pip install 'fanops[dask]'，或去掉 FANOPS_DASK。"
        ) from error
    try:
        client = Client(cluster, timeout=_PATIENCE_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise NotReady(
            f"连不上 Dask 调度器：{cluster}。", "请检查地址与端口，先启动 dask scheduler；或去掉 FANOPS_DASK。"
        ) from error
    try:
        client.wait_for_workers(1, timeout=_PATIENCE_SECONDS)
    except TimeoutError as error:
        client.close()
        raise _no_worker() from error
    return client


def _finished(client: Any, future: Any) -> Any:
    """Wait for a chunk as long as there is a worker; one that dies has its chunks done again by the others."""
    while True:
        try:
            return future.result(timeout=_PATIENCE_SECONDS)
        except TimeoutError as error:
            if not client.scheduler_info(n_workers=-1)["workers"]:
                raise _no_worker() from error


def _no_worker() -> NotReady:
    return NotReady("Dask 集群里没有可用的工作进程。", "请启动 dask worker，并确认它们装了同一版本的 fanops。")


class SpreadEncoder:
    """An encoder whose long jobs are done in chunks on the cluster."""

    def __init__(self, name: str | None, cluster: str) -> None:
        """Load the encoder here too: short jobs never leave.

        Args:
            name: As for ``load_encoder``.
            cluster: As for ``in_chunks``.
        """
        self._name, self._cluster, self._here = name, cluster, load_encoder(name)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._here.dimension

    @property
    def fingerprint(self) -> str:
        """Hash of the model."""
        return self._here.fingerprint

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Give vectors as the encoder itself would; float32, shape (n, dimension)."""
        if len(texts) <= CHUNK:
            return self._here.encode(texts)
        parts = [(self._name, self.fingerprint, list(texts[start:end])) for start, end in bounds(len(texts))]
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for (start, end), found in zip(bounds(len(texts)), in_chunks(encoded, parts, self._cluster), strict=True):
            vectors[start:end] = found
        return vectors

    def encode_tokens(self, tokens: Sequence[Sequence[str]]) -> np.ndarray:
        """Give vectors of texts that are cut into tokens already; always here."""
        return self._here.encode_tokens(tokens)


def encoder(name: str | None, cluster: str = "") -> Encoder:
    """Give the encoder as ``load_encoder`` does, spread over the cluster where one is set."""
    return SpreadEncoder(name, cluster) if cluster else load_encoder(name)


def encoded(part: tuple[str | None, str, list[str]]) -> np.ndarray:
    """Encode one chunk, given as the encoder's name, its fingerprint and texts (runs on a worker).

    Raises:
        NotReady: The worker's model is another one.
    """
    name, fingerprint, texts = part
    model = _loaded(name)
    if model.fingerprint != fingerprint:
        raise NotReady("集群里的句向量模型与本机不同。", "请在每台机器上装同一版本的 fanops。")
    return model.encode(texts)


@lru_cache(maxsize=2)
def _loaded(name: str | None) -> Encoder:
    return load_encoder(name)
