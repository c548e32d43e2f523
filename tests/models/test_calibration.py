import numpy as np
import pytest

from models.calibration import (
    SentimentHead,
    expected_calibration_error,
    fit_complaint,
    fit_sentiment,
    macro_f1,
    macro_recall,
    settings_from,
)

LABELS = ("negative", "neutral", "positive")


def test_an_overconfident_sentiment_head_is_cooled() -> None:
    chance = np.random.default_rng(1)
    truth = chance.integers(0, 3, 3_000)
    honest = np.eye(3)[truth] * 1.2 + chance.gumbel(size=(3_000, 3)) * 0.8
    head = fit_sentiment(honest * 3, truth.tolist(), LABELS)
    assert head.temperature > 1.5
    chances = head.probabilities(honest * 3)
    right = chances.argmax(axis=1) == truth
    hot = SentimentHead(LABELS, 1.0, (1.0, 1.0, 1.0)).probabilities(honest * 3)
    assert (
        expected_calibration_error(chances.max(axis=1), right) < expected_calibration_error(hot.max(axis=1), right) / 2
    )


def test_class_weights_find_the_rare_class() -> None:
    chance = np.random.default_rng(2)
    truth = chance.choice(3, 3_000, p=[0.1, 0.5, 0.4])
    logits = np.eye(3)[truth] * 1.5 + np.array([-1.0, 0.5, 0.3]) + chance.normal(size=(3_000, 3))
    head = fit_sentiment(logits, truth.tolist(), LABELS)
    chances = head.probabilities(logits)
    assert head.weights[0] > 1.0
    assert macro_recall(truth, head.choices(chances)) > macro_recall(truth, chances.argmax(axis=1))


def test_a_shifted_complaint_head_is_put_right() -> None:
    chance = np.random.default_rng(3)
    truth = (chance.random(3_000) < 0.4).astype(int)
    logits = ((truth * 2 - 1) * 2.0 + chance.normal(size=3_000) * 2 + 1.5)[:, None]
    head = fit_complaint(logits, truth.tolist())
    assert head.shift < 0
    assert expected_calibration_error(head.probabilities(logits), truth) < 0.05
    assert 0.3 <= head.threshold <= 0.7


def test_scores_by_hand() -> None:
    truth, chosen = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    assert macro_recall(truth, chosen) == pytest.approx(0.75)
    assert macro_f1(truth, chosen) == pytest.approx((2 / 3 + 0.8) / 2)
    assert expected_calibration_error(np.array([0.9, 0.9, 0.1, 0.1]), np.array([1, 1, 0, 0])) == pytest.approx(0.1)


def test_settings_survive_a_round_trip() -> None:
    head = fit_sentiment(np.eye(3), [0, 1, 2], LABELS)
    complaint = fit_complaint(np.array([[-1.0], [1.0]]), [0, 1])
    config = {
        "version": "a@1",
        "taxonomy_version": 3,
        "sentiment": {"labels": list(LABELS), "temperature": head.temperature, "weights": list(head.weights)},
        "complaint": {
            "temperature": complaint.temperature,
            "shift": complaint.shift,
            "threshold": complaint.threshold,
        },
        "sure_from": 0.5,
        "unsure_within": 0.1,
        "languages": ["en"],
    }
    assert settings_from(config).as_dict() == config
