"""Who is signed in: one-time links and browser sessions. Tokens are 256-bit; only their digests are stored."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, select, update

from app.domain.errors import Unauthenticated
from app.storage.database import Transaction
from app.storage.tables import web_session

LINK_LIFETIME: Final = timedelta(minutes=15)
SESSION_LIFETIME: Final = timedelta(hours=12)
"""Absolute, however busy the browser is (RELIABILITY S8)."""
IDLE_LIFETIME: Final = timedelta(minutes=30)
TOUCH_EVERY: Final = timedelta(minutes=1)
"""`seen_at` is written at most this often: reading pages must not queue behind the writer."""


@dataclass(frozen=True, slots=True)
class WebSession:
    """A signed-in browser. `token` is what the cookie holds and is never stored; `csrf` goes into every form."""

    token: str
    person: str
    csrf: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime

    def is_stale(self, now: datetime) -> bool:
        """Whether `seen_at` is old enough to be written again."""
        return now - self.seen_at >= TOUCH_EVERY


def create_link(tx: Transaction, *, person: str, now: datetime, lifetime: timedelta = LINK_LIFETIME) -> str:
    """A token that signs `person` in once, within `lifetime`."""
    return _insert(tx, kind="link", person=person, now=now, lifetime=lifetime).token


def consume_link(tx: Transaction, token: str, now: datetime, *, lifetime: timedelta = SESSION_LIFETIME) -> WebSession:
    """Exchange a link for a fresh session. Raises `Unauthenticated` for a used, expired or unknown link."""
    used = (
        delete(web_session)
        .where(web_session.c.digest == _digest(token), web_session.c.kind == "link", web_session.c.expires_at > now)
        .returning(web_session.c.person)
    )
    person = tx.execute(used).scalar_one_or_none()
    if person is None:
        message = (
            "This sign-in link was used already, or is too old. `fretwatch serve` prints a new one each time it starts."
        )
        raise Unauthenticated(message)
    return _insert(tx, kind="session", person=person, now=now, lifetime=lifetime)


def load(tx: Transaction, token: str, now: datetime, *, idle: timedelta = IDLE_LIFETIME) -> WebSession | None:
    """The session that a cookie stands for; `None` where it is unknown, over, or was idle for too long."""
    wanted = select(web_session).where(web_session.c.digest == _digest(token), web_session.c.kind == "session")
    row = tx.execute(wanted).mappings().one_or_none()
    if row is None or row["expires_at"] <= now or now - row["seen_at"] > idle:
        return None
    return WebSession(
        token=token,
        person=row["person"],
        csrf=row["csrf"],
        created_at=row["created_at"],
        seen_at=row["seen_at"],
        expires_at=row["expires_at"],
    )


def touch(tx: Transaction, token: str, now: datetime) -> None:
    """Note that the session is in use."""
    tx.execute(update(web_session).where(web_session.c.digest == _digest(token)).values(seen_at=now))


def end(tx: Transaction, token: str) -> None:
    """Sign out; an unknown token is no error."""
    tx.execute(delete(web_session).where(web_session.c.digest == _digest(token)))


def purge(tx: Transaction, now: datetime) -> int:
    """Delete what is over, and say how many rows went."""
    return tx.execute(delete(web_session).where(web_session.c.expires_at <= now)).rowcount


def _insert(tx: Transaction, *, kind: str, person: str, now: datetime, lifetime: timedelta) -> WebSession:
    token = secrets.token_urlsafe(32)
    session = WebSession(
        token=token,
        person=person,
        csrf=secrets.token_urlsafe(32),
        created_at=now,
        seen_at=now,
        expires_at=now + lifetime,
    )
    tx.execute(
        insert(web_session).values(
            digest=_digest(token),
            kind=kind,
            person=person,
            csrf=session.csrf,
            created_at=now,
            seen_at=now,
            expires_at=session.expires_at,
        )
    )
    return session


def _digest(token: str) -> bytes:
    # A plain hash is enough: the token is 256 random bits, there is nothing to guess.
    return hashlib.sha256(token.encode()).digest()
