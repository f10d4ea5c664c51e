"""Does the forecast know who will decide to leave, or only who has already left? On simulated studies, where it is known.

    whychurn world --program shop --members 3000 --seed 21 --out S    # then stages intake, voice, panel
    python benchmarks/risk_still_there.py S …

Two models, made alike, on the same test months. ``silent too``: label and rows as they were before members who are already gone
stood apart (left within the horizon by the definition of churn; everybody who has not left by it). ``still there``: as the stage
risk makes it. Truth is read to judge, never to fit: of the members who had not yet decided to leave, does the score rank those first
who decide within the horizon; and of the 5 % with the highest scores, how many had decided before.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from whychurn.contract.codes import RISK_MODEL
from whychurn.contract.files import read_json, read_table
from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import StudyPaths
from whychurn.panel.feature_encoding import encode
from whychurn.panel.features.catalogue import study_catalogue
from whychurn.risk.model.training import Trained, fit_risk
from whychurn.score.ground_truth import read_ground_truth

SMALL = {"risk": {"trials": 2, "bootstrap": 20, "shap_rows": 200, "backtest_cutoffs": 1}}


def with_truth(panel: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """`panel` with the day of the decision that ended the row's spell; missing where it was none."""
    rows = panel.sort_values("entered_on", kind="stable")
    told = decisions.dropna(subset="decided_on").sort_values("decided_on")[["member_id", "decided_on"]]
    joined = pd.merge_asof(
        rows, told, left_on="entered_on", right_on="decided_on", by="member_id", direction="forward"
    )
    until = joined["ended_on"].fillna(pd.Timestamp.max)
    return joined.assign(decided_on=joined["decided_on"].where(joined["decided_on"] <= until))


def judge(rows: pd.DataFrame, trained: Trained, horizon: int) -> dict[str, float]:
    """Figures of one model on the rows that it would score in its test months."""
    p = trained.probability(RISK_MODEL, encode(rows, trained.features))
    gone = (rows["decided_on"] < rows["as_of"]).to_numpy()
    leaves = ~gone & (rows["decided_on"] < rows["as_of"] + pd.Timedelta(days=horizon)).to_numpy()
    top = np.argsort(-p, kind="stable")[: int(np.ceil(0.05 * len(p)))]
    label = rows["label"].to_numpy("float64")
    return {
        "rows": len(rows),
        "auc_reported": roc_auc_score(label, p),
        "auc_true": roc_auc_score(leaves[~gone], p[~gone]),
        "mean_p": float(p[~gone].mean()),
        "rate_true": float(leaves[~gone].mean()),
        "top5_gone": float(gone[top].mean()),
        "top5_leave": float(leaves[top].mean()),
    }


def compare(study: StudyPaths, params: Params) -> pd.DataFrame:
    """One row a model."""
    facts = read_json(study.processed / "panel.json")
    horizon, known = facts["horizon_days"], facts["label_known_days"]
    spells = read_table(study.processed / "spells.parquet")
    keys = ["member_id", "spell_no"]
    panel = read_table(study.processed / "panel.parquet")
    panel = panel.merge(spells[[*keys, "entered_on", "ended_on"]], on=keys)
    panel = with_truth(panel, read_ground_truth(study, params).causes)
    after = panel["as_of"] + pd.Timedelta(days=horizon)
    until = pd.Timestamp(str(read_json(study.interim / "intake.json")["observed_until"]))
    silent_too = (panel["ended_on"] <= after).astype("boolean").mask(after > until)
    catalogue, lines = study_catalogue(study), []
    there = fit_risk(panel, catalogue, horizon, params, known)
    months = there.split.months["test"]
    labels = {"silent too": silent_too, "still there": panel["churned_in_horizon"]}
    for name, label in labels.items():
        rows = panel.assign(churned_in_horizon=label, label=label)
        learnt = rows[rows["as_of"] <= max(months)]  # the same test months for both
        trained = there if name == "still there" else fit_risk(learnt, catalogue, horizon, params, horizon)
        test = rows[rows["as_of"].isin(months) & rows["label"].notna()]
        lines.append({"study": study.root.name, "model": name, **judge(test, trained, horizon)})
    return pd.DataFrame(lines)


def main(folders: list[str]) -> None:
    """Print the table of all studies."""
    studies = [StudyPaths(Path(folder).resolve()) for folder in folders]
    tables = [compare(study, load_params(study, SMALL)) for study in studies]
    print(pd.concat(tables, ignore_index=True).round(3).to_string(index=False))


if __name__ == "__main__":
    main(sys.argv[1:])
