"""The shipped encoder: read with NumPy or by sentence-transformers it gives the same vectors; hostile text does no harm."""

from __future__ import annotations

import numpy as np
import pytest

from fanops.content import content_path
from fanops.errors import NotReady
from fanops.text.encoder import StaticEncoder, load_encoder

SENTENCES = [
    "排队太久了，等了半个小时", "珍珠煮得太硬", "店员很热情", "油耗有點高", "Wi-Fi 连不上", "好吃😋", "１２３ＡＢＣ", "包装漏了，袋子里全是汤",
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # other people's libraries, imported here alone
def test_numpy_and_sentence_transformers_agree() -> None:
    from sentence_transformers import SentenceTransformer

    other = SentenceTransformer(str(content_path("models", "encoder")), device="cpu")
    theirs = other.encode(SENTENCES, normalize_embeddings=True, show_progress_bar=False)
    np.testing.assert_allclose(load_encoder().encode(SENTENCES), theirs, atol=2e-6)


def test_vectors_are_unit_long_or_zero() -> None:
    vectors = load_encoder().encode([*SENTENCES, "", "   ", "\ud800", "。。。", "啊" * 100_000])
    lengths = np.linalg.norm(vectors, axis=1)
    assert np.all(np.isclose(lengths, 1, atol=1e-5) | (lengths == 0))
    assert np.all(lengths[: len(SENTENCES)] > 0.99)
    assert lengths[len(SENTENCES)] == 0


@pytest.mark.parametrize(
    ("said", "alike", "unlike"),
    [
        ("油耗有点高", "百公里才六个油", "后备箱能装"),
        ("用了以后脸上起红疹", "皮肤过敏了", "快递很快"),
        ("等了一个小时才上菜", "出餐太慢", "桌子很脏"),
        ("排隊好久", "排队好久", "奶茶好喝"),
        ("下雨天后备箱渗水", "雨天天窗漏水", "方向盘很轻"),
    ],
)
def test_what_means_alike_lies_near(said: str, alike: str, unlike: str) -> None:
    first, second, third = load_encoder().encode([said, alike, unlike])
    assert first @ second > first @ third + 0.1


def test_tokens_and_text_give_alike_vectors() -> None:
    encoder = load_encoder()
    whole = encoder.encode(["珍珠太硬"])[0]
    cut = encoder.encode_tokens([["珍珠", "太", "硬"]])[0]
    assert whole @ cut > 0.9


def test_a_damaged_model_is_refused_in_words(tmp_path) -> None:
    (tmp_path / "config.json").write_text('{"format": "fanops-static-encoder-1"}')
    with pytest.raises(NotReady, match="句向量模型读不出来"):
        StaticEncoder(tmp_path)
