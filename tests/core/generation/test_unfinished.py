"""Values that a length, a criterion or an error cuts: the report says which rows ended within one."""

from __future__ import annotations

from typing import Any

import pytest
from asking import ALIKE, ALPHA, BETA, BINDINGS, DECOY, PARTS_LATE, STATED, VISIBLE, Ask
from torch import Tensor
from transformers import (
    PreTrainedTokenizerBase,
    StoppingCriteria,
    StoppingCriteriaList,
)

from guardbind import (
    Binding,
    BindingFailureError,
    Guard,
    GuardConfig,
)


@pytest.fixture
def ask(tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
    return Ask(tiny_tokenizer)


class TestUnfinished:
    @pytest.mark.parametrize(("new", "unfinished"), [(1, (0,)), (2, (0,)), (3, (0,)), (4, ()), (5, ())])
    def test_a_length_that_ends_a_row_within_a_value(self, new: int, unfinished: tuple[int, ...], ask: Ask) -> None:
        for prompt, bindings in (
            (PARTS_LATE, ALIKE),
            (PARTS_LATE.replace("37", "90"), [ALIKE[0], Binding("beta", "4890")]),
        ):
            assert ask(ask.first, prompt, bindings=bindings, new=new).report.unfinished == unfinished

    @pytest.mark.parametrize(("key", "unfinished"), [("alpha", (0,)), ("beta", ())])
    def test_a_value_that_begins_another_may_be_whole(self, key: str, unfinished: tuple[int, ...], ask: Ask) -> None:
        bindings = [Binding("alpha", "4821"), Binding("beta", "48")]
        prompt = f"\nalpha=[4821]\nbeta=[48]\n{key}=["
        assert ask(ask.first, prompt, bindings=bindings, new=2).report.unfinished == unfinished

    def test_text_between_values_is_not(self, ask: Ask) -> None:
        for new, unfinished in ((1, ()), (2, ()), (3, (0,)), (4, ()), (5, ())):
            output = ask(ask.first, STATED + "beta", new=new)
            assert output.text == ["=[42]"[:new]]
            assert output.report.unfinished == unfinished

    @pytest.mark.parametrize("own", [False, True])
    def test_a_criterion_that_ends_one_row_of_several(self, own: bool, ask: Ask) -> None:
        """The other row goes on; the pads that the ended one is filled with do not hide that it broke off."""

        class Eight(StoppingCriteria):
            def __init__(self) -> None:
                self.calls = 0

            def __call__(self, input_ids: Tensor, scores: Any, **kwargs: Any) -> Tensor:
                self.calls += 1
                ends: Tensor = input_ids[:, -1] == ask.tokenizer.encode("8")[0]
                return ends

        criterion = Eight()
        how: dict[str, Any] = {"stop_strings": ["48"], "tokenizer": ask.tokenizer}
        if own:
            how = {"stopping_criteria": StoppingCriteriaList([criterion])}
        output = ask(ask.first, [PARTS_LATE, ALPHA], bindings=[ALIKE, BINDINGS], new=6, **how)
        assert output.text[0] == "48"
        assert len(output.text[1]) > 2
        assert output.report.unfinished == (0,)
        assert criterion.calls == (6 if own else 0)

    def test_a_visible_checkpoint_that_is_cut(self, ask: Ask) -> None:
        config = GuardConfig(policy="checkpoint", checkpoint=VISIBLE)
        how: dict[str, Any] = {"new": 30, "stop_strings": ["beta="], "tokenizer": ask.tokenizer}
        output = ask(ask.last, DECOY, config, **how)
        assert output.text == ["\nbeta="]
        assert output.report.unfinished == (0,)

    def test_a_row_that_the_model_ends_is_judged_and_not_unfinished(self, ask: Ask) -> None:
        output = ask(ask.first, [BETA, ALPHA], GuardConfig(policy="abstain"), bindings=[BINDINGS] * 2, new=4)
        assert output.report.unfinished == ()

    def test_a_call_that_raised_ended_no_row(self, ask: Ask) -> None:
        handle = Guard(ask.first, ask.tokenizer, GuardConfig(policy="raise")).attach(ALIKE)
        with handle, pytest.raises(BindingFailureError):
            ask.first.generate(**ask.inputs(PARTS_LATE), max_new_tokens=4)
        assert handle.report.unfinished == ()
