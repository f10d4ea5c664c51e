"""Public programmes whose stated reasons tell nothing, or one planted thing: no method may claim more.

Half of the answered surveys are withheld. What a method says of those leavers is put beside what they had
said (`pytest --log-cli-level=INFO` shows the figures).
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.contract.files import read_json, read_table, write_table
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.score.probability_metrics import floored, log_losses
from whychurn.stages import causes, intake, panel
from whychurn.voice.text.corpus import build_corpus, fit_until, gather_texts
from whychurn.voice.text_scores import score_texts, text_scores_table

log = logging.getLogger(__name__)
SHARED = Path(os.environ.get("WHYCHURN_SHARED_DATA") or Path(__file__).parents[2].parent / "shared" / "data")
P = [f"p_{cause}" for cause in CAUSES]
UNTIL = "2024-12-31"
pytestmark = [pytest.mark.shared_data, pytest.mark.slow]
RAVENSTACK = {
    "pricing": "price", "budget": "price", "support": "product_service", "features": "product_service",
    "competitor": "competition", "unknown": "other",
}  # fmt: skip
TELCO = {
    "product_service": ["Product dissatisfaction", "Service dissatisfaction", "Network reliability",
                        "Limited range of services", "Lack of self-service on Website"],
    "price": ["Price too high", "Long distance charges", "Extra data charges", "Lack of affordable download/upload speed"],
    "engagement": ["Attitude of support person", "Attitude of service provider", "Poor expertise of online support",
                   "Poor expertise of phone support"],
    "competition": ["Competitor had better devices", "Competitor made better offer", "Competitor offered more data",
                    "Competitor offered higher download speeds"],
    "natural": ["Moved", "Deceased"],
    "other": ["Don't know"],
}  # fmt: skip


def read(name: str, **options: object) -> pd.DataFrame:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not here: public data are not part of the project")
    return pd.read_csv(path, **options)


def attributed(root: Path, tables: dict[str, pd.DataFrame]) -> StudyPaths:
    """A study of `tables`, brought up to its causes."""
    study = StudyPaths.at(root)
    for name, table in tables.items():
        write_table(table, study.raw / f"{name}.parquet")
    over = {"panel": {"audit_sample": 20}, "intake": {"max_quarantined": 0.2, "observed_until": UNTIL}}
    params = load_params(study, over)
    intake.run(study, params)
    interim = {
        name: read_table(study.interim / f"{name}.parquet") for name in ("members", "feedback", "surveys")
    }
    corpus = build_corpus(gather_texts(interim["feedback"], interim["surveys"]), params.voice)
    until = fit_until(params, pd.Timestamp(read_json(study.interim / "intake.json")["observed_until"]))
    said = text_scores_table(corpus, score_texts(corpus, until, params).scores, interim["members"])
    write_table(said, study.results / "feedback_topics.parquet")
    panel.run(study, params)
    causes.run(study, params)
    return study


def monthly_terms(members: pd.DataFrame, last: pd.Series, plan: pd.Series, price: pd.Series) -> pd.DataFrame:
    """Terms of 30 days from joining up to the one that holds the `last` day of each member."""
    count = ((last - members["joined_on"]).dt.days // 30 + 1).clip(lower=1).to_numpy()
    row = np.repeat(np.arange(len(members)), count)
    number = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    starts = members["joined_on"].to_numpy()[row] + pd.to_timedelta(30 * number, unit="D")
    return pd.DataFrame(
        {
            "membership_id": [f"t{at}" for at in range(len(row))], "member_id": members["member_id"].to_numpy()[row],
            "plan": plan.to_numpy()[row], "starts_on": starts, "ends_on": starts + pd.Timedelta(days=29),
            "list_price": price.to_numpy()[row], "price_paid": price.to_numpy()[row],
        }
    )  # fmt: skip


def withheld(surveys: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Surveys with every second answer gone, and what was taken: member_id, reason."""
    gone = np.arange(len(surveys)) % 2 == 1
    taken = surveys.loc[gone & surveys["reason"].isin(CAUSES), ["member_id", "reason"]]
    shown = surveys.assign(answered_at=surveys["answered_at"].mask(gone), reason=surveys["reason"].mask(gone))
    if "comment" in shown:
        shown["comment"] = shown["comment"].mask(gone)
    return shown, taken


def claims(
    study: StudyPaths, taken: pd.DataFrame, method: str
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Leavings whose answer was withheld with what was attributed; probabilities (n, 6) and stated codes
    (n,).
    """
    from whychurn.intake.privacy.pseudonym import find_key, pseudonyms

    params = load_params(study)
    key = find_key(study, params.intake.source)
    assert key is not None
    taken = taken.assign(source_id=taken["member_id"], member_id=pseudonyms(taken["member_id"], key))
    rows = read_table(study.processed / "causes" / "attributions.parquet")
    rows = rows[(rows["method"] == method) & (rows["status"] == "churned")]
    rows = rows.drop_duplicates("member_id", keep="last").merge(taken, on="member_id")
    codes = rows["reason"].map({name: at for at, name in enumerate(CAUSES)}).to_numpy("int64")
    return rows, floored(rows[P].to_numpy("float64"), 0.001), codes


def claimed_information(p: np.ndarray) -> float:
    """Nats by which a method claims to know a leaving better than the mean of its answers (mutual
    information).
    """
    mean = p.mean(axis=0)
    return float(-(mean * np.log(mean)).sum() + (p * np.log(p)).sum(axis=1).mean())


def gained_information(p: np.ndarray, y: np.ndarray) -> float:
    """Nats by which its answers beat the shares of what was stated."""
    shares = np.bincount(y, minlength=len(CAUSES)) / len(y)
    prior = floored(np.tile(shares, (len(y), 1)), 0.001)
    return float((log_losses(prior, y) - log_losses(p, y)).mean())


@pytest.fixture(scope="module")
def ravenstack(tmp_path_factory: pytest.TempPathFactory) -> tuple[StudyPaths, pd.DataFrame]:
    """Accounts that end with their first churn event; reasons independent of everything."""
    folder = "ravenstack_saas/"
    accounts, events = read(folder + "accounts.csv.gz"), read(folder + "churn_events.csv.gz")
    plans, usage = read(folder + "subscriptions.csv.gz"), read(folder + "feature_usage.csv.gz")
    tickets = read(folder + "support_tickets.csv.gz")
    first = events.sort_values("churn_date").drop_duplicates("account_id")
    members = pd.DataFrame(
        {"member_id": accounts["account_id"], "joined_on": pd.to_datetime(accounts["signup_date"])}
    )
    members["region"] = accounts["country"]
    gone = members["member_id"].map(first.set_index("account_id")["churn_date"])
    price = members["member_id"].map(plans.groupby("account_id")["mrr_amount"].mean())
    last = pd.to_datetime(gone).fillna(pd.Timestamp(UNTIL))
    memberships = monthly_terms(members, last, accounts["plan_tier"], price)
    owner = plans.set_index("subscription_id")["account_id"]
    used = pd.DataFrame(
        {
            "member_id": usage["subscription_id"].map(owner),
            "occurred_at": pd.to_datetime(usage["usage_date"]),
            "event_type": "visit",
        }
    )
    faults = used[usage["error_count"] > 0].assign(event_type="app_fault")
    asked = pd.to_datetime(tickets["submitted_at"])
    feedback = pd.DataFrame(
        {
            "feedback_id": tickets["ticket_id"], "member_id": tickets["account_id"], "created_at": asked, "source": "ticket",
            "responded_at": asked + pd.to_timedelta(tickets["first_response_time_minutes"], unit="min"),
            "rating": tickets["satisfaction_score"],
        }
    )  # fmt: skip
    asked_on = first["account_id"].map(memberships.groupby("member_id")["ends_on"].max()) + pd.Timedelta(
        days=1
    )
    surveys = pd.DataFrame(
        {
            "survey_id": first["churn_event_id"], "member_id": first["account_id"], "kind": "exit", "sent_at": asked_on,
            "answered_at": asked_on, "reason": first["reason_code"].map(RAVENSTACK), "comment": first["feedback_text"],
        }
    )  # fmt: skip
    shown, taken = withheld(surveys.reset_index(drop=True))
    tables = {
        "members": members,
        "memberships": memberships,
        "events": pd.concat([used, faults]),
        "feedback": feedback,
        "surveys": shown,
    }
    return attributed(tmp_path_factory.mktemp("ravenstack"), tables), taken


@pytest.fixture(scope="module")
def telco(tmp_path_factory: pytest.TempPathFactory) -> tuple[StudyPaths, pd.DataFrame, set[str]]:
    """One quarter of a telephone company; San Diego's competitor is the one planted story."""
    table = read("telco_ibm_extended/telco_extended.csv.gz", keep_default_na=False)
    table = table.sort_values("Customer ID", ignore_index=True)
    left = table["Churn Value"].eq(1)
    day = pd.Timestamp("2024-07-01") + pd.to_timedelta(
        pd.Series(np.arange(len(table)) % 80), unit="D"
    )  # day is not told
    joined = day - pd.to_timedelta(30 * table["Tenure in Months"].clip(upper=17), unit="D")
    ids = table["Customer ID"]
    members = pd.DataFrame(
        {
            "member_id": ids,
            "joined_on": joined,
            "birth_year": 2024.0 - table["Age"],
            "gender": table["Gender"],
        }
    )
    big = table.groupby("City")["City"].transform("size") >= 100
    members["region"] = table["City"].where(big, "elsewhere")
    last = day.where(left, pd.Timestamp(UNTIL))
    memberships = monthly_terms(members, last, table["Contract"], table["Monthly Charge"].astype(float))
    code = {reason: cause for cause, reasons in TELCO.items() for reason in reasons}
    gone = table[left]
    asked_on = gone["Customer ID"].map(memberships.groupby("member_id")["ends_on"].max()) + pd.Timedelta(
        days=1
    )
    surveys = pd.DataFrame(
        {
            "survey_id": "s" + gone["Customer ID"], "member_id": gone["Customer ID"], "kind": "exit", "sent_at": asked_on,
            "answered_at": asked_on, "reason": gone["Churn Reason"].map(code),
        }
    )  # fmt: skip
    shown, taken = withheld(surveys.reset_index(drop=True))
    weeks = pd.date_range("2023-02-06", UNTIL, freq="W-MON")
    market = pd.MultiIndex.from_product(
        [weeks, sorted(set(members["region"]))], names=["week_start", "region"]
    )
    market = market.to_frame(index=False).assign(own_price_index=1.0, competitor_price_index=1.0)
    rival = market["region"].eq("San Diego") & market["week_start"].ge("2024-06-03")
    market["competitor_activity"] = np.where(rival, 0.9, 0.2)  # the rival that IBM's own page tells of
    tables = {"members": members, "memberships": memberships, "surveys": shown, "market": market}
    there = set(ids[table["City"] == "San Diego"])
    return attributed(tmp_path_factory.mktemp("telco"), tables), taken, there


def test_reasons_independent_of_everything_are_not_read_from_traces(
    ravenstack: tuple[StudyPaths, pd.DataFrame],
) -> None:
    study, taken = ravenstack
    rows, p, y = claims(study, taken, load_params(study).causes.method)
    assert len(rows) > 100, "most of the withheld answers belong to a leaving"
    assert gained_information(p, y) < 0.02, "there is nothing to know"
    assert claimed_information(p) < 0.1, "and no more than that is claimed: one leaving is like another"
    silent = rows["primary_cause"].eq("unknown")
    log.info(
        f"claimed {claimed_information(p):.3f} nats, gained {gained_information(p, y):.3f}, named {1 - silent.mean():.3f}"
    )
    assert silent.mean() > 0.8, "so the cause of hardly anybody who did not answer is named"


def test_outside_san_diego_the_answer_is_the_same_for_all_and_its_rival_is_found(
    telco: tuple[StudyPaths, pd.DataFrame, set[str]],
) -> None:
    study, taken, there = telco
    rows, p, y = claims(study, taken, load_params(study).causes.method)
    inside = rows["source_id"].isin(there).to_numpy()
    assert inside.sum() > 60
    rival, price = CAUSES.index("competition"), CAUSES.index("price")
    for name, part in (("inside", inside), ("outside", ~inside)):
        told = [
            f"{(y[part] == cause).mean():.3f} stated, {p[part, cause].mean():.3f} given"
            for cause in (rival, price)
        ]
        log.info(f"{name}: rival {told[0]}; price {told[1]}; claimed {claimed_information(p[part]):.3f} nats")
    assert gained_information(p[~inside], y[~inside]) < 0.02
    assert claimed_information(p[~inside]) < 0.1
    assert p[inside, rival].mean() > p[~inside, rival].mean() + 0.15
