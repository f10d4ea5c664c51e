"""Two public campaigns read out, from the raw file on: python benchmarks/public_actions.py [FOLDER].

Hillstrom (2008): 64 000 customers in thirds by lot, one mail or another or none; who came back within two weeks? Is the
average effect shown, and is it shown that a learner can tell who responds? iFood: 2 240 customers, six campaigns, all of
them contacted: nothing can be read, and that is what must be said.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost as xgb

from whychurn.action.tests_by_lot.as_drawn.outcomes import OUTCOMES
from whychurn.action.tests_by_lot.readout import read_tests
from whychurn.action.tests_by_lot.sentences import sentence, verdict
from whychurn.action.tests_by_lot.untouched import fit_untouched, member_fold
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CONTROL
from whychurn.contract.params.action import ActionParams
from whychurn.contract.paths import PROJECT

ARMS = {"Mens E-Mail": "mens_mail", "Womens E-Mail": "womens_mail", "No E-Mail": CONTROL}
PERMUTED, SEED = 200, 7
TREES = {"objective": "binary:logistic", "max_depth": 3, "eta": 0.05, "min_child_weight": 50, "lambda": 10,
         "nthread": 2, "seed": SEED}  # fmt: skip


def main(folder: Path) -> None:
    """Print both read-outs; a file that is not there is passed over."""
    for name, read in (
        ("hillstrom/hillstrom.csv.gz", hillstrom),
        ("ifood_campaigns/marketing_campaign.csv.gz", ifood),
    ):
        file = folder / name
        print(f"\n{name}" if file.exists() else f"\n{name}: not there, passed over")
        if file.exists():
            read(pd.read_csv(file))


def hillstrom(raw: pd.DataFrame) -> None:
    """Average effects on staying away, buying and spend; Qini of a T-learner beside its null."""
    rows, features = hillstrom_rows(raw)
    untouched = fit_untouched(rows, features, seed=SEED)
    p = untouched.at_draw(rows, features)
    print(f"chance to stay away uncontacted: {untouched.model}, log loss {untouched.log_loss}")
    table = read_tests(rows, p, ActionParams(), 10)
    _print_sentences(table[(table["campaign_id"] == "hillstrom")])
    came = 1 - rows["left"].to_numpy("float64")
    for action in sorted(set(ARMS.values()) - {CONTROL}):
        both = rows["action"].isin([action, CONTROL]).to_numpy()
        treated = (rows.loc[both, "action"] == action).to_numpy()
        score = t_learner(features[both], came[both], treated)
        found, null = qini(score, came[both], treated), null_qini(score, came[both], treated)
        low, high = np.quantile(null, [0.025, 0.975])
        best = score >= np.median(score)
        gain = [_effect(came[both][half], treated[half]) for half in (best, ~best)]
        told = "shown" if found > high else "not shown"
        print(
            f"{action}: who responds: {told}; Qini {1000 * found:.2f} of 1 000 members, null {1000 * low:.2f} to "
            f"{1000 * high:.2f}; effect in the half ranked first {100 * gain[0]:.2f} points, in the other {100 * gain[1]:.2f}"
        )


def ifood(raw: pd.DataFrame) -> None:
    """Every customer got every campaign: the read-out must show no effect."""
    answered = {"AcceptedCmp1": "first", "AcceptedCmp2": "second", "Response": "last"}
    parts = []
    for number, (column, name) in enumerate(answered.items(), start=1):
        known = {"action": f"offer_{name}", "campaign_id": name, "wave": number, "propensity": 1.0}
        parts.append(_rows(raw["ID"].astype(str), 1 - raw[column], **known))
    rows = pd.concat(parts, ignore_index=True)
    table = read_tests(rows, np.full(len(rows), 0.5), ActionParams(), 10)
    _print_sentences(table)


def hillstrom_rows(raw: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows as of the draw, one a customer, and what was known of each then."""
    member = pd.Series([f"c{number:05d}" for number in range(len(raw))])
    rows = _rows(member, 1 - raw["visit"], action=raw["segment"].map(ARMS), campaign_id="hillstrom", wave=1,
                 propensity=1 / 3, spend=raw["spend"], orders=raw["conversion"].astype(float),
                 spend_before=raw["history"])  # fmt: skip
    known = raw[["recency", "history", "mens", "womens", "newbie"]].astype("float64")
    places = pd.get_dummies(raw[["zip_code", "channel"]], dtype="float64")
    return rows, pd.concat([known, places], axis=1).set_index(pd.Index(member, name="member_id"))


def t_learner(features: pd.DataFrame, y: Array, treated: Array, folds: int = 5) -> Array:
    """Chance when contacted minus chance when not, each from boosted trees of its arm, cross-fitted (Künzel et al. 2019)."""
    fold, X = member_fold(features.index) % folds, features.to_numpy()
    score = np.zeros(len(y))
    for number in range(folds):
        out = fold == number
        for arm, sign in ((True, 1), (False, -1)):
            taught = ~out & (treated == arm)
            booster = xgb.train(TREES, xgb.DMatrix(X[taught], y[taught]), 150)
            score[out] += sign * booster.predict(xgb.DMatrix(X[out]))
    return score


def qini(score: Array, y: Array, treated: Array) -> float:
    """Area between the curve of incremental answers, best scores first, and a random order, a member (Radcliffe 2007)."""
    order = np.argsort(-score, kind="stable")
    one, other = np.cumsum(treated[order]), np.cumsum(~treated[order])
    hits, hits_other = np.cumsum(y[order] * treated[order]), np.cumsum(y[order] * ~treated[order])
    gained = (hits - hits_other * one / np.maximum(other, 1)) / treated.sum()
    return float((gained - gained[-1] * np.arange(1, len(y) + 1) / len(y)).mean())


def null_qini(score: Array, y: Array, treated: Array) -> Array:
    """Qini of the same score where its order has nothing to do with who responds; (PERMUTED,).

    The score is permuted within each arm: the average effect stays.
    """
    rng = np.random.default_rng(SEED)
    found = []
    for _ in range(PERMUTED):
        mixed = score.copy()
        for arm in (treated, ~treated):
            mixed[arm] = rng.permutation(score[arm])
        found.append(qini(mixed, y, treated))
    return np.array(found)


def _effect(y: Array, treated: Array) -> float:
    return float(y[treated].mean() - y[~treated].mean())


def _rows(member: pd.Series, left: pd.Series, **given: object) -> pd.DataFrame:
    """Rows with every column that a read-out uses."""
    plain = {"member_id": member, "sent_on": pd.Timestamp("2008-03-01"), "randomized": True, "propensity_stated": True,
             "stratum": "all", "complete": True, "followed_days": 14, "recent_touch_days": np.nan,
             "left": pd.array(left.to_numpy(), dtype="Int8"), "spend_before": np.nan}  # fmt: skip
    return pd.DataFrame({**plain, **dict.fromkeys(OUTCOMES, np.nan), **given})


def _print_sentences(table: pd.DataFrame) -> None:
    for row in table.to_dict("records"):
        facts = {str(name): value for name, value in row.items()} | {"weeks_left": 0, "min_cell": 10}
        said = sentence(verdict(facts, 0.05))["en"]
        print(f"{row['campaign_id']} {row['action']} {row['outcome']}: {said} (arms p = {row['srm_p']:.2g})")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT.parent / "shared" / "data")
