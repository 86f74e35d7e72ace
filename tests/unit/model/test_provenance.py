"""What a record says about the model and tokenizer that produced it, on modules that are no language models."""

from __future__ import annotations

import hashlib
import json
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers
from torch import nn

import guardbind
from guardbind.model.provenance import provenance_of, template_sha256


def tokenizer(template: object = None) -> Any:
    return SimpleNamespace(chat_template=template)


def model(dtype: torch.dtype = torch.float32, **config: object) -> Any:
    made: Any = nn.Linear(2, 2, dtype=dtype)
    made.config = SimpleNamespace(**config)
    return made


def test_the_versions_are_those_that_run() -> None:
    found = provenance_of(model(), tokenizer())
    versions = (guardbind.__version__, transformers.__version__, torch.__version__)
    assert (found.guardbind, found.transformers, found.torch) == versions


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("owner/name", "owner/name"),
        ("name", "name"),
        ("/somewhere/of/mine/name", "name"),
        ("/somewhere/of/mine/name/", "name"),
        ("relative/folder", "relative/folder"),
        ("", "Linear"),
        (None, "Linear"),
    ],
)
def test_the_name_tells_about_the_model_and_not_about_the_machine(path: str | None, name: str) -> None:
    assert provenance_of(model(_name_or_path=path), tokenizer()).model == name


def test_a_model_that_was_never_saved_is_called_by_its_class() -> None:
    assert provenance_of(model(), tokenizer()).model == "Linear"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_the_precision_is_that_of_the_weights(dtype: torch.dtype) -> None:
    assert provenance_of(model(dtype), tokenizer()).dtype == str(dtype).removeprefix("torch.")


class Packed(nn.Module):
    """Quantised weights in front of the others."""

    def __init__(self) -> None:
        super().__init__()
        self.packed = nn.Parameter(torch.zeros(4, dtype=torch.uint8), requires_grad=False)
        self.inner = nn.Linear(2, 2, dtype=torch.float16)
        self.config: Any = SimpleNamespace()


def test_quantised_weights_hide_no_precision() -> None:
    assert next(Packed().parameters()).dtype is torch.uint8
    assert provenance_of(Packed(), tokenizer()).dtype == "float16"


def test_the_attention_backend_is_named_or_unknown() -> None:
    assert provenance_of(model(_attn_implementation="sdpa"), tokenizer()).attention == "sdpa"
    assert provenance_of(model(_attn_implementation=None), tokenizer()).attention == "unknown"
    assert provenance_of(model(), tokenizer()).attention == "unknown"


def test_the_seed_is_that_of_the_default_generator() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1234)
        torch.rand(3)
        assert provenance_of(model(), tokenizer()).seed == 1234


def test_two_generations_have_two_ids() -> None:
    first, second = (provenance_of(model(), tokenizer()) for _ in range(2))
    assert first.generation != second.generation
    assert first.started is not None and second.started is not None and first.started <= second.started
    assert first.model_copy(update={"generation": second.generation, "started": second.started}) == second


class TestTemplate:
    @pytest.mark.parametrize("template", [None, "", {}, []])
    def test_without_one_there_is_no_hash(self, template: object) -> None:
        assert template_sha256(tokenizer(template)) is None

    def test_a_tokenizer_that_knows_no_templates_has_none(self) -> None:
        bare: Any = SimpleNamespace()
        assert template_sha256(bare) is None

    def test_the_hash_is_that_of_the_text(self) -> None:
        assert template_sha256(tokenizer("{{ é }}")) == hashlib.sha256("{{ é }}".encode()).hexdigest()
        assert template_sha256(tokenizer("{{ e }}")) != template_sha256(tokenizer("{{ é }}"))

    def test_several_named_ones_have_one_hash_whatever_their_order(self) -> None:
        one, other = {"default": "a", "tools": "b"}, {"tools": "b", "default": "a"}
        assert template_sha256(tokenizer(one)) == template_sha256(tokenizer(other))
        assert template_sha256(tokenizer(one)) == hashlib.sha256(json.dumps(one, sort_keys=True).encode()).hexdigest()
        assert template_sha256(tokenizer(one)) != template_sha256(tokenizer({"default": "b", "tools": "a"}))
