"""The training sets as rows of the heads sentiment and complaint: split, de-duplicated, free of every measured post.

Non-commercial sets (airline_us_2015, twcs_sample) and the gold sets are read here only to be kept OUT.
"""

import hashlib
import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from app.domain.errors import ConfigurationError
from models.text import comparison_key, normalise

Drawn = TypeVar("Drawn")

SENTIMENTS: Final = ("negative", "neutral", "positive")
OWN_CORPUS: Final = Path(__file__).parent / "corpus" / "complaint.jsonl"

LICENCES: Final = {
    "tweeteval_sentiment": '"no restrictions"; the platform\'s terms',
    "tweeteval_offensive": '"no restrictions"; the platform\'s terms',
    "nusax_senti/english": "CC BY-SA",
    "absa_en": "repository MIT, data unstated",
    "goemotions": "Apache-2.0 repository, data CC BY 4.0",
    "complaints_acl2019": "none stated",
    "own": "ours, written for the purpose",
}
"""Training set -> licence as stated by its publisher; the model card lists them."""

KEPT_OUT: Final = (
    "gold_taxonomy/dev.jsonl",
    "gold_replies/dev.jsonl",
    "tweeteval_sentiment/val.jsonl",
    "airline_us_2015/train.jsonl",
    "twcs_sample/tweets.jsonl",
)
"""Files that are measured on, or whose licence forbids work use: no text of theirs may be trained on."""


@dataclass(frozen=True, slots=True)
class Row:
    """One normalised text with its label (a class index for sentiment, 0 or 1 for complaint) and where it is from.

    `key` is what its copies share, taken before emoji become words: some copies have lost theirs.
    """

    text: str
    label: int
    source: str
    key: str

    @property
    def bucket(self) -> int:
        """A number from 0 to 99 that depends on the key alone: copies fall on the same side of every split."""
        return int(hashlib.sha256(self.key.encode()).hexdigest()[:8], 16) % 100


def make_row(raw: str, label: int, source: str) -> Row:
    """A row from a text as a set has it: undo what its makers did to it, then normalise as serving does."""
    text = _restored(raw, source)
    return Row(normalise(text).text, label, source, comparison_key(text))


@dataclass(frozen=True, slots=True)
class Task:
    """The rows of one head: trained on, calibrated on, and held out to be measured."""

    train: tuple[Row, ...]
    calibration: tuple[Row, ...]
    held_out: tuple[Row, ...]


def read_tasks(data: Path, *, seed: int) -> dict[str, Task]:
    """Both heads' rows; `data` is the folder of the labelled sets."""
    if not (data / "tweeteval_sentiment").is_dir():
        raise ConfigurationError(f"No labelled data at {data}: there should be a folder tweeteval_sentiment in it.")
    banned = kept_out_keys(data)
    return {"sentiment": _sentiment_task(data, banned), "complaint": _complaint_task(data, banned, seed)}


def data_hashes(data: Path) -> dict[str, str]:
    """File -> sha256 of what was trained on, for the manifest."""
    files = [*_SENTIMENT_FILES, _ACL, _OFFENSIVE, _EMOTIONS]
    hashes = {name: hashlib.sha256((data / name).read_bytes()).hexdigest() for name in sorted(set(files))}
    return hashes | {"own": hashlib.sha256(OWN_CORPUS.read_bytes()).hexdigest()}


def kept_out_keys(data: Path) -> frozenset[str]:
    """The comparison keys of every post that must not be trained on."""
    return frozenset(
        comparison_key(_restored(text, ""))
        for name in KEPT_OUT
        for row in _json_lines(data / name)
        for text in row.values()
        if isinstance(text, str)
    )


_ACL: Final = "complaints_acl2019/train.jsonl"
_OFFENSIVE: Final = "tweeteval_offensive/train.jsonl"
_EMOTIONS: Final = "goemotions/train.jsonl"
_SENTIMENT_FILES: Final = (
    "tweeteval_sentiment/train.jsonl",
    "nusax_senti/english/train.jsonl",
    "absa_en/rest16_acos/train.jsonl",
    "absa_en/laptop_acos/train.jsonl",
)
_HELD_OUT_BELOW: Final = 15
_CALIBRATION_BELOW: Final = 25


def _sentiment_task(data: Path, banned: frozenset[str]) -> Task:
    published = (row for name in _SENTIMENT_FILES for row in _sentiment_rows(data, name))
    rows = _distinct((*own_rows("sentiment"), *published), banned)
    held_out = tuple(_sentiment_rows(data, "tweeteval_sentiment/val.jsonl"))
    # 3 % of the training rows: about 1,500, enough for one temperature.
    calibration = tuple(row for row in rows if row.bucket < 3 and row.source == "tweeteval_sentiment")
    return Task(tuple(row for row in rows if row.bucket >= 3), calibration, held_out)


def _sentiment_rows(data: Path, name: str) -> Iterator[Row]:
    source = name.rsplit("/", 1)[0].removesuffix("/rest16_acos").removesuffix("/laptop_acos")
    for row in _json_lines(data / name):
        label = _one_polarity(row["labels"]) if source == "absa_en" else row["label"]
        if label is not None:
            yield make_row(row["text"], label, source)


def _one_polarity(aspects: Sequence[dict[str, Any]]) -> int | None:
    """The polarity of a sentence when all its aspects agree."""
    found = {aspect["polarity"] for aspect in aspects}
    return SENTIMENTS.index(found.pop()) if len(found) == 1 else None


def _complaint_task(data: Path, banned: frozenset[str], seed: int) -> Task:
    annotated = (make_row(row["text"], row["label"], "complaints_acl2019") for row in _json_lines(data / _ACL))
    labelled = _distinct(annotated, banned)
    held_out = tuple(row for row in labelled if row.bucket < _HELD_OUT_BELOW)
    taken = banned | {row.key for row in held_out}
    own = _distinct(own_rows("complaint"), taken)
    weak = _distinct((*_aspect_complaints(data), *_weak_negatives(data, random.Random(seed))), taken)
    calibration = tuple(row for row in labelled if _HELD_OUT_BELOW <= row.bucket < _CALIBRATION_BELOW) + tuple(
        row for row in own if row.bucket < 10
    )
    seen = {row.key for row in (*held_out, *calibration)}
    train = tuple(row for row in (*labelled, *own, *weak) if row.key not in seen)
    return Task(train, calibration, held_out)


def own_rows(head: str) -> Iterator[Row]:
    """The sentences written for the purpose, by the annotation guide, with their label for `head`."""
    for row in _json_lines(OWN_CORPUS):
        label = SENTIMENTS.index(row["sentiment"]) if head == "sentiment" else int(row["complaint"])
        yield make_row(row["text"], label, "own")


# Negative opinions on these state a breach (broken, slow, rude, missing); those on taste, looks and prices do not.
_BREACH: Final = re.compile(
    r"(?:SERVICE|SUPPORT|SHIPPING|DELIVERY|WARRANTY|COMPANY)#|#(?:QUALITY|OPERATION_PERFORMANCE)$"
)


def _aspect_complaints(data: Path) -> Iterator[Row]:
    """Review sentences: a negative breach is a complaint, a sentence with only positive aspects is none."""
    for name in _SENTIMENT_FILES[2:]:
        for row in _json_lines(data / name):
            negative = [aspect for aspect in row["labels"] if aspect["polarity"] == "negative"]
            if any(_BREACH.search(aspect["category"]) for aspect in negative):
                yield make_row(row["text"], 1, "absa_en")
            elif _one_polarity(row["labels"]) == SENTIMENTS.index("positive"):
                yield make_row(row["text"], 0, "absa_en")


def _weak_negatives(data: Path, chance: random.Random) -> Iterator[Row]:
    """Posts that are hardly ever complaints to a brand: praise and news, insults in politics, moods in forums.

    Without angry ones among them the head would learn that anger is a complaint.
    """
    calm = [row for row in _sentiment_rows(data, _SENTIMENT_FILES[0]) if row.label]
    insults = [row for row in _json_lines(data / _OFFENSIVE) if row["label"]]
    moods = [row for row in _json_lines(data / _EMOTIONS) if {"anger", "annoyance", "sadness"} & set(row["labels"])]
    yield from (replace(row, label=0) for row in _sample(calm, 2000, chance))
    yield from (make_row(row["text"], 0, "tweeteval_offensive") for row in _sample(insults, 800, chance))
    yield from (make_row(row["text"], 0, "goemotions") for row in _sample(moods, 800, chance))


def _sample(rows: list[Drawn], count: int, chance: random.Random) -> list[Drawn]:
    return chance.sample(rows, min(count, len(rows)))


_ESCAPE: Final = re.compile(r"\\+u([0-9a-fA-F]{4})")
_TOKENISED: Final = re.compile(r" (n ' t|' (?:s|t|re|ve|m|ll|d)\b|[.,!?;:)])")


def _restored(raw: str, source: str) -> str:
    text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), raw).replace('\\"', '"').replace('""', '"')
    if source == "absa_en":
        text = _TOKENISED.sub(lambda match: match[1].replace(" ", ""), text)
    return text


def _distinct(rows: Iterable[Row], banned: frozenset[str] | set[str]) -> tuple[Row, ...]:
    """Rows with a key of their own that is not banned; the first copy wins, texts without a word are dropped."""
    seen = set(banned) | {""}
    kept = []
    for row in rows:
        if row.key not in seen:
            seen.add(row.key)
            kept.append(row)
    return tuple(kept)


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            if line.strip():
                yield json.loads(line)
