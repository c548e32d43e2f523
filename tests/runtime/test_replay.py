"""Replay: the same file gives the same world, however it is cut, whenever it is stopped, and never among live posts."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.domain.clock import ManualClock
from app.domain.errors import ConfigurationError, Conflict
from app.domain.posts import Post
from app.runtime import clocks
from app.runtime.replay import Pace, Player, ReplayReport, replay, start_of
from app.runtime.wiring import Product, apply_configuration, open_product
from app.settings import Configuration
from app.storage import schema
from app.storage.audit import audit
from app.storage.database import Database
from tests.pipeline.monitor import (
    DAY,
    EMPTY,
    GOOD,
    HOUR,
    MINUTE,
    NORTHWIND,
    POLICY,
    T0,
    Monitor,
    complaint,
    post,
    reply,
)

MakeProduct = Callable[..., Product]


def story() -> Iterator[Post]:
    """Three weeks: forty customers, answers good and empty, second complaints, happy ends; every time is different."""
    for number in range(300):
        at = T0 + number * 97 * MINUTE
        author = f"a{number % 40}"
        if number % 7 == 3:
            yield reply(f"{number}", GOOD if number % 3 else EMPTY, to=f"{number - 3}", at=at)
        elif number % 11 == 5:
            yield post(f"{number}", "signals=resolved thanks", author=author, at=at)
        elif number % 2:
            yield complaint(f"{number}", "failure=billing signals=refused_redress", author=author, at=at)
        else:
            yield complaint(f"{number}", "failure=delay southwind", author=author, at=at)


def line_of(found: Post) -> dict[str, Any]:
    return {
        "external_id": found.external_id,
        "source": found.source,
        "text": found.text,
        "author": {"external_id": found.author.external_id, "handle": found.author.handle},
        "created_at": found.created_at.isoformat() if found.created_at else None,
        "parent_id": found.parent_id,
    }


def write(folder: Path, lines: list[Any]) -> Path:
    file = folder / "posts.jsonl"
    file.write_text("".join(one if isinstance(one, str) else json.dumps(one) + "\n" for one in lines))
    return file


def world(database: Database) -> dict[str, Any]:
    """What must be the same: posts, complaints, cases and buckets."""
    monitor = Monitor(database)
    members = monitor.members()
    cases = {
        (case.author, case.brand, case.opened_at): (
            case.state,
            case.complaint_count,
            case.reply_count,
            case.clock_from,
            case.due_at,
            sorted(members[case.id]),
        )
        for case in monitor.cases()
    }
    assert monitor.findings() == []
    return {"cases": cases, "buckets": monitor.buckets(), "rings": monitor.rings()}


async def test_step_by_step_and_as_fast_as_possible_give_the_same_world(
    database: Database, tmp_path: Path, make_product: MakeProduct
) -> None:
    posts = list(story())
    fast = make_product(database)
    quick = await Player(fast, ManualClock(start_of(fast))).play(posts)
    other = tmp_path / "steps.db"
    steps = open_other(other)
    stepwise = make_product(steps)
    slow = await Player(stepwise, ManualClock(start_of(stepwise))).play_steps(posts)
    assert (quick.stored, quick.complaints, quick.cases) == (slow.stored, slow.complaints, slow.cases)
    assert quick.stored == 300
    assert world(database) == world(steps)
    steps.close()


def open_other(path: Path) -> Database:
    opened = Database(f"sqlite:///{path}")
    schema.upgrade(opened)
    return opened


async def test_the_same_file_again_changes_nothing(product: Product, tmp_path: Path) -> None:
    file = write(tmp_path, [line_of(found) for found in list(story())[:120]])
    first = await replay(product, file)
    before = world(product.database)
    again = await replay(product, file)
    assert (first.stored, again.stored, again.duplicates) == (120, 0, 120)
    assert (again.complaints, again.cases, again.alerts) == (0, 0, 0)
    assert world(product.database) == before


async def test_a_replay_that_was_stopped_is_taken_up(
    product: Product, tmp_path: Path, make_product: MakeProduct
) -> None:
    posts = list(story())[:150]
    clock = ManualClock(start_of(product))
    half = Player(product, clock)
    intake = product.intake(clock=clock, as_live=True)
    half._register(posts)
    intake.take(posts[:70])
    await Player(product, ManualClock(start_of(product))).play_steps(posts)
    other = open_other(tmp_path / "whole.db")
    whole = make_product(other)
    await Player(whole, ManualClock(start_of(whole))).play_steps(posts)
    assert world(product.database) == world(other)
    other.close()


async def test_live_posts_are_not_mixed_with_replayed_ones(product: Product, tmp_path: Path) -> None:
    product.intake().take([complaint("live", at=product.clock.now())])
    with pytest.raises(Conflict, match="FRETWATCH_DATABASE_URL"):
        await replay(product, write(tmp_path, [line_of(complaint("1"))]))


async def test_the_time_of_a_replayed_database_goes_on_where_it_ended(product: Product, tmp_path: Path) -> None:
    assert not clocks.is_virtual(product.database)
    last = T0 + 3 * HOUR
    report = await replay(product, write(tmp_path, [line_of(complaint("1")), line_of(complaint("2", at=last))]))
    assert (report.first_at, report.last_at) == (T0, last)
    assert clocks.is_virtual(product.database)
    now = clocks.event_clock(product.database).now()
    assert last <= now < last + timedelta(minutes=5)


async def test_a_file_with_nothing_in_it_leaves_the_database_as_it_was(product: Product, tmp_path: Path) -> None:
    report = await replay(product, write(tmp_path, ["no json\n"]))
    assert (report.stored, report.malformed_count) == (0, 1)
    assert not clocks.is_virtual(product.database)


async def test_bad_lines_are_told_and_their_neighbours_pass(product: Product, tmp_path: Path) -> None:
    bad = [
        "{broken\n",
        {"text": "northwind without an id", "created_at": "yesterday"},
        {**line_of(post("x")), "created_at": "0001-01-01T00:00:00Z"},
        {**line_of(post("y")), "created_at": "9999-12-31T23:59:59Z"},
        {**line_of(post("z")), "text": "nothing about anyone"},
    ]
    report = await replay(
        product, write(tmp_path, [line_of(complaint("1")), *bad, line_of(complaint("2", at=T0 + HOUR))])
    )
    assert report.stored >= 2
    assert report.malformed_count >= 2
    assert report.unmatched == 1
    assert Monitor(product.database).findings() == []
    now = clocks.event_clock(product.database).now()
    assert T0 <= now < T0 + 400 * DAY


async def test_a_wrong_mapping_stores_nothing(product: Product, tmp_path: Path) -> None:
    table, mapping = tmp_path / "posts.csv", tmp_path / "mapping.toml"
    table.write_text("tweet_id,words\n1,northwind\n")
    mapping.write_text('id = "tweet_id"\ntext = "text"\n')
    with pytest.raises(ConfigurationError, match="text"):
        await replay(product, table, mapping)
    assert not clocks.is_virtual(product.database)


async def test_a_table_is_replayed_by_its_mapping(product: Product, tmp_path: Path) -> None:
    table, mapping = tmp_path / "posts.csv", tmp_path / "mapping.toml"
    rows = [f"{n},northwind complaint=0.9,a{n},2026-03-02 1{n}:00:00 +0000" for n in range(5)]
    table.write_text("\n".join(["tweet_id,words,who,at", *rows]) + "\n")
    mapping.write_text(
        'id = "tweet_id"\ntext = "words"\nauthor = "who"\nbrand = { value = "northwind" }\n'
        'created_at = { column = "at", format = "%Y-%m-%d %H:%M:%S %z" }\n'
    )
    report = await replay(product, table, mapping)
    assert (report.stored, report.complaints, report.cases) == (5, 5, 5)


async def test_progress_is_told(product: Product) -> None:
    seen: list[int] = []

    def tell(report: ReplayReport) -> None:
        seen.append(report.read)

    await Player(product, ManualClock(start_of(product)), progress=tell).play_steps(list(story())[:30])
    assert seen[-1] == 30
    assert seen == sorted(seen)


def test_a_pace_has_stages() -> None:
    pace = Pace(60.0, ((T0, 3600.0),))
    assert pace.pause(T0 - HOUR, T0) == 1.0
    assert pace.pause(T0, T0 + HOUR) == 60.0
    assert pace.pause(T0 + HOUR, T0) == 0.0
    assert Pace().pause(T0, T0 + DAY) == 0.0
    assert pace.stretch(T0) == timedelta(seconds=15)
    assert Pace().stretch(T0) == 6 * HOUR


async def test_the_shipped_reader_follows_a_complaint(tmp_path: Path) -> None:
    configuration = replace(
        Configuration(), brands=(NORTHWIND,), policies=(POLICY,), database_url=f"sqlite:///{tmp_path}/real.db"
    )
    opened = open_product(configuration)
    apply_configuration(configuration, opened.database)
    text = "Northwind broke my guitar and refused to pay. I called five times and nobody answers. Worst airline ever!"
    angry = replace(complaint("1"), text=text)
    calm = replace(post("2", author="bob", at=T0 + HOUR), text="Lovely flight with Northwind today, thank you so much!")
    answer = replace(
        reply("3", to="1", at=T0 + 2 * HOUR),
        text="We are so sorry about your broken guitar, Ann. It is our fault and we will refund the repair today. ^MR",
    )
    report = await Player(opened, ManualClock(start_of(opened))).play_steps([angry, calm, answer])
    assert (report.stored, report.complaints, report.cases) == (3, 1, 1)
    found = world_findings(opened.database)
    opened.close()
    assert found == []


def world_findings(database: Database) -> list[str]:
    with database.read() as tx:
        return audit(tx, database.now()).findings


def test_absurd_times_of_a_replay_stay_within_reason(product: Product) -> None:
    clock = ManualClock(start_of(product))
    intake = product.intake(clock=clock, as_live=True)
    far = [datetime.max.replace(tzinfo=T0.tzinfo), datetime.min.replace(tzinfo=T0.tzinfo)]
    report = intake.take([post("1"), *(post(f"far{n}", at=at) for n, at in enumerate(far))])
    assert report.posts[0].outcome == "created"
