"""Reads and replaces the activations of attention heads and MLPs in a forward pass."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from guardbind.errors import HookBypassedError, UnknownArchitectureError
from guardbind.model.architecture import find_layers

__all__ = ["COMPONENTS", "Activations", "Component", "Patch", "PatchSites", "Site"]

Component = Literal["attn", "mlp"]
COMPONENTS: tuple[Component, ...] = ("attn", "mlp")
Activations = dict[tuple[int, Component], Tensor]

# What the module that mixes the heads, and the feed-forward block, are called within a layer.
_PROJECTIONS = frozenset({"o_proj", "out_proj", "dense", "c_proj", "wo"})
_MLPS = frozenset({"mlp", "feed_forward", "ffn", "block_sparse_moe", "moe", "fc2"})
_ATTENTION = re.compile("attn|attention")


@dataclass(frozen=True, slots=True)
class Site:
    """A place of a decoder layer.

    Attributes:
        layer: Number of the layer, from 0.
        component: `attn`, the heads' outputs side by side before they are mixed, or `mlp`, the output of the MLP.
        head: One head of `attn`; None for all of them.
    """

    layer: int
    component: Component
    head: int | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """What one row of a forward pass is given at one site.

    Attributes:
        site: The site.
        columns: Tokens of the pass at which it is replaced; negative ones count from the end.
        values: Replacement, `[columns, width of the site]`.
    """

    site: Site
    columns: tuple[int, ...]
    values: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class PatchSites:
    """The sites of a model.

    Attributes:
        projections: The output projection of each layer's attention; its input is the site `attn`.
        mlps: The MLP of each layer; its output is the site `mlp`.
        heads: Attention heads per layer.
        head_size: Width of one head's output.
    """

    projections: tuple[nn.Module, ...]
    mlps: tuple[nn.Module, ...]
    heads: int
    head_size: int

    @classmethod
    def find(cls, model: nn.Module) -> PatchSites:
        """Find the sites of every decoder layer.

        Args:
            model: A causal language model, bare or wrapped (peft).

        Raises:
            UnknownArchitectureError: A layer has no attention or no MLP, or more than one, or the heads do not fill
                the input of the output projection.
        """
        attentions, projections, mlps = [], [], []
        for number, layer in enumerate(find_layers(model)):
            path, projection = _only(_inside_attention(layer), number, "output projection", _PROJECTIONS)
            attentions.append(layer.get_submodule(path.rpartition(".")[0]))
            projections.append(projection)
            mlps.append(_only(_feed_forward(layer), number, "MLP", _MLPS)[1])
        whole: Any = model.config
        config = whole.get_text_config(decoder=True)
        heads = int(config.num_attention_heads)
        sizes = {_head_size(config, *pair, heads) for pair in zip(attentions, projections, strict=True)}
        if len(sizes) != 1:
            raise UnknownArchitectureError(
                f"the layers of {type(model).__name__} have heads of {sorted(sizes)} dimensions; one size is needed."
            )
        return cls(tuple(projections), tuple(mlps), heads, sizes.pop())

    @property
    def layers(self) -> int:
        """Number of decoder layers."""
        return len(self.mlps)

    def part(self, site: Site) -> slice:
        """Return which of a component's dimensions a site is."""
        if site.head is None:
            return slice(None)
        return slice(site.head * self.head_size, (site.head + 1) * self.head_size)

    @contextmanager
    def captured(self, rows: int, columns: Sequence[int]) -> Iterator[Activations]:
        """Keep the activations of a forward pass.

        Args:
            rows: Rows of the pass.
            columns: Tokens of the pass that are kept; negative ones count from the end.

        Yields:
            Layer and component to `[rows, columns, width]`, in the model's dtype; the pass fills it.

        Raises:
            HookBypassedError: A site did not run in the pass.
        """
        kept: Activations = {}
        where = {(layer, component) for layer in range(self.layers) for component in COMPONENTS}

        def keep(layer: int, component: Component, activation: Tensor) -> Tensor:
            kept[layer, component] = _by_row(activation.detach(), rows)[:, list(columns)]
            return activation

        with self._hooked(where, keep):
            yield kept
        if missing := where - kept.keys():
            layer, component = min(missing)
            raise HookBypassedError(
                f"{len(missing)} of {len(where)} sites did not run, the first of them {component} of layer {layer}; "
                "each has to run once in a forward pass.",
                hint="Load the model with attn_implementation='sdpa' and without fused layers.",
            )

    @contextmanager
    def patched(self, patches: Sequence[Patch | None]) -> Iterator[None]:
        """Replace activations in a forward pass.

        Args:
            patches: What is replaced in each row of the pass; None for a row that runs as it is.
        """
        by_module: dict[tuple[int, Component], list[tuple[int, Patch]]] = {}
        for row, patch in enumerate(patches):
            if patch is not None:
                by_module.setdefault((patch.site.layer, patch.site.component), []).append((row, patch))

        def replace(layer: int, component: Component, activation: Tensor) -> Tensor:
            # A copy: the model may still use what it handed over.
            new = activation.clone(memory_format=torch.contiguous_format)
            whole = _by_row(new, len(patches))
            for row, patch in by_module[layer, component]:
                whole[row, list(patch.columns), self.part(patch.site)] = patch.values.to(whole)
            return new

        with self._hooked(by_module, replace):
            yield

    @contextmanager
    def _hooked(
        self, where: Collection[tuple[int, Component]], change: Callable[[int, Component, Tensor], Tensor]
    ) -> Iterator[None]:
        def before(layer: int) -> Any:
            return lambda _module, args: (change(layer, "attn", args[0]), *args[1:])

        def after(layer: int) -> Any:
            return lambda _module, _args, output: (
                (change(layer, "mlp", output[0]), *output[1:])
                if isinstance(output, tuple)
                else change(layer, "mlp", output)
            )

        with ExitStack() as hooks:
            for layer, component in where:
                handle = (
                    self.projections[layer].register_forward_pre_hook(before(layer))
                    if component == "attn"
                    else self.mlps[layer].register_forward_hook(after(layer))
                )
                hooks.callback(handle.remove)
            yield


def _by_row(activation: Tensor, rows: int) -> Tensor:
    # Some families run the MLP on all tokens of all rows as one list.
    return activation.reshape(rows, -1, activation.shape[-1])


def _inside_attention(layer: nn.Module) -> dict[str, nn.Module]:
    return {
        path: module
        for path, module in layer.named_modules()
        if path.rpartition(".")[2] in _PROJECTIONS and _ATTENTION.search(path.rpartition(".")[0])
    }


def _feed_forward(layer: nn.Module) -> dict[str, nn.Module]:
    return {
        name: module
        for name, module in layer.named_children()
        # One that takes the residual stream adds it to what it gives.
        if name in _MLPS and "residual" not in inspect.signature(module.forward).parameters
    }


def _only(found: dict[str, nn.Module], layer: int, what: str, names: frozenset[str]) -> tuple[str, nn.Module]:
    if len(found) != 1:
        raise UnknownArchitectureError(
            f"layer {layer} has {len(found)} modules that look like its {what} ({', '.join(found) or 'none'}); exactly "
            f"one that is called {', '.join(sorted(names))} is needed.",
            hint="Use a model whose every layer has one attention and one MLP.",
        )
    return next(iter(found.items()))


def _head_size(config: Any, attention: nn.Module, projection: nn.Module, heads: int) -> int:
    """Return the width of a head, which need not be hidden size / heads."""
    weight: Any = projection.weight
    # Layers of the GPT-2 kind have no `in_features`, and their weight is transposed.
    width = int(getattr(projection, "in_features", None) or weight.shape[0])
    # Latent attention has values of another width than its keys.
    declared = (getattr(owner, name, None) for name in ("v_head_dim", "head_dim") for owner in (attention, config))
    size = int(next((size for size in declared if size), width // heads))
    if heads * size != width:
        raise UnknownArchitectureError(
            f"{heads} heads of {size} dimensions do not fill the {width} inputs of the output projection in "
            f"{type(attention).__name__}; heads x size must equal them."
        )
    return size
