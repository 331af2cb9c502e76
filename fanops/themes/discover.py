"""Discover themes over a brand's voices: load → pure discovery → match to the registry → keep hand edits → save."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
from sqlmodel import Session

from fanops import __version__
from fanops.access import Actor, record_audit
from fanops.database import Database
from fanops.errors import Conflict, TooLittleData
from fanops.settings import settings
from fanops.tables import Theme, ThemeRun
from fanops.text.tokens import tokenizer
from fanops.themes import records_discovery as records
from fanops.themes import records_registry as registry
from fanops.themes.continuity import NOT_REGISTERED, Known
from fanops.themes.discovery import Discovery, discover
from fanops.themes.identity import Matching, Registered, match_clusters
from fanops.themes.parameters import FEWEST, Parameters
from fanops.themes.quality import stability
from fanops.themes.records_dictionary import brand_words
from fanops.themes.records_edit import edit_in_turn, newest_run
from fanops.themes.spread import encoder as spread_encoder
from fanops.themes.teach import NO_THEME

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
        TooLittleData: Fewer than 10 distinct units with content, or nothing that three people said.
        Conflict: Another run was saved while this one worked.
    """
    began = time.perf_counter()
    chosen = Parameters(**{name: value for name, value in parameters.items() if value is not None})
    progress(0.01, "读取原声")
    cluster = settings().dask
    encoder = spread_encoder(settings_encoder(), cluster)
    with db.read() as session:
        last = newest_run(session, actor.brand_id)
        # centres of another encoder mean nothing beside this one's
        has_centres = last is None or last.versions.get("encoder") == encoder.fingerprint
        units = registry.load_units(session, actor.brand_id)
        registered = registry.load_registry(session, actor.brand_id, has_centres)
        joined = registry.joined_by_hand(session, actor.brand_id, encoder.dimension, has_centres)
        words = brand_words(session, actor.brand_id)
        last_id, grain, since = (
            (last.id, last.parameters.get("granularity"), last.created_at) if last else (None, None, None)
        )
    _refuse_too_few(len(units))
    unit_ids = units["unit_id"].to_numpy()
    lay_in = _lay_in(registered, unit_ids)
    found = discover(
        units["text"].tolist(), units["person"].tolist(), encoder, tokenizer(words), chosen,
        lambda share, doing: progress(0.05 + 0.8 * share, doing),
        Known(np.where(lay_in > 0, lay_in, NOT_REGISTERED), grain in (None, chosen.granularity), joined) if lay_in.any() else None,
        cluster, units["voice_id"].tolist(),
    )  # fmt: skip
    if not found.themes:
        raise TooLittleData(
            f"没有一件事有 {chosen.min_people} 个人说到，还不足以发现主题。", "先导入更多人的原声，再来一次。"
        )
    progress(0.86, "检查稳不稳")
    firm = stability(found.vectors, found.labels, chosen)
    progress(0.89, "对应已有主题")
    matching = _matched(registered, found, unit_ids)
    progress(0.9, "照着手工归类学一遍")
    with db.read() as session:
        deeds = registry.deeds_of_people(session, actor.brand_id, since)
        numbers = records.theme_numbers(session, matching)
    learn = partial(records.keep_corrections, found, unit_ids, lay_in)
    final = learn(numbers, *deeds)
    progress(0.93, "保存")
    with db.write() as session:
        _refuse_if_overtaken(session, actor.brand_id, last_id)
        if not has_centres:
            records.forget_centres(session, actor.brand_id)
        run = _start_run(session, actor, chosen, units, found, encoder.fingerprint)
        names = records.theme_names(session, actor.brand_id)
        themes = records.save_themes(session, actor.brand_id, run.id, found, matching, units, firm, lay_in)
        ids = np.array([theme.id for theme in themes], dtype=np.int64)
        newer = registry.deeds_of_people(session, actor.brand_id, since)
        # Learnt before, while nobody had to wait for this one to write; what people did meanwhile counts.
        final = records.renumbered(final, numbers, ids) if newer == deeds else learn(ids, *newer)
        ended = records.end_themes(session, matching.died, final)
        records.save_assignments(session, actor.brand_id, run.id, unit_ids, found, final, themes)
        records.save_lineage(session, run.id, matching, themes, final, units, ended)
        counts = _counts(final, themes, matching, ended)
        run.counts = counts | {"renamed": _renamed(themes, names)}
        run.seconds = round(time.perf_counter() - began, 2)
        session.add(run)
        record_audit(session, actor, "discover_themes", f"theme_run:{run.id}", **counts)
        result = {**counts, "seconds": run.seconds, "fingerprint": found.fingerprint, "run_id": run.id}
    progress(1.0, "完成")
    return result


def _refuse_too_few(count: int) -> None:
    if count < FEWEST:
        raise TooLittleData(
            f"只有 {count} 个语义单元，还不足以发现主题。", "先导入更多原声，至少 10 句；20 句以上比较稳。"
        )


def _matched(registered: list[Registered], found: Discovery, unit_ids: np.ndarray) -> Matching:
    clusters = [frozenset(unit_ids[found.labels == k].tolist()) for k in range(len(found.themes))]
    return match_clusters(registered, clusters, np.stack([group.centroid for group in found.themes]))


def _refuse_if_overtaken(session: Session, brand_id: int, last_id: int | None) -> None:
    """Refuse to save over another run that was saved while this one worked: it would register every theme twice."""
    edit_in_turn(session, brand_id)
    newest = newest_run(session, brand_id)
    if (newest.id if newest else None) != last_id:
        raise Conflict("另一次发现主题刚刚完成，这一次没有保存。", "看看那次的结果；还要的话，再发现一次。")


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


def _renamed(themes: list[Theme], names: Mapping[int, str]) -> dict[str, str]:
    """Give what themes were called before this run gave them another name: whoever looks for one looks for the name they know."""
    return {str(each.id): names[each.id] for each in themes if names.get(each.id, each.name) != each.name}


def _counts(final: np.ndarray, themes: list[Theme], matching: Matching, ended: list[int]) -> dict[str, int]:
    kinds = [match.kind for match in matching.matches]
    return {
        "units": len(final),
        "themes": len(themes),
        "unassigned": int((final == NO_THEME).sum()),
        "born": kinds.count("born") + kinds.count("split"),
        "continued": kinds.count("continued") + kinds.count("merged"),
        "died": len(ended),
        "grey": sum(match.grey for match in matching.matches),
    }
