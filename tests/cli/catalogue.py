"""The Chinese catalogue kept in step with the code: `python -m tests.cli.catalogue`.

Sentences that are no longer said leave it, new ones come in without a translation and are listed; the tests
fail until somebody has written them. One sentence stands in one order in the file, so its history can be read.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from duly.cli import language

SOURCE = Path(__file__).resolve().parents[2] / "src" / "duly"
CATALOGUE = SOURCE / "locale" / "zh_CN" / "LC_MESSAGES" / "duly.po"

HEAD = r"""# What duly says, in Chinese. English is what the code says; what is missing here is said in English.
#
# After a change: python -m tests.cli.catalogue
#
# A term is translated the same everywhere: notice 通知, hold 暂缓, halt 暂停发送, stage 阶段, route 通道, channel 渠道,
# pack 规则包, rule 规则, receipt 回执, hand-over 提交, feed 数据源, destination 目的地, approval 批准, evidence 存证.
msgid ""
msgstr ""
"Project-Id-Version: duly\n"
"Language: zh_CN\n"
"Plural-Forms: nplurals=1; plural=0;\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"

"""


def patterns() -> dict[str, list[str]]:
    """Every literal that `say` and `tr` are given in the code, and where it stands."""
    found: dict[str, list[str]] = {}
    method = [("**.py", "python")]
    for file, line, text, _, _ in extract_from_dir(SOURCE, method, keywords={"say": None, "tr": None}):
        assert isinstance(text, str)
        if text.strip():
            found.setdefault(text, []).append(f"{file}:{line}")
    return found


def written(translations: dict[str, str]) -> str:
    """The text of the catalogue for the sentences of the code."""
    catalogue = Catalog(locale="zh_CN")
    for text in patterns():
        catalogue.add(text, translations.get(text, ""))
    body = io.BytesIO()
    write_po(body, catalogue, width=0, no_location=True, omit_header=True, sort_output=True)
    return HEAD + body.getvalue().decode()


def main() -> None:
    """Write it, and list what is still to be translated."""
    translations = language.read("zh-CN")
    CATALOGUE.write_text(written(translations), encoding="utf-8")
    for text, places in sorted(patterns().items()):
        if text not in translations:
            sys.stdout.write(f"{places[0]}: {text}\n")


if __name__ == "__main__":
    main()
