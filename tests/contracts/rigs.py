"""For every collector: a place that publishes what the suite says, in that collector's own language.

Adding a collector means adding its rig here; the suite fails for a registered kind without one.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from app.domain.brands import Brand, SourceConfig
from app.domain.ports import CollectRequest
from tests.egress.server import Asked, Reply, ScriptedServer

TOKEN = "tok-3n-very-secret"
START = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
NORTHWIND = Brand("northwind", "Northwind Air", handles={"mastodon": ("@care@127.0.0.1",)})


@dataclass(frozen=True)
class Item:
    """One made-up post, the same for every collector."""

    number: int
    text: str

    @property
    def at(self) -> datetime:
        """A minute after the one before."""
        return START + timedelta(minutes=self.number)


def items(count: int, start: int = 1) -> list[Item]:
    """So many different posts."""
    return [Item(number, f"Northwind lost my bag number {number}") for number in range(start, start + count)]


@dataclass
class Rig:
    """Publishes items for one kind; `fail` makes the place answer with `reply` instead."""

    kind: str
    server: ScriptedServer
    folder: Path
    publish: Callable[["Rig", Sequence[Item]], None]
    config: Callable[["Rig"], Mapping[str, Any]]
    path: str | None
    extra: dict[str, Any] = field(default_factory=dict)

    def request(self) -> CollectRequest:
        """What the runtime would ask."""
        source = SourceConfig(
            name=f"{self.kind}-test", kind=self.kind, brands=("northwind",), allow_private=True, **self.config(self)
        )
        return CollectRequest(source, (NORTHWIND,), TOKEN)

    def fail(self, reply: Reply) -> None:
        """From now on the place answers only so."""
        assert self.path is not None
        self.server.on(self.path, reply)


def rss_rig(server: ScriptedServer, folder: Path) -> Rig:
    def publish(rig: Rig, published: Sequence[Item]) -> None:
        rows = "".join(
            f"<item><guid>g{one.number}</guid><title>{escape(one.text)}</title><link>https://a.example/{one.number}</link>"
            f"<pubDate>{one.at:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
            for one in reversed(published)
        )
        body = f'<rss version="2.0"><channel><title>News</title>{rows}</channel></rss>'.encode()
        tag = f'"{len(published)}"'

        def answer(asked: Asked) -> Reply:
            known = asked.headers.get("if-none-match") == tag
            return Reply(304, headers={"ETag": tag}) if known else Reply(200, body, {"ETag": tag})

        rig.server.on_call("/feed", answer)

    return Rig("rss", server, folder, publish, lambda rig: {"url": rig.server.url + "/feed"}, "/feed")


def status(one: Item) -> dict[str, Any]:
    """A status as a server of Mastodon 4 writes it, shortened."""
    return {
        "id": str(117_000_000_000_000_000 + one.number),
        "uri": f"https://social.example/users/ann/statuses/{one.number}",
        "url": f"https://social.example/@ann/{one.number}",
        "content": f"<p>{escape(one.text)} <a href='https://a.example'>#northwind</a></p>",
        "spoiler_text": "",
        "created_at": one.at.isoformat().replace("+00:00", "Z"),
        "edited_at": None,
        "language": "en",
        "visibility": "public",
        "in_reply_to_id": None,
        "reblog": None,
        "favourites_count": 1,
        "reblogs_count": 0,
        "replies_count": 2,
        "account": {"id": "7", "acct": "ann", "display_name": "Ann", "followers_count": 12, "bot": False},
        "mentions": [],
        "tags": [{"name": "northwind"}],
    }


def timeline(statuses: Sequence[dict[str, Any]]) -> Callable[[Asked], Reply]:
    """Mastodon's paging: newest first; `min_id` gives the page right after it, `max_id` the page right before."""

    def answer(asked: Asked) -> Reply:
        query = parse_qs(urlsplit(asked.target).query)
        limit = int(query.get("limit", ["20"])[0])
        rows = sorted(statuses, key=lambda one: int(one["id"]))
        if "min_id" in query:
            rows = [one for one in rows if int(one["id"]) > int(query["min_id"][0])][:limit]
        else:
            rows = [one for one in rows if int(one["id"]) < int(query.get("max_id", ["9" * 30])[0])][-limit:]
        return Reply(200, json.dumps(rows[::-1]).encode(), {"Content-Type": "application/json"})

    return answer


def mastodon_rig(server: ScriptedServer, folder: Path) -> Rig:
    def publish(rig: Rig, published: Sequence[Item]) -> None:
        rig.server.on_call("/api/v1/timelines/tag/northwind", timeline([status(one) for one in published]))

    def config(rig: Rig) -> Mapping[str, Any]:
        return {"base_url": rig.server.url, "options": {"tags": ["#northwind"]}}

    return Rig("mastodon", server, folder, publish, config, "/api/v1/timelines/tag/northwind")


def replay_rig(server: ScriptedServer, folder: Path) -> Rig:
    file = folder / "posts.jsonl"

    def publish(rig: Rig, published: Sequence[Item]) -> None:
        rows = [
            {"external_id": str(one.number), "text": one.text, "author": "ann", "created_at": one.at.isoformat()}
            for one in published
        ]
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    return Rig("replay", server, folder, publish, lambda rig: {"options": {"file": str(file)}}, None)


RIGS: Mapping[str, Callable[[ScriptedServer, Path], Rig]] = {
    "mastodon": mastodon_rig,
    "replay": replay_rig,
    "rss": rss_rig,
}
