"""A workbook of the lender's: its values as they are, and nothing of what a workbook can do besides."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duly.book import archive, batch, cells, mapping, workbook
from duly.book.mapping import FeedMapping
from duly.book.workbook import Shown
from duly.errors import Problem
from tests.book import lender, sheets

PAID = ["y1", "A1", date(2026, 3, 12), 200, "P", None]


def found(
    root: Path, content: bytes | openpyxl.Workbook, text: str = sheets.YAML
) -> list[tuple[object, ...]]:
    """The quarantine of the payments as (file, line, column, value, code)."""
    left_out = sheets.loaded(root, content, text).quarantine
    return left_out.select("file", "line", "field", "value", "code").rows()


def amount(root: Path, cell: str) -> object:
    """What a cell of the column of amounts came to: minor units, or the code of why not."""
    loaded = sheets.loaded(root, sheets.written(sheets.paid(cell)))
    if loaded.quarantine.height:
        return loaded.quarantine["code"][0]
    return loaded.book.payments.filter(person="P1")["amount_minor"][0]


# --- what is read


def test_a_workbook_gives_the_same_book_as_a_csv(tmp_path: Path) -> None:
    """Days as days or as text, amounts as numbers or as text."""
    rows: list[list[object]] = [
        ["y1", "A1", date(2026, 3, 12), 200, "P", None],
        ["y2", "A1", "2026-03-14", "200.00", "R", "y1"],
        [],
        ["y3", "A2", datetime.fromisoformat("2026-03-01"), 1.0, "P", ""],
    ]

    made = sheets.loaded(tmp_path, sheets.saved(rows))

    assert made.quarantine.is_empty()
    assert made.book.payments.equals(lender.loaded(tmp_path).book.payments)
    assert next(feed for feed in made.feeds if feed.name == "payments").rows == 3


@pytest.mark.parametrize(
    ("cell", "becomes"),
    [
        ("<c><v>1230.0999999999999</v></c>", 123_010),  # what Excel writes for 1230.10
        ("<c><v>1230.1</v></c>", 123_010),
        ("<c><v>0.30000000000000004</v></c>", "number_inexact"),  # 0.1 + 0.2
        ("<c><v>12.345</v></c>", "decimals"),
        ("<c><v>1E2</v></c>", 10_000),
        ("<c><v>99999999999.99</v></c>", 9_999_999_999_999),
        ("<c><v>100000000000.01</v></c>", "amount_beyond"),
        ("<c><v>1e308</v></c>", "number_inexact"),
        ("<c><v>1e999</v></c>", "number_inexact"),
        ("<c><v>NaN</v></c>", "cell_error"),
        ("<c><v>INF</v></c>", "cell_error"),
        ("<c><v>-5</v></c>", "negative"),
        ('<c t="e"><v>#N/A</v></c>', "cell_error"),
        ('<c t="b"><v>1</v></c>', "amount"),
        ('<c t="s"><v>7</v></c>', "cell_error"),  # there is no shared text 7
        ('<c t="str"><v>200.00</v></c>', 20_000),
        ('<c s="1"><v>200</v></c>', "cell_day"),
        ('<c s="2"><v>200</v></c>', "percent"),
        ("<c><f>1+1</f><v>2</v></c>", "formula"),
        ('<c t="str"><f>A1</f><v>200</v></c>', "formula"),
        ('<c><f t="shared" si="0"/><v>2</v></c>', "formula"),
        ("<c><v/></c>", "missing"),
    ],
)
def test_an_amount_is_what_the_cell_says_exactly_or_nothing(
    tmp_path: Path, cell: str, becomes: object
) -> None:
    """A number is taken where its shortest decimal is one that Excel can hold; a cached value never is."""
    assert amount(tmp_path, cell) == becomes


def test_the_other_cells_of_an_array_formula_are_no_values_either(tmp_path: Path) -> None:
    """Only the first of them holds the formula; below it stands what Excel last made of it."""
    cell = '<f t="array" ref="D2:D3">SUM(A1)</f><v>5</v>'
    first, second, third = (
        sheets.texts(row, [f"y{row}", "A1", "2026-03-12"]).removesuffix("</row>") for row in (2, 3, 4)
    )
    body = sheets.sheet(
        f'{first}<c r="D2">{cell}</c></row>',
        f'{second}<c r="D3"><v>5</v></c></row>',
        f'{third}<c r="D4"><v>5</v></c></row>',
    )

    assert [row[1:] for row in found(tmp_path, sheets.written(body))] == [
        (2, "amount", "=SUM(A1)", "formula"),
        (3, "amount", "=", "formula"),
    ]


@pytest.mark.parametrize(
    ("serial", "epoch", "becomes"),
    [
        ("46093", "0", date(2026, 3, 12)),
        ("44631", "1", date(2026, 3, 12)),
        ("46093.5", "0", "time_of_day"),
        ("60", "0", "date_impossible"),  # the 29th of February 1900, which never was
        ("0", "0", "date_impossible"),
        ("1", "0", "date_beyond"),
        ("-1", "1", "date_impossible"),
        ("2958466", "0", "date_impossible"),
        ("1e300", "0", "date_impossible"),
    ],
)
def test_a_day_counts_from_the_workbook_s_own_epoch(
    tmp_path: Path, serial: str, epoch: str, becomes: object
) -> None:
    """Excel has two; a time of day beside it is nobody's to drop."""
    row = (
        f'<row r="2"><c r="A2" t="inlineStr"><is><t>y1</t></is></c><c r="B2" t="inlineStr"><is><t>A2</t></is></c>'
        f'<c r="C2" s="1"><v>{serial}</v></c><c r="D2"><v>1</v></c></row>'
    )
    workbook = sheets.PARTS["xl/workbook.xml"].replace(
        "<sheets>", f'<workbookPr date1904="{epoch}"/><sheets>'
    )

    loaded = sheets.loaded(tmp_path, sheets.written(sheets.sheet(row), xl_workbook=workbook))

    if isinstance(becomes, date):
        assert loaded.book.payments["paid_on"].to_list() == [becomes]
    else:
        assert loaded.quarantine["code"].to_list() == [becomes]


@pytest.mark.parametrize(
    ("cell", "becomes"),
    [
        ("<c><v>17</v></c>", "17"),
        ('<c s="3"><v>17</v></c>', "number_shown"),  # it shows 00017
        ("<c><v>999999999999999</v></c>", "999999999999999"),
        ("<c><v>1234567890123456</v></c>", "number_inexact"),  # Excel keeps fifteen digits
        ('<c s="1"><v>46093</v></c>', "cell_day"),  # it was 3-12 once
    ],
)
def test_an_id_is_what_is_shown_or_nothing(tmp_path: Path, cell: str, becomes: str) -> None:
    """Whatever Excel made of it, an id that is not the lender's leads to another account."""
    rest = sheets.texts(2, ["", "A2", "2026-03-12", "1"]).partition("</c>")[2]
    row = '<row r="2">' + sheets.placed(cell, "A2") + rest
    loaded = sheets.loaded(tmp_path, sheets.written(sheets.sheet(row)))

    told = loaded.quarantine["code"].to_list() or loaded.book.payments["payment"].to_list()
    assert told == [becomes]


def test_a_row_in_quarantine_names_file_sheet_row_column_and_value(tmp_path: Path) -> None:
    """And the value stands there alone: a problem says the place and the reason."""
    made = sheets.saved([PAID, ["y2", "A1", date(2026, 3, 12), "=D2*2", "P", None]])

    assert found(tmp_path, made) == [("data/payments.xlsx!Paid", 3, "amount", "=D2*2", "formula")]
    (problem,) = sheets.loaded(tmp_path, made).warnings()
    assert problem.place() == "data/payments.xlsx!Paid:3"
    assert "D2" not in problem.what + problem.excerpt


def test_a_cell_outside_of_the_columns_is_not_overlooked(tmp_path: Path) -> None:
    """A note beside the table may be a correction."""
    ((_, line, column, _, code),) = found(tmp_path, sheets.saved([[*PAID, "stop!"]]))

    assert (line, column, code) == (2, None, "ragged")


def test_what_the_text_of_a_cell_begins_with_does_not_make_it_a_formula(tmp_path: Path) -> None:
    """A text is text, and is judged as what the column holds: this is no id."""
    body = sheets.sheet(sheets.texts(2, ["=HYPERLINK(1)", "A2", "2026-03-12", "1"]))
    loaded = sheets.loaded(tmp_path, sheets.written(body))

    assert loaded.book.payments["payment"].to_list() == ["=HYPERLINK(1)"]


# --- which sheet


def test_the_named_sheet_is_read(tmp_path: Path) -> None:
    """Others may hold what they like."""
    made = sheets.saved([PAID])
    made.create_sheet("Notes")["A1"] = "=NOW()"

    text = sheets.YAML.replace("format: xlsx", "format: xlsx\n    sheet: Paid")

    assert sheets.loaded(tmp_path, made, text).book.payments.height == 2


def test_between_sheets_nobody_guesses(tmp_path: Path) -> None:
    """With two that can be seen, book.yaml names one; a hidden one does not count."""
    made = sheets.saved([PAID])
    other = made.create_sheet("Notes")

    assert sheets.refused(tmp_path, made) == ["book.file.sheet"]
    other.sheet_state = "hidden"
    assert sheets.loaded(tmp_path, made).book.payments.height == 2


@pytest.mark.parametrize(("sheet", "code"), [("Notes", "sheet_hidden"), ("Payed", "sheet")])
def test_a_sheet_that_nobody_sees_is_refused(tmp_path: Path, sheet: str, code: str) -> None:
    """Even by its name: what nobody sees nobody has checked."""
    made = sheets.saved([PAID])
    made.create_sheet("Notes").sheet_state = "veryHidden"

    text = sheets.YAML.replace("format: xlsx", f"format: xlsx\n    sheet: {sheet}")

    assert sheets.refused(tmp_path, made, text) == [f"book.file.{code}"]


def test_only_a_workbook_has_sheets() -> None:
    """A key that would be overlooked is refused."""
    text = lender.YAML.replace("data/payments.csv", "data/payments.csv\n    sheet: Paid")

    assert [problem.code for problem in mapping.load(text, "book.yaml")[1]] == ["book.sheet"]


def test_hidden_rows_are_rows(tmp_path: Path) -> None:
    """A filter that somebody left on must not make payments disappear."""
    made = sheets.saved([PAID])
    made.worksheets[0].row_dimensions[2].hidden = True

    assert sheets.loaded(tmp_path, made).book.payments.height == 2


def test_merged_cells_are_refused(tmp_path: Path) -> None:
    """One value stands for several rows, and only the first of them has it."""
    made = sheets.saved([PAID, PAID])
    made.worksheets[0].merge_cells("B2:B3")

    assert sheets.refused(tmp_path, made) == ["book.file.merged"]


@pytest.mark.parametrize(
    "rows",
    [
        sheets.texts(2, ["y1"]) + sheets.texts(2, ["y2"]),
        sheets.texts(3, ["y1"]) + sheets.texts(2, ["y2"]),
        '<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>2</v></c></row>',
        '<row r="2"><c r="B2"><v>1</v></c><c r="A2"><v>2</v></c></row>',
        '<row r="2"><c r="A3"><v>1</v></c></row>',
        '<row r="1048577"><c><v>1</v></c></row>',
        '<row r="99999999999999999999"><c><v>1</v></c></row>',
        '<row r="2"><c r="XFD2"><v>1</v></c></row>',
    ],
)
def test_a_sheet_that_contradicts_itself_is_refused(tmp_path: Path, rows: str) -> None:
    """A row or cell that stands twice would be dropped by most readers, and with it a payment."""
    assert sheets.refused(tmp_path, sheets.written(sheets.sheet(rows))) == ["book.file.sheet_order"]


# --- what is refused


MACROS = (
    "xl/vbaProject.bin",
    "xl/macrosheets/sheet1.xml",
    "xl/activeX/activeX1.xml",
    "customUI/customUI.xml",
)
FOREIGN = (
    "xl/externalLinks/externalLink1.xml", "xl/connections.xml", "xl/embeddings/oleObject1.bin",
    "xl/queryTables/queryTable1.xml",
)  # fmt: skip


@pytest.mark.parametrize(
    ("part", "code"),
    [
        *((part, "macro") for part in MACROS),
        *((part, "external") for part in FOREIGN),
        ("xl/payload.exe", "workbook_part"),
        ("../../etc/cron.d/x.xml", "workbook"),
        ("/xl/a.xml", "workbook"),
        ("XL/WORKBOOK.xml", "workbook"),
    ],
)
def test_what_a_book_has_no_use_for_is_refused_before_it_is_unpacked(
    tmp_path: Path, part: str, code: str
) -> None:
    """Programs, links to elsewhere, objects, names that lead out of the archive, names that stand twice."""
    body = {**sheets.PARTS, "xl/worksheets/sheet1.xml": sheets.sheet(), part: "<x/>"}

    assert sheets.refused(tmp_path, sheets.packed(body)) == [f"book.file.{code}"]


def test_a_workbook_that_says_it_has_macros_is_refused_under_any_name(tmp_path: Path) -> None:
    """Its content types say so."""
    types = sheets.PARTS["[Content_Types].xml"].replace(
        "vnd.openxmlformats-officedocument.spreadsheetml.sheet.main", "vnd.ms-excel.sheet.macroEnabled.main"
    )
    parts = {**sheets.PARTS, "[Content_Types].xml": types, "xl/worksheets/sheet1.xml": sheets.sheet()}

    assert sheets.refused(tmp_path, sheets.packed(parts)) == ["book.file.macro"]


@pytest.mark.parametrize(
    ("kind", "code"), [("hyperlink", None), ("image", "external"), ("oleObject", "external")]
)
def test_a_link_is_never_followed(tmp_path: Path, kind: str, code: str | None) -> None:
    """A hyperlink is a word in a cell; anything else that leads out is refused."""
    where = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = (
        f'<Relationships><Relationship Id="r1" Type="{where}/{kind}" '
        'Target="http://a.example/x" TargetMode="External"/></Relationships>'
    )
    parts = {
        **sheets.PARTS,
        "xl/worksheets/sheet1.xml": sheets.sheet(),
        "xl/worksheets/_rels/sheet1.xml.rels": links,
    }

    if code is None:
        assert sheets.loaded(tmp_path, sheets.packed(parts)).book.payments.is_empty()
    else:
        assert sheets.refused(tmp_path, sheets.packed(parts)) == [f"book.file.{code}"]


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("dtd", [LAUGHS, OUTSIDE, "<!DOCTYPE x>"])
@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml", "_rels/.rels"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_entity_is_refused_in_every_part(tmp_path: Path, part: str, dtd: str, encoding: str) -> None:
    """Whether it multiplies or reads a file, and however the part is encoded."""
    parts: dict[str, str | bytes] = {**sheets.PARTS, "xl/worksheets/sheet1.xml": sheets.sheet()}
    parts[part] = (dtd + str(parts[part])).encode(encoding)

    assert sheets.refused(tmp_path, sheets.packed(parts)) == ["book.file.entity"]


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its ratio, by the size of one member, of all together, and by their number; at each bound it still loads."""
    body = sheets.sheet() + " " * (2 << 20)
    bomb = sheets.written(body)
    assert sheets.refused(tmp_path, bomb) == ["book.file.too_large"]

    flat = sheets.packed({**sheets.PARTS, "xl/worksheets/sheet1.xml": body}, stored=True)
    unpacked = sum(info.file_size for info in zipfile.ZipFile(io.BytesIO(flat)).infolist())
    for limit, bound in (("MOST_UNPACKED", len(body)), ("MOST_IN_ALL", unpacked), ("MOST_MEMBERS", 6)):
        monkeypatch.setattr(archive, limit, bound)
        assert sheets.loaded(tmp_path, flat).book.payments.is_empty()
        monkeypatch.setattr(archive, limit, bound - 1)
        assert sheets.refused(tmp_path, flat) == ["book.file.too_large"]
        monkeypatch.undo()


def test_a_member_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    """What is unpacked is compared with what was promised."""
    whole = sheets.written(sheets.sheet())
    size = len(sheets.sheet()).to_bytes(4, "little")
    lying = whole.replace(size, (len(sheets.sheet()) - 40).to_bytes(4, "little"))

    assert lying != whole
    assert sheets.refused(tmp_path, lying) == ["book.file.workbook"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        b"no,day\n1,2\n",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        sheets.packed({}),
        sheets.packed({"a.xml": "<a/>"}),
    ],
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    """Nothing at all, half of one, a CSV, an encrypted one, an empty zip, another zip."""
    assert sheets.refused(tmp_path, content) == ["book.file.workbook"]


# --- held against openpyxl, and against hostile bytes


FEED: FeedMapping = lender.mapped(sheets.YAML).feeds["payments"]


class _Nothing:
    def update(self, data: bytes, /) -> None:
        """Nobody asks."""


def _cells(content: bytes) -> list[batch.Cells]:
    return list(cells.read(io.BytesIO(content), "a.xlsx", FEED, _Nothing()))


VALUES = st.one_of(
    st.none(),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8).filter(
        lambda text: not text.startswith("=")
    ),
    st.integers(-(10**14), 10**14),
    st.decimals(-(10**9), 10**9, places=2),
    st.booleans(),
    st.dates(date(1950, 1, 1), date(2100, 1, 1)),
)


@given(rows=st.lists(st.lists(VALUES, min_size=6, max_size=6), max_size=6))
def test_openpyxl_reads_the_same_cells(rows: list[list[object]]) -> None:
    """Each value that both take is the same one."""
    made = io.BytesIO()
    sheets.saved(rows).save(made)
    read = openpyxl.load_workbook(made, read_only=True)
    theirs = [
        list(row)
        for row in read.worksheets[0].iter_rows(min_row=2, max_col=6, values_only=True)
        if any(value not in (None, "") for value in row)
    ]

    (one,) = _cells(made.getvalue())
    ours = (
        sorted(
            (*one.cells.iter_rows(named=True), *one.apart.iter_rows(named=True)), key=lambda row: row["line"]
        )
        if one.apart is not None
        else []
    )

    assert len(ours) == len(theirs)
    wrong = set(one.ragged.select("line", "field").iter_rows())
    for mine, other in zip(ours, theirs, strict=True):
        for name, value in zip(sheets.HEADER, other, strict=True):
            if (mine["line"], name) not in wrong:
                assert mine[name] == _as_text(value), (name, value)


def _as_text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.date().isoformat()
        case float() | int():
            text = f"{value:.15f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
            return text if not isinstance(value, float) else f"{float(text):.2f}".rstrip("0").rstrip(".")
        case _:
            return str(value)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_bytes_that_were_damaged_are_refused_or_read_and_nothing_else(data: st.DataObject) -> None:
    """Flipped, cut or put in: the answer is a batch or a sentence, never a crash."""
    whole = sheets.written(sheets.sheet(sheets.texts(2, ["y1", "A1", "2026-03-12", "1", "P"])))
    place = data.draw(st.integers(0, len(whole) - 1))
    junk = data.draw(st.binary(max_size=12))
    cut = data.draw(st.integers(0, 40))
    _survives(whole[:place] + junk + whole[place + cut :])


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(part=st.sampled_from([*sheets.PARTS, "xl/worksheets/sheet1.xml"]), data=st.data())
def test_parts_that_were_damaged_are_refused_or_read_and_nothing_else(part: str, data: st.DataObject) -> None:
    """The same inside of the zip, where no checksum is wrong."""
    parts: dict[str, str | bytes] = {
        **sheets.PARTS,
        "xl/worksheets/sheet1.xml": sheets.paid('<c s="1"><v>46093</v></c>'),
    }
    text = str(parts[part])
    place = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 20))
    junk = data.draw(
        st.one_of(
            st.text(max_size=6), st.sampled_from(['r="A1"', "<c/>", "<v>", "-1", "1e999", "&x;", "\0", '"'])
        )
    )
    parts[part] = (text[:place] + junk + text[place + cut :]).encode("utf-8", "surrogatepass")
    _survives(sheets.packed(parts))


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(content: bytes) -> None:
    """None of them is a workbook by chance."""
    with pytest.raises(batch.Unreadable):
        _cells(content)


def _survives(content: bytes) -> None:
    """It is read, every row of it, or refused in words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of names that stand twice
        problems, read = _read(content)
    assert all(problem.what and problem.remedy for problem in problems)
    assert all(one.rows == one.cells.height + one.apart.height for one in read if one.apart is not None)


def _read(content: bytes) -> tuple[Sequence[Problem], list[batch.Cells]]:
    try:
        return (), _cells(content)
    except batch.Unreadable as refused:
        return refused.problems, []


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("General", Shown.PLAIN),
        ("#,##0.00", Shown.PLAIN),
        ("0.00%", Shown.PERCENT),
        ("mm-dd-yy", Shown.DAY),
        ("[h]:mm:ss", Shown.DAY),
        ("00000", Shown.OTHER),
        ('"A"0', Shown.OTHER),
    ],
)
def test_a_format_says_what_becomes_of_a_number(code: str, shown: Shown) -> None:
    """A plain one shows what is stored, a day is one by its format alone, and the rest shows something else."""
    assert workbook._shown(code) is shown
