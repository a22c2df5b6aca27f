"""`make bench`: measure, print a table, write build/bench.json as a list of {"name", "value", "unit"}.

    python benches/run.py [--big]

Figures of a machine that others use too are worth little as rates: compare CPU time, and runs of one machine.
`--big` adds the drill, whose figures must be 0: it ends with 1 if they are not.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, only this folder would be on the path

from benches import chunks, codec, evidence, law, lender, loading, plan, sending  # noqa: E402 - after the path

OUT = ROOT / "build" / "bench.json"
ACCOUNTS, ENTRIES = 5_000, 4_000
MICRO = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured figure. `must_be_zero` for what is no performance but a promise."""

    name: str
    value: float
    unit: str
    must_be_zero: bool = False

    def as_json(self) -> dict[str, object]:
        """As it stands in bench.json."""
        return {name: value for name, value in asdict(self).items() if name in {"name", "value", "unit"}}


def ordinary(place: Path) -> Iterator[Figure]:
    """Sending and evidence, on an invented book in the folder `place`; and the law as the gate asks it."""
    with lender.lender(place / "lender", accounts=ACCOUNTS) as made:
        sent = sending.measure(made)
        yield Figure(name="send_per_s", value=round(sent.messages / sent.seconds, 1), unit="messages/s")
        cpu_us = round(sent.cpu_s * MICRO / sent.messages)
        yield Figure(name="send_cpu_us", value=cpu_us, unit="CPU µs/message")
        yield Figure(name="smpp_codec_per_s", value=round(codec.per_s()), unit="messages/CPU s")
        appended = evidence.measure(made, entries=ENTRIES)
        per_cpu_s = round(appended.entries / appended.cpu_s)
        yield Figure(name="evidence_append_per_cpu_s", value=per_cpu_s, unit="entries/CPU s")
    yield from loading_figures(place / "book")
    yield from planning_figures(place / "plan")
    yield from law_figures()
    yield Figure(name="law_gate_us", value=round(chunks.law_us(), 1), unit="CPU µs/act")


def loading_figures(place: Path) -> Iterator[Figure]:
    """A book of a million accounts put in force, in the folder `place`."""
    took = loading.measure(place, accounts=MICRO)
    yield Figure(name="init_1m_s", value=round(took.invent_s, 1), unit="s")
    yield Figure(name="load_1m_s", value=round(took.load_s, 1), unit="s")
    yield Figure(name="load_1m_cpu_s", value=round(took.cpu_s, 1), unit="CPU s")
    yield Figure(name="load_1m_peak_mb", value=took.peak_mb, unit="MB")
    yield Figure(name="load_1m_again_s", value=round(took.again_s, 1), unit="s")
    shutil.rmtree(place)


def planning_figures(place: Path) -> Iterator[Figure]:
    """The plan of a book of 100,000 and of a million accounts, from its snapshot, with what each part costs."""
    small, whole = (plan.measure(place, accounts=count) for count in (plan.BASE, plan.MILLION))
    print("\n".join(plan.told(plan.measure(place, accounts=plan.MILLION, parts=True))))
    yield Figure(name="plan_100k_cpu_s", value=small.cpu_s, unit="CPU s")
    yield Figure(name="plan_1m_cpu_s", value=whole.cpu_s, unit="CPU s")
    yield Figure(name="plan_1m_peak_mb", value=whole.peak_mb, unit="MB")
    ratio = round(whole.cpu_s / whole.decode_cpu_s, 1)
    yield Figure(name="plan_1m_to_decoding", value=ratio, unit="times decoding")


def planning_beyond(place: Path) -> Iterator[Figure]:
    """What the second million costs of the first, and whether ten million still fit."""
    one, two, ten = (plan.measure(place, accounts=n * plan.MILLION) for n in (1, 2, 10))
    marginal = round((two.cpu_s - one.cpu_s) / one.cpu_s, 2)
    yield Figure(name="plan_marginal", value=marginal, unit="of the first million")
    yield Figure(name="plan_10m_cpu_s", value=ten.cpu_s, unit="CPU s")
    yield Figure(name="plan_10m_peak_mb", value=ten.peak_mb, unit="MB")


def law_figures() -> Iterator[Figure]:
    """The law over a night of a book, in columns and act by act."""
    unit = "acts/CPU s"
    yield Figure(name="law_cn_acts_per_cpu_s", value=law.alone("cn"), unit=unit)
    yield Figure(name="law_us_acts_per_cpu_s", value=law.alone("us"), unit=unit)
    yield Figure(name="law_decide_us", value=round(law.decide_us(), 1), unit="CPU µs/act")


def drilled(place: Path) -> Iterator[Figure]:
    """What kill -9 may never bring about."""
    from benches import drill  # noqa: PLC0415 - it brings the tests' own crash yard along

    came = drill.measure(place)
    for name, count in (("twice", came.twice), ("lost", came.lost), ("without_end", came.without_end)):
        yield Figure(name=f"drill_{name}", value=count, unit="messages", must_be_zero=True)


def table(figures: list[Figure]) -> Iterator[str]:
    """A line for each figure."""
    widest = max(len(figure.name) for figure in figures)
    for figure in figures:
        broken = "   MUST BE 0" if figure.must_be_zero and figure.value else ""
        yield f"{figure.name:<{widest}}  {figure.value:>12,}  {figure.unit}{broken}"


def main() -> int:
    """Measure everything asked for; the exit code of the process."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("--big", action="store_true", help="add what takes longer")
    big = asked.parse_args().big
    with tempfile.TemporaryDirectory(prefix="duly-bench-") as made:
        place = Path(made)
        figures = list(ordinary(place))
        if big:
            figures += planning_beyond(place / "plan")
            (place / "drill").mkdir()
            figures += drilled(place / "drill")
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(
        json.dumps([figure.as_json() for figure in figures], ensure_ascii=False, indent=2) + "\n", "utf-8"
    )
    print("\n".join(table(figures)))
    print(f"\nWritten to {OUT.relative_to(ROOT)}")
    return int(any(figure.must_be_zero and figure.value for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
