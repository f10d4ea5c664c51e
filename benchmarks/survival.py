"""Time-varying Cox against lifelines' CoxTimeVaryingFitter, ratio by size: python benchmarks/survival.py [ROWS ...].

Each fit runs in a process of its own, so that its peak memory is its own. lifelines is given `PATIENCE` seconds.
Without arguments: 80 000 and 800 000 rows by both, 8 000 000 by ours alone.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import sys
import time
from typing import Any

import numpy as np

from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.survival.cox.counting_process import StartStop
from whychurn.survival.cox.newton import Newton
from whychurn.survival.cox.regression import fit_cox

SIZES = (80_000, 800_000, 8_000_000)
ALONE = 2_000_000  # rows from which lifelines is not tried
COVARIATES = 15
PATIENCE = 180
THREADS = 2
SEED = 1


def programme(rows: int) -> StartStop:
    """Members followed month by month for up to 14 months, late entry, 15 covariates, about 2 % leave a month."""
    rng = np.random.default_rng(SEED)
    months = 14
    members = int(rows / months * 1.17)  # some leave before the last month
    member, month = np.repeat(np.arange(members), months), np.tile(np.arange(months), members)
    entry = np.repeat(rng.integers(0, 400, members), months) + 30.0 * month
    X = rng.standard_normal((len(member), COVARIATES), dtype=np.float32)
    effect = np.linspace(-0.3, 0.3, COVARIATES, dtype=np.float32)
    wait = np.ceil(rng.exponential(1, len(member)) / (6e-4 * np.exp(X @ effect)))
    first = np.full(members, months)
    np.minimum.at(first, member[wait <= 30], month[wait <= 30])
    kept = np.flatnonzero(month <= first[member])[:rows]
    stop, event = entry + np.minimum(wait, 30), (wait <= 30).astype(float)
    terms = tuple(f"x{number}" for number in range(COVARIATES))
    return StartStop(terms, X[kept], entry[kept], stop[kept], event[kept], cluster=member[kept])


def ours(rows: int) -> dict[str, Any]:
    """Coefficients, standard errors, seconds."""
    data, cox = programme(rows), load_params(StudyPaths(PROJECT)).survival.cox
    how = Newton(cox.ridge, cox.tolerance, cox.max_steps, THREADS)
    before = time.perf_counter()
    fit = fit_cox(data, how)
    seconds = time.perf_counter() - before
    errors = np.sqrt(np.diag(fit.model_covariance))
    return {
        "seconds": seconds, "rows": len(data.entry), "events": fit.events, "b": fit.coefficients.tolist(),
        "se": errors.tolist(), "robust": np.sqrt(np.diag(fit.covariance)).tolist(),
    }  # fmt: skip


def theirs(rows: int) -> dict[str, Any]:
    """The same by lifelines."""
    import pandas as pd
    from lifelines import CoxTimeVaryingFitter
    from threadpoolctl import threadpool_limits

    data = programme(rows)
    frame = pd.DataFrame(data.X.astype(float), columns=list(data.terms)).assign(
        id=data.cluster, start=data.entry, stop=data.stop, event=data.event
    )
    before = time.perf_counter()
    with threadpool_limits(limits=1, user_api="blas"):  # faster for it too: its products are small
        fit = CoxTimeVaryingFitter().fit(
            frame, id_col="id", event_col="event", start_col="start", stop_col="stop"
        )
    seconds = time.perf_counter() - before
    return {"seconds": seconds, "b": fit.params_.tolist(), "se": fit.standard_errors_.tolist()}


def apart(work: Any, rows: int, patience: float | None) -> dict[str, Any] | None:
    """Result of `work` in a new process, with its peak memory; None where it takes longer than `patience`."""
    context = multiprocessing.get_context("spawn")
    mine, other = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(work, rows, other))
    process.start()
    other.close()
    found = json.loads(mine.recv()) if mine.poll(patience) else None
    if found is None:
        process.terminate()
    process.join()
    return found


def _answer(work: Any, rows: int, pipe: Any) -> None:
    found = work(rows)
    found["gigabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    pipe.send(json.dumps(found))


def main(sizes: list[int]) -> None:
    """Print one line a size."""
    print(f"{COVARIATES} covariates, {THREADS} threads, robust variance included in ours")
    for rows in sizes:
        own = apart(ours, rows, None)
        assert own is not None
        line = f"{own['rows']:>9,} rows, {own['events']:>7,.0f} events: ours {own['seconds']:6.1f} s {own['gigabytes']:.1f} GB"
        if rows >= ALONE:
            print(f"{line}; lifelines not tried at this size")
            continue
        peer = apart(theirs, rows, PATIENCE)
        if peer is None:
            print(f"{line}; lifelines stopped after {PATIENCE} s")
            continue
        worst = [float(np.abs(np.subtract(own[name], peer[name])).max()) for name in ("b", "se")]
        print(
            f"{line}; lifelines {peer['seconds']:6.1f} s {peer['gigabytes']:.1f} GB; "
            f"{peer['seconds'] / own['seconds']:.0f} times as fast; largest difference: "
            f"coefficient {worst[0]:.1e}, standard error {worst[1]:.1e}"
        )


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or list(SIZES))
