"""Checks the comparison of guards of a served model on a random one, and the counts of a load."""

from __future__ import annotations

import asyncio
import math
import re
from typing import Any

import click
import pytest
from click.testing import CliRunner
from fake_verifier import FakeVerifier
from toy_backend import ToyBackend

from guardbind.backends import Abilities, NextToken
from guardbind.backends.local import LocalBackend
from guardbind.errors import BackendError
from guardbind.information.partial import PartialDistribution
from guardbind_bench.cli.served import served
from guardbind_bench.cli.served_audit import show_audit
from guardbind_bench.served.agreement import agreement, guarded_answers
from guardbind_bench.served.anew import measure_anew
from guardbind_bench.served.audits import arm_of, measure_audits
from guardbind_bench.served.badges import Badges, badges
from guardbind_bench.served.load import LoadArm, arms_of, measure_load

NOWHERE = "http://127.0.0.1:9/v1"


def test_prompts_are_drawn_and_say_what_is_right() -> None:
    one, other = badges(1), badges(2)
    assert one == badges(1) != other and one.right in one.text and len(one.held) == 6
    assert one.text.startswith(f"{next(iter(one.held))}'s badge number is {next(iter(one.held.values()))}.")
    assert one.is_right(f" {one.right}.") and not one.is_right(f" {one.right}7") and not one.is_right("none")
    late, early = badges(1, filler=2), badges(1, filler=2, early=True)
    assert late.held == early.held and late.text.endswith(one.text) and early.text.startswith(one.text[:40])
    assert "vllm_xargs" not in one.body() and one.target in one.body(action="veto")["vllm_xargs"]["guardbind"]


def test_the_same_model_asked_twice_from_outside_agrees_at_every_slot(tiny_llama: Any, tiny_tokenizer: Any) -> None:
    model = tiny_llama()
    served = LocalBackend(model, tiny_tokenizer)
    seen = guarded_answers(model, tiny_tokenizer, served, [badges(seed) for seed in range(2)], policy="observe")
    assert len(seen) == 4 and all(one.certified_wrong == 0 for one in seen.values())
    pairs = {(pair.one, pair.other): pair for pair in agreement(seen)}
    assert len(pairs) == 6
    same = pairs["from outside, model in the process", "from outside, served"]
    assert same.slots[0] == same.slots[1] and same.values.value == 1
    assert same.verdicts.value in (None, 1.0) and (same.bits is None or same.bits[1] < 1e-3)


def test_a_load_counts_right_answers_and_takes_turns() -> None:
    asked: list[tuple[str, str]] = []
    under_way, most = 0, 0

    def arm(name: str, *, right: bool) -> LoadArm:
        async def ask(prompt: Badges) -> str:
            nonlocal under_way, most
            asked.append((name, prompt.text))
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.001)
            under_way -= 1
            return f" {prompt.right}." if right else " none"

        return LoadArm(name, ask)

    arms = [arm("no guard", right=False), arm("guard", right=True)]
    plain, guarded = asyncio.run(measure_load(arms, NOWHERE, clients=3, requests=4, rounds=2, seed=1))
    assert (plain.right, guarded.right, plain.n, guarded.n) == (0, 8, 8, 8)
    assert plain.ratio.value == 1 and plain.cached is None and most == 3
    assert len({text for _, text in asked}) == len(asked) == 24


def test_each_way_to_ask_is_an_arm(tiny_llama: Any, tiny_tokenizer: Any) -> None:
    backend = LocalBackend(tiny_llama(), tiny_tokenizer)
    names = [arm.name for arm in arms_of(NOWHERE, "tiny", backend, inside=True)]
    assert names == ["no guard", "inside, observe", "inside, veto", "from outside, observe", "from outside, contrast"]
    assert len(arms_of(NOWHERE, "tiny", backend, inside=False)) == 3


class Sentences(ToyBackend):
    """Says whose number it is, and says something else where that is blacked out for one half of the people."""

    def _chances(self, asked: Any) -> dict[str, float]:
        shown = asked.messages[-1]["content"]
        name = re.findall(r"What is (\w+)'s badge", shown)[0]
        said = dict(re.findall(r"(\w+)'s badge number is (\S+)\.", shown))[name]
        lead = "I cannot tell" if "[" in said and name < "C" else f"{name}'s badge number is"
        left = f"{lead} {said if said.isdigit() else 'unknown'}.".removeprefix(asked.begun)
        word = re.match(r"\s?[\w']+|\W", left)
        return {word[0] if word else "<end>": 0.9, " 1234": 0.05, "w1": 0.05}


def test_a_server_that_begins_anew_decides_no_slot_otherwise_than_the_same_model_gone_on_with() -> None:
    served = Sentences(top=20, abilities=Abilities(top=20, begun=False))
    n = 8
    (seen, alone, whole), requests = asyncio.run(measure_anew(served, Sentences(), n, 1))
    assert whole.decided.n == seen.decided.n == alone.decided.n == n
    assert (whole.decided.value, seen.decided.value, seen.same.value) == (1, 1, 1)
    unmet = [badges(1_000_000 + place).asked < "C" for place in range(n)].count(True)
    assert 0 < unmet < n and alone.decided.value == 1 - unmet / n
    assert seen.nulls == {"same_length": unmet, "redact": n - unmet} and alone.verdicts["unresolved"] == unmet
    assert requests >= 2


class Told(FakeVerifier):
    """Says what all tokens say, or less; stops after some prompts."""

    def __init__(self, *, top: int | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self.top = top

    def _answer(self, request: Any) -> NextToken:
        answer = super()._answer(request)
        known = answer.distribution.logprobs
        if self.top is not None:
            best = sorted(known, key=lambda token: -known[token])[: self.top]
            return NextToken(PartialDistribution({token: known[token] for token in best}), answer.texts, answer.spent)
        left = math.log1p(-sum(map(math.exp, known.values())))
        return NextToken(PartialDistribution({**known, "the": left}, whole=True), {**answer.texts, "the": "the"})


def test_an_audit_over_a_server_is_compared_claim_by_claim_with_the_same_model_here() -> None:
    seen = asyncio.run(measure_audits(Told(top=5), Told(), 7, 0, items=30))
    assert len(seen.claims) == 8 and sum(claim.right for claim in seen.claims) == 4 and seen.unread == 0
    assert seen.checked[0].able and seen.checked[0].items == 30 and seen.stopped is None
    assert [one.value for one in (seen.same_verdict, *seen.held)] == [1.0, 1.0, 1.0]
    assert seen.held[1].n == 4 * 8 and 0 < seen.widths[0] <= seen.widths[1] < 0.1
    assert seen.cost.requests >= 5 * 8
    rights = [claim.right for claim in seen.claims]
    exact = arm_of(rights, [claim.exact for claim in seen.claims])
    assert exact.decided.value == 1.0 and sum(exact.verdicts[0].values()) == sum(exact.by_readings[1].values()) == 4
    assert exact.wrong_flagged.n == exact.right_flagged.n == exact.wrong_supported.n == 4


def test_a_server_that_stops_loses_none_of_the_claims_that_it_judged() -> None:
    seen = asyncio.run(measure_audits(Told(top=5, dies=31 + 40), Told(), 20, 0, items=30))
    assert seen.stopped is not None and "not reached" in seen.stopped
    assert 2 <= len(seen.claims) < 20 and seen.same_verdict.n == len(seen.claims)
    with pytest.raises(BackendError):
        asyncio.run(measure_audits(Told(dies=10), Told(), 20, 0, items=30))


def test_what_is_printed_of_an_audit_says_where_a_server_stopped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("guardbind.load", lambda _: (None, None), raising=False)
    monkeypatch.setattr("guardbind.backends.local.LocalBackend", lambda *_: Told())
    show_audit("rule", Told(top=5), 4, 0, 30)
    printed = capsys.readouterr().out
    assert "4 claims, 2 right; 0 not read; 5 tokens of a ranking" in printed and "30 of 30 English" in printed
    assert "| over the server | 1.00 [0.51, 1.00] |" in printed and "lookups" in printed
    with pytest.raises(click.ClickException, match="stopped answering"):
        show_audit("rule", Told(top=5, dies=31 + 15), 8, 0, 30)
    assert "claims," in capsys.readouterr().out
    refused = CliRunner().invoke(served, ["http://localhost:1/v1", "--keep", "answers"])
    assert refused.exit_code == 2 and "--keep is for --only audit" in refused.output
