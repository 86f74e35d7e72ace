"""Describes what produces the records of a run, hashed: two runs with equal origins give the same records."""

from __future__ import annotations

import hashlib
import json

import torch
import transformers
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind._version import __version__
from guardbind.model.cache import float_dtype, input_device
from guardbind_bench.running.naming import model_name
from guardbind_bench.running.summary import RunOrigin

__all__ = ["origin_of", "tokenizer_sha256", "weights_sha256"]


def origin_of(
    name: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, *, called: str | None = None
) -> RunOrigin:
    """Describe a model as it stands in memory.

    Args:
        name: The model as it was asked for; of a folder only the name is kept.
        model: The model, on its device.
        tokenizer: Its tokenizer.
        called: What it is called in headings and rows; None for `name`.
    """
    return RunOrigin(
        model=called or model_name(name),
        model_sha256=weights_sha256(model),
        tokenizer_sha256=tokenizer_sha256(tokenizer),
        dtype=str(float_dtype(model)).removeprefix("torch."),
        attention=str(getattr(model.config, "_attn_implementation", None) or "unknown"),
        device=input_device(model).type,
        guardbind=__version__,
        transformers=transformers.__version__,
        torch=torch.__version__,
    )


def weights_sha256(model: nn.Module) -> str:
    """Return the SHA-256 over name, data type, shape and bytes of every stored tensor, by ascending name."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        # Quantised layers keep more than tensors there.
        if isinstance(tensor, Tensor):
            digest.update(f"{name}|{tensor.dtype}|{tuple(tensor.shape)}|".encode())
            digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def tokenizer_sha256(tokenizer: PreTrainedTokenizerBase) -> str:
    """Return the SHA-256 over the vocabulary, added tokens included, and the chat template."""
    held = {"vocabulary": tokenizer.get_vocab(), "template": getattr(tokenizer, "chat_template", None)}
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()
