"""Streaming: a token of a slot leaves with its verdict, all others at once, and nothing is lost or reordered."""

from __future__ import annotations

import asyncio
from threading import Thread
from typing import Any

import pytest
import torch
from asking import ALIKE, ALPHA, BETA, BINDINGS, DECOY, PARTS_LATE, STATED, VISIBLE, Ask
from families import CausalLM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import (
    AsyncTextIteratorStreamer,
    LogitsProcessor,
    PreTrainedTokenizerBase,
    TextIteratorStreamer,
    TextStreamer,
)
from transformers.generation.streamers import BaseStreamer

import guardbind.generation.streaming as streaming_module
from guardbind import (
    BatchError,
    Binding,
    BindingError,
    BindingFailureError,
    Guard,
    GuardbindError,
    GuardConfig,
    UnsupportedGenerationError,
)
from guardbind.policies import Slot


@pytest.fixture
def ask(tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
    return Ask(tiny_tokenizer)


class Log(BaseStreamer):
    """Keeps what is streamed, and how much had come when each token was about to be chosen."""

    def __init__(self) -> None:
        self.puts: list[Tensor] = []
        self.ends = 0
        self.seen: list[int] = []

    def put(self, value: Tensor) -> None:
        self.puts.append(value)

    def end(self) -> None:
        self.ends += 1

    @property
    def tokens(self) -> list[int]:
        return [int(token) for value in self.puts[1:] for token in value]


class Steps(LogitsProcessor):
    """Notes at each step how many tokens the streamer has been given."""

    def __init__(self, log: Log) -> None:
        self.log = log

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        self.log.seen.append(len(self.log.puts) - 1)
        return scores


def iterator(tokenizer: PreTrainedTokenizerBase, timeout: float = 20.0) -> TextIteratorStreamer:
    return TextIteratorStreamer(tokenizer, skip_prompt=True, timeout=timeout, skip_special_tokens=True)


class TestWhatWaits:
    def test_tokens_that_candidates_share_leave_with_the_verdict(self, ask: Ask) -> None:
        log, judged = Log(), []

        def noting(slot: Slot) -> str:
            judged.append(list(log.tokens))
            return "auto"

        config = GuardConfig(policy=noting)
        output = ask(ask.first, PARTS_LATE, config, bindings=ALIKE, new=5, streamer=log, logits_processor=[Steps(log)])
        assert output.text == ["4837]"]
        assert log.seen == [0, 0, 0, 3, 4]
        assert judged and not any(judged)
        assert output.report.longest_hold_back == 2

    def test_all_others_leave_at_once(self, ask: Ask) -> None:
        log = Log()
        output = ask(ask.first, STATED + "beta", new=8, streamer=log, logits_processor=[Steps(log)])
        assert output.text[0].startswith("=[42]")
        assert log.seen == list(range(8))
        assert output.report.longest_hold_back == 0

    def test_what_turns_out_to_be_no_slot_leaves_then(self, ask: Ask) -> None:
        """The text begins as both values do and goes on as neither."""
        prompt = "\ncount(4895)\nalpha=[4821]\nbeta=[4837]\ncount"
        log = Log()
        how: dict[str, Any] = {"bindings": ALIKE, "new": 6, "streamer": log, "logits_processor": [Steps(log)]}
        output = ask(ask.first, prompt, GuardConfig(slots=("automatic",)), **how)
        assert output.text == ["(4895)"]
        assert output.report.slots == ()
        assert log.seen == [0, 1, 1, 1, 4, 5]
        assert output.report.longest_hold_back == 2

    def test_without_a_streamer_nothing_waits(self, ask: Ask) -> None:
        assert ask(ask.first, PARTS_LATE, bindings=ALIKE).report.longest_hold_back == 0

    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
    @given(
        digits=st.lists(st.sampled_from("0123"), min_size=1, max_size=24),
        policy=st.sampled_from(["observe", "veto", "attend"]),
    )
    def test_never_as_many_as_the_longest_candidate_has(self, digits: list[str], policy: str, ask: Ask) -> None:
        """Whatever is written, among candidates that begin alike, begin one another, and are nested in one another."""
        values = ["0", "01", "0110", "01101", "0112310", "3320"]
        prompt = "".join(f"\nk{i}=[{value}]" for i, value in enumerate(values)) + "\nk4=["
        written = [ask.tokenizer.encode(digit)[0] for digit in digits]
        columns = ask.inputs(prompt)["input_ids"].shape[1]

        class Digits(LogitsProcessor):
            def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
                scores[:, written[input_ids.shape[1] - columns]] = 99.0
                return scores

        log = Log()
        output = ask(
            ask.first,
            prompt,
            GuardConfig(policy=policy, patterns=("",)),
            bindings=[Binding(f"k{i}", value) for i, value in enumerate(values)],
            new=len(written),
            logits_processor=[Digits(), Steps(log)],
            streamer=log,
        )
        assert log.tokens == output.sequences[0, columns:].tolist()
        waited = max(step - seen for step, seen in enumerate(log.seen))
        assert waited <= output.report.longest_hold_back < len("0112310")


ENDINGS: dict[str, tuple[str, str, GuardConfig, dict[str, Any]]] = {
    "repair": ("first", BETA, GuardConfig(), {"new": 12}),
    "repair_late": ("first", PARTS_LATE, GuardConfig(), {"bindings": ALIKE, "new": 12}),
    "hidden_checkpoint": ("last", DECOY, GuardConfig(policy="checkpoint"), {"new": 12}),
    "visible_checkpoint": ("last", DECOY, GuardConfig(policy="checkpoint", checkpoint=VISIBLE), {"new": 30}),
    "abstention": ("first", BETA, GuardConfig(policy="abstain", abstain_text="not stated"), {"new": 30}),
    "end_of_sequence": ("first", BETA, GuardConfig(policy="abstain"), {"new": 30}),
    "stop_string": ("first", ALPHA, GuardConfig(), {"new": 30, "stop_strings": ["]"]}),
    "stop_within_a_value": ("first", PARTS_LATE, GuardConfig(), {"bindings": ALIKE, "new": 9, "stop_strings": ["48"]}),
    "length_within_a_value": ("first", PARTS_LATE, GuardConfig(), {"bindings": ALIKE, "new": 2}),
    "sampling": ("first", PARTS_LATE, GuardConfig(), {"bindings": ALIKE, "new": 20, "do_sample": True}),
}


class TestWhatArrives:
    @pytest.mark.parametrize("ending", ENDINGS)
    def test_it_is_the_final_text(self, ending: str, ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
        which, prompt, config, how = ENDINGS[ending]
        model, tokenizer = getattr(ask, which), ask.tokenizer
        if "stop_strings" in how:
            how = how | {"tokenizer": tokenizer}
        bare = ask(model, prompt, config, **how) if "do_sample" not in how else None
        for streamer in (
            log := Log(),
            text := iterator(tokenizer),
            TextStreamer(tokenizer, skip_prompt=True, skip_special_tokens=True),
        ):
            capsys.readouterr()
            torch.manual_seed(5)
            output = ask(model, prompt, config, streamer=streamer, **how)
            assert bare is None or torch.equal(bare.sequences, output.sequences)
            columns = ask.inputs(prompt)["input_ids"].shape[1]
            if streamer is log:
                assert log.ends == 1
                assert torch.equal(log.puts[0], output.sequences[:, :columns])
                assert all(value.shape == (1,) for value in log.puts[1:])
                assert log.tokens == output.sequences[0, columns:].tolist()
            elif streamer is text:
                assert "".join(text) == output.text[0]
            else:
                assert capsys.readouterr().out == output.text[0] + "\n"

    def test_it_can_be_read_elsewhere_while_it_is_written(self, ask: Ask) -> None:
        streamer = iterator(ask.tokenizer)
        outputs = []
        thread = Thread(target=lambda: outputs.append(ask(ask.first, PARTS_LATE, bindings=ALIKE, streamer=streamer)))
        thread.start()
        assert "".join(streamer) == "4837"
        thread.join()
        assert outputs[0].text == ["4837"]

    def test_it_can_be_awaited(self, ask: Ask) -> None:
        async def read() -> str:
            streamer = AsyncTextIteratorStreamer(ask.tokenizer, skip_prompt=True, timeout=20.0)
            thread = Thread(target=ask, args=(ask.first, PARTS_LATE), kwargs={"bindings": ALIKE, "streamer": streamer})
            thread.start()
            text = "".join([piece async for piece in streamer])
            thread.join()
            return text

        assert asyncio.run(read()) == "4837"

    def test_the_prompt_is_streamed_as_ever(self, ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
        ask(ask.first, ALPHA, streamer=TextStreamer(ask.tokenizer))
        assert capsys.readouterr().out == ALPHA + "17]\n\n"

    def test_it_is_held_back_for_an_attached_guard_too(self, ask: Ask) -> None:
        log = Log()
        with Guard(ask.first, ask.tokenizer).attached(ALIKE) as handle:
            ask.first.generate(**ask.inputs(PARTS_LATE), max_new_tokens=3, do_sample=False, streamer=log)
        assert handle.report.longest_hold_back == 2
        assert ask.tokenizer.decode(log.tokens) == "483"

    def test_a_streamer_can_be_used_again(self, ask: Ask) -> None:
        streamer = iterator(ask.tokenizer)
        for prompt, text in ((BETA, "42]\n"), (ALPHA, "17]\n")):
            ask(ask.first, prompt, streamer=streamer)
            assert "".join(streamer) == text


class TestErrors:
    @pytest.mark.parametrize("policy", ["raise", "broken"])
    def test_what_was_not_verified_is_not_sent(self, policy: str, ask: Ask) -> None:
        def broken(slot: Any) -> None:
            raise ZeroDivisionError

        prompt = "(alpha=[4821];beta=[4837]\nalpha"
        config = GuardConfig(policy=policy if policy == "raise" else broken, slots=("automatic",))
        log, text = Log(), iterator(ask.tokenizer)
        for streamer in (log, text):
            with pytest.raises((BindingFailureError, ZeroDivisionError)):
                ask(ask.first, prompt, config, bindings=ALIKE, new=20, streamer=streamer)
        assert ask.free(ask.first, prompt, 16) == "=[4821];beta=[4821]"
        assert ask.tokenizer.decode(log.tokens) == "=[4821];beta=["
        assert log.ends == 1
        assert "".join(text) == "=[4821];beta=["

    def test_who_reads_elsewhere_is_let_go(self, ask: Ask) -> None:
        streamer = iterator(ask.tokenizer)
        errors: list[BaseException] = []

        def run() -> None:
            try:
                ask(ask.first, PARTS_LATE, GuardConfig(policy="raise"), bindings=ALIKE, streamer=streamer)
            except BindingFailureError as error:
                errors.append(error)

        thread = Thread(target=run)
        thread.start()
        assert "".join(streamer) == ""
        thread.join()
        assert len(errors) == 1

    @pytest.mark.parametrize(
        ("error", "how"),
        [
            (UnsupportedGenerationError, {"num_beams": 2}),
            (BindingError, {"bindings": [Binding("alpha", "17"), Binding("alpha", "17")]}),
            (BatchError, {"target": ["alpha", "beta"]}),
        ],
    )
    def test_a_call_that_never_begins_ends_the_stream(
        self, error: type[GuardbindError], how: dict[str, Any], ask: Ask
    ) -> None:
        log = Log()
        with pytest.raises(error):
            ask(ask.first, BETA, streamer=log, **how)
        assert (log.puts, log.ends) == ([], 1)

    def test_a_call_under_an_attached_guard_ends_its_own_stream(self, ask: Ask) -> None:
        log, guard = Log(), Guard(ask.first, ask.tokenizer)
        with guard.attached(BINDINGS):
            guard.generate(**ask.inputs(BETA), bindings=BINDINGS, streamer=log, max_new_tokens=2)
        assert log.ends == 1

    def test_the_first_error_is_the_one_that_is_raised(self, ask: Ask) -> None:
        class Broken(Log):
            def put(self, value: Tensor) -> None:
                if self.puts:
                    raise OSError("the line is cut")
                super().put(value)

            def end(self) -> None:
                super().end()
                raise ValueError("cannot end either")

        streamer = Broken()
        with pytest.raises(OSError, match="the line is cut"):
            ask(ask.first, BETA, streamer=streamer)
        assert streamer.ends == 1

    def test_a_stream_that_was_ended_is_not_ended_again(self, ask: Ask) -> None:
        class Broken(Log):
            def end(self) -> None:
                super().end()
                raise ValueError("cannot end")

        streamer = Broken()
        with pytest.raises(ValueError, match="cannot end"):
            ask(ask.first, BETA, streamer=streamer)
        assert streamer.ends == 1


class TestBatches:
    def test_a_streamer_for_one_row_refuses_them(self, ask: Ask) -> None:
        with pytest.raises(ValueError, match="batch size 1"):
            ask(ask.first, [BETA, ALPHA], bindings=[BINDINGS] * 2, streamer=TextStreamer(ask.tokenizer))

    def test_one_that_takes_them_waits_for_the_row_that_waits_longest(self, ask: Ask) -> None:
        log = Log()
        how: dict[str, Any] = {"bindings": [ALIKE, BINDINGS], "new": 5, "streamer": log}
        how["logits_processor"] = [Steps(log)]
        output = ask(ask.first, [PARTS_LATE, ALPHA], **how)
        assert log.seen == [0, 0, 0, 3, 4]
        assert output.report.longest_hold_back == 2
        columns = log.puts[0].shape[1]
        assert torch.equal(torch.cat([log.puts[0], torch.stack(log.puts[1:], 1)], 1), output.sequences)
        assert columns == ask.inputs([PARTS_LATE, ALPHA])["input_ids"].shape[1]


def test_exports_are_sorted_and_exist() -> None:
    assert streaming_module.__all__ == sorted(streaming_module.__all__)
    assert all(hasattr(streaming_module, name) for name in streaming_module.__all__)


def test_on_a_real_model(demo_model: tuple[CausalLM, PreTrainedTokenizerBase]) -> None:
    model, tokenizer = demo_model
    people = {"Alice": "4417-A", "Bruno": "4417-C", "Carla": "5520-B"}
    facts = " ".join(f"{name}'s badge number is {badge}." for name, badge in people.items())
    messages = [{"role": "user", "content": f"{facts} What is Bruno's badge number?"}]
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    inputs = tokenizer(text, return_tensors="pt", add_special_tokens=False)
    bindings = [Binding(f"{name}'s badge number", badge) for name, badge in people.items()]
    streamer = iterator(tokenizer)
    output = Guard(model, tokenizer).generate(
        **inputs, bindings=bindings, max_new_tokens=24, do_sample=False, streamer=streamer
    )
    assert "".join(streamer) == output.text[0]
    assert 0 < output.report.longest_hold_back < len(tokenizer.encode("4417-A"))
