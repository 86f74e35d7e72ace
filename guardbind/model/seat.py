"""Reads and changes attention weights, head outputs and layer outputs of a forward pass, and leaves nothing behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from guardbind.errors import BindingError, HookBypassedError, UnknownArchitectureError
from guardbind.model.architecture import find_layers, is_recurrent
from guardbind.model.attention import BACKENDS, AttentionEdit, Desk, dispatched, open_attention, seated
from guardbind.model.cache import input_device, is_compiled
from guardbind.model.forward import forward
from guardbind.model.hook import Hook
from guardbind.model.interventions import (
    AttentionBias,
    AttentionWeight,
    HeadMean,
    Heads,
    HeadScale,
    Intervention,
    LayerOutput,
    QueryZero,
)
from guardbind.model.sites import PatchSites
from guardbind.model.tap import unwrap
from guardbind.model.turns import turns_of

__all__ = ["PassRecord", "Seat"]

# What the attention functions of transformers may be handed, and what it makes of the scores.
_OTHER_SCORES = {
    "softcap": "caps its attention scores, so that a bias before the cap is not the same factor after softmax",
    "s_aux": "adds a learned sink to its attention scores, so that the weights of a token do not sum to 1",
    "position_bias": "adds a bias of its own to its attention scores",
}
_HINT = "Choose a method that reads logits or head outputs only, or a model with plain softmax attention."


@dataclass(slots=True, eq=False)
class PassRecord:
    """What the last forward pass inside a block did at its last tokens.

    Attributes:
        weights: Layer to attention weights `[batch, heads, rows, columns]`, after every change. With gradients on they
            are the ones that the logits came from, so that they can be differentiated by.
        outputs: Layer to what the heads handed to the output projection, `[batch, rows, heads, head size]`, likewise.
    """

    weights: dict[int, Tensor] = field(default_factory=dict)
    outputs: dict[int, Tensor] = field(default_factory=dict)

    def attention(self) -> Tensor:
        """Return the weights of the last token, `[batch, layers, heads, columns]`, in fp32.

        A layer that holds fewer columns than another holds the last ones; what it does not hold has weight 0.
        """
        last = [self.weights[layer][:, :, -1].float() for layer in sorted(self.weights)]
        width = max(weights.shape[-1] for weights in last)
        return torch.stack([nn.functional.pad(weights, (width - weights.shape[-1], 0)) for weights in last], 1)

    def heads(self) -> Tensor:
        """Return what the heads gave at the last token, `[batch, layers, heads, head size]`, in fp32."""
        return torch.stack([self.outputs[layer][:, -1].float() for layer in sorted(self.outputs)], 1)


@dataclass(frozen=True, slots=True, eq=False)
class Seat:
    """Where a model's attention and heads are read and changed.

    Attributes:
        model: The model.
        sites: Its output projections, and the size of a head.
        layers: Its decoder layers.

    Example:
        seat = Seat.find(model)
        with seat.acting(AttentionBias(columns, 3.0), HeadScale([(24, 4)], 0.0), reads=True) as record:
            logits = model(input_ids=ids).logits
        weights = record.attention()
    """

    model: nn.Module
    sites: PatchSites
    layers: tuple[nn.Module, ...]
    _attentions: tuple[nn.Module, ...]
    _checked: list[bool] = field(default_factory=list)

    @classmethod
    def find(cls, model: nn.Module) -> Seat:
        """Find the heads of every decoder layer.

        Whether attention weights can be had as well is tried when they are first asked for.

        Args:
            model: A causal language model, bare or wrapped (peft).

        Raises:
            UnknownArchitectureError: A layer is recurrent or has no heads that could be told apart, or the model is
                compiled.
        """
        model = unwrap(model)
        if is_recurrent(model):
            raise UnknownArchitectureError(
                f"{type(model).__name__} has layers with a recurrent state, which have no attention weights.",
                hint=_HINT,
            )
        if is_compiled(model):
            raise UnknownArchitectureError(
                f"{type(model).__name__} is compiled, so that hooks may be skipped.", hint="Use the model as it was."
            )
        sites = PatchSites.find(model)
        layers = tuple(find_layers(model))
        return cls(model, sites, layers, tuple(map(_attention_of, layers, sites.projections)))

    @property
    def heads(self) -> tuple[tuple[int, int], ...]:
        """Every head, as layer and number."""
        return tuple((layer, head) for layer in range(len(self.layers)) for head in range(self.sites.heads))

    def check_attention(self) -> None:
        """Make sure that attention weights can be read and changed.

        Raises:
            UnknownArchitectureError: They cannot; the message says why.
        """
        if self._checked:
            return
        for number, attention in enumerate(self._attentions):
            if not dispatched(attention):
                raise UnknownArchitectureError(
                    f"the attention of layer {number} ({type(attention).__name__}) has a path of its own, and does not "
                    "look its function up in the table of transformers.",
                    hint=_HINT,
                )
        for config in self._configs():
            if config._attn_implementation not in BACKENDS and not config._attn_implementation.startswith("guardbind_"):
                raise UnknownArchitectureError(
                    f"the model's attention is computed by {config._attn_implementation!r}; {' or '.join(BACKENDS)} is "
                    "needed.",
                    hint="Load it with attn_implementation='sdpa'.",
                )
        self._rehearse()
        self._checked.append(True)

    @contextmanager
    def acting(self, *edits: Intervention, reads: bool = False, columns: int | None = None) -> Iterator[PassRecord]:
        """Change, and on request read, every forward pass of this thread inside the block.

        Other threads run the model as it is; guarded calls of theirs wait for the end of the block, as they do for
        each other. Blocks may stand in each other: the inner one alone decides on attention, heads and layers are
        changed by both.

        Args:
            *edits: What is changed; none of them leaves the model bit-identical unless it is read.
            reads: Whether attention weights and head outputs are kept.
            columns: How many columns the pass has, cache and padding included, where a layer may hold only the last
                ones of them. None: what each layer holds.

        Yields:
            What was read; each forward pass replaces it.

        Raises:
            UnknownArchitectureError: Attention cannot be had on this model.
            BindingError: An edit names a head or layer that the model does not have.
        """
        self._check(edits)
        attention = [edit for edit in edits if isinstance(edit, AttentionBias | AttentionWeight | QueryZero)]
        record = PassRecord()
        with turns_of(self.model).taken(), ExitStack() as stack:
            if attention or reads:
                self.check_attention()
            for edit in edits:
                if isinstance(edit, HeadScale | HeadMean):
                    self._hook_heads(stack, edit)
                elif isinstance(edit, LayerOutput):
                    stack.callback(_hook_layer(self.layers[edit.layer], edit).remove)
            if reads:  # after the edits, so that what is kept is what the projection gets
                self._hook_outputs(stack, record)
            if attention or reads:
                rows = max([1, *(edit.rows for edit in attention)])
                stack.enter_context(self._attending(_AttentionDesk(record, attention, columns, rows if reads else 0)))
            yield record

    @contextmanager
    def _attending(self, reader: _AttentionDesk) -> Iterator[None]:
        reader.numbers = {module: layer for layer, module in enumerate(self._attentions)}
        desks: dict[nn.Module, Desk] = dict.fromkeys(self._attentions, reader)
        with seated(desks, self._configs()):
            yield

    def _configs(self) -> list[Any]:
        whole: Any = self.model.config
        found = [whole, whole.get_text_config(decoder=True), *(module.config for module in self._attentions)]
        return list({id(config): config for config in found}.values())

    def _check(self, edits: Sequence[Intervention]) -> None:
        for edit in edits:
            if isinstance(edit, LayerOutput):
                if not 0 <= edit.layer < len(self.layers):
                    raise BindingError(f"layer {edit.layer} of {len(self.layers)} does not exist.")
                continue
            for layer, head in edit.heads or ():
                if not (0 <= layer < len(self.layers) and 0 <= head < self.sites.heads):
                    raise BindingError(
                        f"head {layer}.{head} does not exist; the model has {len(self.layers)} layers of "
                        f"{self.sites.heads} heads, numbered from 0."
                    )

    def _hook_heads(self, stack: ExitStack, edit: HeadScale | HeadMean) -> None:
        for layer, projection in enumerate(self.sites.projections):
            chosen = _in_layer(edit.heads, layer, self.sites.heads)
            if chosen and not (isinstance(edit, HeadScale) and edit.factor == 1):
                act = _in_this_thread(_changes_heads(edit, layer, chosen, self.sites))
                stack.callback(projection.register_forward_pre_hook(Hook(act)).remove)

    def _hook_outputs(self, stack: ExitStack, record: PassRecord, *, first: bool = False) -> None:
        def keeping(layer: int) -> Any:
            def keep(_module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
                split = args[0].unflatten(-1, (self.sites.heads, self.sites.head_size))
                if not torch.is_grad_enabled():
                    record.outputs[layer] = split[:, -1:].detach()
                    return None
                record.outputs[layer] = split
                return (split.flatten(-2), *args[1:])  # what is kept has to be what the logits come from

            return keep

        for layer, projection in enumerate(self.sites.projections):
            hook = Hook(_in_this_thread(keeping(layer)))
            stack.callback(projection.register_forward_pre_hook(hook, prepend=first).remove)

    def _rehearse(self) -> None:
        """Run a few tokens as they are and through the seat, and compare."""
        ids = torch.arange(1, 5, device=input_device(self.model))[None]
        given = {"mask": torch.ones_like(ids), "positions": torch.arange(4, device=ids.device)[None]}
        record = PassRecord()
        reader = _AttentionDesk(record, [], None, 1)
        with torch.no_grad(), ExitStack() as stack:
            plain = forward(self.model, ids, use_cache=False, **given)
            self._hook_outputs(stack, record, first=True)  # before what a block around this one changes
            stack.enter_context(self._attending(reader))
            seen = forward(self.model, ids, use_cache=False, **given)
        name = type(self.model).__name__
        for what in sorted(reader.given & _OTHER_SCORES.keys()):
            raise UnknownArchitectureError(f"{name} {_OTHER_SCORES[what]}.", hint=_HINT)
        if len(reader.ran) != len(self._attentions):
            raise HookBypassedError(
                f"{len(reader.ran)} of {len(self._attentions)} layers of {name} looked their attention up.", hint=_HINT
            )
        for layer, gave in reader.gave.items():
            if not torch.equal(record.outputs[layer], gave):
                raise UnknownArchitectureError(
                    f"layer {layer} of {name} changes what its heads give before it projects it, as gated attention "
                    "does.",
                    hint=_HINT,
                )
        off = (seen - plain).abs().max() / plain.abs().max().clamp(min=1)
        if not bool(off < (1e-3 if plain.dtype == next(self.model.parameters()).dtype else 5e-2)):
            raise UnknownArchitectureError(
                f"plain softmax attention does not give the logits of {name} (off by {float(off):.2g} of the largest); "
                "its attention is of another kind.",
                hint=_HINT,
            )


class _AttentionDesk:
    """The desk of one block."""

    def __init__(self, record: PassRecord, edits: Sequence[AttentionEdit], columns: int | None, keeps: int) -> None:
        self._record = record
        self._edits = edits
        self._columns = columns
        self._keeps = keeps
        self.numbers: dict[nn.Module, int] = {}
        self.ran: set[int] = set()
        self.given: set[str] = set()
        self.gave: dict[int, Tensor] = {}

    def attend(
        self, module: nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, given: dict[str, Any]
    ) -> tuple[Tensor, Tensor | None]:
        layer = self.numbers[module]
        self.ran.add(layer)
        self.given |= {name for name, value in given.items() if value is not None}
        scaling = given.get("scaling")
        output, weights = open_attention(
            query, key, value, mask, scaling, layer=layer, edits=self._edits, columns=self._columns
        )
        if self._keeps:
            grows = torch.is_grad_enabled()
            self._record.weights[layer] = weights if grows else weights[:, :, -self._keeps :].detach()
            self.gave[layer] = output[:, -1:].detach()
        return output, weights


def _attention_of(layer: nn.Module, projection: nn.Module) -> nn.Module:
    path = next(path for path, module in layer.named_modules() if module is projection)
    return layer.get_submodule(path.rpartition(".")[0])


def _in_layer(heads: Heads, layer: int, count: int) -> list[int]:
    return list(range(count)) if heads is None else sorted({head for at, head in heads if at == layer})


def _in_this_thread(act: Any) -> Any:
    me = threading.get_ident()
    return lambda *given: act(*given) if threading.get_ident() == me else None


def _changes_heads(edit: HeadScale | HeadMean, layer: int, heads: list[int], sites: PatchSites) -> Any:
    def change(_module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        # A copy: the model may still use what it handed over.
        split = args[0].unflatten(-1, (sites.heads, sites.head_size)).clone()
        batch = slice(None) if edit.batch is None else slice(edit.batch, edit.batch + 1)
        tail = split[batch, -edit.rows :]
        if isinstance(edit, HeadScale):
            tail[:, :, heads] *= edit.factor
        else:
            tail[:, :, heads] = edit.means[layer, heads].to(tail)
        return (split.flatten(-2), *args[1:])

    return change


def _hook_layer(layer: nn.Module, edit: LayerOutput) -> Any:
    def change(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
        came = args[0] if args else kwargs["hidden_states"]
        went = output[0] if isinstance(output, tuple) else output
        new = went.clone()
        new[:, -edit.rows :] = edit.change(came[:, -edit.rows :], went[:, -edit.rows :]).to(went)
        return (new, *output[1:]) if isinstance(output, tuple) else new

    return layer.register_forward_hook(Hook(_in_this_thread(change)), with_kwargs=True)
