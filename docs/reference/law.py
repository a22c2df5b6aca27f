"""Write the tables of docs/reference/law.md from the code: `python docs/reference/law.py`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from duly.law import explain, facts, frames, jurisdictions, pack, row_terms, rules, values, vocabulary
from duly.law.facts import FactKind

PAGE = Path(__file__).with_suffix(".md")

_SHAPES = {
    FactKind.WORD: "a word",
    FactKind.WORDS: "a set of words",
    FactKind.FLAG: "true or false",
    FactKind.NUMBER: "a whole number",
    FactKind.BARE: "not tested by predicates",
}
_TYPES = {
    "time_window": "may this start at this instant?",
    "rate_limit": "would this be one too many?",
    "precedence": "has the earlier thing happened that must have, and long enough ago?",
    "deadline": "what must be done by when? It never speaks to an act",
    "stop": "does a state bar it?",
    "require_consent": "does a consent stand that allows it?",
    "forbid": "is this recipient, place, medium or wording banned?",
    "require_content": "does the message carry it?",
    "retain": "what is kept how long? It never speaks to an act",
    "parameter": "a named value that others use; it never speaks to an act",
    "duty": "what does the organisation owe? Recorded, and never answered by an act",
}


def facts_table() -> str:
    """The closed table of facts."""
    head = ["| fact | zh | shape | values | of | supplied by |", "| --- | --- | --- | --- | --- | --- |"]
    rows = []
    for fact in facts.FACTS.values():
        values = ", ".join(f"`{value}`" for value in fact.values)
        if fact.kind is FactKind.WORD and not values:
            values = "the lender's own"
        cells = (f"`{fact.name}`", fact.words[0], _SHAPES[fact.kind], values, fact.grain.value, fact.supplier)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join([*head, *rows])


def types_table() -> str:
    """Every type of rule with its keys."""
    head = ["| type | question | keys of a version | may also have |", "| --- | --- | --- | --- |"]
    rows = []
    for name, (required, optional, _) in row_terms.TERMS.items():
        keys = (", ".join(f"`{key}`" for key in group) for group in (required, optional))
        rows.append(f"| `{name}` | {_TYPES[name]} | {' | '.join(keys)} |")
    return "\n".join([*head, *rows])


def frames_table() -> str:
    """The columns of a frame of acts and of a history."""
    head = ["| frame | column | dtype |", "| --- | --- | --- |"]
    shown = [("acts", {"act": "any, each once"} | {name: str(dtype) for name, dtype in frames.ACTS.items()})]
    shown.append(("history", {name: str(dtype) for name, dtype in frames.HISTORY.items()}))
    rows = [
        f"| {frame} | `{name}` | {dtype} |" for frame, columns in shown for name, dtype in columns.items()
    ]
    return "\n".join([*head, *rows])


def example() -> str:
    """One rule as `explain` says it, in both languages."""
    found, _ = pack.load(pack.shipped("cn"))
    if found is None:
        raise LookupError("the shipped pack cn has problems")
    said = [
        explain.rule_in_words(found.rule("cn-freq-01"), date(2026, 11, 23), locale) for locale in ("en", "zh")
    ]
    return "\n\n".join("```text\n" + "\n".join(lines) + "\n```" for lines in said)


def words_table() -> str:
    """The words of the envelope."""
    head = ["| key | words |", "| --- | --- |"]
    shown = {
        "authority": [one.value for one in rules.Authority],
        "effect": [one.value for one in rules.Effect],
        "status": [one.value for one in rules.Status],
        "reading": [one.value for one in rules.Reading],
        "tier": sorted(rules.TIERS),
        "event of a `precedence`": [*sorted(values.EVENT_KINDS), "notice:<name>"],
        "basis of a consent": list(vocabulary.BASES),
        "form of a consent": list(vocabulary.FORMS),
        "mark of a contact": list(vocabulary.MARKS),
    }
    return "\n".join(
        [
            *head,
            *(
                f"| {_key(key)} | {', '.join(f'`{word}`' for word in words)} |"
                for key, words in shown.items()
            ),
        ]
    )


def _key(name: str) -> str:
    return name if " " in name else f"`{name}`"


def jurisdictions_table() -> str:
    """Every jurisdiction with what it lies in."""
    head = ["| code | lies in | zh | en |", "| --- | --- | --- | --- |"]
    rows = [
        f"| `{one.code}` | {f'`{one.within}`' if one.within else ''} | {' | '.join(one.words)} |"
        for one in jurisdictions.JURISDICTIONS.values()
    ]
    return "\n".join([*head, *rows])


def filled(text: str) -> str:
    """The page with each generated part as the code has it now."""
    for name, table in (
        ("facts", facts_table()),
        ("types", types_table()),
        ("words", words_table()),
        ("jurisdictions", jurisdictions_table()),
        ("frames", frames_table()),
        ("example", example()),
    ):
        begin, end = f"<!-- generated: {name} -->\n", "<!-- end -->"
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}{table}\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")
