"""A workbook's zip, opened with every bound checked before anything is unpacked, and its XML without entities.

    archive = Archive(content, "data/payments.xlsx")
    for _ in archive.scan("xl/workbook.xml", handler): ...

Refuses macros, parts of other programs, data connections and links to other files; more members, bytes or
compression than a book has; two members of one name; a DTD anywhere. What it refuses it never unpacks.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl as Attributes

from defusedxml import DefusedXmlException
from defusedxml import sax as defused

from duly.book import batch
from duly.model.said import say

MOST_BYTES = 256 << 20  # of the file as it stands on the disk
MOST_MEMBERS = 1_000
MOST_UNPACKED = 512 << 20  # of one member
MOST_IN_ALL = 768 << 20
MOST_RATIO = 250  # unpacked to packed; deflate itself ends near 1,032, a sheet of money near 20
_SMALL = 1 << 20  # below this the ratio says nothing
_CHUNK = 1 << 16
_OLE = b"\xd0\xcf\x11\xe0"

_MACROS = re.compile(r"vba|macrosheet|activex|customui|dialogsheet|ctrlprop")
_FOREIGN = re.compile(r"externallink|embedding|connections\.xml|querytable|oleobject|/model/|webextension")
_XML = (".xml", ".rels", ".vml")
_PASSIVE = re.compile(r"\.(?:png|jpe?g|gif|emf|wmf)$|(?:^|/)printersettings\d*\.bin$")

# What a broken or hostile zip makes the standard library raise; each of it means the same to the lender.
_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    IndexError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
)


class Elements(ContentHandler):
    """What a part is read with: elements by their names without a prefix, and the characters between."""

    def begin(self, name: str, attrs: Attributes) -> None:
        """An element begins."""

    def add(self, text: str) -> None:
        """Characters, in pieces."""

    def end(self, name: str) -> None:
        """An element ends."""

    def startElement(self, name: str, attrs: Attributes) -> None:  # noqa: N802 - the name that sax calls
        """As sax says it."""
        self.begin(name.rpartition(":")[2], attrs)

    def characters(self, content: str) -> None:
        """As sax says it."""
        self.add(content)

    def endElement(self, name: str) -> None:  # noqa: N802 - likewise
        """As sax says it."""
        self.end(name.rpartition(":")[2])


class Archive:
    """The members of a workbook by name, none of them unpacked yet."""

    def __init__(self, content: bytes, name: str) -> None:
        self._name = name
        self._zip = self._opened(content)
        self._members = {info.filename: info for info in self._zip.infolist() if not info.is_dir()}
        self._refuse_bombs()
        self._refuse_foreign()

    @property
    def names(self) -> list[str]:
        """The XML parts, in the order of the archive."""
        return [name for name in self._members if name.lower().endswith(_XML)]

    def scan(self, part: str, handler: Elements) -> Iterator[None]:
        """Hand the XML of a part to `handler`, piece by piece, and yield after each."""
        if part not in self._members:
            raise self._broken()
        parser = defused.make_parser()
        parser.forbid_dtd = True
        parser.setContentHandler(handler)
        try:
            with self._zip.open(self._members[part]) as stream:
                while piece := stream.read(_CHUNK):
                    parser.feed(piece)
                    yield
            parser.close()
        except DefusedXmlException as refused:
            what = say("the part {part} of this workbook declares a DTD or an entity", part=part)
            raise self.refused("entity", what, say("Save it anew as .xlsx.")) from refused
        except (SAXException, *_BROKEN) as error:
            raise self._broken() from error
        yield

    def read(self, part: str, handler: Elements) -> None:
        """`scan` to the end."""
        for _ in self.scan(part, handler):
            pass

    def refused(self, code: str, what: str, remedy: str) -> batch.Unreadable:
        """That the workbook as a whole is refused."""
        return batch.Unreadable(batch.problem(self._name, None, code, what, remedy))

    def _broken(self) -> batch.Unreadable:
        what = say("this is not an Excel workbook that can be read")
        return self.refused("workbook", what, say("Save it anew as .xlsx, or export it as CSV."))

    def _opened(self, content: bytes) -> zipfile.ZipFile:
        if content.startswith(_OLE):
            what = say("this workbook is encrypted, or of Excel before 2007")
            raise self.refused("workbook", what, say("Save it as .xlsx without a password."))
        if len(content) > MOST_BYTES:
            raise self._too_large()
        try:
            return zipfile.ZipFile(io.BytesIO(content))
        except _BROKEN as error:
            raise self._broken() from error

    def _too_large(self) -> batch.Unreadable:
        what = say("this workbook unpacks to more than a book of its size ever does")
        return self.refused("too_large", what, say("Export it as CSV or Parquet, which have no such bound."))

    def _refuse_bombs(self) -> None:
        infos = self._zip.infolist()
        names = [info.filename.lower() for info in infos]
        strange = [
            info
            for info in infos
            if info.flag_bits & 0x1
            or info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
            or info.filename.startswith("/")
            or "\\" in info.filename
            or ".." in PurePosixPath(info.filename).parts
        ]
        if strange or len(set(names)) != len(names):
            raise self._broken()
        bombs = [
            info
            for info in infos
            if info.file_size > MOST_UNPACKED
            or (info.file_size > _SMALL and info.file_size > MOST_RATIO * max(info.compress_size, 1))
        ]
        if bombs or len(infos) > MOST_MEMBERS or sum(info.file_size for info in infos) > MOST_IN_ALL:
            raise self._too_large()

    def _refuse_foreign(self) -> None:
        for name in self._members:
            low = name.lower()
            if _MACROS.search(low):
                raise self.macro()
            if _FOREIGN.search(low):
                raise self.foreign()
            if not low.endswith(_XML) and not _PASSIVE.search(low):
                what = say("this workbook holds a part that is no sheet: {part}", part=name)
                raise self.refused("workbook_part", what, say("Save the sheet alone as .xlsx."))

    def macro(self) -> batch.Unreadable:
        """That it holds a program."""
        what = say("this workbook holds macros")
        return self.refused("macro", what, say("Save it as .xlsx, which has none."))

    def foreign(self) -> batch.Unreadable:
        """That it leads to something outside of itself."""
        what = say("this workbook holds links to other files, data connections or objects of other programs")
        return self.refused("external", what, say("Copy the values alone into a new workbook."))
