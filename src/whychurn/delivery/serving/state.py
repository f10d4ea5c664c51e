"""Members as they were last scored: for systems that know an id and hold no features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from whychurn.action.served.member_state import TABLE
from whychurn.contract.files import read_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.intake.privacy.pseudonym import find_key, pseudonym


class UnknownMemberError(LookupError):
    """An id that no scored member has; its text repeats none."""


class MemberState:
    """Answers by member id, from the table `member_state`.

    Parameters
    ----------
    rows
        Columns of the results contract, one row a member.
    as_pseudonym
        From an id as it is asked for to the pseudonym in `rows`.
    """

    def __init__(self, rows: pd.DataFrame, as_pseudonym: Callable[[str], str] = str) -> None:
        plain = rows.astype(object).where(rows.notna(), None)  # type: ignore[call-overload]
        self._rows = {str(row.pop("member_id")): _plain(row) for row in plain.to_dict("records")}
        self._as_pseudonym = as_pseudonym

    @classmethod
    def load(cls, study: StudyPaths, params: Params) -> MemberState | None:
        """State of a study whose members were scored; None without one.

        With the study's key ids are the company's; without it, pseudonyms.

        Raises
        ------
        WhychurnError
            If the key can be guessed, or a file cannot be read.
        """
        file = study.results / f"{TABLE}.parquet"
        if not file.is_file():
            return None
        key = find_key(study, params.intake.source) if params.privacy.pseudonymize else None
        return cls(read_table(file), str if key is None else lambda one: pseudonym(one, key))

    def __len__(self) -> int:
        return len(self._rows)

    def answer(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """One answer an id, in order.

        Raises
        ------
        UnknownMemberError
            If an id is nobody's who was scored: unknown, without consent to be profiled, or gone long ago.
        """
        found = [self._rows.get(self._as_pseudonym(one)) for one in ids]
        if missing := [at for at, row in enumerate(found) if row is None]:
            raise UnknownMemberError(f"{len(missing)} ids are unknown, the first at position {missing[0]}")
        return [dict(row) for row in found if row is not None]


class LatestState:
    """`MemberState` of a study, read again when a further run has written it; called, it gives the one in use.

    Parameters
    ----------
    study, params
        As in `MemberState.load`.
    """

    def __init__(self, study: StudyPaths, params: Params) -> None:
        self.study, self.params = study, params
        self._stamp, self._state = self._written(), MemberState.load(study, params)

    def __call__(self) -> MemberState | None:
        return self._state

    def look(self) -> None:
        """Read the table if it has changed; where it cannot be read the state before stays."""
        if (stamp := self._written()) != self._stamp:
            self._state, self._stamp = MemberState.load(self.study, self.params), stamp

    def _written(self) -> int | None:
        file = self.study.results / f"{TABLE}.parquet"
        return file.stat().st_mtime_ns if file.is_file() else None


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Values that JSON holds: days as text."""
    return {
        name: f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else value for name, value in row.items()
    }
