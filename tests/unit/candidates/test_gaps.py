from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from guardbind.candidates.gaps import NodeReadout, best_token, lens_scores, read_node, vocabulary_rank
from guardbind.candidates.trie import Node, Trie
from guardbind.errors import BatchError, CandidateError, NumericsError, TargetError

FormSets = dict[str, list[tuple[int, ...]]]
Case = tuple[list[float], FormSets, tuple[int, ...], int | None]
INF = math.inf


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Logits (often equal, some banned), forms of values, a beginning of one of them, and a target."""
    size = draw(st.integers(2, 7))
    form = st.lists(st.integers(0, size - 1), min_size=1, max_size=3).map(tuple)
    forms = draw(st.lists(form, min_size=1, max_size=7, unique=True))
    owners = draw(st.lists(st.integers(0, 3), min_size=len(forms), max_size=len(forms)))
    sets: FormSets = {}
    for owner, sequence in zip(owners, forms, strict=True):
        sets.setdefault(f"value{owner}", []).append(sequence)
    chosen = draw(st.sampled_from(forms))
    prefix = chosen[: draw(st.integers(0, len(chosen)))]
    # An end needs a token that can stand for it.
    going_on = {form[len(prefix)] for form in forms if form[: len(prefix)] == prefix != form}
    assume(prefix not in forms or len(going_on) < size)
    logit = st.one_of(st.integers(-2, 2).map(float), st.floats(-20, 20, width=32), st.just(-INF))
    logits = draw(st.lists(logit, min_size=size, max_size=size))
    assume(max(logits) > -INF)
    return logits, sets, prefix, draw(st.one_of(st.none(), st.integers(0, len(sets) - 1)))


class BruteForce:
    """The same readout from the list of forms and a dictionary of probabilities, token by token."""

    def __init__(self, logits: list[float], sets: FormSets, prefix: tuple[int, ...]) -> None:
        self.logits = logits
        self.count = len(sets)
        total = math.fsum(math.exp(x) for x in logits)
        self.p = {token: math.exp(x) / total for token, x in enumerate(logits)}
        self.log_total = math.log(total)
        self.alive: dict[int, frozenset[int]] = {}
        ended = {i for i, forms in enumerate(sets.values()) if prefix in forms}
        for token in self.p:
            longer = {
                i
                for i, forms in enumerate(sets.values())
                for form in forms
                if form[: len(prefix) + 1] == (*prefix, token)
            }
            self.alive[token] = frozenset(longer or ended)
        self.has_end = bool(ended)
        self.present = {i for i, forms in enumerate(sets.values()) for form in forms if form[: len(prefix)] == prefix}

    def mass(self, keep: set[int]) -> float:
        return math.fsum(self.p[token] for token in keep)

    def tokens(self, candidate: int) -> set[int]:
        return {token for token, values in self.alive.items() if candidate in values}

    def logit(self, keep: set[int]) -> float:
        mass = self.mass(keep)
        return math.log(mass) + self.log_total if mass else -INF

    def top(self) -> int:
        return self.logits.index(max(self.logits))

    def best(self) -> int | None:
        usable = [token for token, values in self.alive.items() if values and self.logits[token] > -INF]
        return min(usable, key=lambda token: (-self.logits[token], token)) if usable else None

    def gate_gap(self) -> float | None:
        others = [self.logits[token] for token, values in self.alive.items() if not values]
        if self.has_end or not others:
            return None
        best, other = max(self.logit(self.tokens(i)) for i in self.present), max(others)
        return best - other

    def value_gap(self, target: int) -> float | None:
        own = self.tokens(target)
        rivals = [self.logit(tokens) for i in self.present - {target} if (tokens := self.tokens(i) - own)]
        if not own or not rivals:
            return None
        gap = self.logit(own) - max(rivals)
        return None if math.isnan(gap) else gap

    def stage(self, target: int) -> str:
        values = self.alive[self.top()]
        return "2a" if not values else "right" if target in values else "2b"


def read(logits: list[float], trie: Trie, prefix: tuple[int, ...], target: int | None) -> NodeReadout:
    return read_node(torch.tensor(logits), trie, at(trie, prefix), target=target)


def at(trie: Trie, prefix: tuple[int, ...]) -> Node:
    node = trie.walk(prefix)
    assert node is not None
    return node


def close(value: float | None) -> object:
    return value if value is None else pytest.approx(value, rel=1e-5, abs=1e-4)


@given(cases())
def test_gaps_and_stage_agree_with_brute_force(case: Case) -> None:
    logits, sets, prefix, target = case
    reference = BruteForce(logits, sets, prefix)
    got = read(logits, Trie(sets), prefix, target)
    assert got.gate_gap == close(reference.gate_gap())
    assert got.top_token == reference.top()
    assert got.top_candidates == tuple(sorted(reference.alive[reference.top()]))
    best = reference.best()
    assert got.best_candidates == (() if best is None else tuple(sorted(reference.alive[best])))
    if target is None:
        assert (got.stage, got.value_gap, got.rank_of_target) == (None, None, None)
    else:
        assert got.stage == reference.stage(target)
        assert got.value_gap == close(reference.value_gap(target))


@given(cases())
def test_probabilities_agree_with_brute_force(case: Case) -> None:
    logits, sets, prefix, target = case
    reference = BruteForce(logits, sets, prefix)
    got = read(logits, Trie(sets), prefix, target)
    some = reference.mass({token for token, values in reference.alive.items() if values})
    for i in range(reference.count):
        mass = reference.mass(reference.tokens(i))
        if i not in reference.present:
            assert got.logprobs[i] is None
            assert got.posterior[i] is None
        else:
            assert got.logprobs[i] == (close(math.log(mass)) if mass else -INF)
            assert got.posterior[i] == (close(mass / some) if some else None)
    ordered = sorted(logits, reverse=True)
    assert got.margin == close(ordered[0] - ordered[1])
    assert got.max_probability == close(max(reference.p.values()))
    assert got.entropy == close(-math.fsum(p * math.log(p) for p in reference.p.values() if p))


@given(cases())
def test_ranking_agrees_with_brute_force(case: Case) -> None:
    logits, sets, prefix, target = case
    reference = BruteForce(logits, sets, prefix)
    got = read(logits, Trie(sets), prefix, target)
    assert sorted(i for group in got.ranking for i in group) == sorted(reference.present)
    for group in got.ranking:
        assert len({frozenset(reference.tokens(i)) for i in group}) == 1
    scores = [reference.logit(reference.tokens(group[0])) for group in got.ranking]
    assert all(first >= second - 1e-4 for first, second in pairwise(scores))
    assert got.runner_up == (got.ranking[1] if len(got.ranking) > 1 else ())
    if target in reference.present:
        assert got.rank_of_target is not None
        assert target in got.ranking[got.rank_of_target - 1]
    else:
        assert got.rank_of_target is None


@given(cases())
def test_a_right_readout_has_the_target_as_best_candidate(case: Case) -> None:
    logits, sets, prefix, target = case
    got = read(logits, Trie(sets), prefix, target)
    if got.stage == "right":
        assert target in got.best_candidates
    if got.top_candidates:
        assert got.top_candidates == got.best_candidates


@given(st.lists(st.integers(-3, 3).map(float), min_size=3, max_size=8), st.data())
def test_stage_is_the_sign_of_the_gaps_for_single_tokens(logits: list[float], data: st.DataObject) -> None:
    count = data.draw(st.integers(2, len(logits) - 1))
    got = read(logits, Trie({str(i): [(i,)] for i in range(count)}), (), data.draw(st.integers(0, count - 1)))
    assert got.gate_gap is not None
    assert got.value_gap is not None
    ordered = sorted(logits, reverse=True)
    assert got.tie == (ordered[0] == ordered[1] or got.value_gap == 0)
    if not got.tie:
        assert got.stage == ("2a" if got.gate_gap < 0 else "2b" if got.value_gap < 0 else "right")


@given(cases())
def test_adding_a_constant_to_the_logits_changes_nothing(case: Case) -> None:
    logits, sets, prefix, target = case
    trie = Trie(sets)
    one = read(logits, trie, prefix, target)
    other = read([logit + 64.0 for logit in logits], trie, prefix, target)
    assert one.gate_gap == close(other.gate_gap)
    assert one.value_gap == close(other.value_gap)
    assert [close(p) for p in one.posterior] == list(other.posterior)


def test_forms_are_summed_and_the_best_other_is_one_token() -> None:
    trie = Trie({"a": [(0,), (1,)], "b": [(2,)]})
    got = read([1.0, 1.0, 1.5, 1.6, 1.6], trie, (), target=0)
    assert got.gate_gap == pytest.approx(1 + math.log(2) - 1.6, abs=1e-6)
    assert got.value_gap == pytest.approx(1 + math.log(2) - 1.5, abs=1e-6)
    # The two forms of "a" win together, and greedy decoding writes another token all the same.
    assert got.stage == "2a"
    assert got.ranking == ((0,), (1,))
    assert got.best_candidates == (1,)


def test_there_is_no_gate_where_every_token_is_a_candidates() -> None:
    assert read([1.0, 0.0], Trie({"a": [(0,)], "b": [(1,)]}), (), target=0).gate_gap is None


def test_a_right_value_has_a_positive_value_gap() -> None:
    got = read([3.0, 1.0, 0.0], Trie({"a": [(0,)], "b": [(1,)]}), (), target=0)
    assert (got.stage, got.value_gap, got.gate_gap) == ("right", 2.0, 3.0)


def test_a_shared_first_token_belongs_to_the_target() -> None:
    trie = Trie({"10": [(1, 0)], "12": [(1, 2)], "7": [(3,)]})
    got = read([0.0, 2.0, 0.0, 5.0], trie, (), target=0)
    assert (got.stage, got.value_gap) == ("2b", -3.0)
    assert got.logprobs[0] == got.logprobs[1]
    assert got.ranking == ((2,), (0, 1))
    assert got.runner_up == (0, 1)
    assert got.rank_of_target == 2
    assert got.posterior[0] is not None
    assert got.posterior[2] is not None
    assert got.posterior[0] + got.posterior[2] == pytest.approx(1)
    # Nothing is decided where all candidates share the only token.
    assert read([0.0, 2.0, 0.0, 5.0], Trie({"10": [(1, 0)], "12": [(1, 2)]}), (), target=0).value_gap is None


def test_a_target_that_was_left_behind_has_no_gap() -> None:
    got = read([0.0, 0.0, 5.0, 0.0], Trie({"10": [(1, 0)], "12": [(1, 2)], "7": [(3,)]}), (1,), target=2)
    assert (got.value_gap, got.rank_of_target, got.logprobs[2], got.posterior[2]) == (None, None, None, None)
    assert got.stage == "2b"


def test_where_a_value_ends_inside_another_every_other_token_is_the_end() -> None:
    trie = Trie({"blue": [(0,)], "bluebird": [(0, 1)]})
    logits = [0.0, 2.0, 1.0, 1.0]
    got = read(logits, trie, (0,), target=0)
    end = math.log(1 + 2 * math.e)
    assert got.gate_gap is None
    assert got.value_gap == pytest.approx(end - 2.0, abs=1e-6)
    assert got.stage == "2b"
    assert got.logprobs[0] is not None
    assert got.logprobs[1] is not None
    assert math.exp(got.logprobs[0]) + math.exp(got.logprobs[1]) == pytest.approx(1)
    assert read([0.0, 2.0, 3.0, 1.0], trie, (0,), target=0).stage == "right"


def test_at_the_end_of_the_only_value_left_all_tokens_are_its() -> None:
    got = read([0.0, 2.0], Trie({"blue": [(0,)], "red": [(1,)]}), (0,), target=0)
    assert (got.stage, got.gate_gap, got.value_gap, got.logprobs) == ("right", None, None, (0.0, None))


def test_ties_go_to_the_lowest_id_and_are_reported() -> None:
    trie = Trie({"a": [(2,)], "b": [(1,)]})
    got = read([0.0, 4.0, 4.0, 1.0], trie, (), target=0)
    assert (got.top_token, got.stage, got.tie, got.value_gap) == (1, "2b", True, 0.0)
    assert got.ranking == ((1,), (0,))
    assert read([4.0, 4.0, 1.0, 1.0], trie, (), target=0).tie
    # A tie below the top counts if the target is in it.
    assert read([9.0, 4.0, 4.0, 1.0], trie, (), target=1).tie
    assert not read([9.0, 4.0, 4.0, 1.0], trie, (), target=None).tie


def test_of_equal_logits_the_lowest_id_is_best_whatever_order_it_is_looked_for_in() -> None:
    logits = torch.tensor([0.0, 4.0, 4.0, 4.0])
    assert best_token(logits) == 1
    assert best_token(logits, (3, 0, 2)) == best_token(logits, iter([0, 2, 3])) == 2
    assert best_token(logits, {0}) == 0


def test_bfloat16_logits_are_read_in_fp32() -> None:
    logits = torch.tensor([10.03, 10.0, 0.0], dtype=torch.float32)
    trie = Trie({"a": [(0,)], "b": [(1,)]})
    assert not read_node(logits, trie, trie.root, target=0).tie
    rounded = read_node(logits.bfloat16(), trie, trie.root, target=0)
    assert rounded.tie
    assert rounded.entropy == pytest.approx(math.log(2), abs=1e-3)
    sixteen = torch.full((70_000,), 11.0, dtype=torch.float16)
    assert read_node(sixteen, trie, trie.root, target=0).entropy == pytest.approx(math.log(70_000), rel=1e-5)


def test_banned_tokens() -> None:
    trie = Trie({"a": [(0,)], "b": [(1,)]})
    only_candidates = read([1.0, 0.0, -INF], trie, (), target=0)
    assert (only_candidates.gate_gap, only_candidates.value_gap, only_candidates.stage) == (INF, 1.0, "right")
    target_banned = read([-INF, 0.0, 1.0], trie, (), target=0)
    assert (target_banned.value_gap, target_banned.logprobs[0], target_banned.posterior) == (-INF, -INF, (0.0, 1.0))
    none_left = read([-INF, -INF, 1.0], trie, (), target=0)
    assert (none_left.gate_gap, none_left.value_gap, none_left.stage) == (-INF, None, "2a")
    assert (none_left.posterior, none_left.best_candidates, none_left.entropy) == ((None, None), (), 0.0)


@pytest.mark.parametrize("bad", [[0.0, math.nan, 0.0], [0.0, INF, 0.0], [-INF, -INF, -INF], [math.nan, INF, -INF]])
def test_logits_that_are_no_distribution_are_refused(bad: list[float]) -> None:
    with pytest.raises(NumericsError, match="logits must be finite"):
        read(bad, Trie({"a": [(0,)]}), (), target=0)


def test_wrong_arguments_are_refused() -> None:
    trie = Trie({"a": [(0,)], "b": [(5,)]})
    with pytest.raises(BatchError, match=r"\[1, 6\]"):
        read_node(torch.zeros(1, 6), trie, trie.root, target=0)
    with pytest.raises(CandidateError, match="candidate token 5"):
        read_node(torch.zeros(5), trie, trie.root, target=0)
    for target in (2, -1):
        with pytest.raises(TargetError, match="0 to 1"):
            read_node(torch.zeros(6), trie, trie.root, target=target)


def test_the_logits_are_left_as_they_were() -> None:
    logits = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    trie = Trie({"a": [(0,)], "b": [(1,)]})
    read_node(logits, trie, trie.root, target=0)
    assert logits.tolist() == [1.0, 2.0, 3.0]


@given(cases())
def test_vocabulary_rank_agrees_with_sorting(case: Case) -> None:
    logits, sets, prefix, target = case
    target = target or 0
    tokens = {
        form[len(prefix)]
        for form in list(sets.values())[target]
        if form[: len(prefix)] == prefix and len(form) > len(prefix)
    }
    order = sorted(range(len(logits)), key=lambda token: (-logits[token], token))
    expected = min((order.index(token) + 1 for token in tokens), default=None)
    assert vocabulary_rank(torch.tensor(logits), at(Trie(sets), prefix), target) == expected


def test_the_lens_reads_each_layer_through_the_head() -> None:
    torch.manual_seed(0)
    head = torch.nn.Linear(4, 6)
    residuals = {0: torch.randn(4), 3: torch.randn(4)}
    trie = Trie({"10": [(1, 0), (4,)], "12": [(1, 2)], "7": [(3,)]})
    scores = lens_scores(head, residuals, trie, trie.root)
    assert list(scores) == [0, 3]
    for layer, residual in residuals.items():
        p = head(residual).softmax(0)
        expected = torch.stack([p[1] + p[4], p[1], p[3]]).log().tolist()
        assert scores[layer] == pytest.approx(expected, abs=1e-5)
    inner = lens_scores(head, residuals, trie, at(trie, (1,)))
    assert all(values[2] == -INF and values[0] > -INF for values in inner.values())
