"""Who asks, and what they may see and do. API keys and signed-in browsers both become a `Principal`."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.errors import Forbidden


class Scope(StrEnum):
    """What a key may do. `admin` includes `read` and `write`; `private` is never implied."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"
    PRIVATE = "private"
    """See what is not public: tickets and surveys. Staff feedback is shown to nobody post by post."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a reader may see: `brands` `None` = all of them; `private` adds what is not public."""

    brands: frozenset[str] | None = None
    private: bool = False

    def covers(self, brand: str) -> bool:
        """Whether this brand may be seen."""
        return self.brands is None or brand in self.brands


EVERYTHING_PUBLIC = Sight()


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or a program that asks. `brands` empty = all brands; `id` is the key's, for limits and the log."""

    id: str
    name: str
    scopes: frozenset[Scope]
    brands: frozenset[str] = frozenset()

    @property
    def sight(self) -> Sight:
        """What this principal may see."""
        return Sight(brands=self.brands or None, private=Scope.PRIVATE in self.scopes)

    def may(self, scope: Scope) -> bool:
        """Whether the principal holds this scope."""
        return scope in self.scopes or (scope in (Scope.READ, Scope.WRITE) and Scope.ADMIN in self.scopes)

    def require(self, scope: Scope) -> None:
        """Raise `Forbidden` without this scope."""
        if not self.may(scope):
            held = ", ".join(sorted(self.scopes)) or "none"
            message = f"This needs the scope {scope.value!r}; the key {self.name!r} holds: {held}."
            raise Forbidden(message)
