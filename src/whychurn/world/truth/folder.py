"""Where the planted truth of a simulated programme lies, below its study's root."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path("data") / "truth"
