"""A made-up data folder in the shape of the labelled sets, small enough to train on in a second."""

import json
from pathlib import Path
from typing import Any

from models.evaluate import AIRLINE_FAILURES

GOLD_TEXT = "@air my blue suitcase never came back from Rome http://t.co/a1"
VALIDATION_TEXT = "what a lovely evening by the river"


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def build_data(folder: Path) -> Path:
    """Write every file that training reads; one gold and one validation row come again, masked in another way."""
    names = ("negative", "neutral", "positive")
    words = ("bag", "flight", "phone", "bill", "room", "train", "meal", "order")
    feelings = ("hate the {} number {}", "saw a {} number {}", "love the {} number {}")
    tweets: list[dict[str, Any]] = [
        {"text": feelings[label].format(word, number), "label": label, "label_name": names[label]}
        for label in range(3)
        for word in words
        for number in range(12)
    ]
    leak = {"text": "What a lovely evening by the river! @user", "label": 2, "label_name": "positive"}
    write_rows(folder / "tweeteval_sentiment/train.jsonl", [*tweets, leak])
    write_rows(
        folder / "tweeteval_sentiment/val.jsonl",
        [
            {"text": VALIDATION_TEXT, "label": 2, "label_name": "positive"},
            *({**row, "text": row["text"] + " today"} for row in tweets[::9]),
        ],
    )
    write_rows(folder / "tweeteval_offensive/train.jsonl", [{"text": "you are a fool, senator", "label": 1}])
    write_rows(folder / "goemotions/train.jsonl", [{"text": "I am so sad tonight", "labels": ["sadness"]}])
    write_rows(folder / "nusax_senti/english/train.jsonl", [{"text": "the cakes are great", "label": 2}])
    aspects = [{"category": "SERVICE#GENERAL", "polarity": "negative"}]
    for name in ("rest16_acos", "laptop_acos"):
        write_rows(
            folder / f"absa_en/{name}/train.jsonl", [{"text": f"they did n ' t care at {name} .", "labels": aspects}]
        )
    write_rows(
        folder / "complaints_acl2019/train.jsonl",
        [
            {"text": GOLD_TEXT.replace("@air", "@rail").replace("http://t.co/a1", "http"), "label": 1},
            *({"text": f"@shop my {word} {number} is broken", "label": 1} for word in words for number in range(12)),
            *({"text": f"@shop is the {word} {number} blue", "label": 0} for word in words for number in range(12)),
        ],
    )
    labels = {
        "sentiment": "negative",
        "complaint": True,
        "severity": "accusation",
        "failure": "lost_or_damaged",
        "signals": ["churn"],
    }
    write_rows(
        folder / "gold_taxonomy/dev.jsonl",
        [
            {"text": GOLD_TEXT, "lang": "en", "labels": labels},
            {"text": "thank you", "lang": "en", "labels": {"sentiment": "positive", "complaint": False, "signals": []}},
        ],
    )
    write_rows(folder / "gold_replies/dev.jsonl", [{"customer": "where is it", "reply": "we are sorry"}])
    reasons = list(AIRLINE_FAILURES)
    write_rows(
        folder / "airline_us_2015/train.jsonl",
        [
            *(
                {"text": f"terrible {reason}", "airline_sentiment": "negative", "negativereason": reason}
                for reason in reasons
            ),
            {"text": "on board", "airline_sentiment": "neutral", "negativereason": ""},
            {"text": "great crew", "airline_sentiment": "positive", "negativereason": ""},
        ],
    )
    write_rows(folder / "twcs_sample/tweets.jsonl", [{"text": "hello there"}])
    return folder
