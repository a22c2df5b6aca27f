"""The fingerprint of one version of a rule: what a person who adopts the row has put his name to.

SHA-256 (hex) over canonical JSON, keys sorted, no spaces, UTF-8: `{"rule": …, "version": …}`, where `rule` is the
row as its file has it without `versions`, and `version` the one version. Spacing, comments, quotes and the order
of keys in the file change nothing; a word, a day, a number, the citation or how well it was read does.
"""

from __future__ import annotations

import hashlib
import json

from duly.law.source import Listing, Mapping, Node


def of(rule: Mapping, version: Mapping) -> str:
    """The fingerprint of `version`, which stands under `rule`."""
    envelope = {key: _plain(node) for key, node in rule.entries.items() if key != "versions"}
    canonical = json.dumps(
        {"rule": envelope, "version": _plain(version)},
        ensure_ascii=False,
        separators=(",", ":"),
        sort_keys=True,
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plain(node: Node) -> object:
    if isinstance(node, Mapping):
        return {key: _plain(value) for key, value in node.entries.items()}
    if isinstance(node, Listing):
        return [_plain(item) for item in node.items]
    return node.value
