"""A book that is loaded again seals what is new or changed, and whatever was altered behind our back."""

from __future__ import annotations

import contextlib
from datetime import timedelta

from duly.run import load
from tests.run.house import ON, House

SEALED = (
    "select 'p' || person, sealed from vault.person union all select 'c' || point, sealed from vault.contact"
)


def stands(house: House) -> dict[str, bytes]:
    """The sealed form of every person and contact value."""
    return {str(name): bytes(sealed) for name, sealed in house.ask(SEALED)}


def load_again(house: House, days: int = 1) -> None:
    """The book as the files hold it, on a later day."""
    with contextlib.closing(house.opened.connect()) as connection:
        assert load.load(house.opened, connection, as_of=ON + timedelta(days=days), by="core").changed


def test_only_a_changed_number_is_sealed_again(house: House) -> None:
    """Of all people and numbers one row is sealed anew."""
    before = stands(house)
    file = house.folder / "data" / "contacts.csv"
    header, *lines = file.read_text("utf-8").splitlines()
    names = header.split(",")
    place = next(n for n, line in enumerate(lines) if ",SMS," in line)
    cells = lines[place].split(",")
    number = cells[names.index("contact_value")]
    cells[names.index("contact_value")] = number[:-1] + ("1" if number[-1] != "1" else "2")
    file.write_text("\n".join([header, *lines[:place], ",".join(cells), *lines[place + 1 :]]) + "\n", "utf-8")

    load_again(house)

    after = stands(house)
    assert {one for one in after if after[one] != before.get(one)} == {f"c{cells[names.index('contact_no')]}"}


def test_what_was_altered_in_the_database_is_sealed_again(house: House) -> None:
    """Another's sealed form, a flag that was flipped, a mark that was copied: none of them has a true mark."""
    (first, second), *_ = house.ask(
        "select min(point), max(point) from vault.contact where channel = 'sms' and not agreed_for_service"
    )
    before = stands(house)
    with contextlib.closing(house.connect()) as connection:
        connection.execute(
            "update vault.contact c set sealed = o.sealed, mark = o.mark from vault.contact o "
            "where c.point = %s and o.point = %s",
            (first, second),
        )
        connection.execute("update vault.contact set agreed_for_service = true where point = %s", (second,))

    load_again(house)

    after = stands(house)
    assert {one for one in after if after[one] != before[one]} == {f"c{first}", f"c{second}"}
    assert house.ask(
        "select count(*) from vault.contact where point = %s and agreed_for_service", second
    ) == [(0,)]
