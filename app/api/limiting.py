"""How much one key may ask: a moving window, told in the headers of draft-ietf-httpapi-ratelimit-headers."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether the request may pass, and the headers that say how much is left."""

    may_pass: bool
    headers: Mapping[str, str]


class Limiter:
    """Counts per key in this process; several web processes allow that many times as much."""

    def __init__(self, rate: str) -> None:
        self._item: RateLimitItem = parse(rate)
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def ask(self, key: str) -> Allowance:
        """Count one request."""
        may_pass = self._window.hit(self._item, key)
        stats = self._window.get_window_stats(self._item, key)
        wait = max(1, math.ceil(stats.reset_time - time.time()))
        headers = {
            "RateLimit-Policy": f'"default";q={self._item.amount};w={self._item.get_expiry()}',
            "RateLimit": f'"default";r={stats.remaining};t={wait}',
        }
        if not may_pass:
            headers["Retry-After"] = str(wait)
        return Allowance(may_pass, headers)
