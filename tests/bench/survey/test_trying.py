"""The survey: it says right of a family of each mechanism, and wrong where a guard does not look before it leaps."""

from __future__ import annotations

import pytest
from transformers import CONFIG_MAPPING

import guardbind.guard
from guardbind.registry import NULLS
from guardbind_bench.survey.shrinking import LAYERS, model_types, shrunk, tiny_config
from guardbind_bench.survey.trying import NATS, POLICIES, survey_family

RIGHT = [
    ("llama", "mask", "mask"),
    ("mistral", "mask", "mask"),  # every layer under a window
    ("mpt", "mask_rows", "mask"),
    ("mamba", "mask_prefill", "ids"),  # recurrent state
    ("bloom", "redact", "text"),  # positions by the mask
    ("rwkv", "redact", "text"),  # no mask
]


@pytest.mark.parametrize(("family", "null", "reading"), RIGHT)
def test_a_family_is_right_under_the_null_that_it_allows(family: str, null: str, reading: str) -> None:
    found = survey_family(family)
    assert (found.outcome, found.null) == ("right", null), found.message
    if found.reading is None:
        pytest.skip("in this version of transformers the family draws its mask by itself")
    assert found.reading == reading
    assert found.idle
    assert found.policies == POLICIES
    assert found.difference is not None and found.difference <= NATS
    assert found.effect is not None and found.effect > 10 * NATS, "what hides nothing cannot differ"
    assert found.branch is not None and found.branch <= NATS


def test_a_family_that_keeps_state_in_its_modules_is_refused() -> None:
    found = survey_family("recurrent_gemma")
    assert found.outcome == "refused"
    assert "keeps state outside of the cache" in found.message


WRONG = [
    ("rwkv", "mask_prefill", "independent reading"),
    ("bloom", "mask_rows", "independent reading"),
    ("recurrent_gemma", "redact", "not those without a guard"),
]


@pytest.mark.parametrize(("family", "null", "what"), WRONG)
def test_without_the_checks_at_attach_it_is_wrong(
    family: str, null: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guardbind.guard, "usable_nulls", lambda *_: [NULLS.get(null)])
    found = survey_family(family)
    if found.reading is None and "reading" in what:
        pytest.skip("in this version of transformers the family draws its mask by itself")
    assert found.outcome in ("wrong", "error")
    assert found.outcome == "error" or what in found.message


def test_another_exception_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def raising(*_: object) -> None:
        raise KeyError("a layer")

    monkeypatch.setattr(guardbind.guard, "usable_nulls", raising)
    found = survey_family("llama")
    assert (found.outcome, found.message) == ("error", "observe: KeyError: 'a layer'")


def test_what_cannot_be_built_is_not_run() -> None:
    found = survey_family("no-such-family")
    assert found.outcome == "not run"
    assert "no-such-family" in found.message


class TestShrinking:
    @pytest.mark.parametrize(
        "family", ["gemma2", "gemma3_text", "llama4_text", "jamba", "lfm2", "falcon_h1", "cohere2"]
    )
    def test_every_kind_of_layer_keeps_a_place(self, family: str) -> None:
        whole, tiny = CONFIG_MAPPING[family](), tiny_config(family, 100, {"pad_token_id": 0})
        kinds = getattr(whole, "layer_types", None)
        assert tiny.num_hidden_layers >= LAYERS
        if kinds:
            assert set(tiny.layer_types) == set(kinds)
        for name in ("sliding_window", "attention_chunk_size"):
            if getattr(whole, name, None):
                assert getattr(tiny, name) < 30

    def test_a_nested_part_is_shrunk_and_an_unknown_field_stays(self) -> None:
        part = {"model_type": "inner", "hidden_size": 4096, "vocab_size": 50000, "gamma": 7}
        fields = shrunk({"num_hidden_layers": 6, "kinds": ["a", "b"] * 3, "text_config": part, "odd": 5}, 100)
        assert fields["kinds"] == ["a", "b", "a", "b"]
        assert fields["text_config"] == part | {"hidden_size": 64, "vocab_size": 100}
        assert "odd" not in fields

    def test_as_many_key_value_heads_as_heads_stay_as_many(self) -> None:
        heads = {"num_attention_heads": 32, "num_key_value_heads": 32}
        assert shrunk(heads, 100) == {"num_attention_heads": 4, "num_key_value_heads": 4}
        assert shrunk(heads | {"num_key_value_heads": 8}, 100)["num_key_value_heads"] == 2

    def test_what_is_surveyed_is_what_transformers_registers_and_the_variants(self) -> None:
        assert {"llama", "rwkv", "falcon-alibi"} <= set(model_types())
        assert list(model_types()) == sorted(set(model_types()))
