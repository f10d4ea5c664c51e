"""A drafted mapping as the text of a params.yaml that a person reads and corrects, and where it goes."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_whole
from whychurn.contract.params import IntakeParams
from whychurn.contract.params.reading.load import FILE
from whychurn.contract.paths import StudyPaths
from whychurn.intake.check.codes.coded_columns import CODED, is_known, known_codes, nearest_code, plain_codes
from whychurn.intake.draft.column_profile import FEW
from whychurn.intake.draft.mapping_draft import MappingDraft, draft_mapping
from whychurn.intake.draft.table_match import ColumnMatch, TableMatch
from whychurn.intake.read.dtypes import TEXT
from whychurn.intake.read.source import open_source

_PLAIN: Final = re.compile(r"[^\W\d_][\w./-]*")
# YAML reads them as other than text
_WORDS: Final = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
SECOND: Final = "params.draft.yaml"  # where a params.yaml exists, it stays


def params_text(draft: MappingDraft, source: str) -> str:
    """Text of a params.yaml: each line with its reason and an example; what is unsure is a comment.

    Parameters
    ----------
    source
        `intake.source`: the folder below the study, or a database address.
    """
    lines = [
        "# Drafted from the files by `whychurn data draft`. Each line says why it stands there and shows an example (of ids",
        "# and texts only their shape: 9 for a digit, A for a letter). Lines that begin with `# choose:` wait for you.",
        "# Then: whychurn data check; all other settings: whychurn params.",
        "# study:",
        "#   name: {en: …, zh: …}   # choose: the programme's name, as reports say it",
        "intake:",
        f"  source: {_scalar(source)}",
    ]
    members = next((match for match in draft.tables if match.table == "members"), None)
    if members and not any(match.column == "joined_on" for match in members.columns):
        lines.append(
            "  complete_members: true   # the file has no day of joining: the first activity is taken"
        )
    lines += [
        "  tables:" if draft.tables else "  tables: {}",
        *(_table_line(match) for match in draft.tables),
    ]
    lines += [f"    # {name}: not used; {why}" for name, why in draft.others.items()]
    if draft.tables:
        lines += ["  columns:", *(line for match in draft.tables for line in _column_lines(match, draft))]
    codes = [line for match in draft.tables for line in _code_lines(match, draft)]
    if codes:
        lines += ["  codes:", *codes]
    return "\n".join(lines) + "\n"


def _table_line(match: TableMatch) -> str:
    files = match.files[0] if len(match.files) == 1 else list(match.files)
    return f"    {match.table}: {_scalar(files)}   # {match.reason}"


def _column_lines(match: TableMatch, draft: MappingDraft) -> Iterable[str]:
    for found in match.columns:
        yield f"    {match.table}.{found.column}: {_scalar(found.header)}   # {_why(found)}"
    for found in match.choices:
        yield f"    # choose: {match.table}.{found.column}: {_scalar(found.header)}   # perhaps; {_why(found)}"
    used = {found.header for found in (*match.columns, *match.choices)}
    left = [profile for profile in draft.columns[match.files[0]] if profile.name not in used]
    for name in match.lacking:
        like = ", ".join(profile.name for profile in left[:6])
        yield f"    # choose: {match.table}.{name}: …   # required, and no column is surely it; left: {like}"
    if left:
        names = ", ".join(profile.name for profile in left[:20])
        kept = "kept as they are" if match.table in ("members", "snapshot") else "not used"
        yield f"    # {match.table}, {kept}: {_comment(names)}{', …' if len(left) > 20 else ''}"


def _code_lines(match: TableMatch, draft: MappingDraft) -> Iterable[str]:
    profiles = {profile.name: profile for profile in draft.columns[match.files[0]]}
    for found in match.columns:
        column = f"{match.table}.{found.column}"
        if found.header not in profiles or not (found.column in match.codes or column in CODED):
            continue
        counts = profiles[found.header].values.value_counts()
        if len(counts) > FEW:  # own words, not codes
            continue
        known = match.codes.get(found.column, {})
        present = [str(value) for value, rows in counts.items() if rows > 1]
        given = {
            value: known.get(value) if value in known else nearest_code(column, value) for value in present
        }
        same = is_known(column, plain_codes(column, pd.Series(present, dtype=TEXT))).tolist()
        left = [value for value, fits in zip(present, same, strict=True) if not fits]
        codes = {value: given[value] for value in left if given[value] is not None}
        unsure = [value for value in left if given[value] is None]
        if codes:
            reason = "as the export's manual says" if known else "the nearest codes, by their words"
            yield f"    {column}: {_mapping(codes)}   # {reason}"
        if unsure:
            among = f"one of {', '.join(known_codes(column))}" if known_codes(column) else "true or false"
            yield f"    # choose: {column}: {_mapping(dict.fromkeys(unsure, '…'))}   # {among}"


def _why(found: ColumnMatch) -> str:
    example = f"; such as {found.example}" if found.example else ""
    return _comment(f"{found.reason}{example}")


def _mapping(codes: dict[str, Any]) -> str:
    pairs = (f"{json.dumps(key, ensure_ascii=False)}: {_scalar(value)}" for key, value in codes.items())
    return "{" + ", ".join(pairs) + "}"


def _scalar(value: Any) -> str:
    text = str(value)
    if isinstance(value, str) and _PLAIN.fullmatch(text) and text.casefold() not in _WORDS:
        return text
    return json.dumps(value, ensure_ascii=False)


def _comment(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f\u2028\u2029]+", " ", text)


def place_tables(folder: Path) -> tuple[Path, str]:
    """Study folder and `intake.source` for a folder that a user names.

    A study has its tables in ``raw/``; the folder ``raw`` itself means its study; in any other folder the tables
    lie beside the params.yaml.

    Raises
    ------
    WhychurnError
        If there is no such folder.
    """
    folder = folder.expanduser().resolve()
    if not folder.is_dir():
        raise WhychurnError(
            "there is no such folder", file=folder, remedy="name the folder that holds your exports"
        )
    for inside in ("raw", "data/raw"):
        if (folder / inside).is_dir():
            return folder, inside
    return (folder.parent, "raw") if folder.name == "raw" else (folder, ".")


def write_draft(folder: Path) -> tuple[Path, MappingDraft]:
    """Write the most likely mapping of the tables in `folder`; return the file and the draft.

    An existing params.yaml stays as it is: the draft goes to ``params.draft.yaml``.

    Raises
    ------
    WhychurnError
        If there is no such folder, or no table in it can be read.
    """
    root, inside = place_tables(folder)
    draft = draft_mapping(open_source(StudyPaths(root), IntakeParams(source=inside)))
    target = root / FILE
    target = root / SECOND if target.exists() else target
    with write_whole(target) as temporary:
        temporary.write_text(params_text(draft, inside), encoding="utf-8")
    return target, draft
