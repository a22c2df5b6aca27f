"""Workbooks for tests: made by openpyxl as a lender's would be, or written part by part as nobody's should."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl

from duly.book import read
from duly.errors import Problem
from tests.book import lender

HEADER = ["id", "no", "day", "amount", "kind", "orig"]
YAML = lender.YAML.replace("data/payments.csv", "data/payments.xlsx\n    format: xlsx")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"

PARTS: Mapping[str, str] = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}">'
        '<sheets><sheet name="Paid" sheetId="1" r:id="r1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_LINKS}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{_LINKS}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="00000"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="10"/><xf numFmtId="164"/></cellXfs>'
        "</styleSheet>"
    ),
}


def texts(row: int, cells: Sequence[str]) -> str:
    """A row of texts."""
    inner = "".join(
        f'<c r="{chr(65 + place)}{row}" t="inlineStr"><is><t>{text}</t></is></c>'
        for place, text in enumerate(cells)
    )
    return f'<row r="{row}">{inner}</row>'


def sheet(*rows: str, after: str = "") -> str:
    """A sheet of payments with these rows below the header."""
    body = "".join([texts(1, HEADER), *rows])
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData>{after}</worksheet>'


def placed(cell: str, place: str) -> str:
    """A cell, as XML, that is told its place."""
    return cell.replace("<c", '<c r="' + place + '"', 1)


def paid(cell: str) -> str:
    """A sheet with one payment whose amount stands in this cell."""
    head = texts(2, ["y1", "A1", "2026-03-12"]).removesuffix("</row>")
    return sheet(f"{head}{placed(cell, 'D2')}</row>")


def packed(parts: Mapping[str, str | bytes], *, stored: bool = False) -> bytes:
    """A zip of these parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def written(body: str, **others: str) -> bytes:
    """A workbook with this sheet; `others` changes parts, by their names with _ for / and without .xml."""
    named = {name.replace("_", "/") + ".xml": content for name, content in others.items()}
    return packed({**PARTS, "xl/worksheets/sheet1.xml": body, **named})


def saved(rows: Sequence[Sequence[object]], *, title: str = "Paid") -> openpyxl.Workbook:
    """A workbook as a lender has it."""
    made = openpyxl.Workbook()
    page = made.worksheets[0]
    page.title = title
    for row in (HEADER, *rows):
        page.append(list(row))
    return made


def load(
    root: Path, content: bytes | openpyxl.Workbook, text: str = YAML
) -> tuple[read.Loaded | None, list[Problem]]:
    """What comes of the lender's files with these payments."""
    lender.write(root)
    target = root / "data" / "payments.xlsx"
    if isinstance(content, bytes):
        target.write_bytes(content)
    else:
        content.save(target)
    return read.load(root, lender.mapped(text), as_of=lender.AS_OF, blind=lender.index)


def loaded(root: Path, content: bytes | openpyxl.Workbook, text: str = YAML) -> read.Loaded:
    """What was loaded, when nothing refuses it."""
    found, problems = load(root, content, text)
    assert problems == []
    assert found is not None
    return found


def refused(root: Path, content: bytes | openpyxl.Workbook, text: str = YAML) -> list[str]:
    """The codes for which all of it was refused."""
    found, problems = load(root, content, text)
    assert found is None
    return [problem.code for problem in problems]
