"""Every collector by the kind that `fretwatch.toml` names. A new one is a file, a line here and a row in the docs."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from app.domain.errors import ConfigurationError
from app.domain.ports import Capabilities, Collector
from app.egress import Egress
from collectors.mapping import nearest
from collectors.mastodon import Mastodon
from collectors.replay import Replay
from collectors.rss import Rss

CAPABILITIES: Final[Mapping[str, Capabilities]] = MappingProxyType(
    {one.kind: one.capabilities for one in (Mastodon, Replay, Rss)}
)
COLLECTORS: Final[Mapping[str, Callable[[Egress], Collector]]] = MappingProxyType(
    {Mastodon.kind: Mastodon, Replay.kind: Replay, Rss.kind: Rss}
)


def collector(kind: str, egress: Egress) -> Collector:
    """The collector of a kind, ready to collect; `ConfigurationError` for a kind that there is not."""
    if kind not in COLLECTORS:
        known = ", ".join(sorted(COLLECTORS))
        raise ConfigurationError(f"there is no collector {kind!r}{nearest(kind, COLLECTORS)}. Known kinds: {known}")
    return COLLECTORS[kind](egress)
