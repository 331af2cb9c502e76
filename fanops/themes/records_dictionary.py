"""A brand's dictionary in the database: words that a person added, and the products with their aliases."""

from __future__ import annotations

import pandas as pd
from sqlmodel import Session, select

from fanops.access import Actor, Role, record_audit, require
from fanops.errors import InvalidInput, NotFound
from fanops.tables import DictionaryWord, Product, ProductAlias, Voice, now
from fanops.text.dictionary import LONGEST_WORD, BrandDictionary, Entry, read_dictionary

KEEPERS = (Role.PRODUCT, Role.CEO, Role.ADMIN)
SAMPLED_VOICES = 20_000  # newest voices that words are proved on


def brand_words(session: Session, brand_id: int) -> frozenset[str]:
    """Give the words that must hold together: products, their aliases, and what a person added."""
    return frozenset(entry.word for entry in _entries(session, brand_id) if 1 < len(entry.word) <= LONGEST_WORD)


def _entries(session: Session, brand_id: int) -> list[Entry]:
    own = session.exec(
        select(DictionaryWord).where(DictionaryWord.brand_id == brand_id, DictionaryWord.state == "accepted")
    ).all()
    entries = {row.word: Entry(row.word, row.canonical, row.is_competitor) for row in own}
    products = dict(session.exec(select(Product.id, Product.name).where(Product.brand_id == brand_id)).all())
    for name in products.values():
        entries.setdefault(name, Entry(name, name))
    aliases = select(ProductAlias.alias, ProductAlias.product_id).where(ProductAlias.brand_id == brand_id)
    for alias, product_id in session.exec(aliases):
        entries.setdefault(alias, Entry(alias, products[product_id]))
    return [entries[word] for word in sorted(entries)]


def word_table(session: Session, actor: Actor) -> pd.DataFrame:
    """List the words in force.

    Returns:
        Rows ``word_id`` (NaN for products), ``word, canonical, is_competitor, source``, sorted by word.
    """
    own = dict(
        session.exec(
            select(DictionaryWord.word, DictionaryWord.id).where(
                DictionaryWord.brand_id == actor.brand_id, DictionaryWord.state == "accepted"
            )
        ).all()
    )
    rows = [
        (own.get(entry.word), entry.word, entry.canonical, entry.competitor, "人工" if entry.word in own else "商品")
        for entry in _entries(session, actor.brand_id)
    ]
    frame = pd.DataFrame(rows, columns=["word_id", "word", "canonical", "is_competitor", "source"])
    return frame.astype({"word_id": float})


def add_words(session: Session, actor: Actor, content: str | bytes) -> tuple[dict[str, int], BrandDictionary]:
    """Add words as a dictionary file or typed lines give them; a word that is there takes the new reading.

    Args:
        session: In a write transaction.
        actor: Head office.
        content: See ``read_dictionary``.

    Returns:
        Counts ``new, changed, same``, and what was read with its problems.

    Raises:
        InvalidInput: Not a single word in it.
    """
    require(actor, *KEEPERS)
    read = read_dictionary(content)
    if not read.entries:
        raise InvalidInput("没有读到词。", "一行一个词；别名写作：芋泥波波 = 芋泥啵啵 / 芋泥", problems=read.problems)
    known = {
        row.word: row for row in session.exec(select(DictionaryWord).where(DictionaryWord.brand_id == actor.brand_id))
    }
    counts = {"new": 0, "changed": 0, "same": 0}
    for entry in read.entries:
        row = known.get(entry.word)
        if row is None:
            row = DictionaryWord(brand_id=actor.brand_id, word=entry.word, canonical=entry.canonical)
            counts["new"] += 1
        elif (row.canonical, row.is_competitor, row.state) == (entry.canonical, entry.competitor, "accepted"):
            counts["same"] += 1
            continue
        else:
            counts["changed"] += 1
        row.canonical, row.is_competitor, row.state = entry.canonical, entry.competitor, "accepted"
        row.account_id, row.created_at = actor.account_id, now()
        session.add(row)
    record_audit(session, actor, "add_words", "", **counts)
    return counts, read


def remove_word(session: Session, actor: Actor, word: str) -> None:
    """Take a word out; its other names go on as words of their own.

    Raises:
        NotFound: No person added it (products are kept in the product list).
    """
    require(actor, *KEEPERS)
    row = _own(session, actor, word)
    if row is None or row.state != "accepted":
        raise NotFound(f"词典里没有人工添加的“{word}”。", "商品名随商品表，不在这里删。")
    others = select(DictionaryWord).where(DictionaryWord.brand_id == actor.brand_id, DictionaryWord.canonical == word)
    for other in session.exec(others).all():
        other.canonical = other.word
        session.add(other)
    session.delete(row)
    record_audit(session, actor, "remove_word", "", word=word)


def reject_word(session: Session, actor: Actor, word: str) -> None:
    """Note that a suggestion is no word, so that it is not suggested again."""
    require(actor, *KEEPERS)
    row = _own(session, actor, word)
    if row is None:
        row = DictionaryWord(brand_id=actor.brand_id, word=word[:LONGEST_WORD], canonical=word[:LONGEST_WORD])
    row.state, row.account_id, row.created_at = "rejected", actor.account_id, now()
    session.add(row)
    record_audit(session, actor, "reject_word", "", word=word)


def unreject_word(session: Session, actor: Actor, word: str) -> None:
    """Let a rejected suggestion come again."""
    require(actor, *KEEPERS)
    row = _own(session, actor, word)
    if row is not None and row.state == "rejected":
        session.delete(row)


def _own(session: Session, actor: Actor, word: str) -> DictionaryWord | None:
    return session.exec(
        select(DictionaryWord).where(DictionaryWord.brand_id == actor.brand_id, DictionaryWord.word == word)
    ).first()


def rejected_words(session: Session, actor: Actor) -> set[str]:
    """Give the suggestions that a person turned down."""
    statement = select(DictionaryWord.word).where(
        DictionaryWord.brand_id == actor.brand_id, DictionaryWord.state == "rejected"
    )
    return set(session.exec(statement).all())


def newest_texts(session: Session, actor: Actor, most: int = SAMPLED_VOICES) -> list[str]:
    """Give the brand's newest distinct voices, at most ``most``."""
    statement = (
        select(Voice.text)
        .where(Voice.brand_id == actor.brand_id, Voice.copy_of_id.is_(None), Voice.no_content.is_(False))
        .order_by(Voice.id.desc())
        .limit(most)
    )
    return list(dict.fromkeys(session.exec(statement).all()))
