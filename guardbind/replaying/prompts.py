"""Reads the prompts of a replay, and finds the one that a record is of by its hash."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from transformers import PreTrainedTokenizerBase

from guardbind.calibrating.encoding import encode_labelled
from guardbind.calibrating.labelled import LabelledPrompt
from guardbind.errors import ConfigError
from guardbind.evidence import Binding, Evidence, Target
from guardbind.session.called import text_sha256
from guardbind.text.decoded import PromptText
from guardbind.text.own_tokenizer import own_tokenizer

__all__ = ["KnownPrompt", "ReplayPrompt", "known_prompts", "read_prompts"]


class ReplayPrompt(LabelledPrompt):
    """A prompt that a guard was asked, with what it was told; a labelled prompt is one, and its answers say nothing."""

    answers: tuple[str, ...] = ()
    """Right answers; they are not looked at."""
    evidence: tuple[str, ...] = ()
    """Passages that the guard was told; their names are evidence1, evidence2 and so on."""


@dataclass(frozen=True, slots=True)
class KnownPrompt:
    """A prompt as a model reads it.

    Attributes:
        ids: Its token ids.
        bindings: What the guard is told that it binds; None to have it read out.
        target: What the guard is told is meant.
    """

    ids: tuple[int, ...]
    bindings: list[Binding | Evidence] | None
    target: Target | None


def read_prompts(path: str | Path) -> list[ReplayPrompt]:
    """Read the prompts of a JSONL file: one object per line, as for `guardbind calibrate`, without need of answers.

    Raises:
        ConfigError: The file cannot be read or has no prompt, or a line is none; line and field are named.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.", hint="Give a JSONL file in UTF-8.") from error
    found = [_prompt(f"{path}, line {number}", line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not found:
        raise ConfigError(f"{path} holds no prompt; one JSON object per line is needed.")
    return found


def known_prompts(prompts: Sequence[ReplayPrompt], tokenizer: PreTrainedTokenizerBase) -> dict[str, KnownPrompt]:
    """Return hash, as records hold it, to prompt, as a tokenizer writes it.

    Args:
        prompts: The prompts.
        tokenizer: The model's tokenizer.

    Raises:
        ConfigError: A prompt cannot be written.
    """
    shown = own_tokenizer(tokenizer)
    found: dict[str, KnownPrompt] = {}
    for prompt in prompts:
        encoded = encode_labelled(prompt, tokenizer)
        passages = [Evidence(f"evidence{n}", text=passage) for n, passage in enumerate(prompt.evidence, start=1)]
        told = [*(encoded.bindings or ()), *passages]
        digest = text_sha256(PromptText.from_ids(shown, encoded.ids).text)
        found[digest] = KnownPrompt(encoded.ids, told or None, encoded.target)
    return found


def _prompt(where: str, line: str) -> ReplayPrompt:
    try:
        data = json.loads(line)
        return ReplayPrompt.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "prompt"
        raise ConfigError(
            f"{where}: {place}: {first['msg']}.", hint=f"The fields are {', '.join(ReplayPrompt.model_fields)}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where} is not JSON: {error}.", hint="Write one object per line.") from error
