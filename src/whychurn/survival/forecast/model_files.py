"""The chosen survival model in native files (data/processed/survival_model), served without this package.

metadata.json
    kind: "boosted", "cox" or "cox_landmark"; definition, horizons, value_days (horizon of the expected stay),
    tested_on, tests, figures of the test, learned_until, learned_days; for "boosted" also variant
    ("landmark", "frozen"), bounds (ends of the intervals, days) and line (a, b: log-odds of leaving in an
    interval are a + b × margin).
features.json
    {"features": [{name, kind, family, cause, unit, en, zh, categories}]}: the columns of a request.
model.ubj (boosted)
    XGBoost booster; input: encoded features in that order (categories as codes, null as NaN), then the end of
    the interval in days.
coefficients.csv (cox, cox_landmark)
    One row a term: name, feature, kind, code, log, fill, low, high, mean, scale, coefficient; the column is
    (f(x) - mean) / scale with f as in `cox_terms.Term`.
baseline.csv (cox, cox_landmark)
    day, cumulative hazard; the clock is tenure_days ("cox") or days from now ("cox_landmark"). The last day's
    step is carried on.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.files import write_json, write_whole
from whychurn.contract.params import Params
from whychurn.survival.forecast.boosted_discrete_hazard import BoostedHazard
from whychurn.survival.forecast.forecasters import Cox
from whychurn.survival.forecast.model_comparison import ModelComparison

FILES: Final = ("model.ubj", "coefficients.csv", "baseline.csv", "features.json", "metadata.json")
NO_MODEL: Final = "no_model.json"
TEST_FACTS: Final = (
    "tested_on", "tests", "ibs", "ibs_days", "figures", "beats_km", "learned_until", "untested_horizons",
)  # fmt: skip


def write_model(folder: Path, comparison: ModelComparison, definition: str, params: Params) -> None:
    """Write the chosen model, the metadata last; without one (or one that was tested), the reason."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*FILES, NO_MODEL):
        (folder / name).unlink(missing_ok=True)
    model = comparison.model
    if comparison.facts["status"] != "ok" or not isinstance(model, BoostedHazard | Cox):
        write_json(comparison.facts, folder / NO_MODEL)
        return
    of_kind = _write_boosted(folder, model) if isinstance(model, BoostedHazard) else _write_cox(folder, model)
    write_json({"features": [feature.as_json() for feature in model.features]}, folder / "features.json")
    write_json({**of_kind, **_metadata(comparison, model, definition, params)}, folder / "metadata.json")


def _write_boosted(folder: Path, model: BoostedHazard) -> dict[str, Any]:
    with write_whole(folder / "model.ubj") as temporary:
        temporary.write_bytes(bytes(model.booster.save_raw("ubj")))
    return {"variant": model.variant, "bounds": [int(b) for b in model.bounds], "line": list(model.line)}


def _write_cox(folder: Path, model: Cox) -> dict[str, Any]:
    terms = pd.DataFrame([asdict(term) for term in model.terms]).assign(coefficient=model.beta)
    _write_csv(terms, folder / "coefficients.csv")
    days = np.arange(len(model.hazard.cumulative))
    _write_csv(pd.DataFrame({"day": days, "cumulative": model.hazard.cumulative}), folder / "baseline.csv")
    return {"supported_days": model.hazard.supported}


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    with write_whole(path) as temporary:
        frame.to_csv(temporary, index=False, float_format="%.17g")


def _metadata(
    comparison: ModelComparison, model: BoostedHazard | Cox, definition: str, params: Params
) -> dict[str, Any]:
    facts = comparison.facts
    return {
        "kind": model.name,
        "definition": definition,
        "horizons": sorted(set(params.survival.challenge.horizons)),
        "value_days": params.business.value_days,
        "learned_days": model.learned_days,
        **{name: facts[name] for name in TEST_FACTS},
    }
