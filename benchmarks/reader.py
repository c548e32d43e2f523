"""Posts a second of the served reader and the cues, against a transformers pipeline that reads one post a call.

`python -m benchmarks.reader --posts 4000`. The ratio is what carries over to another machine, the figures do not. The
pipeline (extra `torch`, base weights in the cache or on the package index) runs over fewer posts, in the same process
and after the reader; `--no-pipeline` leaves it out.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path

from app.domain.predictions import Reading
from models.base_weights import fetch_base
from models.datasets import OWN_CORPUS
from models.lexicon import CueReader
from models.loader import DEFAULT_FOLDER, load_reader
from models.tokens import open_tokenizer, split_windows


def own_posts(count: int) -> list[str]:
    """Made-up posts of about the length of a tweet: two of our own sentences each, every pair another one."""
    sentences = [json.loads(line)["text"] for line in OWN_CORPUS.read_text(encoding="utf-8").splitlines()]
    pairs = (
        (first, second)
        for shift in range(1, len(sentences))
        for first, second in zip(sentences, sentences[shift:], strict=False)
    )
    return [f"{first}. {second.removeprefix('@user ')}" for first, second in islice(cycle(pairs), count)]


def posts_of(path: Path, count: int) -> list[str]:
    """The first texts of a file of JSON lines, from its start again when it is too short."""
    with path.open(encoding="utf-8") as stream:
        texts = [json.loads(line)["text"] for line in islice(stream, count)]
    return list(islice(cycle(texts), count))


def posts_per_second(read: Callable[[], object], count: int, *, repeats: int) -> float:
    """The best of some runs: what the machine does when nothing else disturbs it."""
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        read()
        best = min(best, time.perf_counter() - started)
    return count / best


def pipeline_speed(texts: Sequence[str]) -> float:
    """What peers do: the same encoder in a transformers pipeline, one text a call."""
    from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerFast, pipeline

    base = fetch_base()
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=3)
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_file=str(base / "tokenizer.json"), pad_token="[PAD]"
    )
    tokenizer.backend_tokenizer.no_padding()
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, truncation=True, max_length=128)
    classify(texts[0])
    return posts_per_second(lambda: [classify(text) for text in texts], len(texts), repeats=1)


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=4_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--texts", type=Path, help="JSON lines with a key `text`; our own sentences when left out")
    parser.add_argument("--pipeline-posts", type=int, default=200)
    parser.add_argument("--no-pipeline", action="store_true")
    chosen = parser.parse_args()

    texts = posts_of(chosen.texts, chosen.posts) if chosen.texts else own_posts(chosen.posts)
    readings = [Reading(str(number), text) for number, text in enumerate(texts)]
    tokenizer = open_tokenizer(chosen.model / "tokenizer.json")
    tokens = sum(len(window) for item in split_windows(tokenizer, texts) for window in item.windows)
    started = time.perf_counter()
    reader = load_reader(chosen.model, workers=chosen.workers)
    reader.read(readings[:1])
    first_answer_after = time.perf_counter() - started
    reader.warm_up()
    cues = CueReader()
    result: dict[str, float | int] = {
        "posts": chosen.posts,
        "workers": chosen.workers,
        "tokens_a_post": round(tokens / chosen.posts, 1),
        "first_answer_seconds": round(first_answer_after, 2),
        "reader_posts_per_second": round(
            posts_per_second(lambda: reader.read(readings), chosen.posts, repeats=chosen.repeats)
        ),
        "cues_posts_per_second": round(
            posts_per_second(lambda: cues.read(readings), chosen.posts, repeats=chosen.repeats)
        ),
    }
    if not chosen.no_pipeline:
        one_by_one = pipeline_speed(texts[: chosen.pipeline_posts])
        result["pipeline_posts_per_second"] = round(one_by_one, 1)
        result["ratio"] = round(result["reader_posts_per_second"] / one_by_one, 1)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
