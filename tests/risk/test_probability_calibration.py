"""Calibration: monotone, better than a distorted score, interval in order, native file."""

import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from whychurn.risk.model.probability_calibration import Calibrator, fit_calibrator


def _distorted(seed: int, rows: int, power: float = 3.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = rng.beta(1.5, 3, rows)
    return p**power, (rng.random(rows) < p).astype(float), np.repeat(np.arange(rows // 2), 2)


def _fit(raw, y, members, **more) -> Calibrator:
    return fit_calibrator(raw, y, members, **({"replicates": 40, "confidence": 0.95, "seed": 1} | more))


def test_improves_a_distorted_score_on_new_rows():
    calibrator = _fit(*_distorted(1, 6000))
    raw, y, _ = _distorted(2, 6000)
    p = calibrator.probability(raw)
    assert log_loss(y, p) < log_loss(y, np.clip(raw, 1e-6, 1)) - 0.05
    truth = raw ** (1 / 3)
    assert np.abs(p - truth).mean() < 0.02


def test_curve_is_monotone_and_inside_its_interval():
    calibrator = _fit(*_distorted(3, 2000))
    for curve in (calibrator.y, calibrator.low, calibrator.high):
        assert (np.diff(curve) >= -1e-12).all()
        assert ((curve > 0) & (curve < 1)).all()
    assert (calibrator.low <= calibrator.y).all() and (calibrator.y <= calibrator.high).all()


def test_platt_agrees_with_an_unpenalised_logistic_regression():
    rng = np.random.default_rng(4)
    score = rng.normal(size=20_000)
    y = (rng.random(20_000) < 1 / (1 + np.exp(-(0.5 * score - 1)))).astype(float)
    raw = 1 / (1 + np.exp(-score))
    calibrator = _fit(raw, y, np.arange(20_000), replicates=0)
    assert calibrator.kind == "platt"  # the truth is one
    reference = LogisticRegression(C=1e9).fit(score[:, None], y).predict_proba(score[:, None])[:, 1]
    assert np.abs(calibrator.probability(raw) - reference).max() < 0.01


def test_a_step_is_left_to_isotonic_regression():
    rng = np.random.default_rng(5)
    raw = rng.random(8000)
    y = (rng.random(8000) < np.where(raw > 0.5, 0.6, 0.1)).astype(float)
    calibrator = _fit(raw, y, np.arange(8000), replicates=0)
    assert calibrator.kind == "isotonic"
    assert calibrator.probability(np.array([0.2, 0.8])) == pytest.approx([0.1, 0.6], abs=0.04)


def test_an_inverted_score_becomes_flat_not_falling():
    raw, y, members = _distorted(6, 3000)
    p = _fit(1 - raw, y, members, replicates=0).probability(np.linspace(0, 1, 50))
    assert (np.diff(p) >= 0).all()
    assert p.mean() == pytest.approx(y.mean(), abs=0.05)


def test_constant_score_gives_the_base_rate():
    y = np.r_[np.ones(30), np.zeros(170)]
    p = _fit(np.full(200, 0.5), y, np.arange(200), replicates=5).probability(np.array([0.5]))
    assert p[0] == pytest.approx(0.15, abs=0.01)


def test_interval_narrows_with_more_members():
    few, many = (_fit(*_distorted(7, rows)) for rows in (400, 20_000))
    width = [np.subtract(*c.interval(np.array([0.1]))[::-1])[0] for c in (few, many)]
    assert width[0] > 2 * width[1] > 0


def test_json_round_trip_is_plain_interpolation():
    calibrator = _fit(*_distorted(8, 1000))
    content = json.loads(json.dumps(calibrator.as_json()))
    raw = np.linspace(0, 1, 33)
    assert np.array_equal(np.interp(raw, content["x"], content["y"]), calibrator.probability(raw))
    assert np.array_equal(np.interp(raw, content["x"], content["high"]), calibrator.interval(raw)[1])
