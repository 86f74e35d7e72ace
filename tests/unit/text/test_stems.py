from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from guardbind.text.stems import snowball

WORDS = ("häuser", "bestellungen", "rechnungen", "lieferungen", "aufträge", "nummern", "kunden", "zahlungen")


@pytest.fixture
def many_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("many_switches")
def test_threads_at_one_stemmer_get_the_stems_of_their_own_words() -> None:
    pytest.importorskip("snowballstemmer")
    numbered = [f"{word}{'x' * number}" for number in range(250) for word in WORDS]  # none is found in a cache
    alone = list(map(snowball("german"), numbered))
    together = snowball("german")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda at: [together(word) for word in numbered[at::4]], range(4)))
    assert found == [alone[at::4] for at in range(4)]
