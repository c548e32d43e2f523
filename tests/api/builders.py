"""A small made-up house: two brands, their posts, cases and alerts, and keys of every kind."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from app.domain.alerts import Alert, AlertChange, AlertState, ChangeKind, Endpoint, Evidence, Leg, Level, Reason
from app.domain.brands import Brand, SourceConfig
from app.domain.cases import Case, CaseState
from app.domain.clock import floor_hour
from app.domain.ids import new_id
from app.domain.policies import Policy
from app.domain.ports import Capabilities
from app.domain.predictions import Labels
from app.domain.trends import BucketKey, values_of
from app.storage import alerts, cases, configuration, keys, tables, trends
from app.storage.alerts import Announcing
from app.storage.cases import Followed
from app.storage.configuration import Watch
from app.storage.database import Database, Transaction

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MONTH = timedelta(days=30)
PEPPER = b"a pepper of thirty-two bytes 012"
COMPLAINT = Labels(
    sentiment="negative",
    complaint=True,
    severity="accusation",
    failure="lost_or_damaged",
    stage="after_sale",
    justice=("distributive",),
    signals=("refused_redress",),
)
PRAISE = Labels(sentiment="positive", complaint=False)
ENDPOINT = Endpoint(name="oncall", url="https://example.org/hook", levels=frozenset({"watch", "warn", "page"}))


@dataclass
class House:
    """A database with the ids of what was put into it."""

    database: Database
    posts: dict[str, str] = field(default_factory=dict)
    mentions: dict[str, str] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    alerts: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def post(self, name: str, *, brand: str = "northwind", labels: Labels | None = COMPLAINT, **given: Any) -> str:
        """Store a post that one brand is mentioned in, read as `labels`."""
        with self.database.write() as tx:
            return self._post(tx, name, brand, labels, given)

    def _post(self, tx: Transaction, name: str, brand: str, labels: Labels | None, given: dict[str, Any]) -> str:
        role = given.pop("role", "customer")
        row = _post_row(name, given)
        tx.execute(insert(tables.post).values(row))
        mention = new_id()
        tx.execute(
            insert(tables.mention).values(
                id=mention, post_id=row["id"], brand=brand, role=role, event_at=row["event_at"]
            )
        )
        self.posts[name], self.mentions[name] = row["id"], mention
        if labels is not None:
            self._read(tx, row, brand, mention, labels)
        return str(row["id"])

    def _read(self, tx: Transaction, row: dict[str, Any], brand: str, mention: str, labels: Labels) -> None:
        revision = trends.next_revision(tx, NOON)
        tx.execute(
            insert(tables.reading).values(
                mention_id=mention,
                classifier="e5s@1",
                content_hash="0" * 32,
                labels=labels.as_dict(),
                complaint=labels.complaint,
                score=0.9,
                is_uncertain=False,
                revision=revision,
                at=NOON,
            )
        )
        counts: trends.BucketCounts = trends.BucketCounts()
        for dimension, value in values_of(labels, rating=row["rating"]):
            hour = floor_hour(row["event_at"])
            key = BucketKey(brand, row["source"], row["language"], hour, dimension, value)
            counts[key, row["visibility"]] += 1
        trends.add(tx, counts, revision)

    def case(self, name: str, *posts: str, visibility: str = "public", **given: Any) -> str:
        """Store a case of these posts."""
        made = case_of_guitar(self.posts[posts[0]], self.posts[posts[-1]], given)
        with self.database.write() as tx:
            cases.insert(tx, [Followed(made, "en", visibility, given.get("answered_at"))])
            cases.add_members(tx, [(self.mentions[post], made.id) for post in posts])
        self.cases[name] = made.id
        return made.id

    def alert(self, name: str, **given: Any) -> Alert:
        """Open an alert, with a delivery to the endpoint."""
        made = _alert(name, given)
        self.change(AlertChange(made, ChangeKind.OPENED, NOON, "fretwatch"))
        self.alerts[name] = made.id
        return made

    def change(self, change: AlertChange) -> int:
        """Save one change of an alert."""
        announcing = Announcing(endpoints=[ENDPOINT])
        with self.database.write() as tx:
            return alerts.save_changes(tx, [change], announcing, NOON)[0]

    def escalate(self, name: str, level: Level = Level.PAGE) -> int:
        """Raise an alert."""
        with self.database.read() as tx:
            found = alerts.load_alert(tx, self.alerts[name])
        assert found is not None
        raised = replace(found, level=level, version=found.version + 1)
        return self.change(AlertChange(raised, ChangeKind.ESCALATED, NOON, "fretwatch"))

    def key(
        self, name: str, *scopes: str, brands: tuple[str, ...] = (), lives_for: timedelta = timedelta(days=30)
    ) -> str:
        """Make an API key."""
        now = self.database.now()
        made = now if lives_for > timedelta(0) else now + 2 * lives_for
        with self.database.write() as tx:
            self.keys[name] = keys.create(
                tx, name=name, scopes=scopes, brands=brands, expires_at=now + lives_for, pepper=PEPPER, now=made
            )
        return self.keys[name]


def build_house(database: Database) -> House:
    """Two brands: northwind with a public case and alert and a private ticket, southwind with a case and an alert."""
    house = House(database)
    with database.write() as tx:
        configuration.apply(tx, _watch(), NOON - timedelta(days=60))
    house.post("first", text="Two weeks, and nobody tells me where my guitar is.", event_at=NOON - timedelta(hours=30))
    house.post("second", text="So here is the song.", event_at=NOON - timedelta(hours=2))
    house.post("praise", labels=PRAISE, text="Lovely crew today.", author="Robin", event_at=NOON - timedelta(hours=5))
    house.post("ticket", text="My claim 8812.", kind="ticket", visibility="private", source="helpdesk")
    house.post("staff", text="We all hate the new form.", kind="staff_feedback", visibility="private", source="survey")
    house.post("theirs", brand="southwind", text="Southwind lost my bag.", author="Sam")
    house.case("guitar", "first", "second", gravity=3, due_at=NOON - timedelta(hours=6))
    house.case("private", "ticket", visibility="private", due_at=NOON - timedelta(hours=1))
    house.case("theirs", "theirs", brand="southwind", due_at=NOON - timedelta(hours=3))
    evidence = (Evidence(house.posts["first"], "first_complaint"), Evidence(house.posts["second"], "latest"))
    house.alert("guitar", case=house.cases["guitar"], evidence=evidence, owner="baggage-desk", level=Level.PAGE)
    ticket = (Evidence(house.posts["ticket"], "first"),)
    house.alert("private", case=house.cases["private"], evidence=ticket, visibility="private")
    house.alert(
        "theirs", brand="southwind", case=house.cases["theirs"], evidence=(Evidence(house.posts["theirs"], "a"),)
    )
    _keys(house)
    return house


def _keys(house: House) -> None:
    house.key("full", "read", "write")
    house.key("read", "read")
    house.key("write", "write")
    house.key("admin", "admin")
    house.key("private", "read", "write", "private")
    house.key("northwind", "read", "write", brands=("northwind",))
    house.key("southwind", "read", "write", brands=("southwind",))
    house.key("expired", "read", "write", lives_for=timedelta(hours=-1))
    house.key("revoked", "read", "write")
    with house.database.write() as tx:
        keys.revoke(tx, house.keys["revoked"].split("_")[2], now=NOON)


def _watch() -> Watch:
    interval = timedelta(minutes=5)
    return Watch(
        brands=(
            Brand("northwind", "Northwind Air", "America/Denver", {"mastodon": ("@northwind@social.example",)}),
            Brand("southwind", "Southwind Air", "UTC", {"mastodon": ("@southwind@social.example",)}),
        ),
        policies=(Policy(),),
        endpoints=(ENDPOINT,),
        sources=(
            SourceConfig(
                "mastodon", "mastodon", ("northwind", "southwind"), interval, base_url="https://social.example"
            ),
            SourceConfig("south-feed", "rss", ("southwind",), interval, url="https://south.example/feed"),
        ),
        capabilities={"mastodon": Capabilities(sees_replies=True), "rss": Capabilities(sees_replies=False)},
    )


def _post_row(name: str, given: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": new_id(),
        "source": "mastodon",
        "external_id": name,
        "kind": "post",
        "visibility": "public",
        "text": name,
        "is_truncated": False,
        "language": "en",
        "author": "kim",
        "handle": "@kim@social.example",
        "author_name": "Kim",
        "rating": None,
        "event_at": NOON - timedelta(hours=1),
        "first_seen_at": NOON,
        "is_late": False,
        "is_verified": False,
        "content_hash": "0" * 32,
    }
    return row | given


def case_of_guitar(first: str, last: str, given: dict[str, Any]) -> Case:
    """A case whose clock ran out six hours before noon."""
    values: dict[str, Any] = {
        "id": new_id(),
        "brand": "northwind",
        "source": "mastodon",
        "author": "kim",
        "state": CaseState.WAITING,
        "opened_at": NOON - timedelta(hours=30),
        "last_post_at": NOON - timedelta(hours=2),
        "clock_from": NOON - timedelta(hours=30),
        "due_at": NOON - timedelta(hours=6),
        "next_eval_at": None,
        "failure": "lost_or_damaged",
        "gravity": 2,
        "signals": frozenset({"refused_redress"}),
        "first_post": first,
        "last_post": last,
        "owner": "baggage-desk",
        "views": 41_000,
    }
    return Case(**values | given)


def _alert(name: str, given: dict[str, Any]) -> Alert:
    values: dict[str, Any] = {
        "id": new_id(),
        "group": f"case:{name}",
        "brand": "northwind",
        "leg": Leg.CASE,
        "level": Level.WARN,
        "state": AlertState.OPEN,
        "risk": 0.61,
        "title": f"No reply seen: {name}",
        "opened_at": NOON - timedelta(hours=1),
        "level_since": NOON - timedelta(hours=1),
        "failure": "lost_or_damaged",
        "reasons": (Reason("unanswered", "ageing", "No reply seen for 30 h", 30.0, "h", 24.0, 1.2),),
        "versions": {"policy": "default@1", "rule": "1.0", "classifier": "e5s@1"},
    }
    return Alert(**values | given)
