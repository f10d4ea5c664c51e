"""One regular expression for thousands of words, by way of a trie, so that its cost hardly grows with their number."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_END = ""  # key of a node at which a word ends


def trie_pattern(words: Iterable[str]) -> str:
    """Pattern that matches the longest of `words` at a position; a trailing ``*`` stands for any ending."""
    root: dict[str, Any] = {}
    for word in words:
        node = root
        for letter in word.removesuffix("*"):
            node = node.setdefault(letter, {})
        node[_END] = node.get(_END, False) or word.endswith("*")
    return _branch(root)


def _branch(node: dict[str, Any]) -> str:
    ends = node.get(_END)
    further = [re.escape(letter) + _branch(child) for letter, child in sorted(node.items()) if letter]
    if ends:
        further.append(r"\w*")  # after longer words, so that these are tried first
    if not further:
        return ""
    inner = further[0] if len(further) == 1 else "|".join(further)
    return f"(?:{inner})" + ("?" if ends is False else "")
