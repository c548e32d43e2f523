"""Every table. Times are aware UTC; ids are ULIDs; codes of the taxonomy are text; where commit order matters, an
integer.

The columns are declared with SQLAlchemy Core: the hot path writes sets of rows, never one object at a time.
"""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time: `timestamptz` on PostgreSQL, ISO text on SQLite, which forgets the zone that we put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time: it would be read in another zone than it was meant in."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"naive time {value!r}"
            raise ValueError(message)
        return value if value.tzinfo is UTC else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json: Final = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
Sequence_: Final = BigInteger().with_variant(Integer(), "sqlite")
"""An integer primary key that counts up; SQLite counts only `INTEGER`."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id(name: str = "id", **options: Any) -> Column[str]:
    return Column(name, String(26), **options)


# What is watched -----------------------------------------------------------------------------------------------------

brand = Table(
    "brand",
    metadata,
    Column("slug", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("timezone", String(64), nullable=False, server_default="UTC"),
    Column("policy", String(64), nullable=False),
    Column("config", Json, nullable=False),
    Column("applied_at", UtcDateTime, nullable=False),
    Column("retired_at", UtcDateTime),
)

policy = Table(
    "policy",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("body", Json, nullable=False),
    Column("applied_at", UtcDateTime, nullable=False),
)

endpoint = Table(
    "endpoint",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("url", Text, nullable=False),
    Column("config", Json, nullable=False),
    Column("disabled_at", UtcDateTime),
    Column("disabled_why", Text),
    Column("failing_since", UtcDateTime),
    Column("applied_at", UtcDateTime, nullable=False),
)

source = Table(
    "source",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("config", Json, nullable=False),
    Column("sees_replies", Boolean, nullable=False, server_default=text("true")),
    Column("answerable", Boolean, nullable=False, server_default=text("true")),
    Column("next_poll_at", UtcDateTime),
    Column("lease_until", UtcDateTime),
    Column("lease_token", String(26)),
    Column("fails", Integer, nullable=False, server_default="0"),
    Column("paused_why", Text),
    Column("first_import_done_at", UtcDateTime),
    Column("last_success_at", UtcDateTime),
    Column("last_event_at", UtcDateTime),
    Column("last_error", Text),
    Column("applied_at", UtcDateTime, nullable=False),
    Column("retired_at", UtcDateTime),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("value", Json, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
)

run = Table(
    "run",
    metadata,
    _id(primary_key=True),
    Column("source", String(64), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("outcome", String(16)),
    Column("seen", Integer, nullable=False, server_default="0"),
    Column("stored", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Index("ix_run_source_started_at", "source", "started_at"),
)

gap = Table(
    "gap",
    metadata,
    _id(primary_key=True),
    Column("source", String(64), nullable=False),
    Column("start_at", UtcDateTime, nullable=False),
    Column("end_at", UtcDateTime, nullable=False),
    Column("why", Text, nullable=False),
    Index("ix_gap_source_start_at", "source", "start_at"),
)

# What comes in -------------------------------------------------------------------------------------------------------

post = Table(
    "post",
    metadata,
    _id(primary_key=True),
    Column("source", String(64), nullable=False),
    Column("external_id", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("visibility", String(8), nullable=False),
    Column("url", Text),
    Column("title", Text),
    Column("text", Text),
    Column("is_truncated", Boolean, nullable=False),
    Column("language", String(16)),
    Column("author", Text),
    Column("handle", Text),
    Column("author_name", Text),
    Column("followers", BigInteger),
    Column("is_verified", Boolean, nullable=False),
    Column("parent_id", Text),
    Column("thread_id", Text),
    Column("rating", Float),
    Column("rating_max", Float),
    Column("event_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("edited_at", UtcDateTime),
    Column("is_late", Boolean, nullable=False),
    Column("content_hash", String(32), nullable=False),
    Column("removed_at", UtcDateTime),
    Column("removed_why", Text),
    UniqueConstraint("source", "external_id"),
    Index("ix_post_event_at", "event_at"),
    Index("ix_post_author", "source", "author"),
    Index("ix_post_thread", "source", "thread_id"),
)
"""`title`, `text`, `author`, `handle`, `author_name` and `url` become NULL when the post is removed; the row stays."""

mention = Table(
    "mention",
    metadata,
    _id(primary_key=True),
    _id("post_id", nullable=False),
    Column("brand", String(64), nullable=False),
    Column("role", String(8), nullable=False),
    Column("event_at", UtcDateTime, nullable=False),
    UniqueConstraint("post_id", "brand"),
    Index("ix_mention_brand_event_at", "brand", "event_at"),
    Index("ix_mention_event_at", "event_at", "id"),
)
"""`role` is `customer`, or `reply` for a public reply by one of the brand's handles."""

engagement_sample = Table(
    "engagement_sample",
    metadata,
    _id("post_id", primary_key=True),
    Column("at", UtcDateTime, primary_key=True),
    Column("views", BigInteger),
    Column("likes", BigInteger),
    Column("shares", BigInteger),
    Column("replies", BigInteger),
)

work_chunk = Table(
    "work_chunk",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("sequence", Sequence_, nullable=False),
    Column("mentions", Json, nullable=False),
    Column("state", String(8), nullable=False, server_default="pending"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("published_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("lease_until", UtcDateTime),
    Column("lease_token", String(26)),
    Column("why", Text),
    Index("ix_work_chunk_pending", "sequence", postgresql_where=text("state = 'pending'")),
)
"""The database queue. Done chunks are deleted; dead ones stay with their reason."""

quarantine = Table(
    "quarantine",
    metadata,
    _id(primary_key=True),
    Column("stage", String(16), nullable=False),
    _id("mention_id"),
    Column("source", String(64)),
    Column("external_id", Text),
    Column("reason", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("released_at", UtcDateTime),
    Index("uq_quarantine_mention_id", "mention_id", unique=True),
)
"""`released_at` is when a mention was given back to the reader; one that cannot be read then is held again."""

# What was read -------------------------------------------------------------------------------------------------------

prediction = Table(
    "prediction",
    metadata,
    _id("mention_id", primary_key=True),
    Column("classifier", String(64), primary_key=True),
    Column("body", Json, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
"""`body` is what the classifier said: probabilities by head, truncated, uncertain."""

reading = Table(
    "reading",
    metadata,
    _id("mention_id", primary_key=True),
    Column("classifier", String(128), nullable=False),
    Column("labels", Json, nullable=False),
    Column("complaint", Boolean, nullable=False),
    Column("score", Float, nullable=False),
    Column("is_uncertain", Boolean, nullable=False),
    Column("content_hash", String(32), nullable=False),
    Column("revision", Sequence_, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
"""The one active reading of a mention: inserting its row is what makes the mention count, once.

`content_hash` is that of the text which was read; where the post's differs, the post was edited since."""

revision = Table(
    "revision",
    metadata,
    Column("id", Sequence_, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)
"""One row a recording transaction; the highest id is the `as_of` of a trend answer."""

trend_bucket = Table(
    "trend_bucket",
    metadata,
    Column("brand", String(64), primary_key=True),
    Column("dimension", String(32), primary_key=True),
    Column("hour", UtcDateTime, primary_key=True),
    Column("value", String(64), primary_key=True),
    Column("source", String(64), primary_key=True),
    Column("language", String(16), primary_key=True),
    Column("visibility", String(8), primary_key=True),
    Column("n", BigInteger, nullable=False),
    Column("revision", Sequence_, nullable=False),
)

stream_count = Table(
    "stream_count",
    metadata,
    Column("brand", String(64), primary_key=True),
    Column("stream", String(32), primary_key=True),
    Column("slot", UtcDateTime, primary_key=True),
    Column("n", Integer, nullable=False),
)
"""Complaints per five minutes, live posts only; `stream` is a failure, `*` for all complaints, `mentions` for all."""

stream_state = Table(
    "stream_state",
    metadata,
    Column("brand", String(64), primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("evaluated_to", UtcDateTime, nullable=False),
    Column("raised_at", UtcDateTime),
)

# What is followed ----------------------------------------------------------------------------------------------------

complaint_case = Table(
    "complaint_case",
    metadata,
    _id(primary_key=True),
    Column("brand", String(64), nullable=False),
    Column("source", String(64), nullable=False),
    Column("author", Text, nullable=False),
    Column("language", String(16), nullable=False),
    Column("visibility", String(8), nullable=False),
    Column("state", String(12), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("last_post_at", UtcDateTime, nullable=False),
    Column("clock_from", UtcDateTime),
    Column("due_at", UtcDateTime),
    Column("next_eval_at", UtcDateTime),
    Column("has_clock", Boolean, nullable=False),
    Column("sees_replies", Boolean, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("failure", String(32)),
    Column("severity", String(32)),
    Column("gravity", Integer, nullable=False),
    Column("signals", Json, nullable=False),
    Column("complaint", Float, nullable=False),
    Column("complaint_count", Integer, nullable=False),
    Column("reply_count", Integer, nullable=False),
    Column("last_reply_at", UtcDateTime),
    Column("answered_at", UtcDateTime),
    Column("first_answered_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("followers", BigInteger),
    Column("views", BigInteger),
    Column("engagement", BigInteger),
    Column("engagement_before", BigInteger),
    Column("engagement_at", UtcDateTime),
    Column("views_before", BigInteger),
    Column("verified", Boolean, nullable=False),
    Column("reply_tone", String(16)),
    _id("first_post", nullable=False),
    _id("last_post", nullable=False),
    Column("owner", String(64)),
    Column("risk", Float, nullable=False),
    Column("level", String(8)),
    Index("ix_complaint_case_author", "brand", "source", "author"),
    Index(
        "ix_complaint_case_next_eval_at",
        "next_eval_at",
        sqlite_where=text("next_eval_at IS NOT NULL"),
        postgresql_where=text("next_eval_at IS NOT NULL"),
    ),
    Index("ix_complaint_case_due_at", "brand", "state", "due_at"),
)

case_member = Table(
    "case_member",
    metadata,
    _id("mention_id", primary_key=True),
    _id("case_id", nullable=False),
    Index("ix_case_member_case_id", "case_id"),
)
"""Every complaint mention is in exactly one case: its id is the key."""

reply = Table(
    "reply",
    metadata,
    _id("mention_id", primary_key=True),
    _id("post_id", nullable=False),
    Column("brand", String(64), nullable=False),
    Column("source", String(64), nullable=False),
    Column("parent_id", Text),
    Column("thread_id", Text),
    _id("case_id"),
    Column("at", UtcDateTime, nullable=False),
    Column("acts", Json, nullable=False),
    Column("answered_by", String(8), nullable=False),
    Column("meets_policy", Boolean, nullable=False),
    Column("why", Text, nullable=False),
    Index("ix_reply_case_id", "case_id"),
    Index("ix_reply_parent", "source", "parent_id"),
)
"""A public reply by the brand, read against the policy; `why` says in words what it lacks."""

# What is raised ------------------------------------------------------------------------------------------------------

alert = Table(
    "alert",
    metadata,
    _id(primary_key=True),
    Column("group_key", Text, nullable=False),
    Column("sequence", Sequence_, nullable=False),
    Column("version", Integer, nullable=False),
    Column("brand", String(64), nullable=False),
    Column("leg", String(8), nullable=False),
    Column("visibility", String(8), nullable=False, server_default="public"),
    _id("case_id"),
    Column("failure", String(32)),
    Column("level", String(8), nullable=False),
    Column("state", String(12), nullable=False),
    Column("risk", Float, nullable=False),
    Column("title", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("level_since", UtcDateTime, nullable=False),
    Column("owner", String(64)),
    Column("assignee", String(128)),
    Column("acknowledge_by", UtcDateTime),
    Column("suppressed_until", UtcDateTime),
    Column("suppressed_risk", Float),
    Column("resolved_at", UtcDateTime),
    Column("below_since", UtcDateTime),
    _id("folded_into"),
    Column("is_hard", Boolean, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("steps_done", Integer, nullable=False),
    Column("next_notice_at", UtcDateTime),
    Column("reasons", Json, nullable=False),
    Column("evidence", Json, nullable=False),
    Column("forecast", Json),
    Column("versions", Json, nullable=False),
    Column("feedback", String(32)),
    Index(
        "uq_alert_group_key_live",
        "group_key",
        unique=True,
        sqlite_where=text("state <> 'resolved'"),
        postgresql_where=text("state <> 'resolved'"),
    ),
    Index("ix_alert_sequence", "sequence", unique=True),
    Index("ix_alert_brand_state", "brand", "state"),
    Index("ix_alert_next_notice_at", "next_notice_at"),
    Index("ix_alert_group_key", "group_key", "opened_at"),
    Index("ix_alert_folded_into", "folded_into"),
    Index("ix_alert_case_id", "case_id"),
)

alert_change = Table(
    "alert_change",
    metadata,
    Column("sequence", Sequence_, primary_key=True, autoincrement=True),
    _id("alert_id", nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("level", String(8), nullable=False),
    Column("state", String(12), nullable=False),
    Column("risk", Float, nullable=False),
    Column("snapshot", Json, nullable=False),
    UniqueConstraint("alert_id", "version"),
    sqlite_autoincrement=True,
)
"""Append-only; `snapshot` carries reasons, evidence ids and versions, never text or author."""

# What is sent --------------------------------------------------------------------------------------------------------

delivery = Table(
    "delivery",
    metadata,
    _id(primary_key=True),
    Column("change", Sequence_, nullable=False),
    _id("alert_id", nullable=False),
    Column("endpoint", String(64), nullable=False),
    Column("level", String(8), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(10), nullable=False),
    Column("event_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_until", UtcDateTime),
    Column("lease_token", String(26)),
    Column("finished_at", UtcDateTime),
    UniqueConstraint("change", "endpoint"),
    Index(
        "ix_delivery_due_at",
        "due_at",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index("ix_delivery_endpoint", "endpoint", "event_at"),
    Index("ix_delivery_alert_id", "alert_id"),
    Index("ix_delivery_state", "state", "finished_at"),
)
"""The outbox. `id` is the webhook-id; `state` is pending, delivered, dead, held (waits for the digest) or cancelled."""

attempt = Table(
    "attempt",
    metadata,
    _id("delivery_id", primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("status", Integer),
    Column("error", Text),
    Column("milliseconds", Integer, nullable=False),
)

# Who may ask, and who holds what --------------------------------------------------------------------------------------

api_key = Table(
    "api_key",
    metadata,
    _id(primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("scopes", Json, nullable=False),
    Column("brands", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
)

web_session = Table(
    "web_session",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("person", Text, nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)
"""`kind` is `link` for a one-time sign-in link, `session` for a signed-in browser; only digests are stored."""

idempotency = Table(
    "idempotency",
    metadata,
    Column("key", String(300), primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Json, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("holder", Text, nullable=False),
    Column("token", String(26), nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

setting = Table(
    "setting",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Json, nullable=False),
)
"""State that is not configuration: the instant that a replay reached, and first imports that are still being read."""
