"""The drafts of a plan on a Ray cluster: one task for each file of buckets, the same bytes as by the loop.

A worker that dies is replaced and its file drafted again; since a draft is a pure function and nothing is written until
all are together, nothing happens twice. What travels through Ray is pseudonymous or sealed (`parcels`): a worker opens
names with the project's key store, which it must see at the same path, and with the key of that store from its own
environment (DULY_KEK), which is never handed to Ray.
The only module that knows Ray. Refuses to start a dashboard, to report usage, and to print what workers print.
"""

from __future__ import annotations

import importlib
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import psycopg

from duly import errors
from duly.evidence import keys, keystore
from duly.model.said import say
from duly.plan.draft import Draft
from duly.run import inputs, installation, night, parcels

ADDRESS = "RAY_ADDRESS"  # of a cluster that runs already, as Ray itself reads it
_STORE_BYTES = 200_000_000  # of a cluster of our own
_RETRIES = 5  # of a file whose worker dies
_AHEAD = 2  # files handed out for each worker, so that none waits and not all lie in Ray's store


def drafting(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    sight: inputs.Sight,
    *,
    environ: Mapping[str, str],
    workers: int | None = None,
) -> night.Drafting:
    """Drafts made on the cluster that RAY_ADDRESS names, or on one of our own with so many worker processes.

    One of our own is on this machine, has a worker for each processor if no number is given, and ends with the last
    draft. Raises WrongUsage where Ray is not installed, and whatever a draft raises.
    """
    state, invented = str(opened.project.state), opened.project.settings.invented

    def each(spans: Iterable[range]) -> Iterator[tuple[Draft, pl.DataFrame]]:
        ray = _ray()
        ray.init(**_settings(environ, workers))
        try:
            task = ray.remote(max_retries=_RETRIES)(_drafted)
            common = ray.put(parcels.shared(sight))
            most = _AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
            waiting: deque[Any] = deque()
            for span in spans:
                if len(waiting) >= most:
                    yield parcels.opened(_fetched(ray, waiting.popleft()))
                waiting.append(task.remote(common, parcels.cut(sight, span, connection), state, invented))
            while waiting:
                yield parcels.opened(_fetched(ray, waiting.popleft()))
        finally:
            ray.shutdown()

    return each


def _drafted(common: parcels.Shared, parcel: parcels.Parcel, state: str, invented: bool) -> dict[str, bytes]:  # noqa: FBT001 - Ray hands on what it is given by place
    kek = keys.key_encryption_key(Path(state) / "keys", invented=invented, environ=os.environ)
    return parcels.drafted(common, parcel, keystore.KeyStore(Path(state) / "keystore", kek=kek))


def _fetched(ray: Any, reference: Any) -> Mapping[str, bytes]:  # noqa: ANN401 - a module that may be absent
    try:
        found: Mapping[str, bytes] = ray.get(reference)
    except ray.exceptions.RayTaskError as failed:
        # What our own code raised is told as ours; the text that Ray makes of it holds the worker's traceback.
        raise failed.cause from None
    except ray.exceptions.WorkerCrashedError as crashed:
        raise errors.DulyError(
            say("a worker died {count} times over the same file of buckets", count=_RETRIES + 1),
            remedy=say("Look at the memory of the workers and at Ray's logs, or plan without --engine ray."),
        ) from crashed
    return found


def _settings(environ: Mapping[str, str], workers: int | None) -> dict[str, Any]:
    quiet = {"log_to_driver": False, "configure_logging": False}
    if environ.get(ADDRESS):
        return quiet | {"address": environ[ADDRESS]}
    return quiet | {
        "include_dashboard": False,
        "num_cpus": workers or os.cpu_count() or 1,
        "object_store_memory": _STORE_BYTES,
    }


def _ray() -> Any:  # noqa: ANN401 - a module that may be absent
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # read by Ray when it is imported
    try:
        return importlib.import_module("ray")
    except ModuleNotFoundError as absent:
        raise errors.WrongUsage(
            say("Ray is not installed here"),
            remedy=say("Install it with duly (`pip install duly[ray]`), or leave out --engine ray."),
        ) from absent
