"""The re-enactment as JSON lines in time order: nine months of ordinary posts, one complaint, one song.

`build(seed=…)` yields the lines of a backtest file (posts of all kinds, replies, engagement, the truth at the end); the
same seed gives the same lines. `python scenario.py > scenario.jsonl` writes them out. The words are in `phrases.toml`
and `story.toml`.
"""

import json
import math
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, Final

HERE: Final = Path(__file__).parent
BRAND: Final = "northwind"
PUBLIC: Final = "mastodon"
HELPDESK: Final = "helpdesk"
REVIEWS: Final = "reviews"
VIDEOS: Final = "videos"
DEFAULT_SEED: Final = 281
ORDINARY_POSTS: Final = 3_400
DAYS_BEFORE: Final = 14
"""Ordinary days before the incident: the baseline of the burst rule wants a fortnight."""
DAYS_AFTER_SONG: Final = 4
HOURS_OF_DAY: Final = (2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 8, 7, 6, 5, 4, 3)
"""How busy each UTC hour is; the brand's customers live some hours west of it."""

TOPICS: Final = {
    "praise": 20, "question": 15, "other": 17, "delay": 9, "bag": 4, "billing": 4, "access": 3, "staff": 2,
    "unresponsive": 2, "misinformation": 2, "policy": 2, "vi_praise": 3, "vi_question": 2, "vi_complaint": 2,
    "review_good": 5, "review_bad": 4, "ticket": 7, "video": 3,
}  # fmt: skip
"""Shares of the ordinary posts, in parts."""
COMPLAINTS: Final = ("delay", "bag", "billing", "access", "staff", "unresponsive", "misinformation", "policy")
ANSWERED: Final = 0.985
"""Share of ordinary complaints that get a reply which meets the policy; a few get a weak one, the rest none."""
WEAK: Final = 0.01

Line = dict[str, Any]
Words = Mapping[str, Any]


def build(*, seed: int = DEFAULT_SEED) -> Iterator[Line]:
    """Every line of the scenario, in time order."""
    story, words = _read("story.toml"), _read("phrases.toml")
    lines = [
        *_ordinary_days(Random(seed), story, words),
        *_the_story(story),
        *_the_cascade(Random(seed + 1), story, words),
    ]
    lines.sort(key=lambda line: (_when(line), line["kind"] == "engagement"))
    yield from lines
    yield _truth(story)


def upload_at() -> datetime:
    """When the song goes up."""
    return _song_at(_read("story.toml"))


# The ordinary days ---------------------------------------------------------------------------------------------------


def _ordinary_days(chance: Random, story: Words, words: Words) -> Iterator[Line]:
    start = _midnight(story) - timedelta(days=DAYS_BEFORE)
    days = (_song_at(story) - start).days + DAYS_AFTER_SONG
    writer = _Writer(chance, words)
    for number in range(ORDINARY_POSTS):
        at = start + timedelta(days=chance.randrange(days)) + _time_of_day(chance)
        topic = chance.choices(list(TOPICS), weights=list(TOPICS.values()))[0]
        yield from writer.ordinary(f"{number:05d}", topic, at)


class _Writer:
    """Writes ordinary posts and the brand's answers to them."""

    def __init__(self, chance: Random, words: Words) -> None:
        self._chance = chance
        self._words = words

    def ordinary(self, number: str, topic: str, at: datetime) -> Iterator[Line]:
        """One post of a topic, with the reply to it where there is one."""
        if topic == "ticket":
            subject = self._chance.choice(COMPLAINTS)
            post = self._post(f"t-{number}", HELPDESK, subject, at, kind="ticket", visibility="private")
            yield from self._with_reply(post, subject)
        elif topic == "video":
            post = self._post(f"v-{number}", VIDEOS, self._chance.choice(("praise", "other")), at, kind="video")
            post["engagement"] = self._little_engagement(views=True)
            yield post
        elif topic.startswith("review_"):
            post = self._post(f"r-{number}", REVIEWS, topic, at, kind="review")
            post["rating"] = self._chance.choice((4, 5, 5) if topic == "review_good" else (1, 2, 2))
            post["rating_max"] = 5
            yield from self._with_reply(post, "review" if topic == "review_bad" else "")
        else:
            post = self._post(f"m-{number}", PUBLIC, topic, at)
            post["engagement"] = self._little_engagement(views=False)
            yield from self._with_reply(post, topic)

    def text(self, topic: str, *, first: str = "") -> str:
        """A sentence or two about a topic."""
        parts = self._words[topic]
        pick = self._chance.random
        opener = self._choose(self._openers(topic)) if pick() < 0.55 else ""
        core = self._choose(parts["core"])
        detail = self._choose(parts.get("detail", [""])) if pick() < 0.6 else ""
        closer = self._choose(parts.get("closer", [""])) if pick() < 0.5 else ""
        return self._fill(self._joined(opener, core, detail, closer), first=first)

    def reply(self, topic: str, first: str) -> str:
        """What the brand answers; mostly something that helps, sometimes a form letter."""
        if topic in ("praise", "other", "question", "vi_question"):
            return self._fill(self._choose(self._words["reply_answer"]["any"]), first=first)
        if self._chance.random() < WEAK:
            return self._choose(self._words["reply_weak"]["any"])
        key = "vi" if topic.startswith("vi_") else topic
        return self._fill(self._choose(self._words["reply_fix"][key]), first=first)

    def comment(self, mood: str) -> str:
        """A sentence or two under the song."""
        cascade = self._words["cascade"]
        parts = [self._choose(cascade[mood])]
        if mood == "outrage" and self._chance.random() < 0.45:
            parts.insert(0, self._choose(cascade["lead"]))
        if self._chance.random() < 0.4:
            parts.append(self._choose(cascade["second"]))
        if self._chance.random() < 0.35:
            parts.append(self._choose(cascade["tails"]))
        ended = (".", "?", "!", ":", ",", "🎸", "😂", "@northwind", "#northwindsong")
        sentences = [part if part.endswith(ended) else f"{part}." for part in parts]
        return self._worn(self._fill(" ".join(sentences)))

    def name(self) -> str:
        """An invented person."""
        return f"{self._choose(self._words['names']['first'])} {self._choose(self._words['names']['last'])}"

    def _with_reply(self, post: Line, topic: str) -> Iterator[Line]:
        yield post
        share = {"question": 0.8, "vi_question": 0.7, "praise": 0.1, "other": 0.0, "vi_praise": 0.0, "": 0.0}
        if self._chance.random() >= share.get(topic, ANSWERED):
            return
        # Minutes for most, some hours for a few: the shape of real support threads.
        delay = timedelta(minutes=min(14 * 60, 8 + self._chance.lognormvariate(3.9, 1.1)))
        first = post["author"]["name"].split()[0]
        yield _reply_to(post, self.reply(topic, first), datetime.fromisoformat(post["created_at"]) + delay)

    def _post(self, id: str, source: str, topic: str, at: datetime, **more: Any) -> Line:
        name = self.name()
        author = f"a-{id}" if topic not in ("praise", "other") else f"regular-{self._chance.randrange(400)}"
        language = "vi" if topic.startswith("vi_") else "en"
        text = self._worn(self.text(topic))
        followers = int(self._chance.lognormvariate(4.6, 1.3)) if source in (PUBLIC, VIDEOS) else None
        return _post(id, source, text, at, _author(author, name, followers), language=language, **more)

    def _openers(self, topic: str) -> Sequence[str]:
        key = "review" if topic.startswith("review_") else "vi" if topic.startswith("vi_") else "any"
        openers: Sequence[str] = self._words["openers"]["complaint" if topic in COMPLAINTS else key]
        return openers

    def _joined(self, opener: str, core: str, detail: str, closer: str) -> str:
        if not opener or opener.endswith((".", "!")):
            core = core[:1].upper() + core[1:]
        mark = "" if core.endswith(("?", ".", "!")) else self._choose((", ", ". ", " - ", "; ")) if detail else ""
        if mark in (". ", "") and detail:
            detail = detail[:1].upper() + detail[1:]
        body = f"{core}{mark or (' ' if detail else '')}{detail}".rstrip(" -;,")
        end = "" if body.endswith(("?", ".", "!")) else "."
        return " ".join(part for part in (opener, body + end, closer) if part)

    def _fill(self, text: str, *, first: str = "") -> str:
        text = text.replace("{first}", first)
        for slot, choices in self._words["slots"].items():
            while f"{{{slot}}}" in text:
                text = text.replace(f"{{{slot}}}", self._choose(choices), 1)
        return text

    def _worn(self, text: str) -> str:
        """As people type: some never use capitals, some leave the last full stop."""
        pick = self._chance.random()
        if pick < 0.09:
            return text.lower()
        return text.removesuffix(".") if pick < 0.4 else text

    def _little_engagement(self, *, views: bool) -> dict[str, int | None]:
        likes = int(self._chance.lognormvariate(0.6, 1.0))
        return {
            "views": int(60 + self._chance.lognormvariate(5.2, 1.0)) if views else None,
            "likes": likes,
            "shares": int(likes * self._chance.random() * 0.4),
            "replies": self._chance.choice((0, 0, 0, 1, 1, 2)),
        }

    def _choose(self, choices: Sequence[str]) -> str:
        return self._chance.choice(choices)


# The story -----------------------------------------------------------------------------------------------------------


def _the_story(story: Words) -> Iterator[Line]:
    author = dict(story["author"])
    thread: dict[str, Line] = {}
    for number, entry in enumerate(story["public"]):
        id = f"guitar-{entry.get('id', number)}"
        more = {key: entry[key] for key in ("kind", "title") if key in entry}
        thread[id] = _post(id, PUBLIC, entry["text"], _at(story, entry), author, thread_id="guitar-0", **more)
        yield thread[id]
    for entry in story["public_reply"]:
        yield _reply_to(thread[f"guitar-{entry['to']}"], entry["text"], _at(story, entry))
    private = {"kind": "ticket", "visibility": "private", "thread_id": "ticket-0"}
    tickets = [
        _post(f"ticket-{n}", HELPDESK, entry["text"], _at(story, entry), {**author, "followers": None}, **private)
        for n, entry in enumerate(story["ticket"])
    ]
    yield from tickets
    for entry in story["ticket_reply"]:
        at = _at(story, entry)
        last = max((ticket for ticket in tickets if _when(ticket) <= at), key=_when)
        yield _reply_to(last, entry["text"], at)
    yield from _views_of_the_song(story)


def _views_of_the_song(story: Words) -> Iterator[Line]:
    """Samples every hour for three days, then every six hours."""
    spread = story["spread"]
    for hour in [*range(1, 73), *range(78, DAYS_AFTER_SONG * 24 + 1, 6)]:
        views = _between(spread["views"], hour)
        yield {
            "kind": "engagement",
            "source": PUBLIC,
            "post": "guitar-song",
            "at": _said(_song_at(story) + timedelta(hours=hour)),
            "views": views,
            "likes": round(views * spread["likes_of_views"]),
            "shares": round(views * spread["shares_of_views"]),
            "replies": _between(spread["comments"], hour),
        }


def _the_cascade(chance: Random, story: Words, words: Words) -> Iterator[Line]:
    """The comments under the song that a collector sees; the counter of the video knows of more."""
    writer = _Writer(chance, words)
    curve = story["spread"]["collected_comments"]
    number = 0
    for hour in range(DAYS_AFTER_SONG * 24):
        for _ in range(_between(curve, hour + 1) - _between(curve, hour)):
            at = _song_at(story) + timedelta(hours=hour, seconds=chance.randrange(3600))
            yield _comment(writer, chance, number, at, hours=hour)
            number += 1


def _comment(writer: _Writer, chance: Random, number: int, at: datetime, *, hours: int) -> Line:
    weights = (50, 34, 10, 0) if hours < 52 else (40, 30, 2, 30)
    mood = chance.choices(("outrage", "amused", "question", "after"), weights=weights)[0]
    author = _author(f"fan-{number:04d}", writer.name(), int(chance.lognormvariate(5.0, 1.4)))
    return _post(f"c-{number:04d}", PUBLIC, writer.comment(mood), at, author, kind="comment", parent_id="guitar-song")


def _truth(story: Words) -> Line:
    return {
        "kind": "truth",
        "source": PUBLIC,
        "case_post": "guitar-0",
        "escalated_at": _said(_song_at(story)),
        "peak_at": _said(_song_at(story) + timedelta(hours=96)),
    }


# Lines ---------------------------------------------------------------------------------------------------------------


def _post(id: str, source: str, text: str, at: datetime, author: Mapping[str, Any], **more: Any) -> Line:
    return {
        "kind": "post",
        "source": source,
        "id": id,
        "author": dict(author),
        "text": text,
        "created_at": _said(at),
        "visibility": "public",
        "url": f"https://{source}.example/{id}",
        "brands": [BRAND],
        **more,
    }


def _reply_to(post: Line, text: str, at: datetime) -> Line:
    author = _author(BRAND, "Northwind Air", 51_000 if post["source"] == PUBLIC else None)
    more = {"parent_id": post["id"], "visibility": post["visibility"]}
    if "thread_id" in post:
        more["thread_id"] = post["thread_id"]
    return _post(f"{post['id']}-r{at:%j}", post["source"], text, at, author, kind="reply", **more)


def _author(id: str, name: str, followers: int | None) -> dict[str, Any]:
    handle = "@northwind@social.example" if id == BRAND else f"@{name.lower().replace(' ', '')}{id[-2:]}@social.example"
    return {"id": id, "handle": handle, "name": name, "followers": followers}


def _between(curve: Sequence[Sequence[int]], hour: float) -> int:
    """A cumulative counter at an hour, interpolated between its known points in the logarithm: growth, not steps."""
    for (left, low), (right, high) in pairwise(curve):
        if left <= hour <= right:
            share = (hour - left) / (right - left)
            return round(math.expm1(math.log1p(low) + share * (math.log1p(high) - math.log1p(low))))
    return curve[-1][1]


def _at(story: Words, entry: Words) -> datetime:
    return _midnight(story) + timedelta(days=entry["day"], hours=entry["hour"])


def _song_at(story: Words) -> datetime:
    return _at(story, next(entry for entry in story["public"] if entry.get("id") == "song"))


def _midnight(story: Words) -> datetime:
    return datetime.combine(story["incident"], time(), tzinfo=UTC)


def _time_of_day(chance: Random) -> timedelta:
    hour = chance.choices(range(24), weights=HOURS_OF_DAY)[0]
    return timedelta(hours=hour, seconds=chance.randrange(3600))


def _when(line: Line) -> datetime:
    return datetime.fromisoformat(line["created_at"] if "created_at" in line else line["at"])


def _said(at: datetime) -> str:
    return at.replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))


if __name__ == "__main__":
    for found in build():
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
