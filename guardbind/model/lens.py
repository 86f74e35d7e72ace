"""Reads residuals at any decoder layer through the output head: the logit lens.

Which module is the final norm and what happens to the logits after the head are measured, not looked up: names and
signs of such settings differ between families (one divides the logits by what another multiplies with).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Literal, Self

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from guardbind.errors import ConfigError, GuardbindError, UnknownArchitectureError
from guardbind.model.architecture import find_head, find_layers
from guardbind.model.cache import float_dtype
from guardbind.model.hook import Hook

__all__ = ["Lens", "LensHandle"]

_PROBE_TOKENS = 8
# Largest |logit| asked of the head, as powers of ten from the first to the last but one position: from where a soft-cap
# is a straight line to where it is a wall.
_PROBE_PEAKS = (-2.0, 2.5)
_PROBE_HIDDEN_LIMIT = 3e4  # float16 ends at 65504
_TOLERANCE = {torch.float32: 1e-4, torch.float16: 5e-3, torch.bfloat16: 3e-2}  # of the largest value
_NO_LENS_HINT = "Run without a lens; the raw logits are still read."


@dataclass(frozen=True, slots=True)
class LensHandle:
    """The hooks of an attached lens; also a context manager that removes them on exit."""

    hooks: tuple[RemovableHandle, ...]

    def remove(self) -> None:
        """Remove the hooks; a second call does nothing. The residuals of the last forward pass stay readable."""
        for hook in self.hooks:
            hook.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.remove()


@dataclass(frozen=True, slots=True, eq=False)
class Lens:
    """Reads residuals of chosen decoder layers and turns them into logits.

    Build one with `Lens.bind`. The logits of a residual r are `post(head(input_scale * norm(r)))`, where
    `post(z) = output_scale * z`, or `softcap * tanh(output_scale * z / softcap)`.

    Attributes:
        layers: Layer number, from 0, to decoder layer.
        head: The output embedding.
        norm: The module between the last layer and the head; None where there is none.
        input_scale: What the model multiplies the normed residual with before the head.
        output_scale: What the model multiplies the head's output with.
        softcap: The bound of the soft-capped logits; None where they are not capped.
        residual_dtype: Dtype of the last layer's output.
        head_dtype: Dtype of the head's input.
        dtype: Dtype that the model computes in; once it is another, the lens has to be bound again.
        residuals: Layer number to residual `[rows, hidden]` at the last position of the last forward pass, in the
            model's dtype and on the layer's own device.
    """

    layers: dict[int, nn.Module]
    head: nn.Module
    norm: nn.Module | None
    input_scale: float
    output_scale: float
    softcap: float | None
    residual_dtype: torch.dtype
    head_dtype: torch.dtype
    dtype: torch.dtype
    residuals: dict[int, Tensor] = field(default_factory=dict)

    @classmethod
    def bind(cls, model: nn.Module, layers: Sequence[int] | Literal["all"] = "all", path: str | None = None) -> Lens:
        """Measure how the model goes from its last layer to its logits.

        Runs one forward pass of 8 tokens, without cache and in the mode (train or eval) that the model is in. Hooks of
        others fire once, and what they see at the head and after it is amplified: bind before attaching them.
        No hook, and no change of the model, is left behind.

        Args:
            model: A causal language model, bare or wrapped (peft), on one device or several.
            layers: Numbers of the decoder layers to read, from 0, or "all".
            path: Dotted name of the list of decoder layers, where it cannot be found.

        Returns:
            A lens whose logits at the last layer were found equal to the model's own.

        Raises:
            ConfigError: A layer number is outside the model.
            UnknownArchitectureError: Head or layers could not be located, or the lens does not reproduce the model.
        """
        modules = find_layers(model, path)
        numbers = range(len(modules)) if layers == "all" else layers
        for number in numbers:
            if not 0 <= number < len(modules):
                raise ConfigError(f"layer {number} is outside the model; it has layers 0 to {len(modules) - 1}.")
        head = find_head(model)
        probe = _ShortPass(modules, head)
        probe.run(model)
        norm, input_scale = probe.path_to_head(type(model).__name__)
        output_scale, softcap = probe.after_head(type(model).__name__)
        lens = cls(
            layers={number: modules[number] for number in sorted(set(numbers))},
            head=head,
            norm=norm,
            input_scale=input_scale,
            output_scale=output_scale,
            softcap=softcap,
            residual_dtype=probe.residual.dtype,
            head_dtype=probe.head_input.dtype,
            dtype=float_dtype(model),
        )
        mine, raw = lens.logits(probe.residual[:, -1]), probe.logits[:, -1].float()
        if not _close(mine, raw, probe.head_output.dtype):
            raise UnknownArchitectureError(
                f"the lens at the last layer of {type(model).__name__} is off its logits by up to "
                f"{(mine.to(raw.device) - raw).abs().max().item():.3g}, with logits of up to "
                f"{raw.abs().max().item():.3g}; equal logits are needed.",
                hint=_NO_LENS_HINT,
            )
        return lens

    def apart(self) -> Self:
        """Return the same lens with residuals of its own."""
        return replace(self, residuals={})

    def attach(self, when: Callable[[], bool] = lambda: True) -> LensHandle:
        """Register hooks that keep the last position's residual of each chosen layer in `residuals`.

        Args:
            when: Whether the pass that runs is to be kept; asked in the thread that runs it.

        Returns:
            A handle with `remove()`, usable as a context manager.
        """
        hooks = (layer.register_forward_hook(Hook(self._keep(i, when))) for i, layer in self.layers.items())
        return LensHandle(tuple(hooks))

    @torch.no_grad()
    def project(self, residual: Tensor) -> Tensor:
        """Turn residuals into what the head would be given for them: they are led through the final norm.

        Args:
            residual: `[..., hidden]`, any floating dtype, on any device.

        Returns:
            `[..., hidden]`, in the dtype of the head's input, on the norm's device.
        """
        hidden = residual.detach().reshape(1, -1, residual.shape[-1]).to(self.residual_dtype)
        if self.norm is not None:
            hidden = self.norm.forward(_beside(self.norm, hidden))
        return (hidden * self.input_scale).to(self.head_dtype).reshape(residual.shape)

    @property
    def unembedding(self) -> Tensor:
        """The head's matrix `[vocabulary, hidden]`, a row per token, as it lies on its device.

        Raises:
            UnknownArchitectureError: The head has no floating matrix that can be read: it is offloaded or quantised.
        """
        weight = getattr(self.head, "weight", None)
        if not isinstance(weight, Tensor) or weight.ndim != 2 or weight.is_meta or not weight.is_floating_point():
            raise UnknownArchitectureError(
                f"the output head ({type(self.head).__name__}) has no matrix of embeddings that can be read; a "
                "floating weight `[vocabulary, hidden]` is needed."
            )
        return weight.detach()

    @torch.no_grad()
    def logits(self, residual: Tensor) -> Tensor:
        """Turn residuals into logits.

        The modules are run without their hooks, so that a reading is not taken for a step of the model.

        Args:
            residual: `[..., hidden]`, any floating dtype, on any device.

        Returns:
            Logits `[..., vocabulary]`, float32, on the head's device.
        """
        hidden = self.project(residual).reshape(1, -1, residual.shape[-1])
        output: Tensor = self.head.forward(_beside(self.head, hidden))
        logits = output.float() * self.output_scale
        if self.softcap is not None:
            logits = torch.tanh(logits / self.softcap) * self.softcap
        return logits.reshape(*residual.shape[:-1], -1)

    def _keep(self, number: int, when: Callable[[], bool]) -> Any:
        def hook(_module: nn.Module, _args: Any, output: Any) -> None:
            if when():
                # A copy: some models add to the residual in place.
                self.residuals[number] = _tensor(output)[:, -1].detach().clone()

        return hook


class _ShortPass:
    """One short forward pass, seen between the last layer and the logits."""

    residual: Tensor
    head_input: Tensor
    head_output: Tensor
    logits: Tensor

    def __init__(self, layers: list[nn.Module], head: nn.Module) -> None:
        self._layers = layers
        self._head = head
        self._after_layers: list[tuple[nn.Module, Tensor]] = []

    @torch.no_grad()
    def run(self, model: nn.Module) -> None:
        inside = {module for layer in self._layers for module in layer.modules()} | {self._head}
        outside = [module for module in model.modules() if module not in inside]
        handles = [module.register_forward_hook(self._here(self._on_module)) for module in outside]
        handles.append(self._layers[-1].register_forward_hook(self._here(self._on_last_layer)))
        handles.append(self._head.register_forward_pre_hook(self._here(self._before_head)))
        handles.append(self._head.register_forward_hook(self._here(self._after_head)))
        try:
            self.logits = model(input_ids=_probe_ids(model), use_cache=False, return_dict=True).logits.detach()
        except (GuardbindError, torch.OutOfMemoryError, MemoryError):
            raise
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            raise UnknownArchitectureError(
                f"{type(model).__name__} was run on a few tokens without a cache, and raised {said}",
                hint="Run without a lens; the raw logits are still read.",
            ) from error
        finally:
            for handle in handles:
                handle.remove()
        if not all(hasattr(self, seen) for seen in ("residual", "head_input", "head_output")):
            raise UnknownArchitectureError(
                f"the last decoder layer or the output head of {type(model).__name__} did not run in a forward pass; "
                "both are needed.",
                hint=_NO_LENS_HINT,
            )

    def _here(self, act: Callable[..., Any]) -> Hook:
        """Return a hook for this thread: what others run meanwhile is neither seen nor amplified."""
        thread = threading.get_ident()
        return Hook(lambda *given: act(*given) if threading.get_ident() == thread else None)

    def path_to_head(self, name: str) -> tuple[nn.Module | None, float]:
        """Find the module that leads from the residual to the head's input, and the scale of what it gives."""
        for module, output in [*self._after_layers, (None, self.residual)]:
            scale = _scale(output[:, -1], self.head_input[:, -1], self.head_input.dtype)
            if scale is not None:
                return module, scale
        seen = ", ".join(type(module).__name__ for module, _ in self._after_layers) or "none"
        raise UnknownArchitectureError(
            f"no single module of {name} leads from the last layer to the output head (modules that take the last "
            f"layer's output: {seen}); a final norm, up to a scale, or nothing at all is accepted.",
            hint=_NO_LENS_HINT,
        )

    def after_head(self, name: str) -> tuple[float, float | None]:
        """Find what happens to the head's output: the scale and, where there is one, the soft-cap."""
        dtype = self.head_output.dtype
        output, logits = self.head_output.flatten(0, -2).cpu().double(), self.logits.flatten(0, -2).cpu().double()
        if output.shape == logits.shape:
            scale = _scale(output, logits, dtype)
            if scale is not None:
                return scale, None
            scale, softcap = _capped_scale(output, logits)
            if _close(torch.tanh(output * scale / softcap) * softcap, logits, dtype):
                return scale, softcap
        raise UnknownArchitectureError(
            f"{name} turns the head's output {tuple(self.head_output.shape)} into logits {tuple(self.logits.shape)} by "
            "an unknown function; nothing, a constant scale, a soft-cap tanh(z/c)*c or both are accepted.",
            hint=_NO_LENS_HINT,
        )

    def _on_last_layer(self, _module: nn.Module, _args: Any, output: Any) -> None:
        self.residual = _tensor(output).detach().clone()

    def _on_module(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        if not hasattr(self, "residual") or not args or not isinstance(output, Tensor):
            return
        seen = args[0]
        # Only the last position: a model may drop the others before the norm.
        if (
            isinstance(seen, Tensor)
            and seen.ndim == output.ndim == 3
            and torch.equal(seen[:, -1], self.residual[:, -1].to(seen))
        ):
            self._after_layers.append((module, output.detach().clone()))

    def _before_head(self, _module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self.head_input = args[0].detach().clone()
        if self.head_input.ndim != 3:
            return args
        # Logits of a few arbitrary tokens may be too small to show a soft-cap, so the head is asked for a whole range.
        # Its own input changes nothing upstream, and the last position stays as it is.
        before_last = self.head_input[:, :-1]
        peaks = self._head.forward(before_last).float().abs().amax(-1, keepdim=True).to(before_last.device)
        limit = _PROBE_HIDDEN_LIMIT / before_last.float().abs().amax(-1, keepdim=True).clamp_min(1.0)
        wanted = torch.logspace(*_PROBE_PEAKS, peaks.shape[1], device=peaks.device).view(1, -1, 1)
        gain = torch.minimum(wanted / peaks.clamp_min(1e-6), limit)
        amplified = (before_last.float() * gain).to(before_last.dtype)
        return (torch.cat([amplified, self.head_input[:, -1:]], dim=1), *args[1:])

    def _after_head(self, _module: nn.Module, _args: Any, output: Any) -> None:
        self.head_output = output.detach().clone()


def _tensor(output: Any) -> Tensor:
    first: Tensor = output[0] if isinstance(output, tuple | list) else output
    return first


def _probe_ids(model: nn.Module) -> Tensor:
    embedding: Any = model.get_input_embeddings()  # type: ignore[operator]
    weight: Tensor = embedding.weight
    device = torch.device("cpu") if weight.is_meta else weight.device
    # The ends of a vocabulary hold padding and other tokens that are not text.
    middle = weight.shape[0] // 2
    return (torch.arange(middle, middle + _PROBE_TOKENS, device=device) % weight.shape[0])[None]


def _beside(module: nn.Module, tensor: Tensor) -> Tensor:
    """Move a tensor to a module; offloaded weights (meta) fetch their own input."""
    weight = next(module.parameters(), None)
    return tensor if weight is None or weight.is_meta else tensor.to(weight.device)


def _close(mine: Tensor, theirs: Tensor, dtype: torch.dtype) -> bool:
    """Equal up to the rounding of `dtype`, relative to the largest value; never true of NaN or of different shapes."""
    if mine.shape != theirs.shape:
        return False
    error = (mine.to(theirs.device) - theirs).abs().max()
    return bool(error <= _TOLERANCE.get(dtype, _TOLERANCE[torch.float32]) * theirs.abs().max())


def _scale(mine: Tensor, theirs: Tensor, dtype: torch.dtype) -> float | None:
    """The constant s with s * mine = theirs (least squares), or None."""
    if mine.shape != theirs.shape:
        return None
    mine, theirs = mine.cpu().double().flatten(), theirs.cpu().double().flatten()
    scale = (mine @ theirs) / (mine @ mine)
    return scale.item() if _close(mine * scale, theirs, dtype) else None


def _capped_scale(output: Tensor, logits: Tensor) -> tuple[float, float]:
    """The s and c that make c * tanh(s * output / c) the logits, if any do; `[positions, vocabulary]`, float64."""
    smallest = output.abs().amax(-1).argmin()
    scale = ((output[smallest] @ logits[smallest]) / (output[smallest] @ output[smallest])).item()
    softcap = torch.inf
    # Even the smallest logits are bent a little, so the cap that they give is used to unbend them.
    for _ in range(4):
        softcap = _softcap(output * scale, logits)
        straight = logits.abs() < softcap / 2
        scale = (
            (output[straight] @ torch.atanh(logits[straight] / softcap)) / (output[straight] @ output[straight])
        ).item() * softcap
    return scale, softcap


def _softcap(uncapped: Tensor, capped: Tensor) -> float:
    """The c with c * tanh(x / c) = y at the largest |x|, by bisection: the left side grows with c."""
    peak = uncapped.abs().argmax()
    x, y = uncapped.flatten()[peak].abs(), capped.flatten()[peak].abs()
    low, high = y, torch.maximum(x, y) * 1e3
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if middle * torch.tanh(x / middle) < y else (low, middle)
    return high.item()
