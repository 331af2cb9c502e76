"""Prove the brand's dictionary on its own voices, and look for new words in them: load → prove → suggest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import islice
from typing import Any

from fanops.access import Actor
from fanops.database import Database
from fanops.text.dictionary import prove, said_form
from fanops.text.new_words import suggest_words
from fanops.text.tokens import tokenizer
from fanops.themes import records_dictionary as records

_SENTENCES = 300  # that a word is proved on at most


def prove_dictionary(
    db: Database,
    actor: Actor,
    parameters: Mapping[str, Any] | None = None,
    progress: Callable[[float, str], None] = lambda share, doing: None,
) -> dict[str, Any]:
    """Prove every word on voices that contain it, and suggest words that no dictionary holds yet.

    Args:
        db: The database.
        actor: On whose behalf; the dictionary is the brand's.
        parameters: None are taken; jobs hand them over.
        progress: Called with share done and what is being done.

    Returns:
        ``voices`` (read), ``proofs`` (fields of ``Proof``, with an ``example`` sentence), ``suggestions`` (fields of ``NewWord``,
        with an ``example``).
    """
    progress(0.05, "读取原声")
    with db.read() as session:
        texts = records.newest_texts(session, actor)
        table = records.word_table(session, actor)
        words = records.brand_words(session, actor.brand_id)
        rejected = records.rejected_words(session, actor)
    cut = tokenizer(words)
    proofs = []
    for place, word in enumerate(table["word"]):
        progress(0.1 + 0.4 * place / len(table), "逐词验证")
        form = said_form(word)
        containing = list(islice(filter(form.search, texts), _SENTENCES))
        [proof] = prove([word], containing, cut)
        proofs.append({**asdict(proof), "example": _around(containing, word)})
    progress(0.5, "找新词")
    found = [each for each in suggest_words(texts, cut) if each.word not in rejected and each.word not in words]
    suggestions = [{**asdict(each), "example": _around(texts, each.word)} for each in found]
    progress(1.0, "完成")
    return {"voices": len(texts), "proofs": proofs, "suggestions": suggestions}


def _around(texts: list[str], word: str, reach: int = 14) -> str:
    """Give the first place where a word stands, with some text on both sides."""
    found = next(filter(None, map(said_form(word).search, texts)), None)
    return found.string[max(0, found.start() - reach) : found.end() + reach].replace("\n", " ") if found else ""
