"""The re-enactment: in order, the same every time, sized after the facts, and invented from end to end."""

import importlib.util
import json
import re
import sys
import tomllib
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from app.domain.posts import EngagementSample, Post, Visibility
from app.settings import load, load_policy
from collectors.normalised import Truth, line_from
from models.reply_cues import ReplyCueReader

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FOLDER = EXAMPLES / "broken_guitar"
Line = dict[str, Any]
NOT_POSTS = ("engagement", "truth", "reply")


@pytest.fixture(scope="module")
def scenario() -> ModuleType:
    spec = importlib.util.spec_from_file_location("broken_guitar_scenario", FOLDER / "scenario.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def lines(scenario: ModuleType) -> list[Line]:
    return list(scenario.build())


def posts(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line["kind"] not in NOT_POSTS]


def when(line: Line) -> datetime:
    return datetime.fromisoformat(line.get("created_at") or line["at"])


def one(lines: list[Line], id: str) -> Line:
    (found,) = [line for line in lines if line.get("id") == id]
    return found


def test_every_line_is_one_that_the_collectors_can_read(lines: list[Line]) -> None:
    read = Counter(type(line_from(line, "other")) for line in lines)
    assert read.keys() == {Post, EngagementSample, Truth}
    assert read[Truth] == 1


def test_the_lines_come_in_time_order_and_the_truth_last(lines: list[Line]) -> None:
    assert lines[-1]["kind"] == "truth"
    times = [when(line) for line in lines[:-1]]
    assert times == sorted(times)


def test_the_same_seed_gives_the_same_lines_and_another_gives_others(scenario: ModuleType, lines: list[Line]) -> None:
    assert list(scenario.build()) == lines
    assert list(scenario.build(seed=7)) != lines


def test_ids_are_used_once_and_replies_and_samples_name_a_post_there_is(lines: list[Line]) -> None:
    ids = Counter(line["id"] for line in lines if "id" in line)
    assert set(ids.values()) == {1}
    assert {line["post"] for line in lines if line["kind"] == "engagement"} <= ids.keys()
    for line in lines:
        if line["kind"] == "reply":
            assert when(one(lines, line["parent_id"])) < when(line)


def test_it_holds_a_few_thousand_ordinary_posts_on_four_sources_in_two_languages(lines: list[Line]) -> None:
    ordinary = [line for line in posts(lines) if re.match(r"[mtvr]-\d", line["id"])]
    assert 3_000 <= len(ordinary) <= 4_000
    assert {line["source"] for line in ordinary} == {"mastodon", "helpdesk", "reviews", "videos"}
    languages = Counter(line["language"] for line in ordinary)
    assert languages["vi"] > 100
    assert languages["en"] > 10 * languages["vi"] / 2


def test_the_words_are_varied(lines: list[Line]) -> None:
    texts = Counter(line["text"] for line in posts(lines))
    assert len(texts) >= 0.9 * texts.total()
    assert texts.most_common(1)[0][1] <= 12


def test_no_slot_is_left_unfilled(lines: list[Line]) -> None:
    assert not [line["text"] for line in lines if "text" in line and re.search(r"[{}]", line["text"])]


def test_most_ordinary_complaints_are_answered_within_a_working_day(lines: list[Line]) -> None:
    replies = {line["parent_id"]: when(line) for line in lines if line["kind"] == "reply"}
    tickets = [line for line in posts(lines) if re.match(r"t-\d", line["id"])]
    answered = [replies[line["id"]] - when(line) for line in tickets if line["id"] in replies]
    assert len(answered) > 0.85 * len(tickets)
    assert len(answered) < len(tickets)
    assert max(answered) <= timedelta(hours=14)


def test_the_helpful_replies_meet_the_policy_and_the_others_do_not(lines: list[Line]) -> None:
    rules = load_policy(FOLDER / "policies" / "northwind.toml").reply
    words = tomllib.loads((FOLDER / "phrases.toml").read_text(encoding="utf-8"))
    slots = {name: choices[0] for name, choices in words["slots"].items()} | {"first": "Ada"}
    reader = ReplyCueReader()

    def meets(text: str) -> bool:
        (read,) = reader.read([text.format(**slots)])
        asked = all(read.acts & group for group in rules.require_any)
        return asked and not read.acts & (rules.forbid | {"template"})

    helpful = [text for texts in words["reply_fix"].values() for text in texts]
    assert [text for text in helpful if not meets(text)] == []
    assert [text for text in words["reply_weak"]["any"] if meets(text)] == []
    assert meets(
        next(line["text"] for line in lines if line.get("parent_id") == "guitar-song" and line["kind"] == "reply")
    )
    desks = [line["text"] for line in lines if line.get("thread_id") == "ticket-0" and line["kind"] == "reply"]
    assert [text for text in desks if meets(text)] == []


def test_tickets_are_private_and_nothing_else_is(lines: list[Line]) -> None:
    for line in posts(lines):
        assert (line["visibility"] == "private") == (line["kind"] == "ticket") == (line["source"] == "helpdesk")
    read = [line_from(line, "x") for line in lines if line["source"] == "helpdesk"]
    assert all(isinstance(post, Post) and post.visibility is Visibility.PRIVATE for post in read)


def test_the_musicians_thread_is_one_author_on_one_source_without_an_answer_before_the_song(lines: list[Line]) -> None:
    thread = [line for line in posts(lines) if line["id"].startswith("guitar-")]
    assert {(line["author"]["id"], line["source"]) for line in thread} == {("perrin", "mastodon")}
    song = one(lines, "guitar-song")
    answers = [line for line in lines if line["kind"] == "reply" and line.get("thread_id") == "guitar-0"]
    assert [when(answer) - when(song) for answer in answers] == [timedelta(hours=47)]
    assert one(lines, "guitar-song")["kind"] == "video"


def test_the_days_of_the_story_follow_the_facts(scenario: ModuleType, lines: list[Line]) -> None:
    incident = datetime.fromisoformat("2025-06-08T00:00:00Z")
    song = when(one(lines, "guitar-song"))
    assert (when(one(lines, "guitar-0")) - incident).days == 7
    assert (song - incident).days == 281
    assert (song - when(one(lines, "guitar-threat"))).days == 4
    assert scenario.upload_at() == song
    assert lines[-1]["case_post"] == "guitar-0"
    tickets = [line for line in lines if line.get("thread_id") == "ticket-0" and line["kind"] == "reply"]
    assert len(tickets) == 4
    assert "not responsible" in tickets[-1]["text"]


@pytest.mark.parametrize(
    ("hours", "views", "comments"),
    [(26, 24_000, None), (40, 137_000, None), (72, 502_000, None), (96, 1_400_000, None),
     (23, None, 461), (48, None, 1265)],
)  # fmt: skip
def test_the_song_is_sized_after_the_facts(
    lines: list[Line], hours: int, views: int | None, comments: int | None
) -> None:
    song = when(one(lines, "guitar-song"))
    (sample,) = [
        line
        for line in lines
        if line["kind"] == "engagement"
        and line["post"] == "guitar-song"
        and when(line) == song + timedelta(hours=hours)
    ]
    assert views in (None, sample["views"])
    assert comments in (None, sample["replies"])


def test_the_views_never_fall_and_come_every_hour_for_three_days(lines: list[Line]) -> None:
    samples = [line for line in lines if line["kind"] == "engagement" and line["post"] == "guitar-song"]
    views = [sample["views"] for sample in samples]
    assert views == sorted(views)
    gaps = {when(b) - when(a) for a, b in pairwise(samples[:72])}
    assert gaps == {timedelta(hours=1)}


def test_hundreds_of_comments_arrive_within_72_hours_of_the_song(lines: list[Line]) -> None:
    song = when(one(lines, "guitar-song"))
    comments = [line for line in posts(lines) if line.get("parent_id") == "guitar-song"]
    early = [line for line in comments if when(line) - song <= timedelta(hours=72)]
    assert 400 <= len(early) <= 900
    assert len({line["author"]["id"] for line in early}) == len(early)


def test_nobody_and_nothing_in_it_is_real(lines: list[Line]) -> None:
    said = json.dumps(lines, ensure_ascii=False).lower()
    for name in ("united", "carroll", "irlweg", "o'hare", "chicago", "omaha", "halifax", "sons of maxwell", "taylor"):
        assert name not in said
    handles = {line["author"]["handle"] for line in lines if "author" in line}
    assert all(handle.endswith(".example") for handle in handles)
    assert all(line["url"].split("/")[2].endswith(".example") for line in lines if "url" in line)


def test_the_facts_are_told_apart_from_the_invention_and_the_disputed_claim_is_not_made() -> None:
    facts = (FOLDER / "facts.md").read_text(encoding="utf-8")
    assert "2009-07-06" in facts
    assert "invented" in (FOLDER / "README.md").read_text(encoding="utf-8")
    assert not re.search(r"\$?\s?180|10 ?%|ten per ?cent", facts)


@pytest.mark.parametrize("name", ["broken_guitar", "airline"])
def test_the_configuration_of_an_example_is_one_that_can_be_applied(name: str) -> None:
    configuration = load(EXAMPLES / name / "fretwatch.toml", environ={})
    assert configuration.brands
    for brand in configuration.brands:
        assert configuration.policy(brand.policy).name != "default"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/policies/*.toml")), ids=lambda path: path.stem)
def test_every_policy_of_the_examples_has_an_owner_for_everything(path: Path) -> None:
    policy = load_policy(path)
    assert all(row.owner for row in policy.rows)
    assert policy.row_for("other", "no_reproach").owner


def test_the_airline_mapping_names_columns_of_the_real_file(shared: Path) -> None:
    mapping = tomllib.loads((EXAMPLES / "airline" / "mapping.toml").read_text(encoding="utf-8"))
    with (shared / "data" / "airline_us_2015" / "train.jsonl").open(encoding="utf-8") as file:
        columns = json.loads(file.readline()).keys()
    named = {value if isinstance(value, str) else value["column"] for value in mapping.values()}
    assert named <= set(columns)


def test_the_six_airlines_of_the_real_file_are_the_brands_of_the_example(shared: Path) -> None:
    with (shared / "data" / "airline_us_2015" / "train.jsonl").open(encoding="utf-8") as file:
        names = {json.loads(line)["airline"] for line in file}
    configuration = load(EXAMPLES / "airline" / "fretwatch.toml", environ={})
    assert {brand.slug for brand in configuration.brands} == {name.lower().replace(" ", "-") for name in names}
