"""What kind of thing a question asks for, and whether a text has one."""

import pytest

from query.asking.kinds import has_kind, kind_asked

PRICE, NUMBER, AMOUNT, DAYS = "a price", "a number", "an amount", "a number of days or hours"
LONG, OFTEN, TIME, CLOCK = "how long", "how often", "a time", "a time of day"


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What does the sauna cost?", PRICE),
        ("How much do children pay for breakfast?", PRICE),
        ("What is the yearly fee for guest readers?", PRICE),
        ("How many euros is that?", PRICE),
        ("How much is a towel?", AMOUNT),
        ("How many rooms are there?", NUMBER),
        ("How many days of leave do I have?", DAYS),
        ("How many times may I renew a book?", OFTEN),
        ("So how long does it take?", LONG),
        ("Until when can I cancel?", TIME),
        ("On which days is the branch open?", TIME),
        ("At what time does the lesson begin?", CLOCK),
        ("How far is the beach?", "a distance"),
        ("How heavy is the tripod?", "a weight"),
        ("At what temperature are the capsules kept?", "a temperature"),
        ("How high is the entrance?", "a measure"),
        ("What is the address of the branch?", "a street address"),
        ("What is the phone number of the office?", "a telephone number"),
    ],
)
def test_a_question_asks_for_a_kind(question, name):
    kind = kind_asked(question)
    assert kind is not None
    assert kind.name == name


@pytest.mark.parametrize(
    "question",
    ["Is breakfast free when I stay a week?", "Who runs the kitchen?", "What does it include?",
     "Where is the office?", "Which fee is waived?", "When I cancel, what do I get back?",
     "How far did they lift the prices?", "How do I change my phone number?"],
)  # fmt: skip
def test_others_ask_for_none_whose_signs_can_be_looked_for(question):
    assert kind_asked(question) is None


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What does the sauna cost?", "The sauna costs 13 euro."),
        ("What does the sauna cost?", "The sauna is included."),
        ("What does the sauna cost?", "Guests use the sauna free of charge."),
        ("What does a bicycle cost?", "A bicycle in a box: 39"),
        ("What does a dog cost?", "Guest | Price per night\nDog | 4"),
        ("What does the roof cost?", "The bill for the roof came to 64 marrin."),
        ("How much is the discount?", "Groups get 12 %."),
        ("How many rooms are there?", "It has twenty rooms."),
        ("How many people fit in?", "The hall seats 1200."),
        ("How many lifts are there?", "There is no lift."),
        ("How many litres does the tank hold?", "The 0.9 litre tank lifts out."),
        ("How long does it take?", "It takes three Saturdays."),
        ("How long may I stay?", "You may stay until Sunday."),
        ("How long is the pool?", "The pool is a 25-metre tank."),
        ("How often is it cleaned?", "It is cleaned after each guest."),
        ("When does the shop close?", "The shop is open from 9 to 5."),
        ("When is the party?", "The party is on the day of the harvest."),
        ("When do I pay?", "You pay on arrival."),
        ("When may I leave?", "Leave in May only."),
        ("At what time do we meet?", "We meet at dusk."),
        ("How far is the beach?", "The beach is 900 m away."),
        ("How far is the beach?", "The beach is next to the house."),
        ("How heavy is the tripod?", "Weight: 980 g without pegs"),
        ("How heavy is the tripod?", "Model | Weight\nTripod | 980"),
        ("What temperature may it have?", "It works down to -10 °C."),
        ("How high is the entrance?", "The entrance is 2.10 m high."),
        ("What is the phone number of Ivo?", "Name | Phone | Since\nIvo | 4420 | 2019"),
        ("What is the address?", "We are at 12 Mill Lane, next to the baths."),
        ("What is the address?", "The hotel stands in Rua do Carmo 14."),
    ],
)
def test_a_text_has_the_kind(question, text):
    kind = kind_asked(question)
    assert kind is not None
    assert has_kind(kind, text, question)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What does the sauna cost?", "The sauna is open from 16:00 to 22:00."),
        ("What does a room for two people cost?", "A room for 2 people has a balcony."),
        ("How much is breakfast?", "There is gluten-free bread from 07:00 to 10:30."),
        ("How many rooms are there?", "A room may be used for two hours."),
        ("How many scans fit in?", "It works from -10 °C to 45 °C."),
        ("How many scans fit in?", "It runs on Windows 11."),
        ("How long does story time last?", "Story time is every Wednesday at 10:15."),
        ("How long can I use the rooms?", "There are three rooms. They can be booked online."),
        ("How often is it calibrated?", "It is calibrated by our workshop and costs €140."),
        ("When may visitors come?", "No more than two visitors may be there."),
        ("When was it opened?", "The branch is our youngest. It holds 41,000 books."),
        ("At what time does the bus come?", "The bus comes to Ashby on Mondays."),
        ("How far is the beach?", "There are 24 rooms at the beach."),
        ("How heavy is the tripod?", "The tripod is 1.8 m high."),
        ("How warm is the pool?", "The pool is heated all year."),
        ("How high is the entrance?", "The garage has 20 places."),
        ("What is the address?", "It has a terrace and closes from 15 November to 28 February."),
    ],
)
def test_a_text_does_not_have_it(question, text):
    kind = kind_asked(question)
    assert kind is not None
    assert not has_kind(kind, text, question)
