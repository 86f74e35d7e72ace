"""Finds the parts of a causal language model, and how far its layers see.

Nothing here knows a model family by name: the head comes from the model's own accessor, the decoder layers from the
length of a module list, the kinds of attention from the configuration fields that transformers itself reads.
"""

from __future__ import annotations

import re
from typing import Any

from torch import nn

from guardbind.errors import ContextLengthError, UnknownArchitectureError

__all__ = [
    "attention_windows",
    "check_prompt_length",
    "context_length",
    "find_head",
    "find_layers",
    "is_recurrent",
    "layer_kinds",
]

_NOT_THE_DECODER = re.compile("vision|encoder|audio")
_PATH_HINT = 'Pass the dotted name of the list of decoder layers, for example path="model.layers".'

_CONTEXT_FIELDS = ("max_position_embeddings", "n_positions", "max_seq_len", "max_sequence_length", "n_ctx")

# Names that transformers 4 and older families give to the kinds that transformers 5 has settled on.
_KIND_FIELDS = ("layer_types", "layers_block_type", "attention_layers")
_KIND_ALIASES = {
    "attention": "full_attention",
    "global": "full_attention",
    "local": "sliding_attention",
    "mamba": "linear_attention",
    "recurrent": "linear_attention",
}
_SLIDING_KINDS = frozenset({"sliding_attention", "hybrid_sliding", "reference_sliding_attention"})
_RECURRENT_KINDS = frozenset({"linear_attention", "conv", "hybrid", "hybrid_sliding"})
_WINDOW_FIELDS = ("sliding_window", "attention_window_size", "window_size")


def find_head(model: nn.Module) -> nn.Module:
    """Find the output embedding: the module that turns the last hidden state into logits.

    Args:
        model: A causal language model, bare or wrapped (peft).

    Returns:
        The module that `get_output_embeddings()` names. What it is called with is the residual after the final norm
        and after any scaling before the head.

    Raises:
        UnknownArchitectureError: The model has no such accessor or the accessor names no module.
    """
    accessor = getattr(model, "get_output_embeddings", None)
    head = accessor() if callable(accessor) else None
    if not isinstance(head, nn.Module):
        raise UnknownArchitectureError(
            f"{type(model).__name__}.get_output_embeddings() gives {type(head).__name__}; an output head is needed.",
            hint="Use a causal language model class, for example AutoModelForCausalLM.",
        )
    return head


def find_layers(model: nn.Module, path: str | None = None) -> list[nn.Module]:
    """Find the decoder layers, first to last.

    Without a path this is the shallowest `ModuleList` with one entry per hidden layer of the text configuration, looked
    for inside `get_decoder()` first and in the whole model second; vision, audio and encoder towers only if nothing
    else fits.

    Args:
        model: A causal language model, bare or wrapped (peft).
        path: Dotted name of the list of layers, as in `named_modules()` of the model or of the model inside a wrapper.

    Returns:
        The layer modules in the order in which they run.

    Raises:
        UnknownArchitectureError: No list, or more than one, fits.
    """
    if path is not None:
        lists = {name: module for name, module in model.named_modules() if isinstance(module, nn.ModuleList)}
        inside = [module for name, module in lists.items() if name.endswith(f".{path}")]
        found = [lists[path]] if path in lists else inside
        if len(found) != 1:
            raise UnknownArchitectureError(
                f"path={path!r} names {len(found)} module lists in {type(model).__name__}; exactly one is needed.",
                hint=_PATH_HINT,
            )
        return list(found[0])

    count = _number_of_layers(model)
    accessor = getattr(model, "get_decoder", None)
    decoder = accessor() if callable(accessor) else None
    # In transformers 4 the accessor gives the model itself for families that it does not know.
    roots = [decoder, model] if isinstance(decoder, nn.Module) and decoder is not model else [model]
    lists = next(filter(None, (_shallowest_lists(root, count) for root in roots)), {})
    if len(lists) == 1:
        return list(next(iter(lists.values())))
    raise UnknownArchitectureError(
        f"{type(model).__name__} has {len(lists)} module lists of its {count} layers ({', '.join(lists) or 'none'}); "
        "exactly one is needed.",
        hint=_PATH_HINT,
    )


def context_length(model: nn.Module) -> int | None:
    """Give the number of tokens that the model's positions reach.

    Args:
        model: A causal language model, bare or wrapped (peft).

    Returns:
        The length in tokens, prompt and generated tokens together; None when the configuration sets no limit.

    Raises:
        UnknownArchitectureError: The model carries no usable configuration.
    """
    return _first_positive(_text_config(model), _CONTEXT_FIELDS)


def check_prompt_length(model: nn.Module, tokens: int, *, what: str = "the prompt has", hint: str) -> None:
    """Refuse a prompt that leaves no room for one token of an answer.

    Args:
        model: A causal language model, bare or wrapped (peft).
        tokens: Tokens of the prompt, without padding.
        what: What has so many tokens, with its verb, for the message.
        hint: What to do next, for the message.

    Raises:
        ContextLengthError: It fills the model's context.
    """
    longest = context_length(model)
    if longest is not None and tokens >= longest:
        raise ContextLengthError(
            f"{what} {tokens} tokens; the context holds {longest}, the answer included.", hint=hint
        )


def layer_kinds(model: nn.Module) -> tuple[str, ...]:
    """Name the kind of each decoder layer, in the words of transformers 5 (`layer_types`).

    Args:
        model: A causal language model, bare or wrapped (peft).

    Returns:
        One kind per layer: `full_attention`, `sliding_attention`, `chunked_attention`, `linear_attention`, `hybrid` …
        Where the configuration does not say, all layers are sliding when a window is set, else recurrent when the
        model is stateful, else full.

    Raises:
        UnknownArchitectureError: The model carries no usable configuration.
    """
    config, stateful = _text_config(model), _is_stateful(model)
    kinds = _declared_kinds(config)
    if kinds is None:
        rest = "linear_attention" if stateful else "full_attention"
        return tuple(
            "sliding_attention" if getattr(own, "sliding_window", None) else rest for own in _layer_configs(model)
        )
    # Transformers 4 calls a layer that has both a recurrent state and attention by its attention alone.
    return ("hybrid",) * len(kinds) if stateful and set(kinds) == {"full_attention"} else kinds


def attention_windows(model: nn.Module) -> tuple[int | None, ...]:
    """Give how many tokens back each layer attends.

    Args:
        model: A causal language model, bare or wrapped (peft).

    Returns:
        One entry per decoder layer. W: a token sees itself and the W - 1 tokens before it (with chunked attention W
        is the size of a chunk, hence the most it can see). None: the layer attends to everything, or not at all.

    Raises:
        UnknownArchitectureError: The model carries no usable configuration.
    """
    windows: list[int | None] = []
    for kind, config in zip(layer_kinds(model), _layer_configs(model), strict=True):
        if kind in _SLIDING_KINDS:
            windows.append(_first_positive(config, _WINDOW_FIELDS))
        elif kind == "chunked_attention":
            windows.append(_first_positive(config, ("attention_chunk_size",)))
        else:
            windows.append(None)
    return tuple(windows)


def is_recurrent(model: nn.Module) -> bool:
    """Tell whether the model carries a state that has absorbed the tokens and cannot be masked or cropped.

    Args:
        model: A causal language model, bare or wrapped (peft).

    Returns:
        True for state-space, linear-attention and convolutional models and for hybrids that contain such layers.

    Raises:
        UnknownArchitectureError: The model carries no usable configuration.
    """
    return _is_stateful(model) or not _RECURRENT_KINDS.isdisjoint(layer_kinds(model))


def _text_config(model: nn.Module) -> Any:
    config: Any = getattr(model, "config", None)
    if not hasattr(config, "get_text_config"):
        raise UnknownArchitectureError(
            f"{type(model).__name__}.config is {type(config).__name__}; a transformers configuration is needed.",
            hint="Use a transformers model.",
        )
    try:
        return config.get_text_config(decoder=True)
    except ValueError as error:
        raise UnknownArchitectureError(
            f"{type(config).__name__} holds more than one text configuration; exactly one is needed.",
            hint="Pass the language model inside the composite model instead.",
        ) from error


def _number_of_layers(model: nn.Module) -> int:
    config = _text_config(model)
    count = getattr(config, "num_hidden_layers", None)
    if not isinstance(count, int):
        raise UnknownArchitectureError(
            f"{type(config).__name__}.num_hidden_layers is {count!r}; a number of layers is needed.",
            hint=_PATH_HINT,
        )
    return count


def _layer_configs(model: nn.Module) -> list[Any]:
    config = _text_config(model)
    # Transformers 5 lets single layers override fields, which then cannot be read from the whole configuration.
    return list(getattr(config, "per_layer_config", None) or [config] * _number_of_layers(model))


def _declared_kinds(config: Any) -> tuple[str, ...] | None:
    aliases = _KIND_ALIASES
    if hasattr(config, "attention_window_size"):
        aliases = {**aliases, "attention": "sliding_attention"}
    for field in _KIND_FIELDS:
        declared: Any = getattr(config, field, None)
        if isinstance(declared, list | tuple):
            kinds: list[str] = list(declared)
            return tuple(aliases.get(kind, kind) for kind in kinds)
    return None


def _shallowest_lists(root: nn.Module, count: int) -> dict[str, nn.ModuleList]:
    fitting = {
        name: module
        for name, module in root.named_modules()
        if isinstance(module, nn.ModuleList) and len(module) == count
    }
    # Decoders of the BERT kind keep their layers in a module called encoder, and have no other list.
    lists = {name: module for name, module in fitting.items() if not _NOT_THE_DECODER.search(name)} or fitting
    depth = min((name.count(".") for name in lists), default=0)
    return {name: module for name, module in lists.items() if name.count(".") == depth}


def _is_stateful(model: nn.Module) -> bool:
    # Transformers' own mark for models that it refuses to roll back; it does not cover every hybrid.
    return bool(getattr(model, "_is_stateful", False))


def _first_positive(config: Any, fields: tuple[str, ...]) -> int | None:
    for field in fields:
        value = getattr(config, field, None)
        if isinstance(value, int) and value > 0:
            return value
    return None
