"""Loads a model by its registered name, its folder or its Hugging Face id."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from guardbind.errors import UnknownNameError, WeightsError
from guardbind.registry import MODELS

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["ModelSource", "load", "resolve"]


class ModelSource(Protocol):
    """A model that is known by name; registered in `MODELS`."""

    def folder(self) -> Path:
        """Return the folder that `from_pretrained` reads, made ready at the first call."""
        ...


def resolve(name_or_path: str) -> str:
    """Return what `from_pretrained` takes for a registered name, a local folder or a Hugging Face id.

    A registered name becomes the folder of its weights, made ready at the first call. A folder that exists and anything
    else with a `/` in it (a Hugging Face id names its owner) are passed through.

    Raises:
        UnknownNameError: The name is none of these.
        WeightsError: The weights of a registered model are missing or damaged, or there is no such folder.
        MissingDependencyError: A package that reads the weights is not installed.
    """
    if name_or_path in MODELS:
        source: ModelSource = MODELS.get(name_or_path)
        return str(source.folder())
    path = Path(name_or_path).expanduser()
    if path.is_dir():
        return str(path)
    if name_or_path.startswith((".", "~")) or path.is_absolute():
        raise WeightsError(f"there is no folder {name_or_path!r}.", hint="Give the folder that holds the model.")
    if "/" in name_or_path:
        return name_or_path
    raise UnknownNameError(
        f"there is no model {name_or_path!r}; known: {', '.join(MODELS.names())}. A local folder and a Hugging Face id"
        " with its owner (owner/name) are accepted as well.",
        hint=MODELS.miss(name_or_path).hint,
    )


def load(
    name_or_path: str,
    *,
    dtype: torch.dtype | str = "float32",
    device: torch.device | str | None = None,
    attn_implementation: str | None = None,
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a causal language model, in evaluation mode, and its tokenizer, padding on the left.

    Args:
        name_or_path: As for `resolve`.
        dtype: Type of the weights in memory.
        device: Where the weights are loaded to, or "auto"; None is the CPU.
        attn_implementation: The attention backend ("eager", "sdpa", ...); None takes the model's default.

    Raises:
        UnknownNameError: The name is not known.
        WeightsError: The weights are missing or damaged, or there is no model in the folder.
        MissingDependencyError: A package that reads the weights is not installed.
    """
    # Here and not above, so that listing and resolving names stays free of torch.
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source = resolve(name_or_path)
    # accelerate numbers the CPU in a group of processes; transformers 4 takes any number for that of an accelerator.
    place = "cpu" if device is not None and str(device).startswith("cpu") else device
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(source, padding_side="left")
        model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
            source, dtype=dtype, device_map=place, attn_implementation=attn_implementation
        )
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"the model {name_or_path!r} cannot be loaded: {error}",
            hint="Give a folder that holds a causal language model and its tokenizer, or a Hugging Face id.",
        ) from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    model.eval()
    return model, tokenizer
