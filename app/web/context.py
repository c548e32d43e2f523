"""What the pages are given by the runtime, and the few things every page needs of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from app.domain.access import Scope
from app.domain.clock import Clock
from app.domain.policies import Policy
from app.storage.database import Database
from app.storage.sessions import IDLE_LIFETIME, SESSION_LIFETIME


@dataclass(frozen=True, slots=True)
class Banner:
    """What stands above every page of a demo: a sentence, and the moment up to which the past was replayed."""

    text: str
    replayed_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class WebContext:
    """Everything the pages use; composed by `app/runtime/server.py`.

    `policies` gives the policy of each brand, by its slug. `pepper` is the master key's part for sign-in forms. `wake`
    is called after a person's action so that a delivery does not wait for the next tick. `banner`, `facts` (Markdown,
    behind "About this demo") and `receiver_log` (JSON lines of the local receiver) are set by the demo only.
    """

    database: Database
    event_clock: Clock
    public_url: str
    pepper: bytes = field(repr=False)
    policies: Callable[[], Mapping[str, Policy]]
    wake: Callable[[], None] = lambda: None
    banner: Callable[[], Banner | None] = lambda: None
    facts: Path | None = None
    receiver_log: Path | None = None
    idle_for: timedelta = IDLE_LIFETIME
    absolute_for: timedelta = SESSION_LIFETIME
    scopes: frozenset[Scope] = frozenset({Scope.READ, Scope.WRITE})
    """What a signed-in person may see and do; `Scope.PRIVATE` adds tickets and surveys."""
    stream_poll: timedelta = field(default=timedelta(seconds=1))
    """How often the live stream looks for alert changes."""

    @property
    def is_https(self) -> bool:
        """Whether browsers reach us by TLS; cookies are `Secure` and named `__Host-` then."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def cookie(self) -> str:
        """The name of the session cookie."""
        return "__Host-fretwatch" if self.is_https else "fretwatch"

    @property
    def origin(self) -> str:
        """Scheme and host of `public_url`, as a browser's Origin header writes it."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"
