"""Texts like those in real prompts, each with everything that a reader would call the value of something."""

from __future__ import annotations

__all__ = ["STORY", "TUNED", "UNSEEN"]

ORDER_MAIL = """\
Subject: Your order ORD-20391 has shipped

Dear Ms. Okafor,

thank you for shopping with us. Your order #20391 left our warehouse on May 3, 2024. The total is $1,250.00, which
includes shipping. Here is the summary:

Order number: ORD-20391
Ship to: 12 Main Street, Springfield, IL 62701
Carrier: UPS (2-day)
Tracking number: 1Z999AA10123456784
Expected delivery: 2024-05-06

Ms. Okafor's loyalty balance is now 3,410 points. If the parcel is late, please call us at 555-0199.
Is anything missing? Just reply to this mail: we will see to it.

Best regards,
The Example Team
"""
ORDER_MAIL_HOLDS = {
    ("Order number", "ORD-20391"),
    ("Ship to", "12 Main Street, Springfield, IL 62701"),
    ("Carrier", "UPS (2-day)"),
    ("Tracking number", "1Z999AA10123456784"),
    ("Expected delivery", "2024-05-06"),
    ("total", "$1,250.00"),
    ("order", "#20391"),  # "your order #20391": a name and its number side by side
    ("order's shipping date", "May 3, 2024"),  # told by a verb
    ("Ms. Okafor's loyalty balance", "3,410 points"),
    ("phone", "555-0199"),  # "call us at"
}

RECEIPT = """\
CAFE EXAMPLE
Receipt no: 000482        Table: 7
Date: 03/05/2024  14:32

| Item | Qty | Price |
|---|---|---|
| Espresso | 2 | 5.00 |
| Cake of the day | 1 | 4.20 |

Subtotal: EUR 9.20
VAT (7%): EUR 0.64
Total: 9.84 EUR
Paid by: VISA **** 4471
You were served by Jonas. Thank you, and come again!
"""
RECEIPT_HOLDS = {
    ("Receipt no", "000482"),
    ("Table", "7"),
    ("Date", "03/05/2024  14:32"),
    ("Espresso.Qty", "2"),
    ("Espresso.Price", "5.00"),
    ("Cake of the day.Qty", "1"),
    ("Cake of the day.Price", "4.20"),
    ("Subtotal", "EUR 9.20"),
    ("VAT (7%)", "EUR 0.64"),
    ("Total", "9.84 EUR"),
    ("Paid by", "VISA **** 4471"),
    ("served by", "Jonas"),  # told by a verb
}

AGENT_LOG = """\
2024-05-03 10:00:01 INFO agent started level=debug session=9f2c-77
Thought: I should look up the order first.
Action: get_order(order_id=20391, region="EU")
Observation: {"order_id": 20391, "status": "shipped", "items": [{"sku": "A-17", "qty": 2}], "total": "1250.00 USD"}
Thought: The customer's e-mail is ann@example.org, so I can write to her.
retries = 2
retries = 3
next_page: null
config:
  timeout: 30
  hosts:
    - eu-1.example.org
    - eu-2.example.org
Final answer: it has shipped.
"""
AGENT_LOG_HOLDS = {
    ("level", "debug"),
    ("session", "9f2c-77"),
    ("get_order.order_id", "20391"),
    ("get_order.region", "EU"),
    ("order_id", "20391"),
    ("status", "shipped"),
    ("items[0].sku", "A-17"),
    ("items[0].qty", "2"),
    ("total", "1250.00 USD"),
    ("customer's e-mail", "ann@example.org"),
    ("retries", "2"),
    ("retries", "3"),
    ("config.timeout", "30"),
    ("config.hosts[0]", "eu-1.example.org"),
    ("config.hosts[1]", "eu-2.example.org"),
}

STAFF_NOTE = """\
Notes from Monday. Alice's badge number is 4417 and Bob's badge number is 8213. Carol has badge number 3352.
The badge of Dave was changed to 9076; his old one, 1111, is void. Erin got 6641 from the front desk.
The project lead of Atlas is Maria Lopez. The deadline is June 1, 2024. The guest password is "blue-horse".
We believe that the budget was about 50,000 dollars. The weather is fine, and the coffee is good.
"""
STAFF_NOTE_HOLDS = {
    ("Alice's badge number", "4417"),
    ("Bob's badge number", "8213"),
    ("Carol's badge number", "3352"),
    ("Dave's badge", "9076"),
    ("Dave's old badge", "1111"),  # an apposition
    ("Erin's badge", "6641"),  # told by another verb
    ("Atlas's project lead", "Maria Lopez"),
    ("deadline", "June 1, 2024"),
    ("guest password", "blue-horse"),
    ("budget", "50,000 dollars"),  # "about" is no value
}

EXPORT = """\
Here is the export you asked for:

```csv
name,city,joined
"Okafor, Ann",Lagos,2021-02-01
Bo Lind,Malmö,2019-11-30
```

and the settings (TOML):

[server]
host = "eu-1.example.org"
port = 8080
debug = false
"""
EXPORT_HOLDS = {
    ("Okafor, Ann.city", "Lagos"),
    ("Okafor, Ann.joined", "2021-02-01"),
    ("Bo Lind.city", "Malmö"),
    ("Bo Lind.joined", "2019-11-30"),
    ("server.host", "eu-1.example.org"),
    ("server.port", "8080"),
    ("server.debug", "false"),
}

STORY = """\
The harbour was quiet that morning. Old Tom, who had sailed since he was 12, said: "Never trust a calm sea." There were
three boats at the pier, and one of them was his. It was 1962, or so they say; nobody is sure. What is certain is that
he left at 5:30 with 2 sandwiches, a map and his dog. Was it brave? Perhaps. His wife's answer was always the same: he
would be back by noon, if the wind held. By 1 p.m. the whole town - all 400 of them - stood on the quay. He came.
"""

TICKET = """\
Ticket INC0012345 | Priority: P2 | Opened by: Marta Silva
Host: db-07.prod.example.net (10.2.33.7)
Version: v14.2.1, upgraded from 13.9

Since 2024-11-02 06:15 UTC the nightly backup fails with exit code 23. Free space on /var is 1.2 GB; the limit is 5 GB.
Marta's phone extension is 8841. Her manager is Tom Reed. The ticket was assigned to Ines Duarte on Monday.

env:
    BACKUP_DIR=/var/backups
    RETENTION_DAYS=14

Steps taken:
1. Restarted the agent.
2. Freed 300 MB in /tmp.
"""
TICKET_HOLDS = {
    ("Ticket", "INC0012345"),
    ("Priority", "P2"),
    ("Opened by", "Marta Silva"),
    ("Host", "db-07.prod.example.net (10.2.33.7)"),
    ("Version", "v14.2.1"),
    ("exit code", "23"),
    ("/var's Free space", "1.2 GB"),
    ("limit", "5 GB"),
    ("Marta's phone extension", "8841"),
    ("manager", "Tom Reed"),
    ("ticket's assignee", "Ines Duarte"),
    ("BACKUP_DIR", "/var/backups"),
    ("RETENTION_DAYS", "14"),
}

TRIP = """\
# Your trip to Lisbon

**Booking reference:** QX7P2L
**Passenger:** LIND/BO MR

| Leg | Flight | Departs | Gate |
|:----|:------:|---------|------|
| CPH-FRA | LH 825 | 2025-03-09 07:10 | B7 |
| FRA-LIS | LH 1166 | 2025-03-09 10:25 | – |

Seat: 14C (CPH-FRA), 22A (FRA-LIS)
Baggage allowance: 1 x 23 kg
Hotel: Casa do Rio, Rua Nova 12
Check-in is at 15:00 and the room rate is €118.50 per night.
The driver's name is Paulo; call him on +351 555 010 200.
"""
TRIP_HOLDS = {
    ("Booking reference", "QX7P2L"),
    ("Passenger", "LIND/BO MR"),
    ("CPH-FRA.Flight", "LH 825"),
    ("CPH-FRA.Departs", "2025-03-09 07:10"),
    ("CPH-FRA.Gate", "B7"),
    ("FRA-LIS.Flight", "LH 1166"),
    ("FRA-LIS.Departs", "2025-03-09 10:25"),
    ("Seat", "14C (CPH-FRA), 22A (FRA-LIS)"),
    ("Baggage allowance", "1 x 23 kg"),
    ("Hotel", "Casa do Rio, Rua Nova 12"),
    ("Check-in", "15:00"),
    ("room rate", "€118.50"),
    ("driver's name", "Paulo"),
    ("phone", "+351 555 010 200"),
}

PROFILE = """\
The tool returned:
{'user': {'id': 771, 'plan': 'pro'}}
Memory so far: user prefers metric units; the user's city is Porto; last login was 2024-10-31.
state = {"cart": [{"sku": "B-2", "qty": 1}, {"sku": "C-9", "qty": 4}], "coupon": null, "currency": "EUR"}
temperature -> 0.7
top_p: 0.9
stop_words: ["END", "STOP"]
User: change the delivery address to 5 Quay Road, Cork
Assistant: Done, the new delivery address is 5 Quay Road, Cork.
"""
PROFILE_HOLDS = {
    ("user.id", "771"),
    ("user.plan", "pro"),
    ("user's city", "Porto"),
    ("last login", "2024-10-31"),
    ("cart[0].sku", "B-2"),
    ("cart[0].qty", "1"),
    ("cart[1].sku", "C-9"),
    ("cart[1].qty", "4"),
    ("currency", "EUR"),
    ("temperature", "0.7"),
    ("top_p", "0.9"),
    ("stop_words[0]", "END"),
    ("stop_words[1]", "STOP"),
    ("delivery address", "5 Quay Road, Cork"),
}

LEASE = """\
RENTAL AGREEMENT (summary)
Landlord: Okoro Properties Ltd.
Tenant: Lena Fischer, born 12 April 1991
Address of the flat: 8 Mill Lane, Flat 3B, Leeds LS1 4AP
Start date: 1 September 2024; end date: 31 August 2025
The monthly rent is £945.00 and the deposit is £1,090.00. Rent is due on the 1st of each month.
Lena's e-mail is lena.f@example.com. The landlord's bank is Northway Bank, sort code 20-11-43.
The rent was changed to £960.00 in March. Pets are not allowed. The notice period is two months.
Keys handed over: 2
"""
LEASE_HOLDS = {
    ("Landlord", "Okoro Properties Ltd."),
    ("Tenant", "Lena Fischer"),
    ("Tenant's date of birth", "12 April 1991"),
    ("Address of the flat", "8 Mill Lane, Flat 3B, Leeds LS1 4AP"),
    ("Start date", "1 September 2024"),
    ("end date", "31 August 2025"),
    ("monthly rent", "£945.00"),
    ("deposit", "£1,090.00"),
    ("Rent is due", "1st"),
    ("Lena's e-mail", "lena.f@example.com"),
    ("landlord's bank", "Northway Bank"),
    ("sort code", "20-11-43"),
    ("monthly rent", "£960.00"),
    ("notice period", "two months"),
    ("Keys handed over", "2"),
}
RAG = """\
Use the passages to answer.

[1] Height table
City,Population,Founded
Aarburg,7 610,1330
Brugg,11 129,1284

[2] {"title": "Ohm River", "length_km": 59.7, "tributaries": ["Klein", "Felda"], "mouth": {"lat": 50.83}}

[3] The Ohm is a river in Hesse. Its source is near Ulrichstein. The length of the Ohm is 59.7 km. In 1944 the bridge
was destroyed; the new bridge of Amoeneburg is 88 m long. The mayor of Kirchhain is Olaf Hausmann.

Constants: PI=3.14159, G = 9.81
Question: How long is the Ohm?
"""
RAG_HOLDS = {
    ("Aarburg.Population", "7 610"),
    ("Aarburg.Founded", "1330"),
    ("Brugg.Population", "11 129"),
    ("Brugg.Founded", "1284"),
    ("title", "Ohm River"),
    ("length_km", "59.7"),
    ("tributaries[0]", "Klein"),
    ("tributaries[1]", "Felda"),
    ("mouth.lat", "50.83"),
    ("Ohm's length", "59.7 km"),
    ("bridge of Amoeneburg", "88 m"),
    ("Kirchhain's mayor", "Olaf Hausmann"),
    ("PI", "3.14159"),
    ("G", "9.81"),
}

Holds = set[tuple[str, str]]

# The rules were written with these in view.
TUNED: dict[str, tuple[str, Holds]] = {
    "order mail": (ORDER_MAIL, ORDER_MAIL_HOLDS),
    "receipt": (RECEIPT, RECEIPT_HOLDS),
    "agent log": (AGENT_LOG, AGENT_LOG_HOLDS),
    "staff note": (STAFF_NOTE, STAFF_NOTE_HOLDS),
    "export": (EXPORT, EXPORT_HOLDS),
    "story": (STORY, set()),
    "ticket": (TICKET, TICKET_HOLDS),
    "trip": (TRIP, TRIP_HOLDS),
    "profile": (PROFILE, PROFILE_HOLDS),
}

# These were written afterwards, and no rule was changed for them.
UNSEEN: dict[str, tuple[str, Holds]] = {
    "lease": (LEASE, LEASE_HOLDS),
    "passages": (RAG, RAG_HOLDS),
}
