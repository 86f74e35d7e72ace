"""Makes a lab of a tokenizer alone, for measures that run no model."""

from __future__ import annotations

from typing import cast

import torch
import transformers
from torch import nn
from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from guardbind._version import __version__
from guardbind.errors import WeightsError
from guardbind.model.loading import resolve
from guardbind_bench.measures.lab import Lab
from guardbind_bench.running.naming import model_name
from guardbind_bench.running.origin import tokenizer_sha256
from guardbind_bench.running.summary import RunOrigin

__all__ = ["NO_WEIGHTS", "tokenizer_lab", "tokenizer_origin", "without_weights"]

NO_WEIGHTS = "none"
"""What stands for the hash, the type and the attention of weights that were not loaded."""


class _WithoutWeights(nn.Module):
    """Stands where a runner asks for a device; nothing can be run on it."""

    name_or_path = ""

    def __init__(self) -> None:
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(1), requires_grad=False)


def without_weights() -> PreTrainedModel:
    """Return what stands for a model where none is run."""
    return cast("PreTrainedModel", _WithoutWeights())


def tokenizer_lab(name: str) -> Lab:
    """Load a model's tokenizer, and no weights.

    Args:
        name: A registered model, a folder or a Hugging Face id.

    Raises:
        UnknownNameError: The name is not known.
        WeightsError: There is no tokenizer.
    """
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(resolve(name), padding_side="left")
    except (OSError, ValueError) as error:
        raise WeightsError(f"the tokenizer of {name!r} cannot be loaded: {error}") from error
    return Lab(without_weights(), tokenizer)


def tokenizer_origin(name: str, tokenizer: PreTrainedTokenizerBase) -> RunOrigin:
    """Describe what produces records without a model."""
    return RunOrigin(
        model=model_name(name),
        model_sha256=NO_WEIGHTS,
        tokenizer_sha256=tokenizer_sha256(tokenizer),
        dtype=NO_WEIGHTS,
        attention=NO_WEIGHTS,
        device="cpu",
        guardbind=__version__,
        transformers=transformers.__version__,
        torch=torch.__version__,
    )
