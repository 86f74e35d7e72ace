"""Small texts in the forms of data, each with the paths and the values that a reader finds in it."""

from __future__ import annotations

from typing import TypeAlias

__all__ = ["FORMS", "NOTHING"]

Statements: TypeAlias = list[tuple[tuple[str | int, ...], str]]

HTML: dict[str, Statements] = {
    "See <table><caption>March</caption><tr><th>Item</th><th>Stock</th></tr><tr><td>Lamp &amp; Co</td>"
    "<td><b>140</b></td></tr></table> there.": [
        (("March", "Lamp & Co", "Item"), "Lamp & Co"),
        (("March", "Lamp & Co", "Stock"), "140"),
    ],
    "<table><thead><tr><th rowspan=2>Month</th><th rowspan=2>Item</th><th colspan=2>Sold</th></tr><tr><th>N</th>"
    "<th>S</th></tr></thead><tr><td rowspan=2>May</td><td>Lamp</td><td>1</td><td>2</td></tr>"
    "<tr><td>Rug</td><td>3</td><td>4</td></tr></table>": [
        (("May", "Month"), "May"),
        (("May", "Lamp", "Item"), "Lamp"),
        (("May", "Lamp", "Sold", "N"), "1"),
        (("May", "Lamp", "Sold", "S"), "2"),
        (("May", "Rug", "Item"), "Rug"),
        (("May", "Rug", "Sold", "N"), "3"),
        (("May", "Rug", "Sold", "S"), "4"),
    ],
    "<table><tr><th>Item</th><th>Fare</th></tr><tr><td colspan=2>Order 7</td></tr><tr><td>Lamp</td><td>5.00</td></tr>"
    "</table>": [(("Order 7", "Lamp", "Item"), "Lamp"), (("Order 7", "Lamp", "Fare"), "5.00")],
    "<table><tr><th>Total</th><td>52.10</td></tr><tr><th>Carrier</th><td>DPX</td></tr></table>": [
        (("Total",), "52.10"),
        (("Carrier",), "DPX"),
    ],
    "<table><tr><th>Name</th><td>Ann</td><td>Bo</td></tr><tr><th>Badge</th><td>4417</td><td>8213</td></tr></table>": [
        ((0, "Name"), "Ann"),
        ((1, "Name"), "Bo"),
        ((0, "Badge"), "4417"),
        ((1, "Badge"), "8213"),
    ],
    "<h3>Order 1</h3>\n<ul><li>Total: 52.10</li><li><b>Carrier:</b> DPX</li></ul>": [
        (("Order 1", "Total"), "52.10"),
        (("Order 1", "Carrier"), "DPX"),
    ],
    "<ol><li>Order 1<ul><li>Total: 5</li></ul></li><li>Order 2<ul><li>Total: 6</li></ul></ol>": [
        (("Order 1", "Total"), "5"),
        (("Order 2", "Total"), "6"),
    ],
    "<ul><li>Name: Ann, Badge: 4417</li><li>Name: Bo, Badge: 8213</li></ul>": [
        ((0, "Name"), "Ann"),
        ((0, "Badge"), "4417"),
        ((1, "Name"), "Bo"),
        ((1, "Badge"), "8213"),
    ],
    "<dl><dt>Name</dt><dd>Ann</dd><dt>Badge</dt><dd>4417</dd><dt>Name</dt><dd>Bo</dd></dl>": [
        ((0, "Name"), "Ann"),
        ((0, "Badge"), "4417"),
        ((1, "Name"), "Bo"),
    ],
}

XML: dict[str, Statements] = {
    '\u00e9 <order id="W1"><status>open</status><total currency="EUR">5.00</total></order>\n<order id="W2"/>': [
        (("order", "id"), "W1"),
        (("order", "status"), "open"),
        (("order", "total", "currency"), "EUR"),
        (("order", "total"), "5.00"),
        (("order", "id"), "W2"),
    ],
    '<r><n id="1"><c>\u00e9 &lt; x</c></n><n id="2"><c><![CDATA[ y ]]></c></n></r>': [
        (("r", "n", 0, "id"), "1"),
        (("r", "n", 0, "c"), "\u00e9 < x"),
        (("r", "n", 1, "id"), "2"),
        (("r", "n", 1, "c"), "y"),
    ],
    '<map><entry key="host">pg-1</entry><entry key="port">5432</entry></map>': [
        (("map", "entry", "host"), "pg-1"),
        (("map", "entry", "port"), "5432"),
    ],
}

SETTINGS: dict[str, Statements] = {
    "[mysql]\nport = 3306\n\n[sqlserver]\nport = 1433 ; main\nWhat is the port?": [
        (("mysql", "port"), "3306"),
        (("sqlserver", "port"), "1433"),
    ],
    "# staging\nDB_HOST=pg-stage\n\n# --- production ---\nexport DB_HOST='pg main'  # new\n": [
        (("staging", "DB_HOST"), "pg-stage"),
        (("production", "DB_HOST"), "pg main"),
    ],
    '[server.http]\nport = 80 # x\nhosts = ["a", "b"]\nat = {x = 1}\n'
    "[[item]]\nname = \"a\\tb\"\n[[item]]\nname = 'c'\n": [
        (("server", "http", "port"), "80"),
        (("server", "http", "hosts", 0), "a"),
        (("server", "http", "hosts", 1), "b"),
        (("server", "http", "at", "x"), "1"),
        (("item", 0, "name"), "a\tb"),
        (("item", 1, "name"), "c"),
    ],
    "# Ann\n[Peer]\nIPs = 10.0.0.2/32\n# Bo\n[Peer]\nIPs = 10.0.0.3/32\n": [
        (("Ann", "Peer", "IPs"), "10.0.0.2/32"),
        (("Bo", "Peer", "IPs"), "10.0.0.3/32"),
    ],
    '[Peer]\nIPs = 1.2\n[Peer]\nIPs = 1.3\n[remote "origin"]\nurl = x\nlist = [\n  1,\n]\n': [
        (("Peer", 0, "IPs"), "1.2"),
        (("Peer", 1, "IPs"), "1.3"),
        (("remote", "origin", "url"), "x"),
    ],
}

TABLES: dict[str, Statements] = {
    "Sheet1 (March)\nItem,Stock\nLamp,140\n\nSheet2 (April)\nItem,Stock\nLamp,104\n\nIn Sheet1?": [
        (("Sheet1 (March)", "Lamp", "Item"), "Lamp"),
        (("Sheet1 (March)", "Lamp", "Stock"), "140"),
        (("Sheet2 (April)", "Lamp", "Item"), "Lamp"),
        (("Sheet2 (April)", "Lamp", "Stock"), "104"),
    ],
    "## March\n\n| Item | Stock |\n|---|--:|\n| [Lamp](x) | ~~12~~ 15 |\n": [
        (("March", "Lamp", "Item"), "Lamp"),
        (("March", "Lamp", "Stock"), "15"),
    ],
    "NAME    READY   AGE\nweb-1   1/1     5d\napi-2           3h (2m ago)\n\nWhat is it?": [
        (("web-1", "NAME"), "web-1"),
        (("web-1", "READY"), "1/1"),
        (("web-1", "AGE"), "5d"),
        (("api-2", "NAME"), "api-2"),
        (("api-2", "AGE"), "3h (2m ago)"),
    ],
    "  PID TTY          TIME CMD\n 4242 pts/0    00:00:01 ps -ef\n": [
        (("4242", "PID"), "4242"),
        (("4242", "TTY"), "pts/0"),
        (("4242", "TIME"), "00:00:01"),
        (("4242", "CMD"), "ps -ef"),
    ],
    "Disk  Size Mounted on\nsda1   40G /\nsdb1   99G /data\nWhat is the size?": [
        (("sda1", "Disk"), "sda1"),
        (("sda1", "Size"), "40G"),
        (("sda1", "Mounted on"), "/"),
        (("sdb1", "Disk"), "sdb1"),
        (("sdb1", "Size"), "99G"),
        (("sdb1", "Mounted on"), "/data"),
    ],
    " id | status  | total\n----+---------+-------\n  1 | open    |  5.00\n  2 |         |  7.50\n(2 rows)\n": [
        (("1", "id"), "1"),
        (("1", "status"), "open"),
        (("1", "total"), "5.00"),
        (("2", "id"), "2"),
        (("2", "total"), "7.50"),
    ],
    "Orders\n+----+--------+\n| id | status |\n+----+--------+\n|  1 | open   |\n+----+--------+\n1 row": [
        (("Orders", "1", "id"), "1"),
        (("Orders", "1", "status"), "open"),
    ],
    "Name     Count\n-------- -----\nspooler     15\n": [
        (("spooler", "Name"), "spooler"),
        (("spooler", "Count"), "15"),
    ],
}

SQL: dict[str, Statements] = {
    "SELECT o.id, c.name AS customer FROM orders o JOIN c USING (x);\n[(1, 'Ann'), (2, Decimal('5.00'))]\nWhich?": [
        (("orders", "1", "id"), "1"),
        (("orders", "1", "customer"), "Ann"),
        (("orders", "2", "id"), "2"),
        (("orders", "2", "customer"), "5.00"),
    ],
    "SELECT id, status FROM orders\n(1, 'open')\n(2, None)\n": [
        (("orders", "1", "id"), "1"),
        (("orders", "1", "status"), "open"),
        (("orders", "2", "id"), "2"),
    ],
    "INSERT INTO t (id, s) VALUES (1, 'it''s'), (2, NULL);\nUPDATE t SET s = 'b' WHERE id = 1;\n\nWhat?": [
        (("t", "1", "id"), "1"),
        (("t", "1", "s"), "it's"),
        (("t", "2", "id"), "2"),
        (("t", "1", "s"), "b"),
    ],
    "INSERT INTO t (id, s) VALUES (1, 'a');\nUPDATE t SET s = 'b' WHERE n > 1;\n": [],
    "INSERT INTO t (id, s) VALUES (1, 'a');\nDELETE FROM t WHERE id = 1;\n": [],
}

CODE: dict[str, Statements] = {
    "```python\nTIMEOUT = 60  # raised\nn = 5\nn += 1\n"
    "class B:\n    x: int = 4  # \u00e9\nTIMEOUT = 90\nif a:\n    z = 5\n"
    "f(id='A', s=1)\nf(id='B', s=2)\n```\nWhat?": [
        (("TIMEOUT",), "60"),
        (("B", "x"), "4"),
        (("TIMEOUT",), "90"),
        (("f", 0, "id"), "A"),
        (("f", 0, "s"), "1"),
        (("f", 1, "id"), "B"),
        (("f", 1, "s"), "2"),
    ],
    "```js\nconst T = 60; // ms\nlet n = 5;\nn++;\nconst cfg = {\n  port: 80, // main\n};\n```": [
        (("T",), "60"),
        (("cfg", "port"), "80"),
    ],
    "```bash\nPORT=80  # main\nHOST=web\n```": [(("PORT",), "80"), (("HOST",), "web")],
    "```rust\nconst MAX: u32 = 10;\nlet t = a * 2;\n```": [(("MAX",), "10")],
}

NESTED: dict[str, Statements] = {
    "mysql:\n  port: 3306\nsqlserver:\n  port: 1433\n\nWhat?": [
        (("mysql", "port"), "3306"),
        (("sqlserver", "port"), "1433"),
    ],
    "```yaml\nmeta:\n  name: x\n---\nmeta:\n  name: y\n```": [(("meta", "name"), "x"), (("meta", "name"), "y")],
    '{"a": "\\ud800", "\\udc00": 5}\nf(a=\'\\ud800\')': [
        (("a",), "\\ud800"),
        (("\\udc00",), "5"),
        (("f", "a"), "\\ud800"),
    ],
}

FORMS = {
    "html": HTML,
    "xml": XML,
    "settings": SETTINGS,
    "tables": TABLES,
    "sql": SQL,
    "code": CODE,
    "nested": NESTED,
}

NOTHING = [
    "If a <b and c> d, see <i>this</i> and <table><tr><td>one</td></tr></table>.",
    "<ul><li>We ship on Mondays.</li><li>It is never late.</li></ul>",
    "<table><tr><td>Carrier</td><td>DPX</td></tr><tr><td>Colour</td><td>red</td></tr></table>",
    "<context>The boats lie still, and nobody says a word.</context>",
    "<table><tr><td>Name</td><td>Ann Lee</td></tr><tr><td>Badge</td><td>4417</td></tr></table>",
    "Name    Ann Lee\nBadge   4417\nDesk    4B\n",
    "See [1] and\n[2]\n[note]\nthat is all.",
    "# Notes\n\nNothing to see here.",
    "IMPLIED, INCLUDING, WITHOUT  LIMITATION\nOR FITNESS FOR A PARTICULAR  PURPOSE\n",
    "Hello, Bob\nthere, Ann\nyou, 5",
    "Hello there  my friend\nthis is  a test of it\nmore  things",
    "I will update the list SET here. Please INSERT INTO the box (a) VALUES (b)",
    "```python\nx = y\n```",
]
