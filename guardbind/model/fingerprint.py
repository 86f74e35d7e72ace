"""Computes a fingerprint of a model's weights, where they lie, that any changed weight changes.

A tensor is taken as 64-bit words x_i, whatever its type, in chunks. Of each chunk two sums are kept, of x_i * w_i and
of (x_i >> 32) * v_i modulo 2**64. The weights w_i and v_i are odd, so that a change of one word always changes the
first sum. Two of them differ by 2 * (i - j) in their low bits, so that to exchange two words of a chunk always changes
one of the two sums; their high bits have no pattern, so that other changes of several words change them with near
certainty. It is whole arithmetic: order and device do not matter. Where chunks lie, what a tensor is called, its type
and its shape go into a SHA-256 over the sums. It tells models apart; it is no protection against somebody who wants a
collision.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import torch
from accelerate.utils import align_module_device, has_offloaded_params
from torch import Tensor, nn

__all__ = ["weights_fingerprint"]

_SCHEME = "w1"  # names the arithmetic, so that another one never seems to be other weights
_CHUNK = 1 << 17  # words; one chunk, its weights and its products fit into the cache of a core
_AT_ONCE = 64  # chunks that a device other than the CPU takes in one step
_LOW = 18  # low bits of the weights that count the place; more than a chunk has places, and one for being odd
_SAMPLED = 64  # elements of each tensor that are looked at to see whether a fingerprint still holds


@dataclass(frozen=True, slots=True)
class _Known:
    """A fingerprint, and what the weights looked like when it was computed."""

    looks: tuple[Any, ...]
    fingerprint: str


_KNOWN: WeakKeyDictionary[nn.Module, _Known] = WeakKeyDictionary()


def weights_fingerprint(model: nn.Module, *, fresh: bool = False) -> str | None:
    """Return a fingerprint of everything that a model saves: parameters, persistent buffers, what quantised layers add.

    It is computed on the devices where the weights lie, and is the same on each of them and in every process. Weights
    that are tied count under each of their names, as copies would. Types count: the same numbers in another precision
    are other weights. Weights that accelerate has offloaded are fetched, module by module. Buffers that are not saved,
    as tables of positions, and the model's configuration are not part of it.

    The last fingerprint of a model is kept, and given again while its tensors lie where they lay, count no writes, and
    show the same in 64 elements each. What torch does not count and those elements do not show (a write to a few
    elements through `.data`, or through memory shared with numpy) is found by `fresh` only. Of offloaded weights
    nothing is kept.

    Args:
        model: The model.
        fresh: Read all weights again, whatever is kept.

    Returns:
        The fingerprint, or None where weights lie on no device and cannot be fetched.
    """
    looks = _looks(model)
    known = _KNOWN.get(model)
    if not fresh and looks is not None and known is not None and known.looks == looks:
        return known.fingerprint
    fingerprint = _computed(model)
    if fingerprint is not None and looks is not None:
        _KNOWN[model] = _Known(looks, fingerprint)
    return fingerprint


def _computed(model: nn.Module) -> str | None:
    lines: dict[str, bytes] = {}
    seen: dict[int, tuple[Tensor, bytes]] = {}
    for prefix, module in model.named_modules():
        fetched = has_offloaded_params(module)
        with align_module_device(module):
            for name, tensor in _saved(prefix, module):
                if tensor.device.type == "meta":
                    return None
                tensor, lines[name] = seen.get(id(tensor)) or (tensor, _digest(tensor))
                if not fetched:
                    # It lives on beside its digest, so that no other tensor gets its id.
                    seen[id(tensor)] = tensor, lines[name]
    whole = hashlib.sha256()
    for name in sorted(lines):
        whole.update(f"{name}\0".encode() + lines[name])
    return f"{_SCHEME}-{whole.hexdigest()}"


def _saved(prefix: str, module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors that one module itself saves; quantised layers save more than their parameters."""
    saved: OrderedDict[str, Any] = OrderedDict()
    module._save_to_state_dict(saved, f"{prefix}." if prefix else "", True)
    for name, value in saved.items():
        if isinstance(value, Tensor):
            yield from _plain(name, value.detach() if value.grad_fn is not None else value)


def _plain(name: str, tensor: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Yield a tensor, or those that one of a special kind is made of."""
    if hasattr(tensor, "__tensor_flatten__"):
        for part in tensor.__tensor_flatten__()[0]:
            yield from _plain(f"{name}.{part}", getattr(tensor, part))
    else:
        yield name, tensor


@torch.no_grad()
def _digest(tensor: Tensor) -> bytes:
    described = f"{tensor.dtype}|{tuple(tensor.shape)}|".encode()
    return hashlib.sha256(described + b"".join(_sums(_words(tensor)))).digest()


def _words(tensor: Tensor) -> Tensor:
    """Return the bytes of a tensor as 64-bit words; zeros fill the last one."""
    octets = tensor.detach().resolve_conj().resolve_neg().contiguous().reshape(-1).view(torch.uint8)
    missing = -octets.numel() % 8
    if missing:
        octets = torch.cat([octets, octets.new_zeros(missing)])
    if octets.storage_offset() % 8:
        octets = octets.clone()
    return octets.view(torch.int64)


def _sums(words: Tensor) -> Iterator[bytes]:
    """Yield the two sums of each chunk, in order."""
    first, second = _weights(words.device)
    at_once = 1 if words.device.type == "cpu" else _AT_ONCE
    whole = words.numel() // _CHUNK
    chunks = words[: whole * _CHUNK].view(whole, _CHUNK)
    parts = [chunks[start : start + at_once] for start in range(0, whole, at_once)]
    if words.numel() > whole * _CHUNK:
        parts.append(words[whole * _CHUNK :][None])
    for part in parts:
        width = part.shape[-1]
        sums = torch.stack([(part * first[:width]).sum(-1), ((part >> 32) * second[:width]).sum(-1)], -1)
        yield sums.cpu().numpy().tobytes()


@cache
def _weights(device: torch.device) -> tuple[Tensor, Tensor]:
    # By torch's own generator, which may change between versions, a fingerprint would not outlive one.
    places = torch.arange(_CHUNK, dtype=torch.int64)
    mixed = [_mixed(places + start * _CHUNK) for start in (1, 2)]
    first, second = (((high << _LOW) | (2 * places + 1)).to(device) for high in mixed)
    return first, second


def _mixed(places: Tensor) -> Tensor:
    """Return numbers without a pattern, by the steps of the generator splitmix64."""
    mask = {27: (1 << 37) - 1, 30: (1 << 34) - 1, 31: (1 << 33) - 1}
    z = places * -0x61C8864680B583EB
    z = (z ^ ((z >> 30) & mask[30])) * -0x40A7B892E31B1A47
    z = (z ^ ((z >> 27) & mask[27])) * -0x6B2FB644ECCEEE15
    return z ^ ((z >> 31) & mask[31])


@torch.no_grad()
def _looks(model: nn.Module) -> tuple[Any, ...] | None:
    """Return what tells that no weight has changed; None where that cannot be told."""
    facts: list[tuple[Any, ...]] = []
    samples: dict[tuple[torch.device, torch.dtype], list[Tensor]] = {}
    for prefix, module in model.named_modules():
        for name, tensor in _saved(prefix, module):
            if tensor.device.type == "meta" or tensor.is_inference():
                return None
            where = tensor.data_ptr(), tensor._version
            facts.append((name, *where, str(tensor.dtype), tuple(tensor.shape), str(tensor.device)))
            flat = tensor.detach().flatten()
            sample = flat[:: max(1, flat.numel() // _SAMPLED)]
            samples.setdefault((tensor.device, tensor.dtype), []).append(sample)
    shown = tuple(torch.cat(parts).view(torch.uint8).cpu().numpy().tobytes() for parts in samples.values())
    return (*facts, *shown)
