import time

import pytest

from app.domain.predictions import Prediction, Reading, Unreadable
from app.domain.taxonomy import Failure, Severity, Signal
from models.cues import FAILURE_CUES, SEVERITY_CUES, SIGNAL_CUES
from models.lexicon import CueReader, expand, flatten


@pytest.fixture(scope="module")
def reader() -> CueReader:
    return CueReader()


def read(reader: CueReader, text: str) -> Prediction:
    (answer,) = reader.read([Reading("1", text)])
    assert isinstance(answer, Prediction)
    return answer


WAKING = {
    "threat": (
        "you will hear from my lawyer",
        "I'm contacting my attorney about this",
        "I will be filing complaints with the FAA and Consumer Affairs",
        "we are going to sue you for this",
        "taking this to the ombudsman, filing a complaint with the ombudsman tomorrow",
        "I am going to the press with this",
        "see you in court",
        "I will take this higher",
    ),
    "rally": (
        "boycott this company",
        "Please share: this bank keeps our money",
        "do not fly with them, ever",
        "don't buy from this shop",
        "avoid this place like the plague",
        "I made a song about how you broke my guitar",
        "sign the petition against these fees",
        "stay away from this hotel",
        "spread the word about these thieves",
    ),
    "vulnerable": (
        "you left my disabled father stranded in the terminal",
        "my 4 year old had to sleep on the floor of the airport",
        "stranded with two toddlers and no food",
        "my grandmother was left alone without her wheelchair",
        "you lost the bag with my insulin and we are stuck",
        "I will miss my mother's funeral because you cancelled",
        "we are stuck on the plane with a baby",
    ),
    "refused_redress": (
        "they refuse to refund me",
        "you denied my claim",
        "they won't compensate us for the hotel",
        "my refund was rejected",
        "they only offered me a $25 voucher",
        "you refused to replace it",
    ),
}

CALM = {
    "threat": (
        "my lawyer loves it",
        "my lawyer recommended this restaurant",
        "better call my lawyer friend, this cake is a crime",
        "we had dinner next to the court",
        "my aunt Sue is happy with it",
        "report back when the new menu is out",
        "the press loved the show",
        "great workout, taking this higher and higher music",
    ),
    "rally": (
        "a song about the club",
        "please share your order number by DM",
        "I don't fly with them often but it was nice",
        "please retweet to win tickets, giveaway ends Friday",
        "I never buy from this shop but today I did",
        "why don't you fly to Lisbon from here",
        "how can I avoid this delay next time?",
        "I made a video about my trip, amazing crew, thanks",
        "no boycott, just a question",
    ),
    "vulnerable": (
        "kids loved it",
        "my daughter loves the new flavour",
        "sick of waiting for you",
        "stuck in traffic again",
        "my baby is a 1967 mustang and you scratched it",
        "great hotel for children, the pool is huge",
        "funeral for a friend is my favourite song, missed it live",
        "can I bring my cpap machine?",
        "my son won the match, the crowd was stranded in joy",
    ),
    "refused_redress": (
        "I refuse to pay that much for a shirt",
        "I won't pay the fee",
        "got my refund in two days, impressed",
        "how do I get a refund?",
        "it won't help",
        "hope you don't refuse to refund me",
    ),
}


@pytest.mark.parametrize(("signal", "text"), [(code, text) for code, texts in WAKING.items() for text in texts])
def test_waking_signals_are_heard(reader: CueReader, signal: str, text: str) -> None:
    assert signal in read(reader, text).labels.signals


@pytest.mark.parametrize(("signal", "text"), [(code, text) for code, texts in CALM.items() for text in texts])
def test_waking_signals_stay_quiet(reader: CueReader, signal: str, text: str) -> None:
    assert signal not in read(reader, text).labels.signals


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        ("safety", "we all got food poisoning at your restaurant"),
        ("safety", "found a cockroach in the room"),
        ("safety", "the charger caught fire on my desk"),
        ("safety", "you leaked my personal data"),
        ("safety", "there was glass in my salad"),
        ("delay", "our flight is delayed for the third hour"),
        ("lost_or_damaged", "you lost my suitcase"),
        ("fulfilment", "I got the wrong size"),
        ("product_defect", "the laptop stopped working"),
        ("billing", "you charged me twice, I want my money back"),
        ("access", "I can't log in, the app is down"),
        ("unresponsive", "on hold for two hours and nobody answers"),
        ("staff_conduct", "your agent was so rude"),
        ("misinformation", "no information at all, nobody knows anything"),
        ("policy", "a stupid policy, you won't let us change"),
        ("other", "worst airline ever"),
        ("other", "wtf"),
        ("fulfilment", "shop giao nhầm hàng"),
    ],
)
def test_failures(reader: CueReader, failure: str, text: str) -> None:
    assert read(reader, text).labels.failure == failure


@pytest.mark.parametrize(
    "text",
    [
        "this team is on fire tonight",
        "dangerous game you play",
        "sick of this delay",
        "the band is on fire",
        "it is not unsafe",
    ],
)
def test_safety_stays_quiet(reader: CueReader, text: str) -> None:
    assert read(reader, text).labels.failure != "safety"


@pytest.mark.parametrize(
    ("severity", "text"),
    [
        ("no_reproach", "my bag is still not here, any news?"),
        ("disapproval", "this delay is so annoying"),
        ("accusation", "you lost my bag and you never answer"),
        ("blame", "worst airline ever, your staff are liars"),
    ],
)
def test_severities(reader: CueReader, severity: str, text: str) -> None:
    assert read(reader, text).labels.severity == severity


@pytest.mark.parametrize(
    ("signal", "text"),
    [
        ("unanswered", "no response to my three emails"),
        ("repeated", "third time this week"),
        ("handed_on", "transferred me to another department"),
        ("churn", "I will never fly with you again"),
        ("bot_frustration", "your chatbot is useless"),
        ("resolved", "thanks for fixing it so quickly"),
        ("loyal", "would definitely recommend"),
    ],
)
def test_other_signals(reader: CueReader, signal: str, text: str) -> None:
    assert signal in read(reader, text).labels.signals


def test_every_head_is_whole_and_adds_up(reader: CueReader) -> None:
    answer = read(reader, "you lost my bag AGAIN!!")
    failure, severity, signals = (answer.heads[name] for name in ("failure", "severity", "signals"))
    assert failure is not None
    assert severity is not None
    assert signals is not None
    assert set(failure) == set(Failure)
    assert set(severity) == set(Severity)
    assert set(signals) == set(Signal)
    assert sum(failure.values()) == pytest.approx(1.0, abs=0.01)
    assert sum(severity.values()) == pytest.approx(1.0, abs=0.01)
    assert answer.complaint is None
    assert answer.classifier == "cues@1"


def test_bad_texts_are_left_out_alone(reader: CueReader) -> None:
    texts = ["late", "", "\u200b\u200b", "\x00", "\ud800", "late " * 250_000, None, "lost"]
    answers = reader.read([Reading(str(number), text) for number, text in enumerate(texts)])  # type: ignore[arg-type]
    assert [answer.id for answer in answers] == [str(number) for number in range(len(texts))]
    assert [answer.id for answer in answers if isinstance(answer, Unreadable)] == ["1", "2", "3", "6"]
    assert isinstance(answers[5], Prediction)
    assert answers[5].truncated


def test_the_cost_of_a_post_stays_small(reader: CueReader) -> None:
    text = "@air two hours on hold, my kids are stuck here again and nobody answers. refuse to refund, lawyer next"
    readings = [Reading("1", text)] * 2_000
    started = time.process_time()
    reader.read(readings)
    # Five times the budget of 60 microseconds: a slow or shared machine must not fail, a quadratic pattern must.
    assert (time.process_time() - started) / len(readings) < 300e-6


def test_cues_speak_of_codes_that_exist() -> None:
    for table, codes in ((FAILURE_CUES, Failure), (SEVERITY_CUES, Severity), (SIGNAL_CUES, Signal)):
        assert {cue.code for cue in table} == set(codes)
        assert all(0 < cue.weight < 1 for cue in table)


def test_phrases_are_written_as_texts_are_flattened() -> None:
    for cue in (*FAILURE_CUES, *SEVERITY_CUES, *SIGNAL_CUES):
        for phrase in (phrase for group in cue.phrases.split(";") for phrase in expand(group)):
            body = phrase.removesuffix("*")
            assert "*" not in body, phrase
            assert flatten(body.replace("#", "7")).split() == body.split(), phrase


def test_groups_expand_also_when_nested() -> None:
    assert set(expand("a {b {c|d} |e} f")) == {"a b c f", "a b d f", "a e f"}
