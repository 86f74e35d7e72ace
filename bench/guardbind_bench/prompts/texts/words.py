"""Lists the words that names and values are drawn from, none of them in the unrelated text or in a wording."""

from __future__ import annotations

__all__ = [
    "ANIMALS",
    "CITIES",
    "FAMILY_NAMES",
    "FIRST_NAMES",
    "GOODS",
    "MONTHS",
    "PROJECTS",
    "REGIONS",
    "SHOPS",
    "STATUSES",
]

_FIRST_NAMES = """\
Alice Bob Carla Dmitri Elif Farid Greta Hamza Ines Jonas Keiko Leila Mara Nadia Oskar Priya Quentin Rosa Selim
Tomas Ulrike Viktor Wanda Ximena Yusuf Zoe Amara Bruno Chiara Diego Esther Felix Gwen Hugo Ilse Jamal Katya
Lorenzo Mireille Nils Olga Pavel Ramona Sunita Tariq Urs Vera Wilhelm Yara Zdenka
"""

_FAMILY_NAMES = """\
Abara Bergmann Castellano Dlamini Eriksen Fontaine Gupta Haddad Ivanova Jankowski Kowalczyk Lindqvist Moreau
Nakamura Okafor Petrov Quintero Rasmussen Silva Takahashi Ueda Varga Weiss Xu Yilmaz Zimmermann Aldana Brennan
Cardoso Duarte Echeverria Ferraro Galanis Horvath Iglesias Jovanovic Kaplan Laurent Mbeki Novak
"""

_STATUSES = """\
queued running blocked cancelled archived stalled suspended approved rejected escalated shipped refunded
backordered overdue paused throttled verified quarantined deployed scheduled
"""

_PROJECTS = """\
Atlas Borealis Cobalt Dynamo Everest Falcon Gemini Horizon Indigo Jupiter Kodiak Lantern Meridian Nimbus Orion
Phoenix Quasar Raptor Saturn Titan Umbra Vortex Zephyr Aurora Beacon Comet
"""

_ANIMALS = """\
heron otter badger lynx falcon marten osprey puffin raven tapir walrus bison condor dingo ermine gecko ibis
jackal koala lemur magpie narwhal ocelot panther quail stoat toucan vulture wombat yak
"""

_MONTHS = """\
January February March April May June July August September October November December
"""

_CITIES = """\
Porto, Kyoto, Lagos, Tallinn, Bergen, Toronto, Valencia, Krakow, Nairobi, Lima, Ghent, Seville, Osaka, Dublin,
Riga, Montreal, Adelaide, Bologna, Tampere, Zagreb, Cusco, Denver, Hanoi, Izmir, Jaipur, Leipzig, Marseille,
Oslo, Perth, Quito, Rotterdam, Salzburg, Tunis, Utrecht, Vilnius, Warsaw, Aarhus, Bristol, Cordoba, Durban,
Cape Town, Santa Cruz, New Orleans, Buenos Aires, San Diego, Hong Kong, Tel Aviv, Saint Louis
"""

_GOODS = """\
desk lamp, coffee grinder, wool blanket, bike helmet, rain jacket, phone charger, water bottle, hiking socks,
cast-iron pan, garden hose, yoga mat, travel pillow, cheese board, paint roller, wall clock, tea kettle,
cutting board, camping stove, picture frame, laptop stand, alarm radio, bread knife, shower curtain,
tennis racket, sleeping bag, toolbox, sunglasses, flashlight, door mat, bath towel, spice rack, notebook set,
USB cable, table fan, olive oil, salad bowl
"""

_SHOPS = """\
Birchwood Outfitters, Corner Pantry, Delta Hardware, Elm Street Market, Fernhill Supplies, Golden Gate Goods,
Hollis & Sons, Ironbridge Tools, Juniper Home, Kingfisher Sports, Lakeside Store, Maple Trading,
Northern Lights Depot, Oakley Interiors, Pinecrest Shop, Quayside Kitchenware, Riverbend Bazaar, Summit Gear,
Thistle Living, Union Electronics
"""

FIRST_NAMES = tuple(_FIRST_NAMES.split())
FAMILY_NAMES = tuple(_FAMILY_NAMES.split())
STATUSES = tuple(_STATUSES.split())
PROJECTS = tuple(_PROJECTS.split())
ANIMALS = tuple(_ANIMALS.split())
MONTHS = tuple(_MONTHS.split())
CITIES = tuple(_CITIES.replace(",\n", ", ").strip().split(", "))
GOODS = tuple(_GOODS.replace(",\n", ", ").strip().split(", "))
SHOPS = tuple(_SHOPS.replace(",\n", ", ").strip().split(", "))
REGIONS = tuple(
    f"{area}-{side}-{number}"
    for area in ("eu", "us", "ap", "sa", "me", "af")
    for side in ("central", "north", "south", "east", "west")
    for number in range(1, 6)
)
