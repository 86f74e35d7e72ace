"""Everything that docs/extending.md says can be added from outside is: the files of the page, installed and run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from bench_tiny import bench_tokenizer
from families import FAMILIES, build
from paths import ROOT

PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
# One process runs what is installed.
pytestmark = pytest.mark.xdist_group("extending")
FILES = dict(re.findall(r"^```python\n# my_package/(\w+\.py)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))

USE = '''
import json, sys
from pathlib import Path

import torch

import outside_family
from guardbind import Binding, Guard, GuardConfig, extract, load
from guardbind.registry import LANGUAGES, NULLS, POLICIES, RULES, SINKS, SLOTS
from guardbind.testing import check_null, check_policy, check_sink, check_slot_rule

out, counted = {}, Path(sys.argv[1])
check_policy("insist")
check_null(NULLS.get("blank"))
check_slot_rule(SLOTS.get("arrow"))
check_sink(SINKS.get("count")(str(counted.with_suffix(".kit"))))

model, tokenizer = load("tiny")
# transformers 4 makes token types too, which no model here takes.
tokenizer.model_input_names = ["input_ids", "attention_mask"]
prompt = "alpha = 17\\nbeta = 42\\nbeta = ["
bindings = [Binding("alpha", "17"), Binding("beta", "42")]


def answer(model, **settings):
    config = GuardConfig(min_evidence_bits=0.01, sinks=(f"count:{counted}",), **settings)
    guard = Guard(model, tokenizer, config)
    torch.manual_seed(0)
    given = tokenizer(prompt, return_tensors="pt")
    return guard.generate(**given, bindings=bindings, max_new_tokens=6, do_sample=False).report


report = answer(model, policy="insist", null="blank")
out["policy"] = [record.action for record in report.interventions]
out["null"] = [record.budget.null for record in report.slots if record.budget is not None]

row = tokenizer("Bob: 4417. Erin: 6641.\\nErin", return_tensors="pt")


class Arrow:
    """Makes the model write an arrow first."""

    def __init__(self):
        self.wanted = tokenizer(" =>")["input_ids"]

    def __call__(self, ids, scores):
        step = ids.shape[1] - row["input_ids"].shape[1]
        if step < len(self.wanted):
            scores = scores.masked_fill(torch.arange(scores.shape[1]) != self.wanted[step], -torch.inf)
        return scores


guard = Guard(model, tokenizer, GuardConfig(slots=("arrow",), language="shouted", policy="observe"))
found = guard.generate(
    **row,
    bindings=[Binding("Bob", "4417"), Binding("Erin", "6641")],
    max_new_tokens=8,
    do_sample=False,
    logits_processor=[Arrow()],
)
out["language"] = guard.config.language
out["slot"] = [record.kind for record in found.report.slots]
out["rule"] = [(item.key, item.value, item.rule) for item in extract("Seat @12F is taken.").items]
out["sink"] = counted.read_text()

stated = "Bob's badge number is 4417. Erin's badge number is 6641.\\n"
asked = tokenizer(stated + "Q: What is Erin's badge number?\\nA: Erin's badge number is", return_tensors="pt")
config = GuardConfig(resolver="agreed", policy="observe", min_question_lead=1000)
slots = Guard(model, tokenizer, config).generate(**asked, max_new_tokens=2, do_sample=False).report.slots
out["resolver"] = [[record.words_target, record.target, record.resolved_by, record.reason] for record in slots[:1]]

torch.manual_seed(0)
config = outside_family.OutsideConfig(
    vocab_size=len(tokenizer), pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id
)
family = outside_family.OutsideLM(config).eval()
for null in ("mask", "mask_rows", "mask_prefill"):
    check_null(NULLS.get(null), family, tokenizer)
free = family.generate(**tokenizer(prompt, return_tensors="pt"), max_new_tokens=6, do_sample=False)
with Guard(family, tokenizer, GuardConfig(policy="observe")).attached(bindings) as handle:
    seen = family.generate(**tokenizer(prompt, return_tensors="pt"), max_new_tokens=6, do_sample=False)
out["family"] = [torch.equal(free, seen), len(handle.report.slots), [s.null_forwards for s in handle.report.slots]]
print(json.dumps(out))
'''


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package of the page, as an installer leaves it."""
    folder = tmp_path_factory.mktemp("site")
    package, about = folder / "my_package", folder / "my_package-1.0.dist-info"
    package.mkdir()
    about.mkdir()
    (package / "__init__.py").write_text("")
    for name, text in FILES.items():
        (package / name).write_text(text, encoding="utf-8")
    [declared] = re.findall(r"^```toml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    points = tomllib.loads(declared)["project"]["entry-points"]
    lines = [
        line
        for group, named in points.items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in named.items()))
    ]
    (about / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n", encoding="utf-8")
    return folder


def run(site: Path, *command: str) -> str:
    path = [str(site), str(ROOT / "tests" / "support"), *filter(None, sys.path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path), "TMPDIR": str(site)}
    done = subprocess.run([sys.executable, *command], cwd=site, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def used(site: Path) -> dict[str, Any]:
    """What came of using each thing of the package."""
    script = site / "use.py"
    script.write_text(USE, encoding="utf-8")
    found: dict[str, Any] = json.loads(run(site, str(script), str(site / "verdicts.txt")).splitlines()[-1])
    return found


def test_every_kind_of_the_page_has_its_file_and_its_line() -> None:
    declared = re.findall(r'= "my_package\.(\w+):', PAGE)
    assert sorted(f"{module}.py" for module in declared) == sorted(FILES)


def test_a_policy_acts(used: dict[str, Any]) -> None:
    assert "insist" in used["policy"]


def test_a_null_is_what_slots_are_judged_by(used: dict[str, Any]) -> None:
    assert used["null"]
    assert set(used["null"]) == {"blank"}


def test_a_slot_rule_opens_slots_by_its_name(used: dict[str, Any]) -> None:
    assert used["slot"][:1] == ["arrow"]


def test_a_resolver_has_the_last_word(used: dict[str, Any]) -> None:
    [[by_words, target, how, reason]] = used["resolver"]
    assert (by_words, target, how) == (1, None, "unresolved")
    assert "which the question does not rest on" in reason


def test_an_extraction_rule_runs_by_default(used: dict[str, Any]) -> None:
    assert used["rule"] == [["seat", "12F", "ticket"]]


def test_a_language_is_chosen_by_its_name(used: dict[str, Any]) -> None:
    assert used["language"] == "shouted"


def test_a_sink_is_given_every_verdict(used: dict[str, Any]) -> None:
    counts = dict(line.split() for line in used["sink"].splitlines())
    assert sum(map(int, counts.values())) == len(used["null"])


def test_a_family_that_nobody_knows_is_guarded(used: dict[str, Any]) -> None:
    same, slots, forwards = used["family"]
    assert same
    assert slots
    assert all(forwards)


def test_a_command_stands_beside_ours(site: Path, used: dict[str, Any]) -> None:
    assert run(site, "-m", "guardbind", "verdicts", str(site / "verdicts.txt")) == used["sink"]
    assert "verdicts" in run(site, "-m", "guardbind", "--help")


def test_a_task_is_measured(site: Path) -> None:
    tokenizer, model = bench_tokenizer(), site / "words"
    build(FAMILIES["llama"], vocab_size=len(tokenizer), max_position_embeddings=512).save_pretrained(model)
    tokenizer.save_pretrained(model)
    options = ["--task", "three_vars", "--filler", "natural", "--k", "8", "--trials", "4", "--model", str(model)]
    [summary] = json.loads(run(site, "-m", "guardbind_bench", "run", "stages", *options, "--out", "run", "--json"))
    assert {row["keys"]["task"] for row in summary["rows"]} == {"three_vars"}
    assert {estimate["n"] for row in summary["rows"] for estimate in row["values"].values()} & {4}


def test_a_labelled_task_is_calibrated_on(site: Path, used: dict[str, Any]) -> None:
    options = ["--task", "seats", "--trials", "10", "--tuning", "0", "--no-probes", "--out", "calibrated", "--json"]
    made = json.loads(run(site, "-m", "guardbind", "calibrate", "tiny", *options))
    assert (made["trials"], made["failed"]) == (10, 0)
