"""The type of an array whose shape and element type its docstring names."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
