"""A small made-up world for the pages: two brands, alerts of every level and state, cases, posts, trends, deliveries.

All brands, people and words are invented. Rows are inserted as the pipeline would leave them.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert as sql_insert

from app.domain.brands import Brand, SourceConfig
from app.domain.policies import Policy, PolicyRow, Settlement, Step
from app.domain.serialise import brand_to_json, policy_to_json, source_to_json
from app.storage import tables as t
from app.storage.database import Database, Transaction
from tests.web.rows import NOW, World, add_alert, add_case, add_post, insert, reason, ulid

HALCYON = Brand(slug="halcyon", name="Halcyon Air", timezone="America/Denver", policy="airline")
MARLOW = Brand(slug="marlow", name="Marlow Mobile", timezone="Europe/Berlin", policy="telecom")
AIRLINE = Policy(
    name="airline",
    version=4,
    timezone="America/Denver",
    promises=("Bags are delivered within 24 hours", "Refunds are paid within 7 days"),
    steps=(Step(timedelta(0), "oncall"),),
    rows=(
        PolicyRow("lost_or_damaged", owner="baggage-desk", settle=Settlement(1500, "USD", "repair or replacement")),
        PolicyRow("delay", owner="operations", settle=Settlement(120, "USD", "rebooking and a meal voucher")),
        PolicyRow("staff_conduct", owner="customer-care", reply_within=timedelta(hours=12)),
        PolicyRow(owner="customer-care"),
    ),
)
TELECOM = Policy(name="telecom", version=2, timezone="Europe/Berlin", rows=(PolicyRow(owner="service-desk"),))


def seed(database: Database) -> World:
    """Fill a migrated database."""
    world = World()
    with database.write() as tx:
        _watch(tx)
        _posts(tx, world)
        _cases(tx, world)
        _alerts(tx, world)
        _deliveries(tx, world)
        _trends(tx)
    return world


def empty(database: Database) -> None:
    """Only what is watched, and nothing that came in."""
    with database.write() as tx:
        _watch(tx)


def _watch(tx: Transaction) -> None:
    for brand in (HALCYON, MARLOW):
        tx.execute(
            insert(t.brand).values(
                slug=brand.slug,
                name=brand.name,
                timezone=brand.timezone,
                policy=brand.policy,
                config=brand_to_json(brand),
                applied_at=NOW - timedelta(days=300),
            )
        )
    for policy in (AIRLINE, TELECOM):
        body = policy_to_json(policy)
        tx.execute(insert(t.policy).values(name=policy.name, version=policy.version, body=body, applied_at=NOW))
    real = datetime.now(UTC)
    _source(tx, "mastodon", "mastodon", real, last_success_at=real - timedelta(minutes=3))
    _source(tx, "gate_reviews", "rss", real, last_success_at=real - timedelta(minutes=1), sees_replies=False)
    _source(tx, "forum", "rss", real, last_success_at=real - timedelta(hours=9))
    trouble = "The feed answered with a web page instead of a feed; check base_url."
    _source(tx, "travel_blog", "rss", real, fails=4, last_error=trouble, last_success_at=real - timedelta(hours=2))
    _source(tx, "helpdesk", "push", real)


def _source(tx: Transaction, name: str, kind: str, real: datetime, **marks: Any) -> None:
    config = SourceConfig(name=name, kind=kind, brands=("halcyon",))
    values: dict[str, Any] = {
        "sees_replies": True,
        "answerable": True,
        "fails": 0,
        "next_poll_at": real + timedelta(minutes=4) if marks else None,
        "last_event_at": NOW - timedelta(hours=1) if marks else None,
    }
    values |= {"name": name, "kind": kind, "config": source_to_json(config), "applied_at": NOW - timedelta(days=90)}
    tx.execute(insert(t.source).values(**(values | marks)))


GUITAR = "I asked politely for nine months. So here is the song."
FIRST = "Your crew threw my cello case onto the belt in Denver and the neck is broken. What happens now?"
GATE = "Third gate change, nobody at the desk, app says on time."
VIETNAMESE = "Họ để mẹ tôi ngồi xe lăn đợi hai tiếng, không ai xin lỗi."
ARABIC = "ضاعت حقيبتي ولم يرد أحد"
HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)"> lost my bag"><svg onload=alert(3)>'


def _posts(tx: Transaction, world: World) -> None:
    def add(name: str, text: str | None, **values: Any) -> None:
        add_post(tx, world, name, text, **values)

    labels = {
        "failure": "lost_or_damaged",
        "severity": "accusation",
        "stage": "after_sale",
        "justice": ["distributive"],
    }
    add("first", FIRST, event_at=NOW - timedelta(days=281), labels=labels)
    threat = labels | {"severity": "blame", "signals": ["threat", "refused_redress", "handed_on"]}
    add("threat", "Refused again by a 24 hour rule I was never told. Three songs, then.", days=4, labels=threat)
    song = labels | {"severity": "blame", "signals": ["rally"], "justice": ["distributive", "interactional"]}
    add(
        "song",
        GUITAR,
        hours=19,
        labels=song,
        followers=1200,
        url="https://social.example/@cellist/3",
        author_name="Dana Reyes",
    )
    delay = {
        "failure": "delay",
        "severity": "accusation",
        "stage": "during_sale",
        "justice": ["procedural"],
        "standard": ["transparency"],
    }
    add("gate", GATE, hours=0.7, labels=delay)
    add("gate2", "Denver again. Gate B44, no B51, no B12. Nobody says why.", hours=0.5, labels=delay)
    mother = {
        "failure": "staff_conduct",
        "severity": "accusation",
        "stage": "during_sale",
        "justice": ["interactional"],
        "signals": ["vulnerable", "repeated"],
    }
    add(
        "mother",
        VIETNAMESE,
        hours=10,
        labels=mother,
        language="vi",
        source="gate_reviews",
        author_name="Nguyễn Thị Lan",
    )
    add(
        "hostile",
        HOSTILE,
        hours=30,
        labels=labels,
        url="javascript:alert(4)",
        author_name="<b onmouseover=alert(5)>Mallory",
    )
    add("arabic", ARABIC, hours=20, labels=labels, language="ar", author_name="ليلى")
    add(
        "removed",
        None,
        hours=50,
        labels=labels,
        removed_at=NOW - timedelta(hours=1),
        removed_why="deleted by its author",
    )
    bill = {"failure": "billing", "severity": "disapproval", "stage": "during_sale"}
    add("bill", "Charged twice for one month of data.", hours=5, labels=bill, brand="marlow", language="en")
    add(
        "soon",
        "Seat 14C was sold twice, I stood until the crew sorted it.",
        hours=21.5,
        labels={"failure": "fulfilment", "severity": "disapproval"},
    )
    replies = (
        ("reply1", "Thank you for telling us. Please contact our baggage desk.", 275),
        ("reply2", "Claims must be made within 24 hours.", 60),
    )
    for name, text, days in replies:
        add(name, text, event_at=NOW - timedelta(days=days), labels={}, role="reply", author_name="Halcyon Air")
    for hours, views, likes in (
        (18, 900, 40),
        (16, 2900, 131),
        (13, 6200, 300),
        (9, 14800, 780),
        (5, 26000, 1500),
        (1, 41000, 2700),
    ):
        tx.execute(
            insert(t.engagement_sample).values(
                post_id=world.posts["song"],
                at=NOW - timedelta(hours=hours),
                views=views,
                likes=likes,
                shares=likes // 3,
                replies=likes // 7,
            )
        )


def _cases(tx: Transaction, world: World) -> None:
    day = timedelta(days=1)
    guitar = ["first", "threat", "song"]
    add_case(
        tx,
        world,
        "guitar",
        guitar,
        opened=281 * day,
        owner="baggage-desk",
        level="page",
        gravity=4,
        severity="blame",
        signals=["rally", "refused_redress", "handed_on", "threat"],
        reply_count=2,
        views=41000,
        followers=1200,
        clock_from=NOW - 281 * day,
        due_at=NOW - 280 * day,
        risk=0.97,
    )
    add_case(
        tx,
        world,
        "mother",
        ["mother"],
        opened=timedelta(hours=10),
        owner=None,
        level="watch",
        gravity=3,
        failure="staff_conduct",
        signals=["vulnerable", "repeated"],
        source="gate_reviews",
        sees_replies=False,
        due_at=NOW + timedelta(hours=2),
        risk=0.34,
    )
    add_case(
        tx,
        world,
        "hostile",
        ["hostile"],
        opened=timedelta(hours=30),
        owner="baggage-desk",
        level="warn",
        gravity=2,
        due_at=NOW - timedelta(hours=6),
        risk=0.55,
    )
    add_case(
        tx,
        world,
        "arabic",
        ["arabic"],
        opened=timedelta(hours=20),
        owner="baggage-desk",
        level=None,
        gravity=2,
        state="paused",
        reply_count=1,
        due_at=NOW + timedelta(hours=4),
    )
    add_case(
        tx,
        world,
        "answered",
        ["removed"],
        opened=timedelta(hours=50),
        owner="baggage-desk",
        level=None,
        gravity=1,
        state="answered",
        answered_at=NOW - timedelta(hours=41),
        first_answered_at=NOW - timedelta(hours=41),
        due_at=None,
        clock_from=None,
    )
    add_case(
        tx,
        world,
        "soon",
        ["soon"],
        opened=timedelta(hours=21.5),
        owner="customer-care",
        level=None,
        gravity=1,
        failure="fulfilment",
        due_at=NOW + timedelta(hours=2.5),
    )
    add_case(
        tx,
        world,
        "bill",
        ["bill"],
        opened=timedelta(hours=5),
        owner="service-desk",
        level=None,
        gravity=1,
        failure="billing",
        brand="marlow",
        due_at=NOW + timedelta(hours=19),
    )
    replies = (
        ("reply1", 275, ["acknowledge", "redirect"], "sent to another desk, and nothing is offered or promised"),
        ("reply2", 60, ["deny", "explain"], "refuses by a rule: the policy forbids to deny"),
    )
    for n, (name, days, acts, why) in enumerate(replies):
        tx.execute(
            insert(t.reply).values(
                mention_id=ulid("reply", n),
                post_id=world.posts[name],
                brand="halcyon",
                source="mastodon",
                case_id=world.cases["guitar"],
                at=NOW - timedelta(days=days),
                acts=acts,
                answered_by="person",
                meets_policy=False,
                why=why,
            )
        )


def _alerts(tx: Transaction, world: World) -> None:
    hour = timedelta(hours=1)
    song = [
        reason("unanswered", "No reply that meets the policy for 281 days", 281, "d", 1, 2.1, "ageing"),
        reason("rally", "Calls on others: a song, announced in writing four days before", 2, "posts", 0, 1.4),
        reason("velocity", "41,000 views in 19 h, doubling every 5 h", 41000, "views", 310, 1.2),
        reason("refused_redress", "Redress refused twice, handed on to four desks", 2, "refusals", None, 0.8),
    ]
    forecast = {"metric": "views", "p10": 400000, "p50": 900000, "p90": 1900000, "calibrated": False}
    title = "A musician you refused for nine months has published the song he announced"
    add_alert(
        tx,
        world,
        "song",
        "page",
        "open",
        title,
        song,
        case="guitar",
        failure="lost_or_damaged",
        owner="baggage-desk",
        opened_at=NOW - 280 * 24 * hour,
        level_since=NOW - hour / 10,
        acknowledge_by=NOW + hour * 0.15,
        risk=0.97,
        forecast=forecast,
        evidence=["song", "threat", "first"],
        leg="case",
    )
    stream = [
        reason("burst", "126 complaints in 60 min against 29 in a usual hour", 126, "complaints", 29, 2.9, "stream"),
        reason("terms", "Stands out: “denver”, “gate change”, “no information”", None, None, None, 0.4, "stream"),
        reason("rivals", "Rivals are quiet", None, None, None, 0.0, "stream"),
    ]
    add_alert(
        tx,
        world,
        "stream",
        "warn",
        "open",
        "Complaints about delay run at four times the usual",
        stream,
        failure="delay",
        owner="operations",
        opened_at=NOW - hour * 0.63,
        risk=0.64,
        evidence=["gate", "gate2"],
        leg="stream",
    )
    watch = [
        reason("clock", "10 h of 12 h used", 10, "h", 12, 0.9, "ageing"),
        reason("vulnerable", "A vulnerable customer, and the second report this week", 2, "reports", None, 0.8),
    ]
    add_alert(
        tx,
        world,
        "mother",
        "watch",
        "open",
        "Wheelchair passenger left at the gate, second report this week",
        watch,
        case="mother",
        failure="staff_conduct",
        opened_at=NOW - hour * 2,
        risk=0.34,
        evidence=["mother"],
    )
    add_alert(
        tx,
        world,
        "hostile",
        "warn",
        "open",
        'A bag lost, says "<img src=x onerror=alert(6)>"',
        [reason("unanswered", "No reply seen for 30 h", 30, "h", 24, 0.7, "ageing")],
        case="hostile",
        failure="lost_or_damaged",
        owner="baggage-desk",
        opened_at=NOW - hour * 6,
        risk=0.55,
        evidence=["hostile"],
        leg="ageing",
    )
    add_alert(
        tx,
        world,
        "taken",
        "warn",
        "acknowledged",
        "A bag lost on the way to Amman, no answer yet",
        [reason("unanswered", "No reply seen for 20 h", 20, "h", 24, 0.6)],
        case="arabic",
        failure="lost_or_damaged",
        owner="baggage-desk",
        assignee="Imre",
        opened_at=NOW - hour * 9,
        risk=0.5,
        evidence=["arabic"],
    )
    add_alert(
        tx,
        world,
        "over",
        "warn",
        "resolved",
        "A broken stroller was answered in nine hours",
        [reason("unanswered", "No reply seen for 9 h", 9, "h", 24, 0.5)],
        case="answered",
        failure="lost_or_damaged",
        owner="baggage-desk",
        opened_at=NOW - hour * 50,
        resolved_at=NOW - hour * 41,
        risk=0.1,
        evidence=["removed"],
    )
    add_alert(
        tx,
        world,
        "snoozed",
        "watch",
        "suppressed",
        "Complaints about the loyalty app after the announced outage",
        [reason("burst", "14 complaints in 60 min against 6", 14, "complaints", 6, 0.8)],
        failure="access",
        owner="customer-care",
        opened_at=NOW - hour * 30,
        suppressed_until=NOW + hour * 20,
        risk=0.3,
        evidence=[],
        leg="stream",
    )
    for slot in range(72):
        at = NOW - timedelta(minutes=5 * (72 - slot))
        count = 2 + slot % 3 if slot < 60 else 4 + (slot - 60)
        tx.execute(insert(t.stream_count).values(brand="halcyon", stream="delay", slot=at, n=count))


def _deliveries(tx: Transaction, world: World) -> None:
    rows = (
        ("song", "oncall", "delivered", 2),
        ("song", "duty_manager", "pending", 1),
        ("stream", "oncall", "dead", 3),
        ("hostile", "oncall", "delivered", 1),
    )
    for n, (alert, endpoint, state, tries) in enumerate(rows):
        body = json.dumps({"type": "alert.opened"}).encode()
        created = NOW - timedelta(minutes=30 - n)
        tx.execute(
            insert(t.delivery).values(
                id=ulid("delivery", n),
                change=list(world.alerts).index(alert) * 10 + 10,
                alert_id=world.alerts[alert],
                endpoint=endpoint,
                level="page",
                body=body,
                state=state,
                event_at=created,
                created_at=created,
                due_at=NOW + timedelta(minutes=5),
                attempts=tries,
                finished_at=None if state == "pending" else created + timedelta(seconds=7),
            )
        )
        for attempt in range(1, tries + 1):
            good = state == "delivered" and attempt == tries
            tx.execute(
                insert(t.attempt).values(
                    delivery_id=ulid("delivery", n),
                    n=attempt,
                    at=created + timedelta(seconds=attempt),
                    outcome="delivered" if good else "retry",
                    status=204 if good else 503,
                    error=None if good else "the endpoint answered 503",
                    milliseconds=41 * attempt,
                )
            )


def _trends(tx: Transaction) -> None:
    tx.execute(insert(t.revision).values(id=1, at=NOW))
    rows: list[dict[str, Any]] = []
    for hour in range(24 * 40):
        at = NOW - timedelta(hours=hour)
        if 24 * 9 <= hour < 24 * 11:
            continue
        posts = 14 + (hour * 7) % 9
        bad = 2 + (hour * 5) % 3 + (7 if hour < 30 else 0)
        counts = {
            ("mentions", "all"): posts,
            ("complaint", "yes"): bad,
            ("complaint", "no"): posts - bad,
            ("sentiment", "negative"): bad + 1,
            ("sentiment", "neutral"): 3,
            ("sentiment", "positive"): posts - bad - 4,
            ("failure", "delay"): bad - 1,
            ("failure", "lost_or_damaged"): 1,
        }
        rows += [
            {
                "brand": "halcyon",
                "dimension": dimension,
                "hour": at,
                "value": value,
                "source": "mastodon",
                "language": "en",
                "visibility": "public",
                "n": n,
                "revision": 1,
            }
            for (dimension, value), n in counts.items()
        ]
    tx.execute(sql_insert(t.trend_bucket), rows)
    gap: dict[str, Any] = {
        "id": ulid("gap", 1),
        "source": "mastodon",
        "start_at": NOW - timedelta(days=11),
        "end_at": NOW - timedelta(days=9),
        "why": "the server was away",
    }
    tx.execute(insert(t.gap).values(**gap))
