"""Progress where there is no terminal: a line now and then, with how much is done and how long it will take."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from guardbind_bench.prompts.cell import BenchCell, CellRequest
from guardbind_bench.running.progress import Progress, duration

CELL = BenchCell(measure="reading", task="competing_vars", k=32)
OTHER = BenchCell(measure="reading", task="competing_vars", k=64)


class WatchedProgress:
    """A progress display on a fake clock, and the lines that it has written."""

    def __init__(self, every: float = 20.0, terminal: bool = False) -> None:
        self.now = 1000.0
        self._text = io.StringIO()
        console = Console(file=self._text, width=60, force_terminal=terminal)
        self.progress = Progress(console, clock=lambda: self.now, every=every)

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def lines(self) -> list[str]:
        return self._text.getvalue().splitlines()


def begun(watched: WatchedProgress, trials: int = 100, there: int = 0) -> WatchedProgress:
    plan = {"stages": [CellRequest(cell=CELL, trials=trials)], "repair": [CellRequest(cell=OTHER, trials=trials)]}
    watched.progress.begin(plan, {CELL.id: range(there)})
    return watched


def test_the_first_line_says_what_is_to_come() -> None:
    assert begun(WatchedProgress()).lines() == ["stages, repair: 200 trials at most [0 of 200]"]
    assert begun(WatchedProgress(), there=30).lines() == [
        "stages, repair: 200 trials at most, 30 of them are there [30 of 200]"
    ]


def test_a_cell_of_minutes_is_not_silent() -> None:
    watched = begun(WatchedProgress())
    for batch in range(10):
        watched.wait(9)
        watched.progress.advance(CELL, range(batch * 5, batch * 5 + 5), tokens=900, seconds=9)
    told = watched.lines()[1:]
    assert len(told) == 3
    assert told[0].endswith("k=32 bracket/S: 15 trials so far, 100 tokens/s [15 of 200, about 6 min left]")


def test_a_batch_of_minutes_is_not_silent() -> None:
    watched = begun(WatchedProgress())
    watched.progress.advance(CELL, range(5), tokens=900, seconds=9)
    tick = watched.progress.passes(CELL, 8)
    for _ in range(50):
        watched.wait(2)
        tick()
    told = [line.partition(" [")[0] for line in watched.lines()[1:]]
    assert told == [
        f"reading competing_vars natural k=32 bracket/S: 5 trials so far, {passes} forward passes into the next 8"
        for passes in (10, 20, 30, 40, 50)
    ]


def test_lines_are_as_rare_as_asked_for() -> None:
    watched = begun(WatchedProgress(every=1000.0))
    for batch in range(10):
        watched.wait(9)
        watched.progress.advance(CELL, range(batch * 5, batch * 5 + 5), tokens=900, seconds=9)
    assert len(watched.lines()) == 1


def test_the_time_left_is_of_what_this_session_measured() -> None:
    watched = begun(WatchedProgress(), there=80)
    watched.wait(30)
    watched.progress.advance(CELL, range(80, 90), tokens=0, seconds=0)
    # 10 in 30 seconds, and 110 are left.
    assert watched.lines()[-1].endswith("[90 of 200, about 6 min left]")


def test_a_finished_cell_and_a_refused_one_are_told_at_once() -> None:
    watched = begun(WatchedProgress())
    watched.wait(1)
    watched.progress.advance(CELL, range(100), tokens=10, seconds=1)
    watched.progress.finished(CELL, None)
    watched.progress.finished(OTHER, "the prompts are too long")
    _, cell, refused = watched.lines()
    assert "100 trials [100 of 200, about 1 s left]" in cell
    assert refused.endswith("k=64 bracket/S: refused: the prompts are too long")


def test_summing_up_and_the_next_cell_are_told_when_a_line_is_due() -> None:
    watched = begun(WatchedProgress())
    watched.progress.started(CELL)
    watched.progress.working("stages", "the bootstrap")
    assert len(watched.lines()) == 1
    watched.wait(21)
    watched.progress.working("stages", "the bootstrap")
    watched.wait(21)
    watched.progress.started(CELL)
    assert [line.partition(" [")[0] for line in watched.lines()[1:]] == [
        "stages: summing up the bootstrap",
        "reading competing_vars natural k=32 bracket/S: begins",
    ]


def test_a_terminal_has_bars_and_no_lines() -> None:
    watched = begun(WatchedProgress(terminal=True))
    watched.wait(60)
    watched.progress.advance(CELL, range(5), tokens=900, seconds=9)
    watched.progress.finished(CELL, None)
    assert not any("trials so far" in line or "at most" in line for line in watched.lines())


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0 s"), (99, "99 s"), (100, "2 min"), (5900, "98 min"), (6000, "1 h 40 min")]
)
def test_times_are_told_as_people_tell_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text
