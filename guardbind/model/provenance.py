"""Describes what produced a record: model, precision, backend, template, versions, seed."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from pathlib import Path

import torch
import transformers
from torch import nn
from transformers import PreTrainedTokenizerBase

from guardbind._version import __version__
from guardbind.events import Provenance
from guardbind.model.cache import float_dtype

__all__ = ["attention_of", "dtype_of", "provenance_of", "template_sha256"]


def template_sha256(tokenizer: PreTrainedTokenizerBase) -> str | None:
    """Return the hash of the tokenizer's chat template, or None if it has none."""
    template = getattr(tokenizer, "chat_template", None)
    if not template:
        return None
    text = template if isinstance(template, str) else json.dumps(template, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def dtype_of(model: nn.Module) -> str:
    """Return the precision that a model computes in, as `float32`."""
    return str(float_dtype(model)).removeprefix("torch.")


def attention_of(model: nn.Module) -> str:
    """Return the attention backend of a model, as `sdpa`; `unknown` where it does not say."""
    return str(getattr(model.config, "_attn_implementation", None) or "unknown")


def _name(path: str) -> str:
    # A folder's full path tells about the machine, not about the model.
    return Path(path).name if Path(path).is_absolute() else path


def provenance_of(
    model: nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    *,
    policy: str | None = None,
    calibration: str | None = None,
    settings_sha256: str | None = None,
) -> Provenance:
    """Describe one generation that is about to start.

    Args:
        model: The module that generates.
        tokenizer: Its tokenizer.
        policy: Name of the policy that guards it, if one does.
        calibration: Id of the guard's calibration, if it has one.
        settings_sha256: Hash of the guard's settings.
    """
    config = model.config
    return Provenance(
        guardbind=__version__,
        transformers=transformers.__version__,
        torch=torch.__version__,
        model=_name(str(getattr(config, "_name_or_path", "") or type(model).__name__)),
        dtype=dtype_of(model),
        attention=attention_of(model),
        template_sha256=template_sha256(tokenizer),
        seed=torch.initial_seed(),
        generation=uuid.uuid4().hex,
        policy=policy,
        started=time.time(),
        calibration=calibration,
        settings_sha256=settings_sha256,
    )
