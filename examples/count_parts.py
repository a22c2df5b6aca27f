"""How many parts does a text take? Mainland China bills every character as one; elsewhere the alphabet decides."""

from __future__ import annotations

from duly.text import segment
from duly.text.segment import Market

TEXTS = (
    "【晨曦消金】您的账户有款项到期。",
    "[Chenxi Finance] A payment on your account is overdue. Please call 400-000-0000.",
    "[Chenxi Finance] A payment on your account is overdue – please call 400-000-0000.",
)


def main() -> None:
    """Count each text both ways; the long dash of the last one is not in the GSM alphabet."""
    for text in TEXTS:
        counted = {market.value: segment.count(text, market).billed for market in Market}
        print(counted, text)


if __name__ == "__main__":
    main()
