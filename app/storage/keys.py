"""API keys: `fw_<env>_<id>_<secret>`. Shown once; only an HMAC under the master key is stored (RELIABILITY S7).

The secret is 256 random bits and a CRC-32 over what stands before it, so that a mistyped key is told without a look
into the database, and scanners can recognise a leaked one.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, insert, or_, select, update

from app.domain.access import Principal, Scope
from app.domain.clock import iso
from app.domain.errors import NotFound, Refused, Unauthenticated
from app.domain.ids import new_id
from app.storage.database import Transaction
from app.storage.tables import api_key

LONGEST: Final = timedelta(days=366)
"""No key lives longer: expiry is compulsory, and a key for ever would be none."""
TOUCH_EVERY: Final = timedelta(minutes=1)
"""The last use is written at most this often: reading must not queue behind the writer."""
_FORM: Final = re.compile(r"fw_(?:live|test)_(?P<id>[0-9A-HJKMNP-TV-Z]{26})_[0-9a-f]{64}(?P<crc>[0-9a-f]{8})")
_WRONG: Final = (
    "The API key does not hold. Send one as `Authorization: Bearer fw_…`; `fretwatch keys create` makes one."
)


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Who a valid key belongs to; `is_stale` asks for `touch`."""

    principal: Principal
    is_stale: bool


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key as it is listed: everything but its secret."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    brands: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def create(
    tx: Transaction,
    *,
    name: str,
    scopes: Iterable[Scope | str],
    expires_at: datetime,
    pepper: bytes,
    now: datetime,
    brands: Iterable[str] = (),
    env: str = "live",
) -> str:
    """Store a new key and return it: the only time it is seen. `brands` empty = all brands; `env` is `live` or `test`.

    Raises `Refused` without a name or a scope, for an unknown scope, and for an expiry in the past or too far off.
    """
    held = _scopes(scopes)
    if not name.strip():
        message = "A key needs a name that says who uses it."
        raise Refused(message)
    if not now < expires_at <= now + LONGEST:
        message = f"A key expires between now and {LONGEST.days} days from now, not at {iso(expires_at)}."
        raise Refused(message)
    identity = new_id()
    start = f"fw_{env}_{identity}_{secrets.token_hex(32)}"
    token = f"{start}{zlib.crc32(start.encode()):08x}"
    tx.execute(
        insert(api_key).values(
            id=identity,
            name=name.strip(),
            digest=_digest(token, pepper),
            scopes=sorted(held),
            brands=sorted(set(brands)),
            created_at=now,
            expires_at=expires_at,
        )
    )
    return token


def verify(tx: Transaction, token: str, *, pepper: bytes, now: datetime) -> KeyHolder:
    """Who this key belongs to. Raises `Unauthenticated` for one that is wrong, expired or revoked."""
    form = _FORM.fullmatch(token)
    if form is None or zlib.crc32(token[:-8].encode()) != int(form["crc"], 16):
        raise Unauthenticated(_WRONG)
    row = tx.execute(select(api_key).where(api_key.c.id == form["id"])).first()
    if row is None or not hmac.compare_digest(bytes(row.digest), _digest(token, pepper)):
        raise Unauthenticated(_WRONG)
    if row.revoked_at is not None:
        message = f"The API key {row.name!r} was revoked on {iso(row.revoked_at)}."
        raise Unauthenticated(message)
    if row.expires_at <= now:
        message = f"The API key {row.name!r} expired on {iso(row.expires_at)}; `fretwatch keys create` makes another."
        raise Unauthenticated(message)
    is_stale = row.last_used_at is None or now - row.last_used_at >= TOUCH_EVERY
    return KeyHolder(_principal(row), is_stale)


def touch(tx: Transaction, key_id: str, now: datetime) -> None:
    """Record the use of a key, at most once a minute."""
    used = api_key.c.last_used_at
    fresh = or_(used.is_(None), used <= now - TOUCH_EVERY)
    tx.execute(update(api_key).where(api_key.c.id == key_id, fresh).values(last_used_at=now))


def list_keys(tx: Transaction) -> list[KeyView]:
    """Every key, the newest first."""
    return [
        KeyView(
            id=row.id,
            name=row.name,
            scopes=tuple(Scope(scope) for scope in row.scopes),
            brands=tuple(row.brands),
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
            revoked_at=row.revoked_at,
        )
        for row in tx.execute(select(api_key).order_by(api_key.c.id.desc()))
    ]


def revoke(tx: Transaction, key_id: str, *, now: datetime) -> None:
    """End a key at once; a second time changes nothing. Raises `NotFound` for an unknown one."""
    known = tx.execute(select(api_key.c.id).where(api_key.c.id == key_id)).first()
    if known is None:
        message = f"There is no API key {key_id}; `fretwatch keys list` shows them."
        raise NotFound(message)
    tx.execute(update(api_key).where(api_key.c.id == key_id, api_key.c.revoked_at.is_(None)).values(revoked_at=now))


def _scopes(scopes: Iterable[Scope | str]) -> frozenset[Scope]:
    wanted = list(scopes)
    known = {scope.value for scope in Scope}
    unknown = sorted(str(scope) for scope in wanted if scope not in known)
    if unknown or not wanted:
        message = f"A key needs at least one scope of {', '.join(sorted(known))}; not: {', '.join(unknown) or 'none'}."
        raise Refused(message)
    return frozenset(Scope(scope) for scope in wanted)


def _principal(row: Row[Any]) -> Principal:
    return Principal(
        id=row.id,
        name=row.name,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        brands=frozenset(row.brands),
    )


def _digest(token: str, pepper: bytes) -> bytes:
    return hmac.new(pepper, b"fretwatch api key\x00" + token.encode(), hashlib.sha256).digest()
