"""Defines a model family that transformers does not have, as somebody else's package would."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutputWithPast

__all__ = ["OutsideConfig", "OutsideLM"]


class OutsideConfig(PretrainedConfig):
    model_type = "outside"

    def __init__(
        self, vocab_size: int = 97, hidden_size: int = 32, num_hidden_layers: int = 2, reach: int = 256, **rest: Any
    ) -> None:
        self.vocab_size, self.hidden_size, self.num_hidden_layers = vocab_size, hidden_size, num_hidden_layers
        self.num_attention_heads, self.max_position_embeddings = 4, reach
        super().__init__(**rest)


class Storey(nn.Module):
    def __init__(self, width: int, heads: int, index: int) -> None:
        super().__init__()
        self.heads, self.index = heads, index
        self.calm, self.mixed, self.out = nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.inner = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor, mask: Tensor, cache: Any) -> Tensor:
        rows, length, width = x.shape
        query, key, value = (
            part.view(rows, length, self.heads, -1).transpose(1, 2) for part in self.mixed(self.calm(x)).chunk(3, -1)
        )
        if cache is not None:
            key, value = cache.update(key, value, self.index)
        seen = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        x = x + self.out(seen.transpose(1, 2).reshape(rows, length, width))
        inner: Tensor = self.inner(x)
        return x + inner


class OutsideLM(PreTrainedModel, GenerationMixin):
    config_class = OutsideConfig
    base_model_prefix = ""
    _supports_sdpa = True

    def __init__(self, config: OutsideConfig) -> None:
        super().__init__(config)
        width = config.hidden_size
        self.letters, self.places = (
            nn.Embedding(config.vocab_size, width),
            nn.Embedding(config.max_position_embeddings, width),
        )
        self.house = nn.ModuleList(
            Storey(width, config.num_attention_heads, index) for index in range(config.num_hidden_layers)
        )
        self.last, self.voice = nn.LayerNorm(width), nn.Linear(width, config.vocab_size, bias=False)
        self.post_init()  # type: ignore[no-untyped-call]  # transformers leaves it untyped

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear | nn.Embedding):
            module.weight.data.normal_(0, 0.4)

    def get_input_embeddings(self) -> nn.Module:
        return self.letters

    def get_output_embeddings(self) -> nn.Module:
        return self.voice

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Any = None,
        use_cache: bool | None = None,
        **_: Any,
    ) -> CausalLMOutputWithPast:
        rows, length = input_ids.shape
        before = 0 if past_key_values is None else past_key_values.get_seq_length()
        if position_ids is None:
            position_ids = torch.arange(before, before + length, device=input_ids.device).expand(rows, length)
        mask = _additive(attention_mask, rows, length, before + length, self.letters.weight)
        x = self.letters(input_ids) + self.places(position_ids)
        for storey in self.house:
            x = storey(x, mask, past_key_values)
        return CausalLMOutputWithPast(logits=self.voice(self.last(x)), past_key_values=past_key_values)


def _additive(mask: Tensor | None, rows: int, length: int, total: int, like: Tensor) -> Tensor:
    if mask is not None and mask.ndim == 4:
        return mask
    last = torch.arange(total - length, total, device=like.device)[:, None]
    seen = (torch.arange(total, device=like.device)[None] <= last).expand(rows, 1, length, total)
    if mask is not None:
        kept = mask[:, None, None, -total:].bool()
        # A row of padding sees itself, so that its softmax has a meaning.
        seen = (seen & kept) | torch.eye(total, dtype=torch.bool, device=like.device)[total - length :]
    return torch.zeros(seen.shape, dtype=like.dtype, device=like.device).masked_fill(~seen, -math.inf)


AutoConfig.register("outside", OutsideConfig, exist_ok=True)
AutoModelForCausalLM.register(OutsideConfig, OutsideLM, exist_ok=True)
