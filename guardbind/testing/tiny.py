"""Builds a random model of a few thousand parameters and a tokenizer for it, without a file or a network."""

from __future__ import annotations

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

__all__ = ["tiny_model", "tiny_tokenizer"]

_SPECIAL = ("<|pad|>", "<|start|>", "<|end|>")


def tiny_tokenizer() -> PreTrainedTokenizerBase:
    """Return a tokenizer that writes any text, one token per byte, padding on the left."""
    vocabulary = {token: i for i, token in enumerate([*_SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())])}
    built = Tokenizer(models.BPE(vocabulary, []))
    built.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    built.decoder = decoders.ByteLevel()
    pad, bos, eos = _SPECIAL
    return PreTrainedTokenizerFast(
        tokenizer_object=built, pad_token=pad, bos_token=bos, eos_token=eos, padding_side="left"
    )


def tiny_model(tokenizer: PreTrainedTokenizerBase, *, seed: int = 0) -> PreTrainedModel:
    """Return a random Llama in float32 that fits a tokenizer; the same seed gives the same weights.

    Args:
        tokenizer: As `tiny_tokenizer` returns it.
        seed: Seed of the weights; the state of torch's generator is left as it was.
    """
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.2,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: PreTrainedModel = LlamaForCausalLM(config)
    model.eval()
    return model
