"""Write a simulated programme: raw tables for the company's side, the truth apart."""

import hashlib
import logging
from contextlib import ExitStack
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from whychurn.contract.files import write_json, write_whole
from whychurn.contract.params import WorldParams
from whychurn.contract.tables import TABLES
from whychurn.world.lives.calibration import plan_scenario
from whychurn.world.lives.contacts import wave_weeks
from whychurn.world.setting.programme import load_programme
from whychurn.world.setting.scenario import Scenario
from whychurn.world.simulate import BLOCK, LARGEST_WITH_FUTURES, simulate
from whychurn.world.truth.folder import FOLDER

log = logging.getLogger(__name__)
_ARROW = {
    "text": pa.string(),
    "date": pa.timestamp("ns"),
    "instant": pa.timestamp("ns"),
    "number": pa.float64(),
    "flag": pa.bool_(),
}
KEY_FILE = "whychurn.key"


def build_world(params: WorldParams, root: Path, raw: Path) -> None:
    """Simulate a programme into the study at `root`: raw tables to `raw`, the truth to its own folder.

    Raises
    ------
    WhychurnError
        If a folder cannot be written.
    """
    write_world(params, raw, root / FOLDER)


def write_world(params: WorldParams, raw: Path, truth_folder: Path) -> None:
    """Write raw tables and truth, a block of members at a time, each file whole or not at all."""
    scenario = plan_scenario(params, load_programme(params.program))
    stale = {raw / f"{name}.parquet" for name in TABLES} if (raw / KEY_FILE).exists() else set()
    blocks = -(-params.members // BLOCK)
    with ExitStack() as files:
        writers: dict[Path, pq.ParquetWriter] = {}
        for block in simulate(scenario):
            planted = {name: rounded(frame) for name, frame in block.truth.items()}
            for folder, tables in ((raw, block.tables), (truth_folder, planted)):
                for name, frame in tables.items():
                    rows = as_arrow(name, frame)
                    path = folder / f"{name}.parquet"
                    if path not in writers:
                        writers[path] = files.enter_context(_writer(path, rows.schema, files))
                    writers[path].write_table(rows.cast(writers[path].schema))
            log.info("world: block %d of %d", block.number + 1, blocks)
    for path in stale - set(writers):  # of a world written there before, which kept more
        path.unlink(missing_ok=True)
    with write_whole(raw / KEY_FILE) as temporary:
        temporary.write_text(simulated_key(params.seed) + "\n", encoding="ascii")
    write_json(planted_facts(scenario), truth_folder / "world.json")
    if params.members > LARGEST_WITH_FUTURES:
        log.info(
            "world: above %s members no future is simulated: no decision_state, option_gains, returns",
            f"{LARGEST_WITH_FUTURES:,}",
        )
    log.info("world: %s members of %s written to %s", f"{params.members:,}", params.program, raw)


def rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with its numbers as precise as the hazards they come from, which are float32.

    The last bit of an exponential differs from processor to processor; written so, the files are the same.
    """
    numbers = frame.select_dtypes("float64").columns
    return frame.assign(**{name: frame[name].astype("float32").astype("float64") for name in numbers})


def as_arrow(name: str, frame: pd.DataFrame) -> pa.Table:
    """`frame` with the types of the contract (plain text instead of categories)."""
    rows = pa.Table.from_pandas(frame, preserve_index=False)
    fields = TABLES[name].fields if name in TABLES else {}
    kinds = [
        _ARROW[fields[field.name].kind] if field.name in fields else _plain(field.type)
        for field in rows.schema
    ]
    return rows.cast(pa.schema(list(zip(rows.column_names, kinds, strict=True)))).replace_schema_metadata(
        None
    )


def _plain(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_dictionary(kind) or pa.types.is_null(kind) else kind


def _writer(path: Path, schema: pa.Schema, files: ExitStack) -> pq.ParquetWriter:
    temporary = files.enter_context(write_whole(path))
    return pq.ParquetWriter(temporary, schema, compression="zstd")


def simulated_key(seed: int) -> str:
    """Key of the simulated company, 32 bytes in hex; a real company's key is secret and random."""
    return hashlib.sha256(f"simulated company {seed}".encode()).hexdigest()


def planted_facts(scenario: Scenario) -> dict[str, object]:
    """What was planted, for whoever scores methods against the truth."""
    params = scenario.params
    return {
        "params": params.model_dump(
            mode="json", by_alias=True, exclude=set() if params.changes else {"changes"}
        ),
        "mechanism": scenario.mechanism.model_dump(mode="json"),
        "programme": scenario.programme.model_dump(mode="json"),
        "duds": [name for name, action in scenario.programme.actions.items() if action.dud],
        "test_weeks": wave_weeks(scenario.programme, scenario.clock),
        "planted": [
            scenario.mechanism.about,
            "the posterior of a leaving is the share of each cause in the hazard of that week",
            "exit surveys: answering depends on the cause, and what is said on programme.survey.stated",
            "leavers drawn by lot with known uneven chances are interviewed (world.interviews): who answers and who "
            "names another cause depends on the true one; coders slip (programme.interview)",
            "members go quiet before leaving (programme.quiet, quiet_weeks); incidents do not fade",
            "heavy users complain more and leave less, by confounding",
            "coupon use follows thrift and price rises and has no effect of its own",
            "fitting pushes are more where a rival is active and have no effect of their own",
            "an action works on who takes notice: base and excess of a cause times 1 - efficacy x response x g(age), g "
            "halving after the onset (programme.actions); what is noticed is hidden, opened is a noisy sign of it",
            "some actions do nothing though they are believed to (programme.actions.dud), the fixed one and those drawn "
            "by seed; letters remind members who hardly use the programme of leaving, mass mail the sleeping dogs",
            "any contact makes sleeping dogs (programme.dogs) likelier to leave; they use the programme less and dismiss "
            "more messages; every contact too many tires and annoys (programme.fatigue)",
            "tests come in waves with one shared control, each arm with its stated chance (programme.tests); a wave is drawn "
            "over weeks, and beyond the calls or visits that staff can make in a week another channel serves",
            "campaigns without lot: silent members, who leave more anyway, the best, who leave less, and regions where "
            "a rival is active (programme.aimed)",
            "with world.spillover above 0 coupons make members without one mind prices; then members are not independent",
            "leavers known to be gone are asked back by lot; who comes back for an offer depends on the cause of leaving "
            "and on the time since, and a second life is shorter (programme.winback)",
            "content members bring others, more when a noticed contact asks them to (programme.referral)",
        ],
    }
