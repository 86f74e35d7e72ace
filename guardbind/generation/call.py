"""Reads one call of `generate`: its arguments by name, its prompts as rows, and what it allows."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList

from guardbind.config import GuardConfig
from guardbind.errors import BatchError, BindingError, UnsupportedGenerationError
from guardbind.evidence import Binding, Evidence, Origin, Target, check_bindings
from guardbind.generation.settings import reshapes, setting
from guardbind.generation.stopping import watch_ends
from guardbind.generation.streaming import HoldBack, held_back
from guardbind.generation.supported import refuse_unguardable
from guardbind.model import LanguageModel, Module
from guardbind.model.architecture import check_prompt_length
from guardbind.session.bound_prompt import bind_prompt
from guardbind.session.limits import Limits
from guardbind.session.row import Row
from guardbind.targets.tool_schema import titles

__all__ = ["Bindings", "Declaration", "GuardedCall", "Origins", "Targets", "kept_columns", "named", "prompt_ids"]

Bindings = Sequence[Binding | Evidence] | Sequence[Sequence[Binding | Evidence]]
"""One list, or one list per row."""
Targets = str | Target | None | Sequence[str | Target | None]
"""One target, or one per row; None where it is to be found in the text."""
Origins = Sequence[Origin] | Sequence[Sequence[Origin]]
"""One list for all rows, or one list per row."""

_DEFAULT_NEW_TOKENS = 20  # what `generate` writes when no length is set


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a guard was told of the prompts to come.

    Attributes:
        bindings: One list, or one list per row; None to read them out of the prompts.
        target: One target, or one per row.
        source: The caller's text that character spans index; one, or one per row.
        origins: Who says what stands in some parts of the prompts.
        tools: The tools that the answer may call, as a chat template takes them.
    """

    bindings: Bindings | None = None
    target: Targets = None
    source: str | Sequence[str | None] | None = None
    origins: Origins = ()
    tools: Sequence[Any] | None = None


@dataclass(frozen=True, slots=True)
class GuardedCall:
    """One call of `generate` that a guard may stand in.

    Attributes:
        model: The model.
        arguments: The arguments of the call, each under its name; a streamer is held back.
        ids: Prompt `[rows, columns]`, padding included.
    """

    model: LanguageModel
    arguments: dict[str, Any]
    ids: Tensor

    @classmethod
    @contextmanager
    def opened(cls, model: LanguageModel, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[GuardedCall]:
        """Check a call before anything runs; its streamer is ended if the block raises.

        Args:
            model: The model.
            args: Positional arguments of `generate`.
            kwargs: Its keyword arguments.

        Raises:
            TypeError: One argument is given twice, or there are too many.
            UnsupportedGenerationError: The call cannot be guarded whole, or has no token ids.
        """
        given = named(model.module, args, kwargs)
        with held_back(given):
            refuse_unguardable(model.module, given)
            yield cls(model, given, prompt_ids(given))

    @property
    def columns(self) -> int:
        """Columns of the prompt, padding included."""
        return self.ids.shape[1]

    @property
    def streamed(self) -> bool:
        """Whether the caller gave a streamer."""
        return isinstance(self.arguments.get("streamer"), HoldBack)

    @property
    def longest_hold_back(self) -> int:
        """Most tokens that a row's streamer had to wait for at one time."""
        streamer = self.arguments.get("streamer")
        return streamer.longest if isinstance(streamer, HoldBack) else 0

    def setting(self, name: str) -> Any:
        """Return a generation setting as `generate` will see it."""
        return setting(self.model.module, self.arguments, name)

    def rows(self, declaration: Declaration, config: GuardConfig) -> list[Row]:
        """Bind every prompt, and return one row per sequence, in the order that generation uses.

        Args:
            declaration: What the guard was told.
            config: What is said of all prompts: their language, who is believed, and what things are called.

        Raises:
            BatchError: The lists do not fit the prompts.
            BindingError: A binding cannot be used, or a prompt is padded on the right.
            TargetError: A target names no binding.
            ContextLengthError: A prompt leaves no room in the model's context.
        """
        count = len(self.ids)
        lists = _binding_lists(declaration.bindings, count)
        targets = _per_row("targets", declaration.target, count, (str, Target))
        sources = _per_row("source texts", declaration.source, count, (str,))
        origins = _origin_lists(declaration.origins, count)
        fields = {**titles(declaration.tools or ()), **config.fields}
        mask = kept_columns(self.model.module, self.ids, self.arguments)
        repeats = int(self.setting("num_return_sequences") or 1)
        rows: list[Row] = []
        for i in range(count):
            pad = _left_padding(mask[i], i)
            tokens = self.ids[i, pad:].tolist()
            what = f"row {i} of the prompt has"
            check_prompt_length(self.model.module, len(tokens), what=what, hint="Shorten the prompt.")
            bound = bind_prompt(
                self.model.tokenizer,
                index=len(rows),
                pad=pad,
                ids=tokens,
                items=lists[i],
                declared=targets[i],
                source=sources[i],
                language=config.set_language,
                sources=config.sources,
                origins=origins[i],
                fields=fields,
            )
            rows += [Row(replace(bound, index=len(rows) + repeat)) for repeat in range(repeats)]
        return rows

    def limits(self) -> Limits:
        """Return what the call allows."""
        new, total = self.setting("max_new_tokens"), self.setting("max_length")
        if new is None:
            unset = self.arguments.get("max_length") is None and total in (None, GenerationConfig().max_length)
            new = _DEFAULT_NEW_TOKENS if unset else max(0, total - self.columns)
        eos = self.setting("eos_token_id")
        return Limits(
            max_positions=self.model.context_length,
            max_columns=_static_length(self.arguments.get("past_key_values")),
            max_new_tokens=new,
            eos=frozenset(eos if isinstance(eos, (list, tuple)) else [] if eos is None else [int(eos)]),
            pad=self.setting("pad_token_id"),
            sampling=bool(self.setting("do_sample")),
            reshaped=reshapes(self.model.module, self.arguments),
        )

    def with_guard(
        self, processor: LogitsProcessor, rows: Sequence[Row], aside: Callable[[], AbstractContextManager[None]]
    ) -> dict[str, Any]:
        """Return the arguments with which `generate` runs guarded.

        Args:
            processor: Stands behind the caller's own.
            rows: Are told where they end, and tell a streamer what is settled.
            aside: Inside it the caller's streamer and criteria are asked, which may run the model for their own ends.
        """
        processors = LogitsProcessorList(self.arguments.get("logits_processor") or [])
        processors.append(processor)
        criteria = watch_ends(self.model.module, self.arguments, rows, aside)
        watched = {} if criteria is None else {"stopping_criteria": criteria}
        streamer = self.arguments.get("streamer")
        if isinstance(streamer, HoldBack):
            streamer.rows, streamer.aside = rows, aside
        return {**self.arguments, **watched, "logits_processor": processors, "disable_compile": True}


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


def _left_padding(kept: Tensor, row: int) -> int:
    """Return how many columns of padding a row has, all of them on the left."""
    pad = int((~kept).sum())
    if bool((~kept[pad:]).any()):
        raise BindingError(
            f"row {row} of the prompt has padding that is not on the left.", hint="Set tokenizer.padding_side='left'."
        )
    return pad


def _static_length(cache: Any) -> int | None:
    layers = getattr(cache, "layers", None) or ()
    fixed = [layer for layer in layers if getattr(layer, "max_cache_len", None)]
    lengths = [int(layer.max_cache_len) for layer in fixed if not getattr(layer, "is_sliding", False)]
    return max(lengths) if lengths else None


def _binding_lists(given: Bindings | None, rows: int) -> list[Sequence[Binding | Evidence] | None]:
    if given is None:
        return [None] * rows
    if not _is_list(given):
        raise BindingError(
            f"bindings is {type(given).__name__}; a list of Binding and Evidence, or one list per row, is needed.",
            hint="Leave it out to have the bindings read out of the prompt.",
        )
    nested = all(map(_is_list, given)) and len(given) > 0
    lists: list[Sequence[Binding | Evidence]] = list(given) if nested else [given]  # type: ignore[arg-type,list-item]
    _fits("binding lists", len(lists), rows)
    for i, items in enumerate(lists):
        if not items:
            raise BindingError(f"row {i} has no binding; at least one is needed.", hint="Leave rows without one out.")
        check_bindings(items)
    return list(lists)


def _origin_lists(given: Origins, rows: int) -> list[Sequence[Origin]]:
    nested = bool(given) and all(map(_is_list, given))
    lists: list[Any] = list(given) if nested else [given] * rows
    _fits("lists of origins", len(lists), rows)
    for origin in (origin for origins in lists for origin in origins):
        if not isinstance(origin, Origin):
            raise BindingError(f"expected Origin, got {type(origin).__name__} {origin!r}.")
    return lists


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
