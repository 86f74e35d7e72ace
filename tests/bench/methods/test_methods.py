"""Every method by its identities, on tiny models; and one of another distribution beside them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, ClassVar

import pytest
import torch
from bench_tiny import bench_tokenizer
from families import copier, speaking
from torch import Tensor

from guardbind.errors import ConfigError, GuardbindError
from guardbind.model.interventions import AttentionBias
from guardbind.model.tail import Tail
from guardbind.nulls import NullRow
from guardbind.registry import NULLS
from guardbind_bench.measures.lab import Lab
from guardbind_bench.methods.aarf import mlps_scaled
from guardbind_bench.methods.combiners import constrained, extrapolated
from guardbind_bench.methods.context_steering import beside_context
from guardbind_bench.methods.dysco import gathered, heaviest
from guardbind_bench.methods.guarding import verified
from guardbind_bench.methods.head_lists import HEAD_KINDS, HeadLists, HeadSearch
from guardbind_bench.methods.head_search import find_heads
from guardbind_bench.methods.method import BUDGET, MethodSettings, settings_of
from guardbind_bench.methods.scene import Scene
from guardbind_bench.methods.seconds import key_masked, key_swapped, question_only, span_masked
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.trial import Trial
from guardbind_bench.registry import METHODS

SEARCH = HeadSearch(k=8, trials=8)
CELL = BenchCell(measure="methods", task="competing_vars", k=8)
NAMES = sorted(METHODS)

# Settings at which a method does nothing at all.
IDLE: dict[str, dict[str, Any]] = {
    "unguarded": {},
    "cad": {"alpha": 0.0},
    "cad_span": {"alpha": 0.0},
    "spa": {"omega": 1.0},
    "spa_span": {"omega": 1.0},
    "adacad": {"scale": 0.0},
    "decore": {"alpha": 0.0},
    "early_exit": {"window": 0},
    "last_block": {"beta": 1.0},
    "retrieval_heads": {"factor": 1.0},
    "head_values": {"factor": 1.0},
    "conflicting_heads": {"factor": 1.0},
    "inhibition_heads": {"factor": 1.0, "silenced": 0},
    "first_token": {"gamma": 1.0},
    "evidence_bias": {"gamma": 1.0},
    "evidence_bias_all": {"gamma": 1.0},
    "pasta": {"alpha": 1.0},
    "context_steering": {"alpha": 1.0},
    "dysco": {"gamma": 1.0},
    "aarf": {"add": 1.0, "reduce": 1.0},
    "recent_boost": {"gamma": 1.0},
    "sink_calibration": {"beta": 1.0},
    "vhr": {"factor": 1.0},
    "soft_pointer": {"alpha": 0.0},
    "re_reading": {"times": 1},
    "keyword_emphasis": {"before": "", "after": ""},
    "periodic_restatement": {"every": 10**6},
}


@cache
def lab(family: str = "llama") -> Lab:
    return Lab(speaking(family, bench_tokenizer()), bench_tokenizer())


@cache
def heads() -> HeadLists:
    found = find_heads(lab(), SEARCH, "tiny")
    # A random model answers nothing right, so no head of it copies.
    return found.model_copy(update={"lists": found.lists | {"retrieval": found.lists["attending"]}})


def trials(count: int = 4, where: Lab | None = None, cell: BenchCell = CELL) -> list[Trial]:
    task = (where or lab()).task(cell)
    return [task.trial(index) for index in range(count)]


@pytest.fixture
def scene() -> Scene:
    return Scene(lab(), trials(), heads())


def scores(scene: Scene, name: str, **settings: Any) -> Tensor:
    method = METHODS.get(name)
    return method.scores(scene, method.settings.model_validate(settings)).detach()


def near(a: Tensor, b: Tensor, by: float = 1e-4) -> bool:
    a, b = (torch.log_softmax(x, -1).nan_to_num(neginf=-99.0) for x in (a, b))
    return bool((a - b).abs().max() <= by * b.abs().max())


@pytest.mark.parametrize("name", sorted(IDLE))
def test_a_method_that_is_told_to_do_nothing_is_the_model(scene: Scene, name: str) -> None:
    assert near(scores(scene, name, **IDLE[name]), scene.plain)


@pytest.mark.parametrize("name", NAMES)
def test_every_method_answers_says_what_it_is_and_costs_what_it_says(scene: Scene, name: str) -> None:
    method = METHODS.get(name)
    assert method.name == name and method.about.endswith(".") and method.source
    assert len(settings_of(method, grid=True)) <= BUDGET
    if "guard" in method.needs:
        method.scores(scene, method.settings())  # its first call tries its nulls
    with scene.account() as cost:
        found = method.scores(scene, method.settings()).detach()
    assert found.shape == scene.plain.shape and bool(found.logsumexp(-1).isfinite().all())
    if "gradient" not in method.needs and "guard" not in method.needs:
        assert cost.forwards == method.extra_forwards
    else:  # it stops at the first candidate that passes, or where nothing is to be repaired
        assert cost.forwards <= method.extra_forwards
    assert (cost.tokens > 0) == (cost.forwards > 0)


@pytest.mark.parametrize("name", NAMES)
def test_batched_is_single(scene: Scene, name: str) -> None:
    batched = scores(scene, name)
    for place, trial in enumerate(scene.trials[:2]):
        alone = scores(Scene(lab(), [trial], heads()), name)
        assert near(batched[place : place + 1], alone, 2e-3), name


def test_a_question_read_blind_is_the_guards_null(scene: Scene) -> None:
    blind = span_masked(scene)
    for place, trial in enumerate(scene.trials):
        one = Scene(lab(), [trial], heads())
        hidden = AttentionBias(list(trial.target.statement), -math.inf, rows=one.columns - one.start)
        assert near(one.tail(edits=[hidden])[0], blind[place : place + 1])
        tail = lab().model(input_ids=one.ids, use_cache=True)
        length = one.columns - one.start
        row = NullRow(0, trial.ids, 0, ((trial.target.statement,),), ((range(0),),), (trial.target.statement,))
        read = NULLS.get("mask")(
            Tail(lab().model, lab().tokenizer, tail.past_key_values, one.columns, length), [row], plain=False
        )
        assert near(read.logits[0], blind[place : place + 1])


def test_second_passes_are_prompts_of_their_own(scene: Scene) -> None:
    for place, trial in enumerate(scene.trials):
        other = "KEY2" if trial.target.key == "KEY1" else "KEY1"
        asked, swapped = (
            lab().tokenizer.encode(f"\nQuestion: What is {key}?\n{key}=[", add_special_tokens=False)
            for key in (trial.target.key, other)
        )
        start = trial.ids[: trial.question.start]
        assert list(trial.ids[trial.question.start :]) == asked
        opening = trial.ids[: trial.bound[0].statement.start]
        assert near(lab().logits([(*opening, *asked)]), question_only(scene)[place : place + 1])
        assert near(lab().logits([(*start, *swapped)]), key_swapped(scene)[place : place + 1])
    assert not near(key_masked(scene), scene.plain, 1e-3)


def test_ways_that_come_to_the_same(scene: Scene) -> None:
    assert near(scores(scene, "pasta", alpha=0.01), scores(scene, "evidence_bias", gamma=100.0), 1e-3)
    assert near(scores(scene, "spa_span", omega=3.0), scores(scene, "cad_span", alpha=2.0))
    assert near(scores(scene, "last_block", beta=0.0), scene.layers()[-2], 1e-3)
    assert near(scene.layers()[-1], scene.plain, 1e-3)
    assert near(scores(scene, "adacad", scale=0.0, floor=2.0), scores(scene, "cad", alpha=2.0))
    zeroed = scores(scene, "decore", alpha=1.0, query=False)
    assert not near(zeroed, scores(scene, "decore", alpha=1.0), 1e-3)


def test_candidates_close_2a_and_spoil_nothing(scene: Scene) -> None:
    written = scores(scene, "candidate_only").argmax(-1).tolist()
    for trial, token, own in zip(scene.trials, written, scene.plain.argmax(-1).tolist(), strict=True):
        assert trial.stage(token) != "2A" and (trial.stage(own) != "right" or token == own)


def test_the_second_candidate_is_the_best_of_the_others(scene: Scene) -> None:
    written = scores(scene, "runner_up").argmax(-1).tolist()
    for place, (trial, token) in enumerate(zip(scene.trials, written, strict=True)):
        ranked = sorted((v.token for v in trial.candidates), key=lambda t: -float(scene.plain[place, t]))
        assert token == ranked[1]


def test_a_constraint_gives_the_model_back_where_both_passes_agree(scene: Scene) -> None:
    logprobs = torch.log_softmax(scene.plain, -1)
    assert torch.equal(constrained(logprobs, logprobs, 3.0, 4.0), logprobs)
    # As wide as can be, it is the plain contrast; as narrow as can be, the prior with the contrast on top.
    prior = question_only(scene)
    assert near(constrained(logprobs, prior, 1.0, 1e30), extrapolated(logprobs, prior, 1.0))
    narrow = constrained(logprobs, prior, 1.0, 1.0)
    assert near(narrow, prior + logprobs - prior) and near(narrow, logprobs)
    # Log-probabilities are what is compared, so that a constant added to the logits changes nothing.
    shifted = torch.log_softmax(scene.plain + 5.0, -1)
    assert near(constrained(shifted, prior, 1.0, 4.0), constrained(logprobs, prior, 1.0, 4.0))
    # One token alone near the top is not typical by that.
    p1, p0 = (torch.tensor([p]).log() for p in ([0.9, 0.06, 0.04], [0.2, 0.3, 0.5]))
    assert constrained(p1, p0, 0.0, 1.2).exp()[0].tolist() == pytest.approx([0.2, 0.3, 0.04])


def test_what_is_steered_by_is_what_was_looked_at_and_what_is_beside_the_context(scene: Scene) -> None:
    assert heaviest(torch.tensor([0.25, 0.25, 0.25, 0.25]), 0.5, 9) == [0, 1]
    assert heaviest(torch.tensor([0.7, 0.2, 0.1]), 1.0, 2) == [0, 1]
    rows = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    assert gathered(rows, 0.75).tolist() == pytest.approx([0.75 / 1.75, 1 / 1.75])
    assert gathered(rows, 0.0).tolist() == [0.0, 1.0]
    # All columns alike are no change.
    whole = scores(scene, "dysco", mass=1.0, gamma=3.0)
    first = [AttentionBias([0], -math.log(3.0), batch=place) for place in range(len(scene.trials))]
    assert near(whole, scene.row(*first)[0], 1e-3)
    assert beside_context(scene, 0) == list(range(scene.start, scene.columns))
    everywhere = scores(scene, "context_steering", alpha=0.5)
    context = [AttentionBias(range(scene.start), math.log(2.0), batch=place) for place in range(len(scene.trials))]
    assert near(everywhere, scene.row(*context)[0], 1e-3)


def test_mlps_that_are_taken_away_and_boosted_heads_are_each_a_part_of_aarf(scene: Scene) -> None:
    assert near(scores(scene, "aarf", add=1.4, reduce=1.0), scores(scene, "retrieval_heads", factor=1.4))
    assert near(scores(scene, "aarf", add=1.4, reduce=0.0, layers=0), scores(scene, "retrieval_heads", factor=1.4))
    last = scene.seat.layers[-1]
    with mlps_scaled(scene, 1, 0.0):
        without = scene.row()[0]
    kept: list[Tensor] = []
    hook = scene.seat.sites.mlps[-1].register_forward_hook(lambda _m, _a, output: kept.append(output[:, -1:]))
    end = last.register_forward_hook(
        lambda _m, _a, output: (output[0] if isinstance(output, tuple) else output) - kept[-1]
    )
    try:
        assert near(without, scene.row()[0])
    finally:
        hook.remove()
        end.remove()
    assert near(scene.row()[0], scene.plain)


def test_a_pointer_of_large_weight_writes_a_bound_value(scene: Scene) -> None:
    written = scores(scene, "soft_pointer", alpha=1e6).argmax(-1).tolist()
    assert all(token in {b.value.token for b in t.bound} for t, token in zip(scene.trials, written, strict=True))


def test_prompts_are_rewritten_as_said(scene: Scene) -> None:

    def decode(ids: Sequence[int]) -> str:
        return str(lab().tokenizer.decode(list(ids)))

    trial = scene.trials[0]
    key, text = trial.target.key, decode(trial.ids)

    def rewritten(name: str, **settings: Any) -> str:
        method: Any = METHODS.get(name)
        return decode(method.rewrite(scene, 0, method.settings.model_validate(settings)))

    question = f"\nQuestion: What is {key}?\n"
    assert rewritten("re_reading") == text.replace(question, f"{question}Read the question again:{question}")
    assert rewritten("keyword_emphasis") == text.replace(key, f'"{key}"')
    marked = rewritten("keyword_emphasis", where="question", before="**", after="**")
    assert marked.count(f"**{key}**") == 2 and marked.replace("**", "") == text
    statements = [decode(trial.ids[b.statement.start : b.statement.stop]) for b in trial.bound]
    for order, way in (("".join(statements), False), ("".join(reversed(statements)), True)):
        restated = rewritten("periodic_restatement", every=0, reversed=way)
        assert restated == text.replace(question, order + question)
    assert rewritten("periodic_restatement", every=8).count(statements[0]) > 1


def test_verified_writes_nothing_that_the_guard_would_not_keep() -> None:
    where = Lab(copier(bench_tokenizer(), "first", 192), bench_tokenizer())
    scene = Scene(where, trials(6, where))
    own = scene.plain.argmax(-1).tolist()
    right = [trial.target.value.token for trial in scene.trials]
    wrong = [trial.competitor.token for trial in scene.trials]
    assert {trial.asked for trial in scene.trials} == {0, 1} and own != right
    assert verified(scene, right) == right  # where it is wrong it is repaired, where it is right it stays
    assert verified(scene, own) == own
    kept = verified(scene, wrong)
    assert all(token == own[i] for i, token in enumerate(kept))


def test_what_a_model_does_not_allow_is_refused_by_each_method_for_itself() -> None:
    capped = lab("gemma2")
    scene = Scene(capped, trials(2, capped))
    assert scores(scene, "cad_span").shape == scene.plain.shape
    for name in ("first_token", "evidence_bias", "vhr", "sink_calibration"):
        with pytest.raises(GuardbindError, match="caps its attention scores"):
            scores(scene, name)
    with pytest.raises(GuardbindError, match="caps its attention scores") as why:
        find_heads(capped, SEARCH)
    with pytest.raises(GuardbindError, match="caps its attention scores"):
        scores(Scene(capped, trials(2, capped), why.value), "decore")
    recurrent = lab("falcon_h1")
    scene = Scene(recurrent, trials(2, recurrent))
    assert scores(scene, "re_reading").shape == scene.plain.shape
    for name in ("first_token", "cad_span", "last_block"):
        with pytest.raises(GuardbindError, match="recurrent state"):
            scores(scene, name)


def test_one_key_can_neither_be_swapped_nor_prompts_of_two_lengths_stand_side_by_side() -> None:
    once = trials(2, cell=CELL.model_copy(update={"task": "primacy_recency"}))
    with pytest.raises(ConfigError, match="one key only"):
        scores(Scene(lab(), once[:1]), "cad_swap")
    with pytest.raises(ConfigError, match="one length"):
        Scene(lab(), [once[0], trials(1)[0]])


def test_heads_are_found_and_have_controls() -> None:
    where = Lab(copier(bench_tokenizer(), "first", 192), bench_tokenizer())
    found = find_heads(where, SEARCH, "copier")
    # The induction head was set by hand, in the second layer; there is one head per layer.
    for kind in ("retrieval", "attending"):
        assert found.best(kind, 1) == [(1, 0)], kind
    assert 0 < found.right < SEARCH.trials
    again = find_heads(where, SEARCH, "copier")
    assert again == found and HeadLists.model_validate_json(found.model_dump_json()) == found
    for kind in HEAD_KINDS:
        ranked = heads().lists[kind]
        assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)
        if len(ranked) >= 2:
            best, others = heads().best(kind, 2), heads().best(kind, 2, random=True)
            assert not set(best) & set(others) and len(set(others)) == 2
            assert others == heads().best(kind, 2, random=True)


def test_a_file_of_heads_belongs_to_its_weights(tmp_path: Any) -> None:
    path = tmp_path / "heads.json"
    path.write_text(heads().model_dump_json(), encoding="utf-8")
    assert HeadLists.load(path, heads().model_sha256) == heads()
    with pytest.raises(ConfigError, match="were found on weights"):
        HeadLists.load(path, "0" * 64)


class Flip:
    """Swaps the two likeliest tokens."""

    name, source, about, told, extra_forwards = "flip", "outside", "Swaps the two likeliest.", "nothing", 0
    needs: ClassVar[frozenset[str]] = frozenset({"logits"})
    settings = MethodSettings
    grid = ()

    def scores(self, scene: Scene, settings: MethodSettings) -> Tensor:
        best = scene.plain.topk(2, -1).indices
        return scene.plain.scatter(-1, best, scene.plain.gather(-1, best.flip(-1)))


@pytest.fixture
def registered() -> Iterator[None]:
    METHODS.register("flip", Flip())  # type: ignore[arg-type]
    yield
    METHODS.unregister("flip")


@pytest.mark.usefixtures("registered")
def test_a_method_from_outside_is_one_of_them(scene: Scene) -> None:
    assert torch.equal(scores(scene, "flip").argmax(-1), scene.plain.topk(2, -1).indices[:, 1])
