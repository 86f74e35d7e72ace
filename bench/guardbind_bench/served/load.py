"""Measures what a server gets done under several clients at once, with and without the guard, as ratios of one run."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from guardbind.backends import Backend
from guardbind.errors import BackendError
from guardbind.remote.guard import ApiGuard
from guardbind.remote.settings import ApiGuardConfig
from guardbind_bench.experiments.table import Estimate
from guardbind_bench.served.badges import Badges, badges
from guardbind_bench.stats.statistics import ratio_of_means

__all__ = ["LoadArm", "LoadResult", "arms_of", "measure_load"]

Ask = Callable[[Badges], Awaitable[str]]
_PLAIN = "no guard"


@dataclass(frozen=True, slots=True)
class LoadArm:
    """One way to ask, and its name."""

    name: str
    ask: Ask


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What one arm got done.

    Attributes:
        name: Its name.
        n: Requests.
        right: Answers that begin with the right value.
        ratio: Time of a round over that without a guard, over rounds.
        cached: Share of the prompt tokens that the server found in its prefix cache; None where it does not say.
    """

    name: str
    n: int
    right: int
    ratio: Estimate
    cached: float | None


def arms_of(address: str, model: str, backend: Backend, *, inside: bool) -> list[LoadArm]:
    """Return the arms, that without a guard first.

    Args:
        address: Address of the server, as `http://localhost:8000/v1`.
        model: Name of the model.
        backend: The same server as a backend, without a cache.
        inside: The server is a vLLM engine with the guard inside.
    """

    def plain(**said: Any) -> Ask:
        async def ask(prompt: Badges) -> str:
            body = {"model": model, **prompt.body(**said)}
            return await asyncio.to_thread(_completion, f"{address.rstrip('/')}/completions", body)

        return ask

    def outside(policy: str) -> Ask:
        guard = ApiGuard(backend, ApiGuardConfig(policy=policy))

        async def ask(prompt: Badges) -> str:
            output = await guard.agenerate(
                prompt.text, bindings=prompt.bindings, target=prompt.target, max_new_tokens=6
            )
            return output.text

        return ask

    arms = [LoadArm(_PLAIN, plain())]
    if inside:
        arms += [LoadArm(f"inside, {action}", plain(action=action)) for action in ("observe", "veto")]
    return [*arms, *[LoadArm(f"from outside, {policy}", outside(policy)) for policy in ("observe", "contrast")]]


async def measure_load(
    arms: list[LoadArm],
    address: str,
    *,
    clients: int,
    requests: int,
    rounds: int,
    seed: int,
    filler: int = 0,
    early: bool = False,
) -> list[LoadResult]:
    """Return what each arm gets done; arms take turns in each round, and no two of them share a prompt.

    Args:
        arms: The arms; the first is what the others are compared with.
        address: Address of the server.
        clients: Requests under way at one time.
        requests: Requests of one arm in one round.
        rounds: Rounds that are counted; one before them is not.
        seed: Draws the prompts.
        filler: Sentences of a prompt that say nothing of its facts.
        early: The facts stand before those sentences, and not behind them.
    """
    seconds: dict[str, list[float]] = {arm.name: [] for arm in arms}
    right: dict[str, int] = dict.fromkeys(seconds, 0)
    found: dict[str, list[float]] = {name: [0.0, 0.0] for name in seconds}
    drawn = seed * 1_000_000
    for round_ in range(rounds + 1):
        for arm in arms if round_ % 2 else arms[::-1]:
            prompts = [badges(drawn + place, filler=filler, early=early) for place in range(requests)]
            drawn += requests
            before = _cache_counts(address)
            began = time.perf_counter()
            answers = await _side_by_side(arm.ask, prompts, clients)
            spent = time.perf_counter() - began
            if not round_:
                continue
            seconds[arm.name].append(spent)
            right[arm.name] += sum(p.is_right(answer) for p, answer in zip(prompts, answers, strict=True))
            for place, (now, then) in enumerate(zip(_cache_counts(address), before, strict=True)):
                found[arm.name][place] += now - then
    plain = np.array(seconds[arms[0].name])
    return [
        LoadResult(
            arm.name,
            requests * rounds,
            right[arm.name],
            ratio_of_means(np.array(seconds[arm.name]), plain),
            found[arm.name][0] / found[arm.name][1] if found[arm.name][1] else None,
        )
        for arm in arms
    ]


async def _side_by_side(ask: Ask, prompts: list[Badges], clients: int) -> list[str]:
    turn = asyncio.Semaphore(clients)

    async def one(prompt: Badges) -> str:
        async with turn:
            return await ask(prompt)

    return await asyncio.gather(*map(one, prompts))


def _completion(url: str, body: Mapping[str, Any]) -> str:
    sent = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(sent, timeout=600) as answer:
            return str(json.loads(answer.read())["choices"][0]["text"])
    except OSError as error:
        raise BackendError(f"the server did not answer: {error}.") from error


def _cache_counts(address: str) -> tuple[float, float]:
    """Return tokens found in the server's prefix cache, and tokens looked for; zeros where it does not say."""
    url = address.rstrip("/").removesuffix("/v1") + "/metrics"
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return 0.0, 0.0
    named = {"vllm:prefix_cache_hits_total": 0.0, "vllm:prefix_cache_queries_total": 0.0}
    for line in lines:
        name = line.partition("{")[0]
        if name in named:
            named[name] += float(line.rpartition(" ")[2])
    hits, queries = named.values()
    return hits, queries
