"""Whatever a server returns, the ranges that are made of it hold the exact values of the whole distribution."""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from api_servers import Connects, Starts
from fake_server import TOKENS, FakeServer, Kind, exact, tokens_of
from hypothesis import given, settings
from hypothesis import strategies as st

from guardbind.backends import NextToken, PromptRequest
from guardbind.backends.sending import Sender
from guardbind.errors import BackendError
from guardbind.information import Interval
from guardbind.information.budget import Budget, margin_interval
from guardbind.information.evidence import evidence_bits
from guardbind.information.partial import PartialDistribution, bits_interval
from guardbind_adapters.openai_api import OpenAIBackend, OpenAIConfig
from guardbind_adapters.openai_api.asking import ServerReader
from guardbind_adapters.openai_api.distributions import of_ids
from guardbind_adapters.openai_api.errors import RefusedRequestError
from guardbind_adapters.openai_api.probing import Prober
from guardbind_adapters.openai_api.replies import ReplyStep, ReplyToken
from guardbind_adapters.openai_api.words import ServerWords

TEXT = PromptRequest(text="the badge of ann is")
CHAT = PromptRequest(({"role": "user", "content": "which badge?"},), begun="it is")
VALUES = {" 44": (" 44", "44", " 4417"), "§": ("§",), "a": ("a", "b"), "w3": ("w3", "w4", "w5")}
KINDS = {
    "ids": Kind(),
    "texts": Kind(extras=False, chat=False),
    "chats": Kind(extras=False, completions=False),
    "five": Kind(extras=False, completions=False, most=5),
}
SLACK = 1e-9


class Sieved:
    """A server whose logits are given, and the client that reads them; without the wire between them."""

    def __init__(self, kind: Kind) -> None:
        self.server = FakeServer(kind)
        self._asked = CHAT if kind.chat else TEXT
        self._count = 0
        settings = OpenAIConfig()
        sender = Sender("http://toy", settings, self._answer)
        words = ServerWords(sender, "http://toy", "toy") if kind.extras else None
        self.traits = asyncio.run(Prober(sender, "toy", settings, words).traits())
        self._asking = ServerReader(sender, "toy", self.traits, words)

    async def _answer(self, path: str, body: Mapping[str, Any]) -> Any:
        sent = json.loads(json.dumps(dict(body)))
        answer = self.server.answer(path.removeprefix("http://toy") if "tokenize" in path else f"/v1{path}", sent)
        if isinstance(answer, tuple):
            raise RefusedRequestError(*answer)
        return json.loads(json.dumps(answer))

    def read(self, logits: list[float], top: int, values: tuple[str, ...] = ()) -> NextToken:
        self.server.logits = lambda text: logits
        self._count += 1  # so that it is asked and not remembered
        asked = replace(self._asked, begun=f"{self._count} is")
        return asyncio.run(self._asking.next_token(asked, top, values))


@pytest.fixture(scope="module", params=KINDS)
def sieved(request: pytest.FixtureRequest) -> Sieved:
    return Sieved(KINDS[request.param])


def holds(interval: Interval, value: float) -> bool:
    return interval.low - SLACK <= value <= interval.high + SLACK


def tokens_for(read: NextToken, forms: tuple[str, ...]) -> set[Any]:
    """The tokens of some texts, as this distribution names them."""
    if isinstance(next(iter(read.texts)), int):
        return {place for place, text in enumerate(TOKENS) if text in forms}
    return set(forms)


def exactly(logits: list[float], forms: tuple[str, ...]) -> tuple[float, float, float]:
    """Mass of some texts, best token among them, best token among the others."""
    row = exact(logits)
    inside = [row[place] for place, text in enumerate(TOKENS) if text in forms]
    outside = [row[place] for place, text in enumerate(TOKENS) if text not in forms]
    return min(1.0, math.fsum(map(math.exp, inside))), max(inside), max(outside)


def rows() -> st.SearchStrategy[list[float]]:
    def row(seed: int, width: float, raised: dict[int, float]) -> list[float]:
        chance = random.Random(seed)
        base = [chance.gauss(0.0, width) for _ in TOKENS]
        return [raised.get(place, value) for place, value in enumerate(base)]

    places = st.sampled_from([place for place, text in enumerate(TOKENS) if text in {*sum(VALUES.values(), ()), "x"}])
    return st.builds(
        row, st.integers(0, 9999), st.floats(0.0, 4.0), st.dictionaries(places, st.floats(-3, 14), max_size=6)
    )


@settings(max_examples=6)
@given(rows(), rows(), st.sampled_from(sorted(VALUES)))
def test_ranges_hold_the_exact_value_for_every_k(
    sieved: Sieved, full: list[float], null: list[float], value: str
) -> None:
    forms = VALUES[value]
    (mass1, best1, out1), (mass0, _, _) = exactly(full, forms), exactly(null, forms)
    other = ("x", "y", "§§")
    for top in range(1, 21):
        read1, read0 = sieved.read(full, top), sieved.read(null, top)
        p1, p0 = (read.distribution.mass(tokens_for(read, forms)) for read in (read1, read0))
        assert holds(p1, mass1)
        assert holds(p0, mass0)
        assert holds(bits_interval(p1, p0), evidence_bits(mass1, mass0))
        assert holds(margin_interval(p1, p0, 0.9), Budget(mass1, mass0, 0.9).margin_nats)
        mine, others = tokens_for(read1, forms), tokens_for(read1, other)
        assert holds(read1.distribution.best(mine), best1)
        assert holds(read1.distribution.best_outside(mine), out1)
        assert holds(read1.distribution.gate_gap(mine), best1 - out1)
        assert holds(read1.distribution.value_gap(mine, others), best1 - exactly(full, other)[1])


@settings(max_examples=10)
@given(rows(), st.integers(1, 20))
def test_tokens_that_are_asked_for_are_points_where_the_server_has_them(
    sieved: Sieved, row: list[float], top: int
) -> None:
    read = sieved.read(row, top, (" 44", "44", "w3"))
    for text in (" 44", "44", "w3"):
        mass = read.distribution.mass(tokens_for(read, (text,)))
        assert holds(mass, exactly(row, (text,))[0])
        if sieved.traits.abilities.chosen:
            assert mass.high - mass.low < 1e-3
    forms = ("a", "b")
    assert holds(read.distribution.mass(tokens_for(read, forms)), exactly(row, forms)[0])
    assert holds(read.distribution.best(tokens_for(read, forms)), exactly(row, forms)[1])


def test_two_tokens_of_one_text_are_never_taken_for_one(sieved: Sieved) -> None:
    row = [0.0] * len(TOKENS)
    twins = [place for place, text in enumerate(TOKENS) if text == "§"]
    row[twins[0]], row[twins[1]] = 9.0, 7.0
    read = sieved.read(row, 5)
    mass, best, _ = exactly(row, ("§",))
    assert holds(read.distribution.mass(tokens_for(read, ("§",))), mass)
    assert holds(read.distribution.best(tokens_for(read, ("§",))), best)
    assert read.distribution.unique == sieved.traits.abilities.ids


def ids_of(*scored: tuple[str, float], written: tuple[str, float] | None = None) -> PartialDistribution:
    ranking = tuple(ReplyToken(f"token_id:{token}", logprob) for token, logprob in scored)
    own = ranking[0] if written is None else ReplyToken(f"token_id:{written[0]}", written[1])
    return of_ids(ReplyStep(own, ranking, mapped=True), (), rounding=1e-4)


@pytest.mark.parametrize(
    "ranking",
    [
        {"scored": [("5", -0.1), ("05", -4.0)]},  # an id in two spellings
        {"scored": [("5", -0.1), ("05", -0.1)]},
        {"scored": [("5", -4.0), ("6", -3.0)], "written": ("5", -0.1)},  # of two entries a mapping kept the second
    ],
)
def test_an_id_that_comes_twice_in_one_ranking_is_an_error_and_no_point(ranking: dict[str, Any]) -> None:
    with pytest.raises(BackendError, match=r"the token 5 twice in one ranking; each token is expected once.*put"):
        ids_of(*ranking.pop("scored"), **ranking)


def test_an_id_of_which_two_numbers_are_said_is_a_range_that_holds_both() -> None:
    mass = ids_of(("5", -0.5), ("6", -2.0), written=("5", -0.4)).mass({5})
    assert mass.low <= math.exp(-0.5) + SLACK and mass.high >= math.exp(-0.4) - SLACK
    one = ids_of(("5", -0.5), ("6", -2.0)).mass({5})
    assert one.high - one.low < 1e-3


def test_an_id_that_comes_twice_over_the_wire_is_said(start: Starts, connect: Connects) -> None:
    server = start()
    backend = connect(server)
    server.always = "twice"
    with pytest.raises(BackendError, match="twice in one ranking"):
        read(backend, TEXT)
    server.always = None
    assert read(backend, TEXT)[0].distribution.logprobs  # the damaged answer was not kept


def test_what_came_over_the_wire_holds_the_exact_value(start: Starts, connect: Connects) -> None:
    server = start()
    backend = connect(server)
    for top in (1, 3, 20):
        found = read(backend, TEXT, top=top)[0]
        row = list(server.logits(TEXT.text))
        for forms in VALUES.values():
            assert holds(found.distribution.mass(tokens_for(found, forms)), exactly(row, forms)[0])


# --- what is asked ----------------------------------------------------------------------------------------------------


def read(backend: OpenAIBackend, *asked: PromptRequest, **how: Any) -> list[NextToken]:
    return asyncio.run(backend.next_tokens(asked, **how))


def test_a_chat_is_rendered_with_its_begun_answer_where_the_server_can(start: Starts, connect: Connects) -> None:
    server = start()
    backend = connect(server)
    server.seen.clear()
    read(backend, PromptRequest(CHAT.messages, begun="it is "))
    sent = [body for path, _, body in server.seen if path == "/v1/completions"]
    assert [body["prompt"] for body in sent] == [tokens_of("<user>which badge?<end><assistant>it is ")]


@pytest.mark.parametrize("style", ["continue_final_message", "prefix", "last_turn"])
def test_a_chat_goes_on_with_its_begun_answer_in_the_way_of_the_server(
    style: str, start: Starts, connect: Connects
) -> None:
    server = start(extras=False, completions=False, begun=style, choice=None)
    backend = connect(server)
    row = server.row("<user>which badge?<end><assistant>it is", {})
    found = read(backend, CHAT, top=3)[0].distribution.logprobs
    best = max(range(len(row)), key=lambda token: row[token])
    assert found[TOKENS[best]] == pytest.approx(row[best])


@pytest.mark.parametrize(
    ("kind", "asked", "says"),
    [
        ({"extras": False, "completions": False, "begun": None}, CHAT, "begins another one"),
        ({"extras": False, "completions": False}, PromptRequest(CHAT.messages, begun="it is "), "white space"),
        ({"extras": False, "completions": False}, TEXT, "chats and no texts"),
        ({"extras": False, "chat": False}, CHAT, "texts and no chats"),
        ({"logprobs": False}, TEXT, "no log-probabilities"),
        ({}, PromptRequest(), "messages or a text"),
        ({}, PromptRequest(CHAT.messages, "text"), "messages or a text"),
    ],
    ids=str,
)
def test_what_a_server_cannot_return_is_refused_before_it_is_asked(
    kind: dict[str, Any], asked: PromptRequest, says: str, start: Starts, connect: Connects
) -> None:
    server = start(**kind)
    backend = connect(server)
    before = len(server.seen)
    with pytest.raises(BackendError, match=says):
        read(backend, asked)
    assert len(server.seen) == before


def test_prompts_are_asked_at_once_and_no_more_than_said(start: Starts, connect: Connects) -> None:
    server = start(extras=False, chat=False)
    backend = connect(server, concurrency=3)
    server.pause, server.at_once = 0.02, 0
    answers = read(backend, *(PromptRequest(text=f"number {place}") for place in range(9)), top=2)
    assert server.at_once == 3
    assert [answer.spent.requests for answer in answers] == [1] * 9
    texts = [TOKENS[max(range(len(TOKENS)), key=server.row(f"number {place}", {}).__getitem__)] for place in range(9)]
    assert [max(answer.texts, key=answer.distribution.logprobs.__getitem__) for answer in answers] == texts


def test_cost_is_what_was_sent_and_an_answer_that_is_known_costs_nothing(start: Starts, connect: Connects) -> None:
    server = start(extras=False, chat=False)
    backend = connect(server)
    before = len(server.seen)
    first, again = read(backend, TEXT), read(backend, TEXT)
    assert first[0].distribution == again[0].distribution
    assert len(server.seen) == before + 1
    spent = first[0].spent
    assert (spent.requests, spent.prompt_tokens, spent.new_tokens, spent.cached) == (1, len(tokens_of(TEXT.text)), 1, 0)
    assert (again[0].spent.requests, again[0].spent.cached) == (0, 1)


@pytest.mark.parametrize("cuts", [1, 3, 50])
def test_a_ranking_that_came_cut_is_asked_again_and_never_kept(start: Starts, connect: Connects, cuts: int) -> None:
    server = start()
    backend = connect(server)
    assert backend.abilities.top == 20

    async def read() -> NextToken:
        return (await backend.next_tokens([TEXT], values=("a",)))[0]

    server.cuts = cuts
    first = asyncio.run(read())
    assert (len(first.distribution.logprobs) >= 20) == (cuts < 4)
    server.cuts = 0
    again = asyncio.run(read())
    assert len(again.distribution.logprobs) >= 20
    whole = exact(server.logits(TEXT.text))
    for read_token in (first, again):
        for key in range(len(TOKENS)):
            assert holds(read_token.distribution.mass({key}), math.exp(whole[key]))
