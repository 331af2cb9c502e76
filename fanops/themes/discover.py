"""Discover themes over a brand's voices: load → pure discovery → match to the registry → keep hand edits → save."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from sqlmodel import Session

from fanops import __version__
from fanops.access import Actor, record_audit
from fanops.database import Database
from fanops.errors import TooLittleData
from fanops.settings import settings
from fanops.tables import ThemeRun
from fanops.text.tokens import tokenizer
from fanops.themes import records_discovery as records
from fanops.themes.continuity import NOT_REGISTERED
from fanops.themes.discovery import Discovery, discover
from fanops.themes.identity import Matching, Registered, match_clusters
from fanops.themes.parameters import Parameters
from fanops.themes.quality import stability
from fanops.themes.records_dictionary import brand_words
from fanops.themes.spread import encoder as spread_encoder

Progress = Callable[[float, str], None]


def run_discovery(
    db: Database, actor: Actor, parameters: Mapping[str, Any], progress: Progress = lambda share, doing: None
) -> dict[str, Any]:
    """Discover themes for the actor's whole brand and keep the result as a run.

    Args:
        db: The database.
        actor: On whose behalf; themes belong to the brand, whatever stores the actor sees.
        parameters: Fields of ``Parameters``.
        progress: Called with share done and what is being done.

    Returns:
        Counts, seconds and fingerprint of the run.

    Raises:
        TooLittleData: Fewer than 10 distinct units with content.
    """
    began = time.perf_counter()
    chosen = Parameters(**{name: value for name, value in parameters.items() if value is not None})
    progress(0.01, "读取原声")
    with db.read() as session:
        units = records.load_units(session, actor.brand_id)
        registered = records.load_registry(session, actor.brand_id)
        joined = records.joined_by_hand(session, actor.brand_id)
        words = brand_words(session, actor.brand_id)
        taught = records.corrected_units(session, actor.brand_id)
        same_grain = records.last_granularity(session, actor.brand_id) in (None, chosen.granularity)
    if len(units) < 10:
        raise TooLittleData(
            f"只有 {len(units)} 个语义单元，还不足以发现主题。", "先导入更多原声，至少 10 句；20 句以上比较稳。"
        )
    cluster = settings().dask
    encoder = spread_encoder(settings_encoder(), cluster)
    found = discover(
        units["text"].tolist(), units["person"].tolist(), encoder, tokenizer(words), chosen,
        lambda share, doing: progress(0.05 + 0.8 * share, doing), _before(registered, units["unit_id"].tolist()), cluster,
        same_grain, units["voice_id"].tolist(),
        frozenset(place for place, theme in enumerate(registered) if theme.theme_id in joined),
    )  # fmt: skip
    progress(0.86, "检查稳不稳")
    firm = stability(found.vectors, found.labels, chosen)
    progress(0.89, "对应已有主题")
    unit_ids = units["unit_id"].to_numpy()
    clusters = [frozenset(unit_ids[found.labels == k].tolist()) for k in range(len(found.themes))]
    matching = match_clusters(registered, clusters, np.stack([group.centroid for group in found.themes]))
    lay_in = _lay_in(registered, unit_ids)
    progress(0.91, "保存")
    with db.write() as session:
        run = _start_run(session, actor, chosen, units, found, encoder.fingerprint)
        themes = records.save_themes(session, actor.brand_id, run.id, found, matching, units, firm, lay_in)
        final = records.keep_corrections(found, unit_ids, themes, taught, lay_in)
        records.save_assignments(session, actor.brand_id, run.id, unit_ids, found, final, themes)
        records.save_lineage(session, run.id, matching, themes, clusters, units)
        run.counts = _counts(units, found, matching)
        run.seconds = round(time.perf_counter() - began, 2)
        session.add(run)
        record_audit(session, actor, "discover_themes", f"theme_run:{run.id}", **run.counts)
        result = {**run.counts, "seconds": run.seconds, "fingerprint": found.fingerprint, "run_id": run.id}
    progress(1.0, "完成")
    return result


def _before(registered: list[Registered], unit_ids: list[int]) -> list[int] | None:
    """Give the place in the registry of each unit's live theme, −1 none; None for an empty registry."""
    place = {unit: at for at, theme in enumerate(registered) if theme.is_live for unit in theme.units}
    return [place.get(unit, NOT_REGISTERED) for unit in unit_ids] if place else None


def _lay_in(registered: list[Registered], unit_ids: np.ndarray) -> np.ndarray:
    """Give the id of each unit's live theme before the run, 0 none."""
    theme_of = {unit: theme.theme_id for theme in registered if theme.is_live for unit in theme.units}
    return np.array([theme_of.get(unit, 0) for unit in unit_ids.tolist()], dtype=np.int64)


def settings_encoder() -> str | None:
    """Give the encoder that this installation is set to, None for the shipped one."""
    return settings().encoder or None


def _start_run(session: Session, actor: Actor, chosen: Parameters, units, found: Discovery, encoder: str) -> ThemeRun:
    seen = hashlib.sha256("\x1e".join(units["text"]).encode("utf-8", "replace")).hexdigest()
    run = ThemeRun(
        brand_id=actor.brand_id, account_id=actor.account_id, parameters=asdict(chosen), input_fingerprint=seen,
        result_fingerprint=found.fingerprint, versions={"fanops": __version__, "encoder": encoder},
    )  # fmt: skip
    session.add(run)
    session.flush()
    return run


def _counts(units, found: Discovery, matching: Matching) -> dict[str, int]:
    kinds = [match.kind for match in matching.matches]
    return {
        "units": len(units),
        "themes": len(found.themes),
        "unassigned": int((found.labels < 0).sum()),
        "born": kinds.count("born") + kinds.count("split"),
        "continued": kinds.count("continued") + kinds.count("merged"),
        "died": len(matching.died),
        "grey": sum(match.grey for match in matching.matches),
    }
