"""Refuses ways of decoding that cannot be guarded, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guardbind.errors import UnsupportedGenerationError
from guardbind.generation.settings import setting
from guardbind.model.cache import is_compiled
from guardbind.model.forward import Module

__all__ = ["refuse_unguardable"]


def refuse_unguardable(model: Module, arguments: Mapping[str, Any]) -> None:
    """Raise if a call of `generate` cannot be guarded whole.

    Args:
        model: The model.
        arguments: Keyword arguments of the call.

    Raises:
        UnsupportedGenerationError: What was asked for, and what to do instead.
    """

    def get(name: str) -> Any:
        return setting(model, arguments, name)

    beams = get("num_beams")
    cases = [
        (getattr(model.config, "is_encoder_decoder", False), "an encoder-decoder model", "Use a decoder-only model."),
        (
            is_compiled(model),
            "a model passed through torch.compile",
            "Guard the model before compiling it, or pass the uncompiled one.",
        ),
        (beams is not None and beams > 1, f"beam search (num_beams={beams})", "Set num_beams=1."),
        (get("num_beam_groups") not in (None, 1), "diverse beam search", "Set num_beam_groups=1."),
        (
            arguments.get("assistant_model") is not None
            or any(get(name) for name in ("prompt_lookup_num_tokens", "assistant_early_exit", "use_mtp")),
            "assisted generation",
            "Leave out assistant_model, prompt_lookup_num_tokens, assistant_early_exit and use_mtp.",
        ),
        (
            get("guidance_scale") not in (None, 1, 1.0),
            f"classifier-free guidance (guidance_scale={get('guidance_scale')})",
            "Leave out guidance_scale; policy 'contrast' contrasts with and without the evidence.",
        ),
        (
            get("cache_implementation") == "paged",
            "the paged cache, which drops logits processors",
            "Use the default or the 'static' cache.",
        ),
        (
            get("compile_config") is not None and get("disable_compile") is not True,
            "compiled decoding (compile_config)",
            "Leave out compile_config, or set disable_compile=True.",
        ),
        (
            arguments.get("adapter_names") is not None,
            "a batch with an adapter of its own for each row (adapter_names)",
            "Call set_adapter and generate once for each adapter.",
        ),
        (arguments.get("custom_generate") is not None, "a custom decoding loop (custom_generate)", "Leave it out."),
        (get("dola_layers") is not None, "DoLa decoding (dola_layers)", "Leave out dola_layers."),
        (get("penalty_alpha") not in (None, 0, 0.0), "contrastive search (penalty_alpha)", "Leave out penalty_alpha."),
        (
            get("constraints") is not None or get("force_words_ids") is not None,
            "constrained beam search",
            "Leave it out.",
        ),
        (arguments.get("inputs_embeds") is not None, "a prompt given as inputs_embeds", "Give input_ids."),
    ]
    for unguardable, what, instead in cases:
        if unguardable:
            message = f"{what} cannot be guarded; greedy decoding and sampling can."
            raise UnsupportedGenerationError(message, hint=instead)
