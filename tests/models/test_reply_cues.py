"""The cue reader of replies: each act on made-up replies, and how it does on the gold set."""

import json
from pathlib import Path

import pytest

from app.domain.policies import ReplyRules
from app.domain.taxonomy import ReplyAct
from app.escalation.following import meets_policy
from models.reply_cues import CUES, ReplyCueReader


def acts(text: str) -> frozenset[str]:
    return ReplyCueReader().read([text])[0].acts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@mai I'm sorry that your guitar was damaged on the way.", {"acknowledge", "apologise"}),
        ("@mai That's really frustrating, we completely understand your frustration.", {"empathise"}),
        ("@mai We got this wrong, and it was our fault.", {"own"}),
        ("@mai The gate closed early due to the storm.", {"explain"}),
        ("@mai We'll refund the repair today.", {"remedy"}),
        ("@mai Which flight were you on, and have you filed a report?", {"follow_up"}),
        ("@mai Our baggage team will call you tomorrow.", {"follow_up"}),
        ("@mai Glad it worked out. Thank you!", {"thank"}),
        ("@mai There is nothing more we can do, this could happen with any airline.", {"deny"}),
        ("@mai Our lawyers will be in touch about this video.", {"threaten"}),
        ("@mai Please DM us.", {"redirect", "template"}),
        (
            "@mai We're sorry for the inconvenience. Please DM us so we can help.",
            {"apologise", "follow_up", "redirect", "template"},
        ),
        ("@mai Sẽ kiểm tra chuyến bay và hoàn tiền cho bạn, xin lỗi bạn.", {"follow_up", "remedy", "apologise"}),
        ("@mai See you on board!", set()),
        ("", set()),
    ],
)
def test_acts(text: str, expected: set[str]) -> None:
    assert acts(text) == expected


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("Please call us. ^MR", "person"),
        ("Please call us. - Daniel https://example.org/a", "person"),
        ("Please call us.", "unknown"),
        ("I am a bot. Please call us. ^MR", "bot"),
        ("Đây là tin trả lời tự động.", "bot"),
    ],
)
def test_who_answered(text: str, who: str) -> None:
    assert ReplyCueReader().read([text])[0].answered_by == who


def test_scores_name_every_act_and_grow_with_the_cues() -> None:
    (reading,) = ReplyCueReader().read(["Sorry, my apologies."])
    assert set(reading.scores) == {act.value for act in ReplyAct}
    assert {code for code, score in reading.scores.items() if score > 0} == set(reading.acts)
    (more,) = ReplyCueReader().read(["Sorry, my apologies, we regret this."])
    assert more.scores["apologise"] > reading.scores["apologise"]


def test_every_act_but_the_template_has_cues() -> None:
    assert set(CUES) == set(ReplyAct) - {ReplyAct.TEMPLATE}


def test_long_and_odd_texts_are_read_in_time() -> None:
    readings = ReplyCueReader().read(["sorry " * 3000, "?" * 20_000, "\x00\ud800 @@ ^", "a" * 20_000])
    assert "apologise" in readings[0].acts


@pytest.mark.external
def test_the_gold_set(shared: Path) -> None:
    """Macro F1 over the ten acts that occur. The cues were written after a look at these rows: an upper bound."""
    lines = (shared / "data" / "gold_replies" / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    read = ReplyCueReader().read([row["reply"] for row in rows])
    found = []
    for code in sorted({code for row in rows for code in row["reply_acts"]}):
        gold = [code in row["reply_acts"] for row in rows]
        said = [code in reading.acts for reading in read]
        both = sum(one and other for one, other in zip(gold, said, strict=True))
        found.append(2 * both / (sum(gold) + sum(said)))
    assert len(found) == 10
    assert sum(found) / len(found) > 0.8
    meets = [meets_policy(frozenset(row["reply_acts"]), "", ReplyRules())[0] for row in rows]
    said = [meets_policy(reading.acts, "", ReplyRules())[0] for reading in read]
    stops_wrongly = sum(not one and other for one, other in zip(meets, said, strict=True))
    assert stops_wrongly <= 6, "a clock that is stopped by mistake is the costly error"
