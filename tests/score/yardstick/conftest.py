"""The yardstick is scored by modules of benchmarks/."""

import sys

from whychurn.contract.paths import PROJECT

sys.path.append(str(PROJECT / "benchmarks"))
