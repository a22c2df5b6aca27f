"""The simulated carrier in a process of its own, without latency: it takes everything, and all of it arrives.

    python benches/carrier.py SYSTEM_ID PASSWORD

Prints its port, then works until it is told to stop. The people at its other end do nothing, so what is measured
is sending, not what debtors set in motion.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from duly.carrier import mix, server

RECEIPT_AFTER = 0.05


def main(system_id: str, password: str) -> None:
    """Listen until interrupted."""
    server.run(
        server.Settings(
            port=0,
            accounts={system_id: password},
            mix=mix.Mix(latency=0, receipt_after=RECEIPT_AFTER),
            window=1000,
        ),
        clock=lambda: datetime.now(UTC),
        ready=lambda port: print(port, flush=True),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
