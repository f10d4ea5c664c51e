"""dvc.lock, which DVC writes in place: a kill may leave it empty or cut, and no run could go on."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any, Final

import yaml

from whychurn.contract.files import write_whole
from whychurn.contract.yaml_files import read_yaml

log = logging.getLogger(__name__)
LOCK: Final = "dvc.lock"
COPY: Final = Path(".dvc") / "tmp" / "dvc.lock.whole"


def mend_lock_file(root: Path) -> None:
    """Keep a copy of a whole ``dvc.lock``; put the copy in the place of a cut one, or remove it.

    Nothing is lost: a stage that the file no longer tells of runs again, or comes from DVC's cache.
    """
    file, copy = root / LOCK, root / COPY
    if not file.exists():
        return
    if is_whole(file):
        with write_whole(copy) as temporary:
            shutil.copyfile(file, temporary)
        return
    log.info(
        "dvc.lock was cut when a run was killed: it was set back, and stages it told of run again or are cached"
    )
    file.unlink()
    if copy.exists() and is_whole(copy):
        with write_whole(file) as temporary:
            shutil.copyfile(copy, temporary)


def is_whole(file: Path) -> bool:
    """Whether a lock file tells command, and path and digest of each input and output, of each of its stages."""
    try:
        content = read_yaml(file)
    except (yaml.YAMLError, UnicodeDecodeError):
        return False
    stages = content.get("stages") if isinstance(content, dict) and "schema" in content else None
    return isinstance(stages, dict) and all(_tells_all(stage) for stage in stages.values())


def _tells_all(stage: Any) -> bool:
    if not isinstance(stage, dict) or not isinstance(stage.get("cmd"), str | list):
        return False
    lists = [stage.get(part, []) for part in ("deps", "outs")]
    if not all(isinstance(part, list) for part in lists):
        return False
    entries = [entry for part in lists for entry in part]
    kinds = {"path": str, "md5": str, "size": int}
    return all(
        isinstance(one, dict) and all(isinstance(one.get(key), kind) for key, kind in kinds.items())
        for one in entries
    )
