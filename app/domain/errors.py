"""Every error that Fretwatch raises on purpose, drawn as a tree.

FretwatchError                     something that somebody can act on; carries a message that says what to do
├── UsageError                     what the user typed or sent cannot be done as asked
│   ├── ConfigurationError         a file or a variable is wrong; names the file, the key and the nearest right one
│   ├── MalformedInput             a line, a row or a body that cannot be read; names the place
│   └── Refused                    understood, and refused (range too long, limit too high)
├── NotFound                       no such brand, post, case, alert, endpoint
├── Conflict                       the state does not allow it; names what is allowed
├── Unauthenticated                no key, a wrong, expired or revoked one
├── Forbidden                      a valid key without the scope or the brand
├── Unavailable                    a part that is needed does not answer, or is missing
│   ├── DatabaseUnavailable
│   ├── ModelUnavailable           no artefact, or one whose hashes do not match
│   ├── SchemaTooNew               the database belongs to a newer version
│   └── PortInUse
├── EgressError                    a request to the outside brought no usable answer
│   ├── AddressRefused             the address is private, or not http(s); no connection was made
│   ├── AnswerTooLarge             the answer passed its size cap, decoded or not
│   └── NoAnswer                   no connection, no answer within the total deadline, or one cut short
└── CollectorError                 a source could not be read; what was there before is kept
    ├── SourceRefused              401, 403: a configuration error, never retried by itself
    ├── SourceGone                 410, or 404 again and again: the source is paused
    ├── SourceThrottled            429 or 503: wait for `retry_after`
    └── SourceUnreadable           the answer is not what the source promises (a feed that is no feed, too large)

Each class carries the HTTP status that the API and the pages answer with, inherited down the tree; expected conflicts
are 4xx and never page anyone.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar


class FretwatchError(Exception):
    """Something that a person or a program can act on. `http_status` is what a request that meets it is answered."""

    http_status: ClassVar[int] = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UsageError(FretwatchError):
    """What was asked cannot be done as asked."""

    http_status = 422


class ConfigurationError(UsageError):
    """A file or a variable is wrong."""


class MalformedInput(UsageError):
    """A line, a row or a body that cannot be read; `pointer` is its JSON pointer or line."""

    http_status = 400

    def __init__(self, message: str, *, pointer: str = "") -> None:
        super().__init__(message)
        self.pointer = pointer


class Refused(UsageError):
    """Understood, and refused."""


class NotFound(FretwatchError):
    """No such thing, or none that the caller may see."""

    http_status = 404


class Conflict(FretwatchError):
    """The state does not allow it; `allowed` names what it does allow."""

    http_status = 409

    def __init__(self, message: str, *, allowed: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.allowed = tuple(allowed)


class Unauthenticated(FretwatchError):
    """No key, or one that does not hold."""

    http_status = 401


class Forbidden(FretwatchError):
    """A valid key without the scope, or for another brand."""

    http_status = 403


class Unavailable(FretwatchError):
    """A part that is needed does not answer, or is missing."""

    http_status = 503


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, or is read-only or full."""


class ModelUnavailable(Unavailable):
    """There is no model artefact, or its hashes do not match its manifest."""


class SchemaTooNew(Unavailable):
    """The database was migrated by a newer version of Fretwatch."""


class PortInUse(Unavailable):
    """Another program listens on the address."""


class EgressError(FretwatchError):
    """A request to the outside brought no usable answer."""


class AddressRefused(EgressError):
    """The address is private, or not one that may be called; no connection was made."""


class AnswerTooLarge(EgressError):
    """The answer passed its size cap; the rest was not read. `status` is the HTTP status that came before it."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class NoAnswer(EgressError):
    """No connection, or no whole answer within the total deadline."""


class CollectorError(FretwatchError):
    """A source could not be read."""


class SourceRefused(CollectorError):
    """The source wants other credentials; trying again changes nothing."""


class SourceGone(CollectorError):
    """The source says that it no longer exists."""


class SourceThrottled(CollectorError):
    """The source asks us to wait; `retry_after` counts from the answer, and never comes early."""

    def __init__(self, message: str, *, retry_after: timedelta) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SourceUnreadable(CollectorError):
    """The answer is not what the source promises."""
