"""Each public function and class of the package is named in a test, or stands on a list that may only shrink.

After a test of a listed name was written, or a name was changed or removed, write the list anew; it refuses to grow:

    python tests/test_public_names.py
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent / "src" / "whychurn"
UNTESTED = HERE / "untested_names.txt"
LONGEST = 345  # names; lower it as the list becomes shorter


def public_names(code: str) -> set[str]:
    """Functions and classes that a module defines for others."""
    nodes = [node for node in ast.parse(code).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    return {node.name for node in nodes if not node.name.startswith("_")}


def names_in(code: str) -> set[str]:
    """Names that the code uses: variables, attributes, imports; comments and texts left out."""
    nodes = list(ast.walk(ast.parse(code)))
    imported = {
        one.name for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for one in node.names
    }
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    return imported | used | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def untested() -> list[str]:
    """Public names of the package that no test names, in alphabetical order."""
    return sorted(_of(PACKAGE, public_names) - _of(HERE, names_in))


def listed() -> list[str]:
    return UNTESTED.read_text(encoding="utf-8").split()


def test_each_public_name_is_named_in_a_test_or_listed() -> None:
    new = set(untested()) - set(listed())
    assert not new, f"write a test that calls {', '.join(sorted(new))}"


def test_the_list_holds_no_name_that_is_tested_or_gone() -> None:
    old = set(listed()) - set(untested())
    assert not old, f"`python tests/test_public_names.py` takes {', '.join(sorted(old))} off the list"


def test_the_list_only_shrinks() -> None:
    assert listed() == sorted(set(listed())) and len(listed()) <= LONGEST


def test_only_code_counts_as_a_test() -> None:
    code = 'def test_it() -> None:\n    """Of mentioned."""\n    assert module.called("quoted")  # remarked\n'
    assert {"called", "module"} <= names_in(code) and not {"mentioned", "quoted", "remarked"} & names_in(code)
    assert public_names("def one(): ...\ndef _two(): ...\nclass Three:\n    def four(self): ...\n") == {
        "one",
        "Three",
    }


def _of(folder: Path, names: Callable[[str], set[str]]) -> set[str]:
    return set().union(*(names(file.read_text(encoding="utf-8")) for file in folder.rglob("*.py")))


if __name__ == "__main__":
    names = untested()
    if UNTESTED.exists() and len(names) > len(listed()):
        sys.exit(
            f"the list would grow: write tests for some of {', '.join(sorted(set(names) - set(listed())))}"
        )
    UNTESTED.write_text("\n".join(names) + "\n", encoding="utf-8")
