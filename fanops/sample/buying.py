"""Orders of the sample chain: fans come at rates of their own, some stop coming; weeks, seasons and one planted effect."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fanops.sample import truth
from fanops.sample.chain import DRINKS, STORES, member_number, person_name, phone
from fanops.sample.sayings import store_of_fan

_DAYS = truth.WEEKS * 7
_WEEKDAY = np.array([0.88, 0.86, 0.90, 0.95, 1.12, 1.22, 1.07])  # Monday first; mean 1
_HOURS = np.array([1, 2, 5, 9, 8, 10, 11, 9, 8, 8, 9, 7, 4], dtype=float)  # 9:00 to 21:00
_CHANNELS = ("堂食", "小程序自提", "外卖")
# Where members say they came from, with how many of a hundred.
_SOURCES = (("路过门店", 44), ("朋友推荐", 14), ("达人探店", 12), ("商场活动", 13), ("外卖转到店", 10), ("", 7))
_SLIPS = {"芋泥波波": "芋泥啵啵", "桂花酒酿奶茶": "桂花酒娘奶茶", "生椰拿铁": "生椰拿鉄"}  # as some tills have them
_SLIP_EVERY = 97
_ORDERS_PER_DAY = 25.0  # of a store with traffic 1
_HOME_SHARE = 0.9


def day_weights(anchor: date) -> NDArray[np.float64]:
    """Give how busy each day is: the week's rhythm and a slow season (July is the peak); mean about 1, shape (182,)."""
    days = pd.date_range(truth.first_day(anchor), periods=_DAYS, freq="D")
    season = 1 + 0.10 * np.cos(2 * np.pi * (days.day_of_year.to_numpy() - 196) / 365)
    return _WEEKDAY[days.day_of_week.to_numpy()] * season


def make_members(anchor: date, seed: int = truth.SEED) -> pd.DataFrame:
    """Make the members' file, Chinese headings, one row per fan."""
    random = np.random.default_rng([seed, 1])
    names = {store.code: store.name for store in STORES}
    joined = pd.Timestamp(truth.first_day(anchor)) - pd.to_timedelta(random.integers(-150, 700, truth.FANS), unit="D")
    birthdays = pd.Timestamp("1975-01-01") + pd.to_timedelta(random.integers(0, 12_000, truth.FANS), unit="D")
    numbers = range(1, truth.FANS + 1)
    # A generator of its own, as for channels below: what was drawn before them stays the same.
    names_of, weights = zip(*_SOURCES, strict=True)
    came_by = np.random.default_rng([seed, 8]).choice(names_of, truth.FANS, p=np.array(weights) / 100)
    return pd.DataFrame(
        {
            "会员号": [member_number(number) for number in numbers],
            "手机号": [phone(number) for number in numbers],
            "姓名": [person_name(number) for number in numbers],
            "开卡门店": [names[store_of_fan(number)] for number in numbers],
            "入会日期": joined.strftime("%Y-%m-%d"),
            "生日": np.where(random.random(truth.FANS) < 0.6, birthdays.strftime("%m-%d"), ""),
            "来源": came_by,
        }
    )


def make_orders(anchor: date, seed: int = truth.SEED) -> pd.DataFrame:
    """Make the orders' file, Chinese headings, oldest first.

    Fans buy at gamma-spread rates until they drop out (as in the BG/NBD model); others buy anonymously. From the fix's
    week on its stores take ``truth.EFFECT_SHARE`` more.

    Source:
        Fader, Hardie and Lee 2005, "Counting your customers" the easy way.
    """
    random = np.random.default_rng([seed, 2])
    busy = day_weights(anchor)
    lift = np.ones((len(STORES), _DAYS))
    treated = [place for place, store in enumerate(STORES) if store.code in truth.FIX_STORES]
    lift[treated, truth.FIX_WEEK * 7 :] += truth.EFFECT_SHARE
    fan, store, day = _fan_visits(random, busy, lift)
    other_store, other_day = _anonymous_visits(random, busy, lift, store, day)
    fan = np.concatenate([fan, np.zeros(len(other_store), dtype=int)])
    store, day = np.concatenate([store, other_store]), np.concatenate([day, other_day])
    return _as_written(_frame(random, anchor, fan, store, day), np.random.default_rng([seed, 9]))


def _fan_visits(
    random: np.random.Generator, busy: NDArray[np.float64], lift: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    places = {each.code: place for place, each in enumerate(STORES)}
    rate = random.gamma(0.75, 0.105, truth.FANS)  # visits a day; mean one in about 13 days, most far fewer
    begins = np.where(random.random(truth.FANS) < 0.7, 0, random.integers(0, _DAYS, truth.FANS))
    stays = random.beta(0.9, 9.0, truth.FANS)  # chance to stop after a visit
    fans, stores, days = [], [], []
    for number in range(truth.FANS):
        home = places[store_of_fan(number + 1)]
        chance = rate[number] * busy * lift[home]
        came = np.flatnonzero(random.random(_DAYS) < chance)
        came = came[came >= begins[number]]
        if not len(came):
            continue
        left = random.geometric(max(0.004, stays[number] * 0.6))
        came = came[:left]
        where = np.where(random.random(len(came)) < _HOME_SHARE, home, random.integers(0, len(STORES), len(came)))
        fans.append(np.full(len(came), number + 1))
        stores.append(where)
        days.append(came)
    return np.concatenate(fans), np.concatenate(stores), np.concatenate(days)


def _anonymous_visits(
    random: np.random.Generator,
    busy: NDArray[np.float64],
    lift: NDArray[np.float64],
    fan_store: NDArray[np.int64],
    fan_day: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Fill each store's day up to what the store takes in: who stops being a known fan is replaced by passers-by."""
    known = np.zeros((len(STORES), _DAYS))
    np.add.at(known, (fan_store, fan_day), 1)
    traffic = np.array([store.traffic for store in STORES])[:, None]
    expected = _ORDERS_PER_DAY * traffic * busy * lift * random.normal(1, 0.06, (len(STORES), _DAYS))
    counts = np.floor(np.maximum(0.1 * expected, expected - known) + random.random(known.shape)).astype(int)
    places = np.repeat(np.arange(counts.size), counts.ravel())
    return places // _DAYS, places % _DAYS


def _frame(
    random: np.random.Generator,
    anchor: date,
    fan: NDArray[np.int64],
    store: NDArray[np.int64],
    day: NDArray[np.int64],
) -> pd.DataFrame:
    count = len(fan)
    hours = random.choice(np.arange(9, 22), count, p=_HOURS / _HOURS.sum())
    seconds = day * 86_400 + hours * 3_600 + random.integers(0, 3_600, count)
    cups = random.choice([1, 2, 3, 4], count, p=[0.62, 0.26, 0.08, 0.04])
    items, price = _baskets(random, cups, day)
    channel = random.choice(3, count, p=[0.45, 0.33, 0.22])
    price = np.where(channel == 2, price * 1.1, price) * random.choice([1, 0.9, 0.85], count, p=[0.8, 0.12, 0.08])
    frame = pd.DataFrame(
        {
            "seconds": seconds,
            "门店": np.array([each.code for each in STORES])[store],
            "实付金额": np.round(price, 1),
            "会员号": [member_number(number) if number else "" for number in fan.tolist()],
            "下单渠道": np.array(_CHANNELS)[channel],
            "商品明细": items,
        }
    ).sort_values("seconds", kind="stable", ignore_index=True)
    times = pd.Timestamp(truth.first_day(anchor)) + pd.to_timedelta(frame.pop("seconds"), unit="s")
    frame.insert(0, "订单号", [f"DD{place:07d}" for place in range(1, count + 1)])
    frame.insert(2, "下单时间", times.dt.strftime("%Y-%m-%d %H:%M:%S"))
    return frame


def _as_written(frame: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Give some orders the channels of malls and firms, and some names of drinks the slips that tills have."""
    chance, here = random.random(len(frame)), (frame["下单渠道"] == _CHANNELS[0]).to_numpy()
    frame.loc[here & (chance < 0.14), "下单渠道"] = "商场小程序"
    frame.loc[here & (chance > 0.97), "下单渠道"] = "企业团购"
    for name, slip in _SLIPS.items():
        rows = frame.index[frame["商品明细"].str.contains(name, regex=False)][::_SLIP_EVERY]
        frame.loc[rows, "商品明细"] = frame.loc[rows, "商品明细"].str.replace(name, slip, regex=False)
    return frame


def _baskets(
    random: np.random.Generator, cups: NDArray[np.int64], day: NDArray[np.int64]
) -> tuple[list[str], NDArray[np.float64]]:
    """Choose the drinks of each order; those of summer give way to those of winter over the six months."""
    names = [name for name, *_ in DRINKS]
    prices = np.array([price for _, price, *_ in DRINKS], dtype=float)
    liked = np.array([often for *_, often, _ in DRINKS], dtype=float)
    warm = np.array([season for *_, season in DRINKS], dtype=float)
    picks = np.zeros((len(cups), 4), dtype=int)
    for week in range(truth.WEEKS):
        rows = np.flatnonzero(day // 7 == week)
        weights = liked * (1 + 0.4 * warm * np.cos(np.pi * week / truth.WEEKS))
        picks[rows] = random.choice(len(names), (len(rows), 4), p=weights / weights.sum())
    total = np.zeros(len(cups))
    for cup in range(4):
        total += np.where(cups > cup, prices[picks[:, cup]], 0)
    lists = [
        "、".join(
            f"{names[pick]}×{row.count(pick)}" if row.count(pick) > 1 else names[pick] for pick in dict.fromkeys(row)
        )
        for row in (picked[:count] for picked, count in zip(picks.tolist(), cups.tolist(), strict=True))
    ]
    return lists, total
