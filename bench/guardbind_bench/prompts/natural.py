"""Makes the sentences of natural filler: plain statements that bind nothing and hold no value of the pool.

A sentence is an opening and a clause. The clauses keep clear of every pool word, of colours and directions, of digits,
brackets and questions, so that what a model gets wrong across them is not put down to a competitor in the filler.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

__all__ = ["CLAUSES", "OPENINGS", "sentences"]

_OPENINGS = """\
A little later,
According to the porter,
After a short pause,
After the holidays,
All through the winter,
As far as anyone knew,
As usual,
At closing time,
At first,
At the end of the month,
Because of the weather,
Before breakfast,
Before the guests arrived,
By the following week,
Despite the noise,
During the break,
Early in the morning,
Everyone agreed that
For once,
For several weeks,
From time to time,
Half an hour later,
In a quiet corner of town,
In the afternoon,
In the meantime,
In those years,
It was said that
It turned out that
Just before dusk,
Late in the season,
Most evenings,
Near the old bridge,
Not long ago,
On market days,
On the way home,
One of the neighbours wrote that
Once the fog had lifted,
Somebody noticed that
Soon afterwards,
That same evening,
The newspaper reported that
Throughout the summer,
To nobody's surprise,
Toward the end of the visit,
Under the new rules,
When the doors opened,
While the kettle boiled,
Without much fuss,
"""

_CLAUSES = """\
the committee argued about the price of chairs
the ferry crew unloaded boxes of paper
a clerk mislaid the list of visitors
the museum asked for help with an exhibition
the passengers waited in a small cafe
the drivers had to find another road
she wrote a note about the garden
the engineers tested the pump once more
a crowd gathered to hear the music
an old map was hung beside the window
the baker gave the last loaf to a child
two painters repaired the wooden fence
the librarian sorted a pile of letters
the mayor thanked the volunteers
a gardener planted onions along the path
the school choir practised a difficult song
the plumber forgot his bag of tools
the harbour office stayed open until midnight
a farmer sold three carts of hay
the teacher read a long poem aloud
the tailor measured the sleeves again
a photographer waited for better light
the postman climbed the steep stairs
the actors rehearsed the second act
a nurse brought warm soup to the ward
the carpenter sanded the kitchen table
the students compared their notes
the landlord promised to mend the roof
a cyclist stopped to fix a chain
the children built a bridge out of sticks
the judge asked for a glass of water
the shop window was filled with lamps
a sailor told stories about distant islands
the orchestra tuned its instruments
the accountant checked every receipt
the old clock in the hall began to tick
a potter shaped a bowl on the wheel
the councillors visited the water works
the tenants complained about the lift
a young chemist washed the empty bottles
the weaver finished a heavy curtain
the night watchman closed the iron gate
the printers ran out of ink
a beekeeper carried jars of honey to the fair
the surveyors drew a line across the meadow
the miners rested near the tunnel
the cook burned a tray of biscuits
a stranger asked the way to the station
the gallery bought a portrait of a duchess
the fishermen mended their nets
the professor lost her reading glasses
a violinist played outside the theatre
the builders delivered a load of bricks
the choir master lent his umbrella to a friend
the hotel hired a new doorman
a pilot described the clouds above the coast
the editor shortened the final paragraph
the shepherd counted his flock twice
the bus company changed its timetable
a locksmith opened the attic door
the dentist moved to a larger practice
the village council repaired the fountain
the astronomers cleaned the big telescope
a merchant weighed the sacks of flour
the players shook hands after the match
the secretary typed a formal reply
the hikers reached a hut in the mountains
a shoemaker polished a pair of boots
the apprentice swept the workshop floor
the inspector looked at the bridge from below
the widow rented a room to a student
a botanist pressed some leaves in a book
the ship carried timber and salt
the tourists admired the stained glass
the lawyer postponed the hearing
a glazier replaced the broken pane
the cellist carried her case through the rain
the bank manager signed the papers
the grocer stacked crates behind the counter
a poet borrowed a typewriter
the machinist oiled the gears
the guests praised the vegetable stew
the swimmers met at the lake
a butcher sharpened his knives
the janitor found a lost glove
the researchers published a short report
the sculptor covered the statue with a sheet
the coach encouraged the youngest runner
a journalist interviewed the station master
the family packed their suitcases
the architects presented a plan for the square
the jeweller weighed a silver ring
the soldiers marched past the town hall
a mason carved a date into the stone
the cousins shared a bench in the park
the heating in the hall failed again
the collectors traded stamps and coins
a widower fed the ducks on the pond
the rowers carried their boat to the shed
the barber told a joke about the weather
the translators disagreed about one sentence
a puppeteer set out a small stage
the clinic ordered fresh bandages
the caretaker watered the plants on the balcony
the debate lasted longer than planned
a scout lit a fire in the clearing
the brewer tasted the new barrel
the dancers waited for their cue
the minister opened a school in the suburbs
a watchmaker searched for a tiny spring
the geologists collected samples of clay
the ticket office sold out within an hour
the neighbours borrowed a ladder
a street sweeper whistled an old tune
the furniture maker chose a coarse fabric
the sisters wrote to their uncle
the tram stopped in front of the bakery
a chess club met in the cellar
the divers explored a sunken barge
the florist wrapped a bunch of tulips
the magistrate read the letter twice
a blacksmith repaired the hinge
the campers pitched their tents by the stream
the archivist labelled every folder
the waiter brought coffee for everyone
a bookbinder glued the torn spine
the lighthouse keeper wrote in his diary
the tenor caught a cold
the recruits learned to tie knots
a seamstress shortened the curtains
the owner of the mill hired more workers
the skaters crossed the frozen canal
the reporter missed the press conference
a vet examined the pony
the joiner delivered a set of shelves
the crew painted the deck of the barge
the pharmacist labelled a row of jars
a conductor checked the tickets
the villagers celebrated the harvest
the optician tested a new lens
the stage hands moved a heavy piano
a novelist rented a cottage by the sea
the cleaners polished the marble steps
the climbers shared a bar of chocolate
the treasurer counted the donations
a drummer arrived without his sticks
the rangers marked a trail through the forest
the goldsmith closed his shop for a week
the interpreter spoke very softly
a mechanic listened to the engine
the grandmother knitted a pair of socks
the delegates voted on the final draft
the technicians replaced a worn cable
a ferryman carried pilgrims across the river
the sound of hammers came from the yard
the zoologist filmed a pair of storks
the laundry hung between the houses
a messenger delivered a sealed envelope
the candle maker melted a block of wax
the trainees visited a paper factory
the curator dusted the cabinets
a juggler dropped one of his clubs
the tax office sent a polite reminder
the parish printed a new song book
the hunters returned without a catch
a stonecutter lost his hammer
the referee postponed the game
the patients chatted in the waiting room
the host served tea and small cakes
a carriage stood in front of the inn
the sculling club elected a president
the hatter displayed a row of caps
the owner of the kiosk sold old magazines
a foreman handed out the wages
the geese settled on the wet field
the singer thanked the audience
"""


OPENINGS = tuple(_OPENINGS.splitlines())
CLAUSES = tuple(_CLAUSES.splitlines())


def sentences(rng: Random) -> Iterator[str]:
    """Yield every pair of an opening and a clause once, as ` Opening clause.` with a space in front.

    A clause comes back only after all others were used, and an opening after all other openings.

    Args:
        rng: Draws the order of the clauses and of the openings.
    """
    clauses = rng.sample(CLAUSES, len(CLAUSES))
    openings = rng.sample(OPENINGS, len(OPENINGS))
    for turn in range(len(openings)):
        for i, clause in enumerate(clauses):
            yield f" {openings[(i + turn) % len(openings)]} {clause}."
