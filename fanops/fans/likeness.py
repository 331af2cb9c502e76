"""Two records, one person? Weights of evidence in the manner of Fellegi and Sunter, over pairs that share something; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SHOWN_FROM = 0.2  # chance of being one person from which a pair waits for a person
_TWICE_SHARE = 0.1  # of all fans, expected to have a second record; sets the prior
_TYPICAL = 1_000  # fans of typical frequencies mixed in, so that a small chain's counts don't run away
_LARGEST_BLOCK = 300  # a name shared by more tells nothing; such blocks are left out
# How often records of one person agree (m), and how often those of two people do where it can't be counted (u).
_M = {"name": 0.85, "similar": 0.08, "store": 0.85, "birthday": 0.97, "phone": 0.25, "near": 0.10, "tail": 0.08}
_U_TYPICAL = {"name": 0.0005, "store": 0.05, "birthday": 1 / 365.25, "tail": 1e-4, "near": 2e-5, "similar": 0.004}
_COUNTED = {"name": "name", "store_id": "store", "birthday": "birthday"}  # column → kind
_TITLES = ("女士", "先生", "小姐", "同学", "老师", "阿姨", "叔叔")


@dataclass(frozen=True)
class Evidence:
    """One thing that speaks for or against.

    Attributes:
        field: ``name``, ``store``, ``birthday`` or ``phone``.
        says: A Chinese half-sentence.
        bits: log2(m/u): positive speaks for one person, negative against.
    """

    field: str
    says: str
    bits: float


@dataclass(frozen=True)
class Pair:
    """Two records that may be one person.

    Attributes:
        fan_id: The older record.
        other_fan_id: The newer one.
        chance: Of being one person, 0–1: prior and evidence together.
        reasons: The evidence, the strongest first.
    """

    fan_id: int
    other_fan_id: int
    chance: float
    reasons: tuple[Evidence, ...]


def given_name(name: str) -> str:
    """Give a name that names somebody: empty for 王女士, 陈先生 and single characters."""
    name = "".join(name.split())
    return "" if len(name) < 2 or name.endswith(_TITLES) else name


def one_apart(one: str, other: str) -> bool:
    """Tell whether two texts differ by one character put in, left out or exchanged, or by two neighbours swapped."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    if len(one) == len(other):
        apart = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
        swapped = len(apart) == 2 and apart[1] == apart[0] + 1
        return len(apart) == 1 or (swapped and one[apart[0]] == other[apart[1]] and one[apart[1]] == other[apart[0]])
    short, long = sorted((one, other), key=len)
    return any(long[:place] + long[place + 1 :] == short for place in range(len(long)))


def candidate_pairs(people: pd.DataFrame) -> NDArray[np.int64]:
    """Give the pairs worth a look: same name; same birthday and a name alike; same surname and last four digits.

    Args:
        people: Rows ``name, surname, store_id, birthday, tail``, "" (a store: −1) where not known.

    Returns:
        Places in ``people``, shape (n, 2), each pair once, the lower place first.
    """
    found = [np.empty((0, 2), dtype=np.int64)]
    name = people["name"]
    # One slip apart: three characters still share their second or their last; two characters are compared as they are.
    people = people.assign(last=name.str[-1:], second=name.str[1:2].mask(name.str.len() == 2, "*"))
    # A name that very many share is looked at store by store.
    for keys in (
        ["name"], ["name", "store_id"], ["surname", "birthday", "last"], ["surname", "birthday", "second"], ["surname", "tail"],
    ):  # fmt: skip
        known = people[((people[keys] != "") & (people[keys] != -1)).all(axis=1)].reset_index(names="place")
        size = known.groupby(keys)["place"].transform("size")
        found.append(_within(known[(size > 1) & (size <= _LARGEST_BLOCK)], keys))
    return np.unique(np.concatenate(found), axis=0)


def _within(rows: pd.DataFrame, keys: list[str]) -> NDArray[np.int64]:
    pairs = rows[[*keys, "place"]].merge(rows[[*keys, "place"]], on=keys)
    pairs = pairs[pairs["place_x"] < pairs["place_y"]]
    return pairs[["place_x", "place_y"]].to_numpy(dtype=np.int64)


def find_pairs(people: pd.DataFrame, apart: Sequence[tuple[int, int]] = (), most: int = 2_000) -> list[Pair]:
    """Find records that look like one person.

    Agreement on a rare value weighs more than on a common one: u is how often the value occurs among all fans (mixed with a
    typical frequency). Two member numbers, or two phones that are not alike, weigh against.

    Args:
        people: Rows ``fan_id, name, store_id`` (−1 none)``, birthday`` (MM-DD)``, phone`` (E.164)``, members`` (how many member
            numbers); "" where not known. In clear: never let it leave the process.
        apart: Pairs of fan ids that a person said are two people.
        most: At most so many pairs, the surest first.

    Returns:
        Pairs of at least ``SHOWN_FROM``.

    Source:
        Fellegi & Sunter (1969), A Theory for Record Linkage, JASA 64; value-specific frequencies: Winkler (1989).
    """
    if people.empty:
        return []
    people = people.sort_values("fan_id", ignore_index=True).assign(
        name=lambda f: f["name"].map(given_name), surname=lambda f: f["name"].str[:1], tail=lambda f: f["phone"].str[-4:]
    )  # fmt: skip
    pairs = candidate_pairs(people)
    if not len(pairs):
        return []
    left = people.loc[pairs[:, 0]].reset_index(drop=True)
    right = people.loc[pairs[:, 1]].reset_index(drop=True)
    usual = {column: _usual(people, column, kind) for column, kind in _COUNTED.items()}
    names = people["name"].value_counts().to_dict()
    chance = _chances(usual, len(people), left, right)
    never = {tuple(sorted(pair)) for pair in apart}
    order = np.argsort(-chance, kind="stable")
    found: list[Pair] = []
    for place in order[chance[order] >= SHOWN_FROM]:
        ids = int(left.at[place, "fan_id"]), int(right.at[place, "fan_id"])
        if tuple(sorted(ids)) not in never:
            reasons = _reasons(usual, names, left.loc[place], right.loc[place])
            found.append(Pair(*ids, round(float(chance[place]), 4), reasons))
        if len(found) == most:
            break
    return found


def _usual(people: pd.DataFrame, column: str, kind: str) -> pd.Series:
    """Give how often each value of a column occurs among all fans, mixed with the typical frequency."""
    known = people.loc[(people[column] != "") & (people[column] != -1), column]
    return (known.value_counts() + _TYPICAL * _U_TYPICAL[kind]) / (len(known) + _TYPICAL)


def _chances(
    usual: Mapping[str, pd.Series], count: int, left: pd.DataFrame, right: pd.DataFrame
) -> NDArray[np.float64]:  # fmt: skip
    """Give the chance of each pair: the sum of its bits over the prior's odds."""
    bits = np.full(len(left), np.log2(2 * _TWICE_SHARE / max(_TYPICAL, count)))
    named = (left["name"] != "") & (right["name"] != "")
    same_name = named & (left["name"] == right["name"])
    near_rows = named & ~same_name
    similar = _alike(left["name"], right["name"], near_rows)
    bits += np.where(same_name, np.log2(_M["name"] / left["name"].map(usual["name"]).fillna(1)), 0)
    bits += np.where(similar, np.log2(_M["similar"] / _U_TYPICAL["similar"]), 0)
    bits += np.where(near_rows & ~similar, np.log2(1 - _M["name"] - _M["similar"]), 0)
    bits += _plain(usual["store_id"], left, right, "store_id", "store", -1)
    bits += _plain(usual["birthday"], left, right, "birthday", "birthday", "")
    phones = (left["phone"] != "") & (right["phone"] != "")
    near, tail = _phones(left, right, phones)
    bits += np.where(near, np.log2(_M["near"] / _U_TYPICAL["near"]), 0)
    bits += np.where(tail, np.log2(_M["tail"] / _U_TYPICAL["tail"]), 0)
    bits += np.where(phones & ~near & ~tail, np.log2(_M["phone"]), 0)
    bits += np.where((left["members"] > 0) & (right["members"] > 0), np.log2(_M["phone"]), 0)
    return 1 / (1 + np.exp2(-bits))


def _plain(
    often: pd.Series, left: pd.DataFrame, right: pd.DataFrame, column: str, kind: str, unknown: str | int
) -> NDArray[np.float64]:
    both = (left[column] != unknown) & (right[column] != unknown)
    same = both & (left[column] == right[column])
    usual = left[column].map(often).fillna(1)
    return np.where(same, np.log2(_M[kind] / usual), np.where(both, np.log2(1 - _M[kind]), 0.0))


def _phones(left: pd.DataFrame, right: pd.DataFrame, both: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Tell which pairs have phones one slip apart, and which share the last four digits."""
    near = _alike(left["phone"], right["phone"], both)
    return near, both & ~near & (left["tail"] == right["tail"])


def _alike(one: pd.Series, other: pd.Series, where: pd.Series) -> pd.Series:
    """Tell which texts are one slip apart, looking only where asked."""
    found = np.zeros(len(one), dtype=bool)
    places = np.flatnonzero(where)
    pairs = zip(one.to_numpy()[places], other.to_numpy()[places], strict=True)
    found[places] = np.fromiter((one_apart(a, b) for a, b in pairs), dtype=bool, count=len(places))
    return pd.Series(found, index=one.index)


def _reasons(
    often: Mapping[str, pd.Series], names: Mapping[str, int], one: pd.Series, other: pd.Series
) -> tuple[Evidence, ...]:  # fmt: skip
    """Say what speaks for and against one pair."""
    found: list[Evidence] = []
    if one["name"] and one["name"] == other["name"]:
        count, usual = names[one["name"]], float(often["name"][one["name"]])
        found.append(Evidence("name", f"同名，全品牌叫这个名字的有 {count} 位", np.log2(_M["name"] / usual)))
    elif one["name"] and other["name"]:
        alike = one_apart(one["name"], other["name"])
        weight = _M["similar"] / _U_TYPICAL["similar"] if alike else 1 - _M["name"] - _M["similar"]
        found.append(Evidence("name", "姓名只差一个字" if alike else "姓名不同", np.log2(weight)))
    for column, kind, unknown, same, differs in (
        ("store_id", "store", -1, "常去同一家店", "常去的店不同"),
        ("birthday", "birthday", "", "生日相同", "生日不同"),
    ):
        if one[column] != unknown and other[column] != unknown:
            equal = one[column] == other[column]
            usual = float(often[column][one[column]]) if equal else 1.0
            weight = _M[kind] / usual if equal else 1 - _M[kind]
            found.append(Evidence(kind, same if equal else differs, np.log2(weight)))
    if one["phone"] and other["phone"]:
        if one_apart(one["phone"], other["phone"]):
            found.append(Evidence("phone", "手机号只差一位", np.log2(_M["near"] / _U_TYPICAL["near"])))
        elif one["tail"] == other["tail"]:
            found.append(Evidence("phone", "手机尾号相同", np.log2(_M["tail"] / _U_TYPICAL["tail"])))
        else:
            found.append(Evidence("phone", "两个不同的手机号", np.log2(_M["phone"])))
    if one["members"] and other["members"]:
        found.append(Evidence("member", "各有会员号", np.log2(_M["phone"])))
    return tuple(
        Evidence(each.field, each.says, round(float(each.bits), 2))
        for each in sorted(found, key=lambda each: -each.bits)
    )  # fmt: skip
