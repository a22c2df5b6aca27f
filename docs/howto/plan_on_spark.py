"""A plan drafted on Spark by `mapInArrow`, compared with the loop: `python plan_on_spark.py PROJECT [FILES]`.

Each row that goes to Spark is one file of buckets, each row that comes back its draft. As on Ray, names travel sealed
and a worker opens them with the key store: it must see the project's folder, and have DULY_KEK in its environment.
FILES cuts a small book into so many files first; a book of some hundred thousand accounts has several by itself.
"""

from __future__ import annotations

import dataclasses
import os
import pickle
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
from pyspark.sql import SparkSession

from duly.app import premises
from duly.book import snapshot
from duly.evidence import keys, keystore
from duly.plan import draft
from duly.run import clock, decisions, inputs, night, parcels

SENT = ("stages", "known", "arms", "released", "sealed")
BACK = ("first", *(field.name for field in dataclasses.fields(draft.Draft)), "known")


def main(project: Path, files: int) -> None:
    """Plan today both ways, and compare the bytes of the decisions and their root."""
    with (
        premises.opened(project, os.environ) as opened,
        opened.connect("duly_planner", patient=True) as connection,
        tempfile.TemporaryDirectory() as place,
    ):
        now = clock.instant_of(connection)
        sight = inputs.look(opened, connection, on=opened.local_day(now), at=now)
        sight = cut_small(sight, Path(place), files)
        found = {}
        for name, drafting in (
            ("loop", night.at_hand(sight.of, inputs.naming(opened, connection))),
            ("spark", lambda spans: on_spark(sight, spans, opened, connection)),
        ):
            begun = time.perf_counter()
            desk = night.Desk(Path(place) / name)
            plan = night.plan(sight.spans(), drafting, sight.rules, desk=desk)
            kept = decisions.keep(Path(place) / name, sight.rules.on, plan)
            took = time.perf_counter() - begun
            found[name] = (kept.digest, kept.root.hex())
            say(
                f"{name}: {kept.rows} decisions, {plan.totals.messages} messages, {took:.1f} s, {kept.digest}"
            )
            desk.clear()
        say("the same bytes" if found["loop"] == found["spark"] else "DIFFERENT")


def cut_small(sight: inputs.Sight, place: Path, files: int) -> inputs.Sight:
    """The same book in at least so many files, or as it is for 0."""
    if not files:
        return sight
    book = snapshot.read(sight.manifest)
    snapshot.ACCOUNTS_PER_RANGE = max(1, book.accounts.height // files)
    written = snapshot.write(
        book, place / "book", as_of=sight.manifest.as_of, as_of_event=sight.manifest.as_of_event
    )
    return dataclasses.replace(sight, manifest=written)


def on_spark(
    sight: inputs.Sight, spans: Iterable[range], opened: object, connection: object
) -> Iterator[tuple[draft.Draft, object]]:
    """The drafts of the ranges, in their order."""
    spark = SparkSession.builder.appName("duly").config("spark.ui.enabled", "false").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    common = spark.sparkContext.broadcast(pickle.dumps(parcels.shared(sight)))
    state, invented = str(opened.project.state), opened.project.settings.invented
    cut = [parcels.cut(sight, span, connection) for span in spans]
    rows = [(one.first, one.last, *(bytearray(one.frames[name]) for name in SENT)) for one in cut]
    sent = spark.createDataFrame(
        rows, "first long, last long, " + ", ".join(f"{name} binary" for name in SENT)
    ).repartition(len(rows))

    def drafted(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        kek = keys.key_encryption_key(Path(state) / "keys", invented=invented, environ=os.environ)
        store = keystore.KeyStore(Path(state) / "keystore", kek=kek)
        shared = pickle.loads(common.value)  # noqa: S301 - our own, from the driver
        for batch in batches:
            for row in batch.to_pylist():
                parcel = parcels.Parcel(
                    first=row["first"], last=row["last"], frames={name: row[name] for name in SENT}
                )
                answer = parcels.drafted(shared, parcel, store) | {"first": row["first"]}
                yield pa.RecordBatch.from_pylist([{name: answer[name] for name in BACK}])

    schema = "first long, " + ", ".join(f"{name} binary" for name in BACK[1:])
    back = {row["first"]: row for row in sent.mapInArrow(drafted, schema).collect()}
    spark.stop()
    for one in cut:
        yield parcels.opened({name: bytes(back[one.first][name]) for name in BACK[1:]})


def say(line: str) -> None:
    """One line."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
