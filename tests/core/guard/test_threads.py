"""Guarded and plain calls of one model in several threads and tasks: all run, and each gets what is its own."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from asking import ALPHA, BETA, BINDINGS, Ask, hooks
from families import CausalLM
from transformers import PreTrainedTokenizerBase

from guardbind import Binding, Guard, GuardbindError, GuardConfig, GuardOutput, UnsupportedGenerationError
from guardbind.report.report import Report

THREADS, CALLS = 6, 5
NEW: dict[str, Any] = {"max_new_tokens": 8, "do_sample": False}


def prompt(number: int) -> str:
    return f"\nalpha=[{number}]\nbeta=[{number + 1}]\nbeta=["


def bound(number: int) -> list[Binding]:
    return [Binding("alpha", str(number)), Binding("beta", str(number + 1))]


def told(report: Report) -> str:
    return "".join(transcript.text for transcript in report.transcripts)


@pytest.fixture(scope="module")
def ask(tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
    return Ask(tiny_tokenizer)


@pytest.fixture(autouse=True)
def no_hook_is_left(ask: Ask) -> Iterator[None]:
    yield
    assert hooks(ask.first) == 0
    assert "generate" not in vars(ask.first)


def together(work: Callable[[int], None], threads: int = THREADS) -> None:
    """Run `work` in several threads that begin at once; what it raises is raised here."""
    begin = threading.Barrier(threads)

    def run(thread: int) -> None:
        begin.wait(60)
        work(thread)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, range(threads)))


class TestGuardedCalls:
    @pytest.mark.parametrize(
        ("shared", "config"),
        [
            (True, GuardConfig(policy="observe", lens_layers="all", capture_text=True)),
            (False, GuardConfig(capture_text=True)),
        ],
        ids=["one guard", "a guard each"],
    )
    def test_each_gets_the_answer_and_the_report_of_its_own_prompt(
        self, shared: bool, config: GuardConfig, ask: Ask
    ) -> None:
        guard = Guard(ask.first, ask.tokenizer, config)
        numbers = range(100, 100 + 2 * THREADS * CALLS, 2)

        def asked(by: Guard, number: int) -> GuardOutput:
            return by.generate(**ask.inputs(prompt(number)), bindings=bound(number), **NEW)

        def seen(output: GuardOutput) -> list[Any]:
            return [
                (slot.verdict, slot.action, slot.token, slot.bits_by_binding, slot.lens) for slot in output.report.slots
            ]

        alone = {number: asked(guard, number) for number in numbers}

        def client(thread: int) -> None:
            own = guard if shared else Guard(ask.first, ask.tokenizer, config)
            for number in numbers[thread::THREADS]:
                output = asked(own, number)
                assert output.text == alone[number].text
                assert prompt(number) in told(output.report)
                assert seen(output) == seen(alone[number])

        together(client)
        assert all(output.report.slots for output in alone.values())

    def test_plain_calls_beside_them_are_as_they_were(self, ask: Ask) -> None:
        guard, inputs = Guard(ask.first, ask.tokenizer), ask.inputs(prompt(300))
        plain, guarded = ask.free(ask.first, prompt(300)), guard.generate(**inputs, bindings=bound(300), **NEW).text
        with torch.no_grad():
            logits = ask.first(**inputs).logits
        done: Counter[str] = Counter()

        def client(thread: int) -> None:
            for _ in range(CALLS):
                if thread % 3 == 0:
                    assert guard.generate(**inputs, bindings=bound(300), **NEW).text == guarded
                elif thread % 3 == 1:
                    assert ask.free(ask.first, prompt(300)) == plain
                else:
                    with torch.no_grad():
                        assert torch.equal(ask.first(**inputs).logits, logits)
                done[("guarded", "plain", "forward")[thread % 3]] += 1

        together(client)
        assert done == dict.fromkeys(("guarded", "plain", "forward"), 2 * CALLS)

    def test_a_lens_that_is_bound_meanwhile_changes_nothing_of_theirs(self, ask: Ask) -> None:
        inputs = ask.inputs(prompt(300))
        with torch.no_grad():
            logits = ask.first(**inputs).logits

        def client(thread: int) -> None:
            for _ in range(CALLS):
                if thread % 2:
                    Guard(ask.first, ask.tokenizer, GuardConfig(lens_layers="all"))
                with torch.no_grad():
                    assert torch.equal(ask.first(**inputs).logits, logits)

        together(client, 4)

    def test_the_callers_padding_stays_switched_on(self, ask: Ask) -> None:
        ask.inputs([ALPHA, "\n" + BETA])
        padding = ask.tokenizer.backend_tokenizer.padding
        Guard(ask.first, ask.tokenizer, GuardConfig(envelope=("redact",))).generate(
            **ask.tokenizer([BETA, "\n" + BETA], padding=True, return_tensors="pt"), bindings=[BINDINGS] * 2, **NEW
        )
        assert padding is not None
        assert ask.tokenizer.backend_tokenizer.padding == padding

    def test_a_tokenizer_that_was_given_a_template_is_read_anew(self, ask: Ask) -> None:
        from guardbind.text.own_tokenizer import own_tokenizer

        first = own_tokenizer(ask.tokenizer)
        assert own_tokenizer(ask.tokenizer) is first is not ask.tokenizer
        before = ask.tokenizer.chat_template
        ask.tokenizer.chat_template = "{{ messages }}"
        try:
            assert own_tokenizer(ask.tokenizer).chat_template == "{{ messages }}"
        finally:
            ask.tokenizer.chat_template = before
        assert own_tokenizer(ask.tokenizer).chat_template == before

    def test_on_the_demo_weights(self, demo_model: tuple[Any, Any]) -> None:
        model, tokenizer = demo_model
        names = dict(zip(("Anna", "Boris", "Carla"), (4417, 8213, 3352), strict=True))
        facts = "\n".join(f"The badge number of {name} is {number}." for name, number in names.items())
        guard = Guard(model, tokenizer, GuardConfig(capture_text=True))

        def asked(name: str) -> GuardOutput:
            inputs = tokenizer(f"{facts}\nThe badge number of {name} is", return_tensors="pt")
            return guard.generate(**inputs, max_new_tokens=6, do_sample=False)

        alone = {name: asked(name) for name in names}
        assert all(output.report.slots for output in alone.values())

        def client(thread: int) -> None:
            name = list(names)[thread]
            output = asked(name)
            assert output.text == alone[name].text
            assert told(output.report).rstrip() == told(alone[name].report).rstrip()
            assert [slot.token for slot in output.report.slots] == [slot.token for slot in alone[name].report.slots]

        together(client, len(names))


class TestWithinACall:
    """What a policy, a sink or a streamer runs of the same model, inside a guarded call."""

    def runs(self, ask: Ask, guard: Callable[[], Guard], kind: str) -> Callable[[], Any]:
        def guarded() -> str:
            return guard().generate(**ask.inputs(ALPHA), bindings=BINDINGS, **NEW).text[0]

        def forward() -> Any:
            return ask.first(**ask.inputs(ALPHA)).logits

        return {"guarded": guarded, "plain": lambda: ask.free(ask.first, ALPHA), "forward": forward}[kind]

    @pytest.mark.parametrize("attached", [False, True], ids=["generate", "attached"])
    @pytest.mark.parametrize("kind", ["guarded", "plain", "forward"])
    @pytest.mark.parametrize("place", ["policy", "sink", "streamer", "criterion"])
    def test_it_disturbs_nothing(self, place: str, kind: str, attached: bool, ask: Ask) -> None:
        results: list[Any] = []
        other = Guard(ask.first, ask.tokenizer, GuardConfig(policy="observe"))
        run = self.runs(ask, lambda: other, kind)

        def act(*_given: Any, **_named: Any) -> Any:
            results.append(run())

        def policy(_slot: Any) -> str:
            act()
            return "contrast"

        class Streamer:
            put = end = staticmethod(act)

        def criterion(ids: torch.Tensor, _scores: Any, **_named: Any) -> torch.Tensor:
            act()
            return torch.zeros(len(ids), dtype=torch.bool)

        configs: dict[str, Any] = {"policy": {"policy": policy}, "sink": {"sinks": (act,)}}
        how: dict[str, Any] = {"streamer": {"streamer": Streamer()}, "criterion": {"stopping_criteria": [criterion]}}
        given = {**ask.inputs(BETA), **how.get(place, {}), "max_new_tokens": 4, "do_sample": False}
        guard = Guard(ask.first, ask.tokenizer, GuardConfig(**configs.get(place, {})))
        if attached:
            with guard.attached(BINDINGS) as handle:
                text = ask.tokenizer.decode(ask.first.generate(**given)[0], skip_special_tokens=True)
            report = handle.report
            assert len(handle.reports) == 1
        else:
            output = guard.generate(**given, bindings=BINDINGS)
            text, report = ask.tokenizer.decode(output.sequences[0], skip_special_tokens=True), output.report
        assert str(text).endswith("beta=[42]\n")
        assert report.sink_failures == 0
        assert [slot.final_verdict for slot in report.slots] == ["repaired"]
        assert results
        expected = run()
        assert all(torch.equal(r, expected) if kind == "forward" else r == expected for r in results)


class TestAttached:
    def test_every_thread_reads_its_own_report(self, ask: Ask) -> None:
        guard = Guard(ask.first, ask.tokenizer, GuardConfig(capture_text=True))
        with guard.attached(BINDINGS) as handle:

            def client(thread: int) -> None:
                for call in range(CALLS):
                    mark = f"{thread}.{call}"
                    ask.first.generate(**ask.inputs(mark + BETA), **NEW)
                    assert mark + BETA in told(handle.report)

            together(client)
            with pytest.raises(GuardbindError, match=r"no guarded call has finished yet in this thread \(30 reports"):
                _ = handle.report
        assert len(handle.reports) == len({id(report) for report in handle.reports}) == THREADS * CALLS

    def test_of_a_call_that_is_refused_there_is_no_report(self, ask: Ask) -> None:
        with Guard(ask.first, ask.tokenizer).attached(BINDINGS) as handle:
            ask.first.generate(**ask.inputs(BETA), **NEW)
            assert handle.report.slots
            with pytest.raises(UnsupportedGenerationError):
                ask.first.generate(**ask.inputs(ALPHA), num_beams=2)
            with pytest.raises(GuardbindError, match="ended before anything was generated"):
                _ = handle.report
        assert len(handle.reports) == 1

    def test_reports_are_bounded_and_the_oldest_go(self, ask: Ask) -> None:
        guard = Guard(ask.first, ask.tokenizer, GuardConfig(max_reports=3, capture_text=True))
        with guard.attached(BINDINGS) as handle:
            for call in range(7):
                ask.first.generate(**ask.inputs(f"{call}{BETA}"), **NEW)
        assert [told(report)[0] for report in handle.reports] == ["4", "5", "6"]
        assert handle.report is handle.reports[-1]

    def test_two_handles_are_told_apart(self, ask: Ask) -> None:
        with (
            Guard(ask.first, ask.tokenizer).attached(BINDINGS) as first,
            Guard(ask.last, ask.tokenizer).attached(BINDINGS) as last,
        ):
            ask.first.generate(**ask.inputs(BETA), **NEW)
            kept = first.report
            ask.last.generate(**ask.inputs(BETA), **NEW)
        assert first.report is kept is not last.report

    def test_a_guard_of_ones_own_goes_before_the_attached_one(self, ask: Ask) -> None:
        own = Guard(ask.first, ask.tokenizer, GuardConfig(policy="observe"))
        with Guard(ask.first, ask.tokenizer).attached(BINDINGS) as handle:
            output = own.generate(**ask.inputs(BETA), bindings=BINDINGS, **NEW)
        assert output.report.slots[0].final_verdict == "binding_failure"
        assert handle.reports == ()


class TestAsyncio:
    def test_calls_in_threads_of_the_loop(self, ask: Ask) -> None:
        guard = Guard(ask.first, ask.tokenizer, GuardConfig(capture_text=True))

        async def client(number: int) -> str:
            output = await asyncio.to_thread(
                guard.generate, **ask.inputs(prompt(number)), bindings=bound(number), **NEW
            )
            assert prompt(number) in told(output.report)
            return output.text[0]

        async def clients() -> list[str]:
            return await asyncio.gather(*(client(number) for number in range(400, 424, 2)))

        texts = asyncio.run(clients())
        assert [text[:3] for text in texts] == [str(number + 1) for number in range(400, 424, 2)]

    def test_tasks_of_one_thread_read_their_own_reports(self, ask: Ask) -> None:
        async def client(number: int, attached: Any) -> None:
            ask.first.generate(**ask.inputs(f"{number}{BETA}"), **NEW)
            await asyncio.sleep(0)
            assert told(attached.report).startswith(str(number))

        async def clients(attached: Any) -> None:
            await asyncio.gather(*(client(number, attached) for number in range(5)))

        with Guard(ask.first, ask.tokenizer, GuardConfig(capture_text=True)).attached(BINDINGS) as handle:
            asyncio.run(clients(handle))
        assert len(handle.reports) == 5

    def test_a_call_that_nobody_awaits_any_more_ends_and_hands_the_turn_on(self, ask: Ask) -> None:
        begun, go_on = threading.Event(), threading.Event()

        class Slow:
            def put(self, _value: torch.Tensor) -> None:
                begun.set()
                assert go_on.wait(60)

            def end(self) -> None: ...

        guard = Guard(ask.first, ask.tokenizer)
        given = {**ask.inputs(BETA), "bindings": BINDINGS, **NEW}

        async def main() -> str:
            task = asyncio.create_task(asyncio.to_thread(guard.generate, **given, streamer=Slow()))
            await asyncio.to_thread(begun.wait, 60)
            waiting = asyncio.create_task(asyncio.to_thread(guard.generate, **given))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not waiting.done()
            go_on.set()
            return (await asyncio.wait_for(waiting, 60)).text[0]

        assert asyncio.run(main()).startswith("42]")


def test_a_call_that_fails_hands_the_turn_on(ask: Ask) -> None:
    class Broken:
        def put(self, _value: Any) -> None:
            raise KeyboardInterrupt

        def end(self) -> None: ...

    guard: Guard = Guard(ask.first, ask.tokenizer)
    with pytest.raises(KeyboardInterrupt):
        guard.generate(**ask.inputs(BETA), bindings=BINDINGS, streamer=Broken(), **NEW)

    def client(_thread: int) -> None:
        assert guard.generate(**ask.inputs(BETA), bindings=BINDINGS, **NEW).text[0].startswith("42]")

    together(client, 2)


def test_models_are_apart(ask: Ask) -> None:
    inside, free = threading.Event(), threading.Event()

    class Slow:
        def put(self, _value: Any) -> None:
            inside.set()
            assert free.wait(60)

        def end(self) -> None: ...

    def ask_one(model: CausalLM, **how: Any) -> Any:
        return Guard(model, ask.tokenizer).generate(**ask.inputs(BETA), bindings=BINDINGS, **NEW, **how)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(ask_one, ask.first, streamer=Slow())
        assert inside.wait(60)
        assert ask_one(ask.last).report.slots  # beside it, and not behind it
        assert not running.done()
        free.set()
        assert running.result(60).report.slots
