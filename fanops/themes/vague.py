"""Themes that mostly judge and name no thing (多是笼统的话): 味道不错, 太难吃; marked, not set aside."""

from __future__ import annotations

from collections.abc import Sequence

from fanops.text.word_lists import general_words, praise_words

_LOOKED_AT = 6
_LEAST = 3


def names_nothing(keywords: Sequence[str]) -> bool:
    """Tell from a theme's key words, most typical first, whether half of the first six are but judgements of the whole.

    A theme is more than 笼统评价 here: complaints count too, and it stays where its number of fans puts it.
    """
    hollow = general_words() | praise_words()
    return sum(word in hollow for word in keywords[:_LOOKED_AT]) >= _LEAST
