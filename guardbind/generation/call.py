"""From what the caller gave to one bound row per row of the batch."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind.errors import BatchError, BindingError, ContextLengthError, UnsupportedGenerationError
from guardbind.evidence import Binding, Evidence, Target, check_bindings
from guardbind.generation.settings import setting
from guardbind.model.architecture import context_length
from guardbind.model.forward import Module
from guardbind.session.row import Row, bind_row
from guardbind.text.english import ENGLISH
from guardbind.text.language import Language

__all__ = ["Bindings", "Request", "Targets", "bind_rows", "kept_columns", "named", "prompt_ids"]

Item = Binding | Evidence
Bindings = Sequence[Item] | Sequence[Sequence[Item]]
"""One list, or one list per row."""
Targets = str | Target | None | Sequence[str | Target | None]
"""One target, or one per row; None where it is to be found in the text."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """What a guard was told.

    Attributes:
        bindings: One list, or one list per row; None to read them out of the prompts.
        target: One target, or one per row.
        source: The caller's text that character spans index; one, or one per row.
    """

    bindings: Bindings | None = None
    target: Targets = None
    source: str | Sequence[str | None] | None = None


def named(model: Module, args: Sequence[Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call of `generate`, each under its name.

    Args:
        model: The model whose class defines `generate`.
        args: Positional arguments.
        arguments: Keyword arguments.

    Raises:
        TypeError: One argument is given twice, or there are too many.
    """
    kind: Any = type(model)
    positional = inspect.signature(kind.generate).bind_partial(model, *args).arguments
    return dict(**dict(list(positional.items())[1:]), **arguments)


def prompt_ids(arguments: Mapping[str, Any]) -> Tensor:
    """Return the prompt `[rows, columns]` that a call of `generate` was given.

    Raises:
        UnsupportedGenerationError: There are no token ids to guard.
    """
    given: object = next((arguments[name] for name in ("inputs", "input_ids") if arguments.get(name) is not None), None)
    if isinstance(given, Tensor) and given.ndim == 2 and given.shape[1] > 0:
        return given
    raise UnsupportedGenerationError(
        f"a guarded call needs a prompt of token ids [rows, columns], got {_shape(given)}.",
        hint="Pass input_ids=..., as the tokenizer returns them.",
    )


def _shape(given: Any) -> str:
    return f"a tensor of shape {tuple(given.shape)}" if isinstance(given, Tensor) else type(given).__name__


def kept_columns(model: Module, ids: Tensor, arguments: Mapping[str, Any]) -> Tensor:
    """Return the attention mask `[rows, columns]` that generation uses: the given one, or where there is no padding."""
    mask = arguments.get("attention_mask")
    if isinstance(mask, Tensor):
        return mask.to(torch.bool).cpu()
    pad, eos = setting(model, arguments, "pad_token_id"), setting(model, arguments, "eos_token_id")
    ends = eos if isinstance(eos, (list, tuple)) else [eos]
    if pad is not None and pad not in ends and bool((ids == pad).any()):
        return (ids != int(pad)).cpu()
    return torch.ones_like(ids, dtype=torch.bool).cpu()


def bind_rows(
    model: Module,
    tokenizer: PreTrainedTokenizerBase,
    request: Request,
    ids: Tensor,
    mask: Tensor,
    repeats: int,
    language: Language = ENGLISH,
) -> list[Row]:
    """Locate every row's evidence.

    Args:
        model: The model, for the length of its context.
        tokenizer: Its tokenizer.
        request: What the guard was told.
        ids: Prompt `[rows, columns]`.
        mask: Which columns are no padding `[rows, columns]`.
        repeats: Sequences returned per row.
        language: What the prompts are written in.

    Returns:
        `rows * repeats` rows, in the order that generation uses.

    Raises:
        BatchError: The lists do not fit the rows.
        BindingError: A binding cannot be used, or the prompt is padded on the right.
        TargetError: A target names no binding.
        ContextLengthError: A prompt leaves no room in the model's context.
    """
    count = len(ids)
    lists = _binding_lists(request.bindings, count)
    targets = _per_row("targets", request.target, count, (str, Target))
    sources = _per_row("sources", request.source, count, (str,))
    longest = context_length(model)
    rows: list[Row] = []
    for i in range(count):
        kept = mask[i]
        pad = int((~kept).sum())
        if bool((~kept[pad:]).any()):
            raise BindingError(
                f"row {i} of the prompt has padding that is not on the left.", hint="Set tokenizer.padding_side='left'."
            )
        tokens = ids[i, pad:].tolist()
        if longest is not None and len(tokens) >= longest:
            message = (
                f"row {i} of the prompt has {len(tokens)} tokens; the context holds {longest}, the answer included."
            )
            raise ContextLengthError(message, hint="Shorten the prompt.")
        bound = bind_row(
            tokenizer,
            index=len(rows),
            pad=pad,
            ids=tokens,
            items=lists[i],
            declared=targets[i],
            source=sources[i],
            language=language,
        )
        rows += [bound.copy(len(rows) + repeat) for repeat in range(repeats)]
    return rows


def _binding_lists(given: Bindings | None, rows: int) -> list[Sequence[Item] | None]:
    if given is None:
        return [None] * rows
    if not _is_list(given):
        raise BindingError(
            f"bindings is {type(given).__name__}; a list of Binding and Evidence, or one list per row, is needed.",
            hint="Leave it out to have the bindings read out of the prompt.",
        )
    nested = all(map(_is_list, given)) and len(given) > 0
    lists: list[Sequence[Item]] = list(given) if nested else [given]  # type: ignore[arg-type,list-item]
    _fits("binding lists", len(lists), rows)
    for i, items in enumerate(lists):
        if not items:
            raise BindingError(f"row {i} has no binding; at least one is needed.", hint="Leave rows without one out.")
        check_bindings(items)
    return list(lists)


def _fits(what: str, given: int, rows: int) -> None:
    if given != rows:
        raise BatchError(
            f"{given} {what} were given for {rows} rows.",
            hint=f"Give one per row; for the same in every row, repeat it {rows} times.",
        )


def _is_list(given: Any) -> bool:
    return isinstance(given, Sequence) and not isinstance(given, str)


def _per_row(what: str, given: Any, rows: int, accepted: tuple[type, ...]) -> list[Any]:
    if given is None:
        return [None] * rows
    values = list(given) if _is_list(given) else [given]
    for value in values:
        if not isinstance(value, (*accepted, type(None))):
            names = " or ".join(kind.__name__ for kind in accepted)
            raise BatchError(f"the {what} hold {value!r} ({type(value).__name__}); {names} is needed, one per row.")
    _fits(what, len(values), rows)
    return values
