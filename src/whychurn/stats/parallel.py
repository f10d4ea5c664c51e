"""Work on blocks of members in several processes."""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from typing import Any, Final, TypeVar

from whychurn.contract.system.processes import leave_interrupts

Result = TypeVar("Result")
Spread = Callable[..., Iterator[Any]]  # `parallel_map`, or what works on other machines as it does here
BLOCK_MEMBERS: Final = 20_000  # members worked on together, at most; fewer are one block
FEW: Final = 8  # jobs that take less time than processes need to start


def parallel_map(
    work: Callable[..., Result], jobs: Iterable[tuple[Any, ...]], workers: int, few: int = FEW
) -> Iterator[Result]:
    """Results of `work` on the arguments in `jobs`, in their order; few jobs are done in this process.

    No more jobs than two for each worker are held at once, so that `jobs` may be made as they are needed.
    """
    waiting = iter(jobs)
    first = list(islice(waiting, few))
    if workers == 1 or len(first) < few:
        yield from (work(*job) for job in chain(first, waiting))
        return
    # Workers are forked from a server that has imported all and run nothing: one import, no copied threads.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([work.__module__])
    with ProcessPoolExecutor(workers, mp_context=context, initializer=leave_interrupts) as pool:
        running: deque[Future[Result]] = deque()
        for job in chain(first, waiting):
            running.append(pool.submit(work, *job))
            if len(running) > 2 * workers:
                yield running.popleft().result()
        yield from (one.result() for one in running)
