"""A tokenizer that writes every word of the pool as one token, and a lab with it, for the bench on tiny models."""

from __future__ import annotations

from functools import cache

from families import speaking
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from guardbind_bench.measures.lab import Lab
from guardbind_bench.prompts.natural import CLAUSES
from guardbind_bench.prompts.pool import WORDS


@cache
def bench_tokenizer(words: int = len(WORDS)) -> PreTrainedTokenizerFast:
    """A byte-level BPE that knows the first `words` words of the pool, with a space in front, and little else."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        special_tokens=["<|pad|>", "<|start|>", "<|end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    # So often that all of a word's merges come before any other.
    known = [f" {word}" for word in WORDS[:words]] * 1000
    bpe.train_from_iterator([*known, " the and of", "Question: What is KEY1?\nKEY1=[", *CLAUSES], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        pad_token="<|pad|>",
        bos_token="<|start|>",
        eos_token="<|end|>",
        padding_side="left",
        model_input_names=["input_ids", "attention_mask"],
    )


def speaking_lab() -> Lab:
    """A lab with that tokenizer and the model of `speaking`, a Llama."""
    return Lab(speaking("llama", bench_tokenizer()), bench_tokenizer())
