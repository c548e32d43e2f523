"""Fine-tune the small English reader (heads sentiment and complaint) on one CPU core; read top to bottom.

What it saves, `weights.pt`, carries its knobs and data hashes; `models.export` turns it into the shipped artefact.
A run that was stopped goes on from its last checkpoint: the order of batches depends on the seed alone.
"""

import dataclasses
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.base_weights import DEFAULT_CACHE, fetch_base
from models.datasets import Row, Task, data_hashes, read_tasks

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor

    from models.encoder import Reader


@dataclass(frozen=True, slots=True)
class TrainingKnobs:
    """Everything that can be turned; the defaults are the run that made the shipped artefact.

    `data`               folder of the labelled sets
    `output`             where checkpoint and weights go
    `cache`              where the base weights are kept
    `base`               a folder with other base weights of the same layout; `None` fetches MiniLM
    `seed`               order, weak samples, fresh heads and dropout
    `epochs`             passes over the sentiment rows; the number of complaint batches follows from `task_exponent`
    `batch_size`         rows a step; `max_tokens` cuts a row, the special tokens included (tweets rarely reach 72)
    `encoder_rate`       peak learning rates of AdamW; the fresh heads learn faster than the encoder
    `warm_up`            share of the steps with a rising rate, then it falls linearly to zero
    `task_exponent`      tasks are drawn in proportion to size ** exponent
    `smoothing`          how far complaint labels are drawn from 0 and 1: weak rules are not certain, few rows overfit
    `source_weights`     times that a row of a source counts in an epoch of its task (1 when unnamed)
    `threads`            cores; one process with one thread is the most efficient
    `checkpoint_every`   steps
    `row_limit`          only the first rows of each task, for a quick look; 0 takes all
    """

    data: Path
    output: Path
    cache: Path = DEFAULT_CACHE
    base: Path | None = None
    seed: int = 20
    epochs: float = 2.0
    batch_size: int = 64
    max_tokens: int = 72
    encoder_rate: float = 1.2e-4
    head_rate: float = 5e-4
    weight_decay: float = 0.01
    warm_up: float = 0.06
    task_exponent: float = 0.5
    smoothing: float = 0.1
    source_weights: tuple[tuple[str, int], ...] = (("complaints_acl2019", 2), ("own", 3))
    threads: int = 1
    checkpoint_every: int = 200
    row_limit: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands: `loss` is the running mean of the task's last batches."""

    step: int
    steps: int
    task: str
    loss: float
    seconds: float


def train(knobs: TrainingKnobs, report: Callable[[Progress], None]) -> Path:
    """Train and return the path of `weights.pt`; `report` hears of every 20th step."""
    import torch

    from models.encoder import from_base

    torch.set_num_threads(knobs.threads)
    torch.manual_seed(knobs.seed)
    base = knobs.base or fetch_base(knobs.cache)
    tasks = read_tasks(knobs.data, seed=knobs.seed)
    rows = {name: _weighted(task, knobs) for name, task in tasks.items()}
    tokenizer = open_tokenizer(base / "tokenizer.json", knobs.max_tokens)
    encoded = {
        name: [item.ids for item in tokenizer.encode_batch_fast([row.text for row in group])]
        for name, group in rows.items()
    }
    labels = {name: [row.label for row in group] for name, group in rows.items()}
    plan = plan_batches({name: [len(ids) for ids in group] for name, group in encoded.items()}, knobs)

    reader = from_base(base)
    optimiser = torch.optim.AdamW(_parameter_groups(reader, knobs), fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, len(plan), knobs.warm_up))
    knobs.output.mkdir(parents=True, exist_ok=True)
    checkpoint = knobs.output / "checkpoint.pt"
    done = _resume(checkpoint, knobs, reader, optimiser, schedule)

    reader.train()
    started, losses = time.monotonic(), dict.fromkeys(rows, 0.0)
    for step, (name, batch) in enumerate(plan[done:], start=done + 1):
        ids, mask = pad([encoded[name][index] for index in batch])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            outputs = dict(zip(reader.heads, reader(ids, mask), strict=True))
        loss = _loss(outputs[name], torch.tensor([labels[name][index] for index in batch]), knobs.smoothing)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        schedule.step()
        losses[name] = 0.95 * losses[name] + 0.05 * loss.item() if losses[name] else loss.item()
        if step % 20 == 0:
            report(Progress(step, len(plan), name, losses[name], time.monotonic() - started))
        if step % knobs.checkpoint_every == 0:
            _save(checkpoint, step, knobs, reader, optimiser, schedule)

    weights = knobs.output / "weights.pt"
    torch.save({"state": reader.state_dict(), "knobs": described(knobs), "data": data_hashes(knobs.data)}, weights)
    checkpoint.unlink(missing_ok=True)
    return weights


def described(knobs: TrainingKnobs) -> dict[str, Any]:
    """The knobs as plain values, without the paths of the machine that trained."""
    fields = dataclasses.asdict(knobs)
    return {name: value for name, value in fields.items() if name not in {"data", "output", "cache", "base"}}


def open_tokenizer(path: Path, max_tokens: int) -> "Tokenizer":
    """The WordPiece tokenizer, cutting at `max_tokens` and never padding."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def pad(sequences: Sequence[Sequence[int]]) -> tuple["Tensor", "Tensor"]:
    """Token ids [batch, longest] and their mask; 0 is the padding token."""
    import torch

    longest = max(map(len, sequences))
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in sequences])
    return ids, (ids != 0).long()


def plan_batches(lengths: dict[str, list[int]], knobs: TrainingKnobs) -> list[tuple[str, list[int]]]:
    """Every batch of the run in order: one task a batch, rows of like length together."""
    chance = random.Random(knobs.seed)
    main = len(lengths["sentiment"])
    steps = {
        name: round(knobs.epochs * main / knobs.batch_size * (len(group) / main) ** knobs.task_exponent)
        for name, group in lengths.items()
    }
    order = [name for name, count in steps.items() for _ in range(count)]
    chance.shuffle(order)
    feeds = {name: _endless_batches(group, knobs.batch_size, chance) for name, group in lengths.items()}
    return [(name, next(feeds[name])) for name in order]


def _endless_batches(lengths: Sequence[int], size: int, chance: random.Random) -> Iterator[list[int]]:
    """Epoch after epoch; inside a window of 50 batches the rows are sorted by length, then the batches shuffled."""
    while True:
        order = list(range(len(lengths)))
        chance.shuffle(order)
        window = size * 50
        for start in range(0, len(order), window):
            rows = sorted(order[start : start + window], key=lengths.__getitem__)
            batches = [rows[first : first + size] for first in range(0, len(rows), size)]
            chance.shuffle(batches)
            yield from batches


def _weighted(task: Task, knobs: TrainingKnobs) -> list[Row]:
    weights = dict(knobs.source_weights)
    rows = [row for row in task.train for _ in range(weights.get(row.source, 1))]
    return rows[: knobs.row_limit] if knobs.row_limit else rows


def _loss(logits: "Tensor", labels: "Tensor", smoothing: float) -> "Tensor":
    from torch.nn import functional

    if logits.shape[1] == 1:
        wanted = labels.float() * (1.0 - smoothing) + smoothing / 2
        return functional.binary_cross_entropy_with_logits(logits[:, 0].float(), wanted)
    return functional.cross_entropy(logits.float(), labels)


def _rate(step: int, steps: int, warm_up: float) -> float:
    rising = max(1, round(steps * warm_up))
    return min((step + 1) / rising, max(0.0, (steps - step) / max(1, steps - rising)))


def _parameter_groups(reader: "Reader", knobs: TrainingKnobs) -> list[dict[str, Any]]:
    """Heads learn faster; biases, norms and the segment vector do not decay."""
    groups: dict[tuple[float, float], list[Any]] = {}
    for name, parameter in reader.named_parameters():
        rate = knobs.head_rate if name.startswith("heads.") else knobs.encoder_rate
        decay = knobs.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return [{"params": members, "lr": rate, "weight_decay": decay} for (rate, decay), members in groups.items()]


def _save(path: Path, step: int, knobs: TrainingKnobs, reader: Any, optimiser: Any, schedule: Any) -> None:
    import torch

    state = {
        "step": step,
        "knobs": json.dumps(described(knobs)),
        "reader": reader.state_dict(),
        "optimiser": optimiser.state_dict(),
        "schedule": schedule.state_dict(),
        "chance": torch.get_rng_state(),
    }
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def _resume(path: Path, knobs: TrainingKnobs, reader: Any, optimiser: Any, schedule: Any) -> int:
    """Steps already done by a stopped run with the same knobs; its state is loaded."""
    import torch

    if not path.is_file():
        return 0
    state = torch.load(path, weights_only=True)
    if state["knobs"] != json.dumps(described(knobs)):
        return 0
    reader.load_state_dict(state["reader"])
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    torch.set_rng_state(state["chance"])
    return int(state["step"])
