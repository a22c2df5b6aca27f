"""A pack is read strictly: each refusal has its broken example, its place and its remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from duly.errors import Problem
from duly.law import (
    cases,
    check,
    pack,
    row_duties,
    row_predicates,
    row_sequences,
    row_terms,
    rows,
    rules,
    source,
    terms,
)
from tests.law.tiny import BASE, CASES, HEAD, RULES


def write(folder: Path, **changed: str) -> Path:
    """The tiny pack, with some of its files replaced."""
    files = {"pack": HEAD, "rules/all": RULES, "tests/base": BASE, "tests/all": CASES} | changed
    for name, text in files.items():
        path = folder / "tiny" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "tiny"


def problems_of(folder: Path) -> list[Problem]:
    """What is refused; a pack with problems is never handed out."""
    found, problems = pack.load(folder)
    assert (found is None) == bool(problems)
    return problems


def test_the_tiny_pack_is_in_order(tmp_path: Path) -> None:
    """What the broken examples below are broken versions of."""
    found, problems = pack.load(write(tmp_path))

    assert problems == []
    assert found is not None
    assert [rule.id for rule in found.rules][:3] == ["xx-time-01", "xx-freq-01", "xx-lim-01"]
    assert {rule.type for rule in found.rules} >= {
        "precedence",
        "require_consent",
        "deadline",
        "retain",
        "duty",
    }
    assert [tried.differences for tried in check.run_tests(found) if tried.differences] == []
    assert found.rule("xx-time-01").lifted_by == ("night_consent",)
    assert [version.name for version in found.rule("xx-time-01").versions] == ["2024-01-01", "2026-01-01"]
    assert found.needs() == {
        "action", "at", "history", "person", "channel", "accounts", "consents", "policy.xx-days"
    }  # fmt: skip


BROKEN: list[dict[str, str]] = yaml.safe_load((Path(__file__).parent / "broken.yaml").read_text("utf-8"))


@pytest.mark.parametrize("broken", BROKEN, ids=[f"{place}-{one['code']}" for place, one in enumerate(BROKEN)])
def test_a_broken_pack_is_refused_at_its_place(tmp_path: Path, broken: dict[str, str]) -> None:
    """Each refusal names the file, shows the line as it stands, and says what to do."""
    code, file, line = broken["code"], broken["file"], broken["line"]
    whole = {"pack": HEAD, "rules/all": RULES, "tests/all": CASES}[file]
    old = whole if broken["old"] == "ALL" else broken["old"]
    assert old in whole, "the example breaks something"
    changed = _moved_before(whole) if code == "law.test.after" else whole.replace(old, broken["new"])
    found = [problem for problem in problems_of(write(tmp_path, **{file: changed})) if problem.code == code]

    assert found, "the refusal is there"
    assert found[0].excerpt == line
    assert found[0].what
    assert found[0].remedy
    if not code.startswith("law.test"):
        assert found[0].file == f"tiny/{file}.yaml"
    if line and found[0].line is not None and not line.startswith("id:"):
        assert changed.split("\n")[found[0].line - 1].rstrip() == line


def test_every_refusal_has_its_broken_example() -> None:
    """The codes in the sources of the loader are those of the examples, and of the tests below."""
    loader = [source, row_terms, row_sequences, row_duties, row_predicates, rows, cases, pack]
    said = {
        code
        for module in loader
        for code in re.findall(r'"(law\.[a-z_.]+)"', Path(str(module.__file__)).read_text("utf-8"))
    }
    lacking = {f"law.test.{side}" for side in ("permitting", "holding", "before", "after", "value")}
    elsewhere = {"law.file.stray", "law.file.encoding", "law.pack.missing", "law.pack.empty"}

    assert said | lacking == {one["code"] for one in BROKEN} | elsewhere


def _moved_before(cases: str) -> str:
    """All acts before the change of the text."""
    first = cases.replace("given: {}", "given: {at: 2026-11-23 10:00:00}")
    return first.replace("2026-11-23", "2025-06-02").replace("2026-11-24", "2025-06-03")


def test_all_mistakes_are_shown_at_once(tmp_path: Path) -> None:
    """Three mistakes in two files are three problems."""
    broken = RULES.replace("effect: advise", "effect: forbidden").replace("Asia/Shanghai}", "Asia/Hai}", 1)
    problems = problems_of(write(tmp_path, **{"rules/all": broken, "pack": HEAD.replace("[XX]", "[]")}))

    assert {"law.word.unknown", "law.zone", "law.list.empty"} <= {problem.code for problem in problems}


def test_a_file_of_rules_in_the_wrong_place_is_refused(tmp_path: Path) -> None:
    """Beside rules/ it would bind nobody without anybody noticing."""
    folder = write(tmp_path)
    (folder / "more.yaml").write_text(RULES, encoding="utf-8")

    assert [(problem.code, problem.file) for problem in problems_of(folder)] == [
        ("law.file.stray", "tiny/more.yaml")
    ]


def test_a_folder_without_a_pack_is_refused(tmp_path: Path) -> None:
    """With the names of those there are."""
    (problem,) = problems_of(tmp_path)

    assert problem.code == "law.pack.missing"
    assert "cn" in problem.remedy


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """A file saved in GBK is not guessed at."""
    folder = write(tmp_path)
    (folder / "rules" / "all.yaml").write_bytes(RULES.encode("gb18030"))

    assert "law.file.encoding" in {problem.code for problem in problems_of(folder)}


def test_a_pack_without_rules_is_refused(tmp_path: Path) -> None:
    """Nothing to stand on."""
    folder = write(tmp_path)
    (folder / "rules" / "all.yaml").unlink()

    assert "law.pack.empty" in {problem.code for problem in problems_of(folder)}


@pytest.mark.parametrize("name", ["pack.yaml", "rules/all.yaml", "tests/all.yaml", "README.md"])
def test_the_digest_covers_every_file(tmp_path: Path, name: str) -> None:
    """One byte in any file changes it, word lists and readme included."""
    folder = write(tmp_path)
    (folder / "README.md").write_text("what is encoded\n", encoding="utf-8")
    before, _ = pack.load(folder)
    path = folder / name
    path.write_text(path.read_text(encoding="utf-8") + "\n# \n", encoding="utf-8")
    after, _ = pack.load(folder)

    assert before is not None
    assert after is not None
    assert len(before.digest) == 64
    assert before.digest != after.digest


def test_packs_are_joined_but_not_where_they_hold_the_same_rule(tmp_path: Path) -> None:
    """All rules bind, the digest is another, and a rule cannot be smuggled in under a known id."""
    tiny, _ = pack.load(write(tmp_path))
    house, _ = pack.load(pack.shipped("house"))
    assert tiny is not None
    assert house is not None
    both = pack.join(tiny, house)

    assert both.rules == tiny.rules + house.rules
    assert both.zone == "Asia/Shanghai"
    assert both.name == "tiny+house"
    assert both.digest not in (tiny.digest, house.digest)
    with pytest.raises(ValueError, match="xx-time-01"):
        pack.join(tiny, tiny)


def test_what_was_only_proposed_or_withdrawn_is_never_enforced() -> None:
    """The other labels bind by their date."""
    assert set(rules.Status) - rules.ENFORCED == {rules.Status.PROPOSED, rules.Status.WITHDRAWN}


def test_the_eleven_types_are_built() -> None:
    """Seven that speak to an act and four that never do."""
    speak = {
        "time_window", "rate_limit", "precedence", "stop", "require_consent", "require_content", "forbid"
    }  # fmt: skip

    assert set(terms.TYPES) == set(row_terms.TERMS) == speak | {"deadline", "retain", "parameter", "duty"}
    assert {name for name, kind in terms.TYPES.items() if issubclass(kind, terms.Asked)} == speak
