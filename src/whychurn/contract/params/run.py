"""What holds for every stage of a run."""

from whychurn.contract.params.section_base import Count, Level, Memory, Section


class RunParams(Section):
    """Randomness, levels of confidence, and how much of the machine is used."""

    seed: int = 7
    """Seed of everything that is drawn after the data came in."""
    confidence: Level = 0.95
    """Level of all intervals."""
    false_discovery: Level = 0.05
    """Benjamini-Hochberg level of all families of tests."""
    workers: Count = 2
    """Fits, blocks of members or languages side by side; results do not depend on it."""
    memory_limit: Memory = "4GB"
    """Memory of DuckDB, at most; beyond it, it works on disk."""
    fit_rows: Count = 1_000_000
    """Rows of the panel that models learn from, at most: of whole members, by a hash of the id."""
