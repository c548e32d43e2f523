"""The demo: a made-up story through the whole product, told in two minutes, delivered to a receiver on this machine."""

import asyncio
import base64
import importlib.util
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from app.domain.clock import StoryClock, SystemClock
from app.domain.errors import Refused, Unavailable
from app.observability import configure_logging
from app.runtime import jobs
from app.runtime.replay import LONG_AGO, Pace, Player, ReplayReport, start_of
from app.runtime.server import Demo, listen, run, working
from app.runtime.wiring import Product, apply_configuration, open_product
from app.settings import Configuration, load
from app.storage import story
from app.web.application import Banner
from collectors.normalised import line_from

EXAMPLES: Final = Path(__file__).resolve().parents[1] / "_examples"
_SECRET: Final = "FRETWATCH_DEMO_SECRET"
_SONG: Final = ("mastodon", "guitar-song")
_LEFT: Final = ("fretwatch.db", "secret", "receiver.jsonl")
"""What a demo leaves in its folder."""
_PROLOGUE: Final = 0.42
"""Share of the time for the nine months; as much goes to the days around the song, the rest to what follows."""
_AROUND: Final = (timedelta(days=5), timedelta(days=3))


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the story made the product do; times are the story's own."""

    replay: dict[str, Any]
    song_at: datetime
    first_ageing_at: datetime | None
    threat_raised_at: datetime | None
    velocity_at: datetime | None
    alerts_of_the_case: int
    webhook_ids_in_72_hours: dict[str, int]
    delivered: int
    failed: int


def run_demo(*, host: str, port: int, seconds: float, folder: Path, keep_serving: bool) -> DemoReport:
    """Play the story from its beginning into a fresh database. Raises what the parts raise."""
    configure_logging(level="WARNING")
    _require_own(folder)
    with listen(host, port) as listener:
        _fresh(folder)
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        log = folder / "receiver.jsonl"
        with _receiver(log, secret) as url:
            configuration = _configuration(folder, secret, url, f"http://{host}:{port}")
            product = open_product(configuration)
            try:
                apply_configuration(configuration, product.database)
                return asyncio.run(_Demo(product, seconds, log).tell(listener, keep_serving=keep_serving))
            finally:
                product.close()


class _Demo:
    """One telling of the story."""

    def __init__(self, product: Product, seconds: float, log: Path) -> None:
        self._product = product
        self._seconds = seconds
        self._log = log
        self._is_over = False
        self._scenario = _scenario()

    async def tell(self, listener: Any, *, keep_serving: bool) -> DemoReport:
        """Serve from the first second; stop after the last one unless the demo is to stay."""
        stop = asyncio.Event()
        roles = frozenset({jobs.WEB, jobs.DELIVER})
        serving = asyncio.create_task(run(self._product, roles, listener, demo=self._pages(), stop=stop))
        try:
            report = await self._play()
            await self._deliver_the_rest()
            found = await asyncio.to_thread(self._report, report)
            self._say(found)
            if keep_serving:
                async with working(self._product, frozenset({jobs.READ, jobs.TICK})):
                    await serving
            return found
        finally:
            stop.set()
            await serving

    async def _play(self) -> ReplayReport:
        clock = StoryClock(LONG_AGO, SystemClock())
        start_of(self._product)
        records = [line_from(line, "demo") for line in self._scenario.build()]
        player = Player(self._product, clock, pace=self._pace(records), progress=self._progress)
        report = await player.play_steps(records)
        self._is_over = True
        clock.release()
        return report

    def _pace(self, records: list[Any]) -> Pace:
        if self._seconds <= 0:
            return Pace()
        song_at = self._scenario.upload_at()
        first = min(at for at in (getattr(record, "created_at", None) for record in records) if at is not None)
        slow_from, slow_to = song_at - _AROUND[0], song_at + _AROUND[1]
        prologue = self._seconds * _PROLOGUE
        return Pace(
            speed=timedelta(days=1).total_seconds() / max(1.0, self._seconds - 2 * prologue),
            stages=(
                (slow_from, (slow_from - first).total_seconds() / prologue),
                (slow_to, (slow_to - slow_from).total_seconds() / prologue),
            ),
        )

    def _pages(self) -> Demo:
        folder = examples() / "broken_guitar"
        return Demo(self._banner, folder / "facts.md", self._log)

    def _banner(self) -> Banner:
        told = "A made-up story is being replayed" if not self._is_over else "A made-up story was replayed"
        text = f"{told}: brand, people and words are invented; days and sizes follow the facts of 2008 and 2009."
        return Banner(text, self._product.clock.now())

    def _progress(self, report: ReplayReport) -> None:
        if sys.stderr.isatty() and report.last_at is not None:
            sys.stderr.write(f"\r  {report.last_at:%Y-%m-%d %H:%M}  {report.stored:,} posts read, the story goes on … ")
            sys.stderr.flush()

    async def _deliver_the_rest(self) -> None:
        for _ in range(100):
            with self._product.database.read() as tx:
                if story.undelivered(tx) == 0:
                    return
            await asyncio.sleep(0.2)

    def _report(self, report: ReplayReport) -> DemoReport:
        song_at = self._scenario.upload_at()
        with self._product.database.read() as tx:
            told = story.of_post(tx, *_SONG, song_at=song_at)
            sent = story.webhook_ids(tx, since=song_at, until=song_at + timedelta(hours=72))
            delivered, failed = story.outcomes(tx)
        return DemoReport(asdict(report), song_at, *told, sent, delivered, failed)

    def _say(self, found: DemoReport) -> None:
        sys.stderr.write(
            "\n  The story is told. What the monitor did, in the story's own time:\n"
            f"    first alert on the unanswered complaint   {_when(found.first_ageing_at)}\n"
            f"    the threat raised it                      {_when(found.threat_raised_at)}\n"
            f"    the song went up                          {_when(found.song_at)}\n"
            f"    its spread was told                       {_when(found.velocity_at)}\n"
            f"    webhooks in the 72 hours after it         {_counted(found.webhook_ids_in_72_hours)}\n"
            f"    delivered {found.delivered}, failed {found.failed}; the log is {self._log}\n\n"
        )
        sys.stderr.flush()


def examples() -> Path:
    """The folder of the examples: beside the package when installed, beside `app/` in the tree."""
    return EXAMPLES if EXAMPLES.is_dir() else EXAMPLES.parents[1] / "examples"


def _counted(by_endpoint: dict[str, int]) -> str:
    return ", ".join(f"{count} to {name}" for name, count in by_endpoint.items()) or "none"


def _when(at: datetime | None) -> str:
    return "never" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def _require_own(folder: Path) -> None:
    """What is in the folder will go, so it may hold nothing but an earlier demo."""
    foreign = [path.name for path in folder.iterdir() if not path.name.startswith(_LEFT)] if folder.is_dir() else []
    if foreign:
        raise Refused(f"{folder} holds {foreign[0]}, which is not of a demo; give another folder with --folder")


def _fresh(folder: Path) -> None:
    """An empty folder."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


def _configuration(folder: Path, secret: str, receiver: str, public_url: str) -> Configuration:
    environ = {**os.environ, _SECRET: secret}
    environ.pop("FRETWATCH_DATABASE_URL", None)
    loaded = load(examples() / "broken_guitar" / "fretwatch.toml", environ=environ)
    return replace(
        loaded,
        endpoints=tuple(replace(endpoint, url=f"{receiver}/hook") for endpoint in loaded.endpoints),
        database_url=f"sqlite:///{folder.resolve()}/fretwatch.db",
        secret_file=folder / "secret",
        public_url=public_url,
        workers=max(1, (os.cpu_count() or 1)),
    )


@contextmanager
def _receiver(log: Path, secret: str) -> Iterator[str]:
    """A receiver in a process of its own, as a customer would run it."""
    script = examples() / "receiver" / "receiver.py"
    process = subprocess.Popen(
        [sys.executable, str(script), "--port", "0", "--log", str(log), "--secret-env", _SECRET],
        env={**os.environ, _SECRET: secret},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith("ready "):
            raise Unavailable("the local webhook receiver of the demo did not start; see the message above")
        yield line.split()[1]
    finally:
        process.terminate()
        process.wait(timeout=10)
        if process.stdout:
            process.stdout.close()


def _scenario() -> ModuleType:
    path = examples() / "broken_guitar" / "scenario.py"
    spec = importlib.util.spec_from_file_location("fretwatch_scenario", path)
    if spec is None or spec.loader is None:
        raise Unavailable(f"the demo's story is not here: {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
