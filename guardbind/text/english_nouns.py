"""Lists the English nouns that say of which kind something is, as `nouns` tells them apart."""

from __future__ import annotations

from guardbind.text.nouns import Nouns
from guardbind.text.wordlists import wordlist

__all__ = ["NOUNS"]

NOUNS = Nouns(
    things=wordlist(
        "aircraft apartment boat book branch building bus car class clinic course depot device dish engine farm flat",
        "flight garage gym hospital hotel house invoice lab library machine model museum order parcel plant product",
        "project recipe restaurant room sample school server ship shipment shop site station store team ticket train",
        "tram truck van vehicle vessel warehouse workshop",
    ),
    places=wordlist(
        "branch clinic depot farm hospital hotel lab library museum office plant school shop site station store",
        "warehouse",
    ),
    links=wordlist("in of at"),
    fields=wordlist("attribute category column entry field heading item key label property value"),
    compounds=True,
    entries=wordlist("value entry information info"),
)
