"""Memory that nothing holds any more goes back to the system."""

import gc
from typing import Final

import pyarrow as pa

_LARGE: Final = 1_000_000  # rows of a table from which on it is worth the time


def let_go(rows: int) -> None:
    """Give back what tables of so many `rows` left behind.

    The ``str`` and ``dt`` of a column refer to it and it to them, so that Python finds only in a later search that
    nobody needs it; Arrow keeps what it freed for the next column.
    """
    if rows >= _LARGE:
        gc.collect()
        pa.default_memory_pool().release_unused()
