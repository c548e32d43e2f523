"""Measures an artefact and the cues on held-out posts, and writes the result into the artefact: manifest and card.

Nothing that is measured here was trained on; `tests/models` checks that against the data.
"""

import json
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np

from app.domain.predictions import Prediction, Reading, Unreadable
from app.domain.taxonomy import ANY_POST_SIGNALS, Signal
from models.calibration import expected_calibration_error, macro_f1, macro_recall
from models.datasets import LICENCES, SENTIMENTS, read_tasks
from models.export import write_manifest
from models.lexicon import CueReader
from models.loader import load_reader

Metrics = dict[str, Any]
Gold = list[dict[str, Any]]

AIRLINE_FAILURES: Final = {
    "Late Flight": {"delay"},
    "Cancelled Flight": {"delay"},
    "longlines": {"delay"},
    "Lost Luggage": {"lost_or_damaged"},
    "Damaged Luggage": {"lost_or_damaged"},
    "Customer Service Issue": {"unresponsive", "staff_conduct", "misinformation"},
    "Flight Attendant Complaints": {"staff_conduct"},
    "Flight Booking Problems": {"access", "fulfilment", "billing"},
    "Bad Flight": {"product_defect"},
}
"""The airline set's reasons and the failures they come nearest to."""


def evaluate(folder: Path, data: Path, *, workers: int = 1) -> Metrics:
    """All figures of the artefact in `folder` on the sets in `data`; also written into its manifest and card."""
    reader = load_reader(folder, workers=workers)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    tasks = read_tasks(data, seed=manifest["knobs"]["seed"])
    held_out = tasks["complaint"].held_out
    gold = _json_rows(data / "gold_taxonomy" / "dev.jsonl")
    airline = _json_rows(data / "airline_us_2015" / "train.jsonl")
    cues = CueReader()
    metrics: Metrics = {
        "tweeteval_sentiment_val": _sentiment_metrics(reader, _json_rows(data / "tweeteval_sentiment" / "val.jsonl")),
        "complaints_acl2019_held_out": _complaint_metrics(
            _read(reader, [row.text for row in held_out]), [bool(row.label) for row in held_out]
        ),
        "gold_taxonomy": _gold_metrics(reader, cues, gold),
        "airline_us_2015": _airline_metrics(reader, cues, airline),
    }
    reader.close()
    manifest["metrics"] = metrics
    (folder / "card.md").write_text(card(manifest), encoding="utf-8")
    write_manifest(folder, manifest)
    return metrics


def card(manifest: dict[str, Any]) -> str:
    """The model card of a manifest."""
    from jinja2 import Environment, StrictUndefined

    source = resources.files("models").joinpath("card.md.j2").read_text(encoding="utf-8")
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)
    return environment.from_string(source).render(**manifest, licences=LICENCES) + "\n"


def _read(classifier: Any, texts: Sequence[str]) -> list[Prediction]:
    """Predictions of texts that are all readable."""
    answers: list[Prediction | Unreadable] = classifier.read([Reading(str(n), text) for n, text in enumerate(texts)])
    return [answer for answer in answers if isinstance(answer, Prediction)]


def _sentiment_metrics(reader: Any, rows: Gold) -> Metrics:
    answers = _read(reader, [row["text"] for row in rows])
    truth = np.array([row["label_name"] for row in rows])
    chances = np.array([[(answer.heads["sentiment"] or {})[name] for name in SENTIMENTS] for answer in answers])
    best = np.array(SENTIMENTS)[chances.argmax(axis=1)]
    return {
        "rows": len(rows),
        "macro_recall": _percent(macro_recall(truth, np.array([answer.labels.sentiment for answer in answers]))),
        "macro_recall_of_likeliest": _percent(macro_recall(truth, best)),
        "ece": round(expected_calibration_error(chances.max(axis=1), best == truth), 4),
    }


def _complaint_metrics(answers: Sequence[Prediction], truth: Sequence[bool]) -> Metrics:
    wanted = np.array(truth)
    chosen = np.array([answer.labels.complaint for answer in answers])
    chances = np.array([answer.complaint for answer in answers], dtype=float)
    return {
        "rows": len(answers),
        "macro_f1": _percent(macro_f1(wanted, chosen)),
        **_precision_recall(wanted, chosen),
        "ece": round(expected_calibration_error(chances, wanted), 4),
    }


def _gold_metrics(reader: Any, cues: CueReader, gold: Gold) -> Metrics:
    """English rows for the trained heads (the base is English); the cues on the complaints among all rows."""
    english = [row for row in gold if row["lang"] == "en"]
    read = _read(reader, [row["text"] for row in english])
    complaints = [row for row in gold if row["labels"]["complaint"]]
    by_cue = _read(cues, [row["text"] for row in complaints])
    everywhere = _read(cues, [row["text"] for row in gold])
    sentiments = np.array([row["labels"]["sentiment"] for row in english])
    result: Metrics = {
        "complaint_en": _complaint_metrics(read, [row["labels"]["complaint"] for row in english]),
        "sentiment_en_macro_f1": _percent(macro_f1(sentiments, np.array([item.labels.sentiment for item in read]))),
    }
    for head in ("failure", "severity"):
        truth = np.array([row["labels"][head] for row in complaints])
        chosen = np.array([getattr(item.labels, head) for item in by_cue])
        result[f"{head}_macro_f1"] = _percent(macro_f1(truth, chosen))
        result[f"{head}_by_code"] = {
            code: {"rows": int((truth == code).sum()), **_precision_recall(truth == code, chosen == code)}
            for code in sorted(set(truth.tolist()))
        }
    result["signals"] = {
        str(signal): _signal_metrics(signal, gold, everywhere)
        if signal in ANY_POST_SIGNALS
        else _signal_metrics(signal, complaints, by_cue)
        for signal in Signal
    }
    return result


def _signal_metrics(signal: Signal, rows: Gold, answers: Sequence[Prediction]) -> Metrics:
    truth = np.array([signal in row["labels"]["signals"] for row in rows])
    chosen = np.array([signal in answer.labels.signals for answer in answers])
    return {"rows": int(truth.sum()), "fired": int(chosen.sum()), **_precision_recall(truth, chosen)}


def _airline_metrics(reader: Any, cues: CueReader, rows: Gold) -> Metrics:
    """Sentiment as annotated there; how often a negative post is read as a complaint; reasons against failures."""
    texts = [row["text"] for row in rows]
    read, by_cue = _read(reader, texts), _read(cues, texts)
    truth = np.array([row["airline_sentiment"] for row in rows])
    complaint = np.array([answer.labels.complaint for answer in read])
    reasons = [(row["negativereason"], answer.labels.failure) for row, answer in zip(rows, by_cue, strict=True)]
    wakes = {str(code): sum(code in answer.labels.signals for answer in by_cue) for code in Signal}
    return {
        "rows": len(rows),
        "sentiment_macro_recall": _percent(macro_recall(truth, np.array([item.labels.sentiment for item in read]))),
        "read_as_complaint": {name: _percent(complaint[truth == name].mean()) for name in SENTIMENTS},
        "failure_fits_reason": {
            reason: _percent(np.mean([failure in fits for found, failure in reasons if found == reason]))
            for reason, fits in AIRLINE_FAILURES.items()
        },
        "fired": wakes | {"safety": sum(answer.labels.failure == "safety" for answer in by_cue)},
    }


def _precision_recall(truth: Any, chosen: Any) -> Metrics:
    hits = int((truth & chosen).sum())
    return {
        "precision": _percent(hits / chosen.sum()) if chosen.any() else None,
        "recall": _percent(hits / truth.sum()) if truth.any() else None,
    }


def _percent(share: Any) -> float:
    return round(100 * float(share), 1)


def _json_rows(path: Path) -> Gold:
    with path.open(encoding="utf-8") as stream:
        return [json.loads(line) for line in _filled(stream)]


def _filled(lines: Iterable[str]) -> Iterable[str]:
    return (line for line in lines if line.strip())
