"""The code by which a debtor checks on the official site that a notice is ours.

Ten characters of Crockford's alphabet (no I, L, O, U), written in two groups: 45 bits of an HMAC over the
message's key, so a code says nothing and cannot be computed from outside, and one check character over the
field of 32 elements. One mistyped character and two exchanged ones are always noticed.
Refuses to say whether a code was issued: that is known to the store alone.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Sequence

import polars as pl

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
_DATA = LENGTH - 1
_KEY_BYTES = 32
_MARK = b"duly.code.1"
_BLOCK = hashlib.sha256().block_size
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
# Crockford: what is read as a digit is taken for it.
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})


def code(key: bytes, message_key: bytes) -> str:
    """The code of the message `message_key` under the installation's `key`: `7K3M9-QX0WD`.

    Raises ValueError for a key shorter than 32 bytes.
    """
    if len(key) < _KEY_BYTES:
        raise ValueError(f"the key of the codes has at least {_KEY_BYTES} bytes")
    digest = hmac.new(key, _MARK + message_key, hashlib.sha256).digest()
    bits = int.from_bytes(digest[:8], "big") >> (64 - 5 * _DATA)
    data = "".join(ALPHABET[bits >> (5 * place) & 31] for place in reversed(range(_DATA)))
    return _grouped(data + _check(data))


def column(key: bytes, message_keys: Sequence[bytes | None]) -> pl.Series:
    """`code` of each of many messages; null for a null."""
    if len(key) < _KEY_BYTES:
        raise ValueError(f"the key of the codes has at least {_KEY_BYTES} bytes")
    # HMAC's two hashes by hand (RFC 2104 2): looking up the hash by name for each would cost more than hashing.
    block = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
    begins, outer = block.translate(_INNER) + _MARK, block.translate(_OUTER)
    make = hashlib.sha256
    drawn = [
        None if one is None else make(outer + make(begins + one).digest()).digest() for one in message_keys
    ]
    signs = pl.Series("signs", list(ALPHABET), pl.String)
    whole = pl.Series("bits", drawn, pl.Binary).bin.slice(0, 8)
    bits = whole.bin.reinterpret(dtype=pl.UInt64, endianness="big")
    values = [bits // (1 << (64 - 5 * (place + 1))) % 32 for place in range(_DATA)]
    check = pl.zeros(len(bits), pl.UInt8, eager=True)
    weight = 1
    for value in values:
        weight = _times(weight, 2)
        products = pl.Series([_times(weight, number) for number in range(32)], dtype=pl.UInt8)
        check ^= products.gather(value)
    characters = [signs.gather(value) for value in (*values, check)]
    frame = pl.DataFrame({str(place): one for place, one in enumerate(characters)})
    names = [pl.col(name) for name in frame.columns]
    said = pl.concat_str(*names[:5], pl.lit("-"), *names[5:])
    return frame.select(said.alias("code"))["code"]


def normalise(typed: str) -> str | None:
    """The code that somebody typed, as `code` writes it; None when it cannot be one.

    Small letters, full width, blanks, hyphens and the letters O, I and L are understood.
    """
    plain = unicodedata.normalize("NFKC", typed).upper()
    kept = "".join(char for char in plain if not char.isspace() and char not in "-‐‑–—·").translate(_READ_AS)
    if len(kept) != LENGTH or any(char not in ALPHABET for char in kept):
        return None
    return _grouped(kept) if _check(kept[:_DATA]) == kept[_DATA] else None


def _grouped(characters: str) -> str:
    return f"{characters[:5]}-{characters[5:]}"


def _check(data: str) -> str:
    """The character that makes the weighted sum over GF(32) zero; the weights 2, 4, 8 … are all different."""
    total, weight = 0, 1
    for char in data:
        weight = _times(weight, 2)
        total ^= _times(weight, ALPHABET.index(char))
    return ALPHABET[total]


def _times(left: int, right: int) -> int:
    """The product in GF(2)[x] modulo x^5 + x^2 + 1, in which x generates all 31 elements but zero."""
    product = 0
    while right:
        if right & 1:
            product ^= left
        right >>= 1
        left <<= 1
        if left & 32:
            left ^= 0b100101
    return product
