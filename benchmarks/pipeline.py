"""The whole way of a post against the bare classifier, in one run: ratio, CPU outside inference, memory of `serve`.

    python -m benchmarks.pipeline [--posts N] [--data FILE --mapping FILE] [--postgres URL]

Without `--data` the posts are made up here, so that anyone can rerun it. "Bare" is the shipped model reading the same
texts from memory; "whole" is replay to recorded alert: read the file, normalise, match, store, queue, read with all
classifiers, record, follow, judge, let time pass. Ratios hold on one machine, at one moment: both are measured in turn,
`--rounds` times, and the best of each counts.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil

from app.domain.brands import Brand
from app.domain.policies import Policy
from app.domain.posts import Post
from app.domain.predictions import Reading
from app.runtime.replay import replay
from app.runtime.wiring import apply_configuration, open_product
from app.settings import Configuration
from collectors.mapping import read_mapping
from collectors.records import read_records
from models.loader import DEFAULT_FOLDER, load_reader

BRANDS = ("Virgin America", "United", "Southwest", "Delta", "US Airways", "American")
SERVED = 2000
BATCH = 256
"""What a worker pulls at once: four chunks of 64."""
MAPPING = """brand = { column = "brand" }
id = "id"
text = "text"
author = "author"
created_at = { column = "at", format = "%Y-%m-%d %H:%M:%S %z" }
"""


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file, mapping = _input(options, folder)
        texts = [post.text for post in read_records(file, read_mapping(mapping)) if isinstance(post, Post)]
        result: dict[str, object] = {"posts": len(texts), "cores": os.cpu_count(), "load": os.getloadavg()[0]}
        stores = {"sqlite": f"sqlite:///{folder}/bench.db"} | (
            {"postgresql": options.postgres} if options.postgres else {}
        )
        for store, url in stores.items():
            result[store] = _compare(texts, file, mapping, url, options)
        result["serve"] = _serve_memory(folder)
    print(json.dumps(result, indent=2))


def _compare(
    texts: Sequence[str], file: Path, mapping: Path, url: str, options: argparse.Namespace
) -> dict[str, float]:
    rounds = []
    for number in range(options.rounds):
        bare_wall, bare_cpu = _bare(texts, options.workers)
        with _store(url, number) as target:
            whole_wall, whole_cpu = _whole(file, mapping, target, options.workers)
        rounds.append((bare_wall, bare_cpu, whole_wall, whole_cpu))
    n = len(texts)
    bare, whole = min(r[0] for r in rounds), min(r[2] for r in rounds)
    outside = min(r[3] - r[1] for r in rounds)
    return {
        "bare_posts_per_s": round(n / bare, 1),
        "whole_posts_per_s": round(n / whole, 1),
        "ratio": round(bare / whole, 3),
        "cpu_ms_a_post_outside_inference": round(1000 * outside / n, 3),
    }


def _bare(texts: Sequence[str], workers: int) -> tuple[float, float]:
    reader = load_reader(DEFAULT_FOLDER, workers=workers)
    readings = [Reading(str(number), text) for number, text in enumerate(texts)]
    reader.read(readings[:64])
    wall, cpu = time.perf_counter(), time.process_time()
    for start in range(0, len(readings), BATCH):
        reader.read(readings[start : start + BATCH])
    found = time.perf_counter() - wall, time.process_time() - cpu
    reader.close()
    return found


def _whole(file: Path, mapping: Path, url: str, workers: int) -> tuple[float, float]:
    brands = tuple(Brand(slug=name.lower().replace(" ", "-"), name=name) for name in BRANDS)
    configuration = replace(Configuration(), brands=brands, policies=(Policy(),), database_url=url, workers=workers)
    product = open_product(configuration)
    try:
        apply_configuration(configuration, product.database)
        product.readers.read([Reading("0", "a first text, so that nothing is loaded while we measure")])
        product.guess_language("a first text, so that nothing is loaded while we measure")
        wall, cpu = time.perf_counter(), time.process_time()
        asyncio.run(replay(product, file, mapping, source="bench"))
        return time.perf_counter() - wall, time.process_time() - cpu
    finally:
        product.close()


@contextmanager
def _store(url: str, number: int) -> Iterator[str]:
    """The URL of an empty database: a file in the temporary folder, or one made beside `url` and dropped in the end."""
    if url.startswith("sqlite"):
        yield f"{url}.{number}"
        return
    server, _, name = url.rpartition("/")
    target = f"{name}_bench_{number}"
    drop = f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)'
    _psql(url, drop)
    _psql(url, f'CREATE DATABASE "{target}"')
    try:
        yield f"{server}/{target}"
    finally:
        _psql(url, drop)


def _psql(url: str, statement: str) -> None:
    # psql knows no driver in a URL: postgresql+psycopg://… is postgresql://… to it.
    scheme, _, rest = url.partition("://")
    subprocess.run(["psql", f"{scheme.partition('+')[0]}://{rest}", "-qc", statement], check=True, capture_output=True)


def _serve_memory(folder: Path) -> dict[str, float]:
    """Resident memory of `fretwatch serve` at rest, and its peak while it reads 2,000 posts pushed over the API."""
    (folder / "fretwatch.toml").write_text('[[brand]]\nslug = "united"\nname = "United"\n')
    environ = {**os.environ, "FRETWATCH_DATABASE_URL": f"sqlite:///{folder}/serve.db"}
    program = [sys.executable, "-m", "app", "--config", str(folder / "fretwatch.toml")]
    made = subprocess.run(
        [*program, "keys", "create", "bench", "--scope", "write", "--json"],
        env=environ,
        cwd=folder,
        check=True,
        capture_output=True,
    )
    process = subprocess.Popen(
        [*program, "serve", "--port", "18765"], env=environ, cwd=folder, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for("http://127.0.0.1:18765/readyz")
        at_rest = psutil.Process(process.pid).memory_info().rss / 1e6
        for start in range(0, SERVED, 200):
            _push(json.loads(made.stdout)["key"], start)
        while _read_so_far() < SERVED:
            time.sleep(0.25)
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1e3
        return {"at_rest_mb": round(at_rest, 1), "peak_mb": round(peak, 1)}
    finally:
        process.terminate()
        process.wait(timeout=30)


def _push(key: str, start: int) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    posts = [
        {
            "source": "bench",
            "id": str(n),
            "text": f"{row['text']} united",
            "author": {"id": row["author"]},
            "created_at": now,
        }
        for n, row in enumerate(_made_up(start + 200))
    ][start:]
    request = urllib.request.Request(
        "http://127.0.0.1:18765/api/v1/posts/batch",
        data=json.dumps({"posts": posts}).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60):
        pass


def _read_so_far() -> float:
    with urllib.request.urlopen("http://127.0.0.1:18765/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("fretwatch_mentions_read_total"))


def _wait_for(url: str) -> None:
    for _ in range(120):
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.25)
    sys.exit(f"{url} did not answer")


def _input(options: argparse.Namespace, folder: Path) -> tuple[Path, Path]:
    if options.data:
        return options.data, options.mapping
    file, mapping = folder / "made_up.jsonl", folder / "mapping.toml"
    file.write_text("\n".join(json.dumps(row) for row in _made_up(options.posts)) + "\n")
    mapping.write_text(MAPPING)
    return file, mapping


def _made_up(count: int) -> Iterator[dict[str, str]]:
    chance = random.Random(7)
    openers = (
        "my bag never came",
        "third delay today",
        "thank you for the upgrade",
        "nobody answers the phone",
        "is the gate open",
    )
    middles = (
        "after two hours at the desk",
        "on the way to Boston",
        "and the app says on time",
        "for the second time this week",
        "with a small child",
    )
    closers = ("please help", "this is a disgrace", "any news?", "love the crew though", "never again", "what now")
    for number in range(count):
        seconds = number * 45
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(1_740_000_000 + seconds))
        text = f"@brand {chance.choice(openers)} {chance.choice(middles)}, {chance.choice(closers)} {number % 97}"
        yield {
            "id": str(number),
            "brand": chance.choice(BRANDS),
            "text": text,
            "author": f"a{chance.randrange(count)}",
            "at": f"{at} +0000",
        }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=6000)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--mapping", type=Path)
    parser.add_argument("--postgres", help="a database URL; databases beside it are made and dropped")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
