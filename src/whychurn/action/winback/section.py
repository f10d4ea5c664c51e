"""Table winback, and facts on replies, second lives and referral."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.action.contact_consent import may_contact, opted_out
from whychurn.action.inputs import ActionInputs, Section
from whychurn.action.plan.holdout import held_out
from whychurn.action.winback.contacts_by_lot import contacts_by_lot
from whychurn.action.winback.leavers import SAID_SO, known_gone, leavings
from whychurn.action.winback.lists import Valued, winback_list
from whychurn.action.winback.options import winback_beliefs, winback_options
from whychurn.action.winback.person_time import after_contacts, before_contacts
from whychurn.action.winback.referral import referral_facts
from whychurn.action.winback.reply_rates import reply_rates
from whychurn.action.winback.return_model import ReturnModel, fit_returns
from whychurn.action.winback.second_life import second_life
from whychurn.contract.causes import CONTROL
from whychurn.contract.results import columns_of, empty_table
from whychurn.panel.duckdb_tables import day_number

NO_TESTS: Final = Section({})


def winback_section(inputs: ActionInputs, tests: Section = NO_TESTS) -> Section:
    """List leavers whom it pays to invite back; effects from randomised contacts with leavers only, else from belief.

    Parameters
    ----------
    tests
        Its table action_tests says how many members a contact brings.

    Returns
    -------
    Section
        Facts: ``counts`` (gone, no_profile, no_consent, held_out, listed, by_cause; silent: for longer than usual, but
        not known gone), ``tested`` (action -> members drawn), ``replies``, ``second_life``, ``set_aside``, ``referral``.
    """
    events = leavings(inputs)
    tested, aside = contacts_by_lot(inputs, events)
    model = _model(inputs, events, tested)
    life = second_life(events, inputs)
    drawn = tested.loc[(tested["action"] != CONTROL).to_numpy(bool), "action"].value_counts()
    shown = {
        str(action): int(n) for action, n in sorted(drawn.items()) if n >= inputs.params.privacy.min_cell
    }
    leavers, counts = _leavers_today(inputs, events)
    valued = Valued(
        model, life, winback_options(inputs, tested), frozenset(shown) if _held_out(tested) else frozenset()
    )
    table = winback_list(leavers, valued, inputs)
    counts |= {"listed": len(table), "by_cause": _by_cause(table, inputs.params.privacy.min_cell)}
    action_tests = tests.tables.get("action_tests", empty_table(columns_of("action_tests")))
    facts = {
        "counts": counts,
        "tested": shown,
        "replies": reply_rates(tested, inputs),
        "second_life": {
            "returners": life.returners if life.returners >= inputs.params.privacy.min_cell else None,
            "share_of_first": round(life.overall, 6),
            "followed_days": life.followed_days,
        },
        "set_aside": aside,
        "referral": referral_facts(inputs, action_tests),
    }
    return Section({"winback": table}, facts)


def _model(inputs: ActionInputs, events: pd.DataFrame, tested: pd.DataFrame) -> ReturnModel:
    until = day_number(inputs.observed_until) + 1
    pieces = pd.concat([before_contacts(events, tested, until), after_contacts(tested)], ignore_index=True)
    beliefs = winback_beliefs(inputs.params)
    arms = sorted(set(beliefs) | (set(tested["action"]) - {CONTROL}))
    return fit_returns(pieces, arms, beliefs)


def _held_out(tested: pd.DataFrame) -> bool:
    return bool((tested["action"] == CONTROL).any())


def _leavers_today(inputs: ActionInputs, events: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Members gone on the decision day who may be contacted, with days since, and how many were set aside."""
    ids = inputs.tables["members"]["member_id"]
    today = day_number(inputs.as_of)
    gone = known_gone(events, ids, np.full(len(ids), today)).drop(columns="row")
    gone = gone.assign(days_since=today - gone["left"])
    profiled = gone["daily_margin"].notna().to_numpy(bool) | ~events["daily_margin"].notna().any()
    consent = may_contact(inputs.tables["members"], gone["member_id"], inputs.params.privacy.missing_consent)
    consent &= ~opted_out(inputs.tables["events"], gone["member_id"])
    wanted = inputs.params.action
    held = held_out(gone["member_id"], inputs.as_of, wanted.holdout_share, wanted.seed)
    silent = ~inputs.already_gone["why"].isin(SAID_SO).to_numpy(bool)
    counts = {
        "gone": len(gone), "no_profile": int((~profiled).sum()), "no_consent": int((profiled & ~consent).sum()),
        "held_out": int((profiled & consent & held).sum()), "silent": int(silent.sum()),
    }  # fmt: skip
    return gone[profiled & consent & ~held].sort_values("member_id", ignore_index=True), counts


def _by_cause(table: pd.DataFrame, min_cell: int) -> dict[str, int | None]:
    sizes = table["cause"].value_counts()
    return {str(cause): int(n) if n >= min_cell else None for cause, n in sorted(sizes.items())}
