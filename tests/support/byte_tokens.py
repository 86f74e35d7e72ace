"""Makes the tokenizer of the tiny models: a BPE over bytes with one token per digit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

SPECIAL = ["<|pad|>", "<|start|>", "<|end|>"]
LEFT_PADDED: dict[str, Any] = {
    **dict(zip(("pad_token", "bos_token", "eos_token"), SPECIAL, strict=True)),
    "padding_side": "left",
    "model_input_names": ["input_ids", "attention_mask"],
}
"""What every tokenizer of the tests is told."""


def byte_level(texts: Iterable[str], size: int, **more: Any) -> PreTrainedTokenizerFast:
    """Train a tokenizer that writes every text.

    Args:
        texts: What it learns its merges from.
        size: Largest number of tokens, with those of the single bytes.
        **more: Further arguments of `PreTrainedTokenizerFast`, as `chat_template`.
    """
    bpe = Tokenizer(models.BPE())
    digits = pre_tokenizers.Digits(individual_digits=True)
    bpe.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    bpe.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=bpe, **LEFT_PADDED, **more)
