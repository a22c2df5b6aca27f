"""YAML as nodes, read quickly and never so deeply that the process would fall over it.

The parser written in C is about ten times as fast, but it puts nodes together by recursion that nothing bounds: a file
of brackets alone would end the process. So the depth is counted first, on events, which take no stack.
"""

from __future__ import annotations

import yaml

DEEPEST = 100  # nodes within nodes; our own files have ten

_LOADER: type[yaml.CSafeLoader | yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def compose(text: str) -> yaml.Node | None:
    """The one document of the text, None for an empty one.

    Raises yaml.YAMLError for what is no YAML, RecursionError for what is nested deeper than DEEPEST.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise RecursionError("nested too deeply")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return yaml.compose(text, Loader=_LOADER)
