from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from paths import ROOT

EXAMPLES = ROOT / "examples"

pytestmark = pytest.mark.real_model


def run(name: str, *arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments], cwd=cwd, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_run_here() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == {
        "attach_pipeline.py",
        "chat.py",
        "model_server.py",
        "observe.py",
        "production_logging.py",
        "server.py",
        "wrap_generate.py",
    }


def test_wrapping_generate_repairs_what_the_model_gets_wrong(tmp_path: Path) -> None:
    lines = run("wrap_generate.py", cwd=tmp_path).splitlines()
    assert len(lines) == 6
    rights = [line.split("right ")[1][:4] for line in lines]
    unguarded = [line.split("unguarded")[1].split("|")[0] for line in lines]
    guarded = [line.split("| guarded")[1].split("|")[0] for line in lines]
    assert sum(right in text for right, text in zip(rights, unguarded, strict=True)) < 6
    assert all(right in text for right, text in zip(rights, guarded, strict=True))


def test_a_pipeline_is_guarded_while_attached(tmp_path: Path) -> None:
    output = run("attach_pipeline.py", cwd=tmp_path)
    for number, state in {"A-17": "shipped", "B-20": "returned", "C-31": "cancelled"}.items():
        line = next(line for line in output.splitlines() if f"Order {number}:" in line)
        assert state in line


def test_a_chat_streams_what_the_user_told_earlier(tmp_path: Path) -> None:
    turns = run("chat.py", cwd=tmp_path).split("user: ")[1:]
    assert len(turns) == 4
    answers = [turn.partition("assistant: ")[2].splitlines() for turn in turns]
    assert "shelf is 31864" in answers[1][0]
    assert any("binding_failure, contrast: repaired" in line for line in answers[1][1:])
    for lines, number in zip(answers[2:], ("31864", "90577"), strict=True):
        assert number in lines[0]
        assert lines[1:]
        assert all(line.lstrip().startswith("ok") or ": ok (" in line or ": repaired (" in line for line in lines[1:])


def test_the_production_log_holds_verdicts_and_no_prompt_text(tmp_path: Path) -> None:
    output = run("production_logging.py", "--log", str(tmp_path / "log.jsonl"), cwd=tmp_path)
    assert "prompt text in the log: False" in output
    log = (tmp_path / "log.jsonl").read_text(encoding="utf-8")
    assert log.count('"event":"slot"') == 3
    assert not any(word in log for word in ("maria", "peter", "julia", "north", "region"))


def test_the_server_answers_its_own_load_and_stops(tmp_path: Path) -> None:
    output = run("server.py", "--load", "4", "--clients", "2", cwd=tmp_path)
    found = json.loads(output[output.index("{") :])
    assert (found["requests"], found["lost"], found["reports_of_others"], found["ok_but_wrong"]) == (4, 0, 0, 0)


def test_what_the_endpoint_counts_stands_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    output = run("observe.py", "--port", "0", "--prompts", "4", "--log", str(log), cwd=tmp_path)
    counted = dict(line.split(": ") for line in output.splitlines())
    text = log.read_text(encoding="utf-8")
    assert counted["answered"] == counted["generations"] == str(text.count('"event":"generation"')) == "4"
    assert counted["slots"] == str(text.count('"event":"slot"')) != "0"
    assert counted["records_dropped"] == "0"


def test_a_model_without_a_guard_is_served_until_it_is_told_to_stop(tmp_path: Path) -> None:
    command = [sys.executable, "-u", str(EXAMPLES / "model_server.py"), "--port", "0", "--hosted"]
    server = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert server.stdout is not None
        line = next(line for line in server.stdout if "http://" in line)
        address = line.split()[-1]
        body = {"model": "smollm2-135m", "messages": [{"role": "user", "content": "Say yes."}], "max_tokens": 1}
        asked = json.dumps({**body, "logprobs": True, "top_logprobs": 2}).encode()
        sent = urllib.request.Request(f"{address}/chat/completions", asked, {"Content-Type": "application/json"})
        with urllib.request.urlopen(sent) as answer:
            choice = json.load(answer)["choices"][0]
        assert len(choice["logprobs"]["content"][0]["top_logprobs"]) == 2
    finally:
        server.terminate()
        server.wait(timeout=60)
