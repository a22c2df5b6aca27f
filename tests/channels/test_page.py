"""The page about channels says what the code says."""

import importlib.util
from pathlib import Path
from types import ModuleType

from duly.channels import smpp_coding, smpp_settings
from duly.wire.smpp import receipt
from strangers.roll import ROOT

SCRIPT = ROOT / "docs" / "reference" / "channels.py"


def writer() -> ModuleType:
    """The script that writes the page."""
    spec = importlib.util.spec_from_file_location("channels_page", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_script_writes() -> None:
    """docs/reference/channels.md is what `python docs/reference/channels.py` writes."""
    assert SCRIPT.with_suffix(".md").read_text("utf-8") == writer().page()


def test_every_channel_has_its_page() -> None:
    """docs/howto/channels/<name>.md for each that ships."""
    pages = {path.stem for path in (ROOT / "docs" / "howto" / "channels").glob("*.md")}
    assert {one.name for one in writer().shipped()} <= pages


def test_every_state_of_a_receipt_is_one_of_ours() -> None:
    """No word of a carrier falls through the table."""
    assert set(smpp_coding.ARRIVALS) == set(receipt.State)


def test_every_setting_of_smpp_is_explained() -> None:
    """docs/howto/channels/smpp.md names each field of the settings."""
    page = Path(ROOT / "docs" / "howto" / "channels" / "smpp.md").read_text("utf-8")
    fields = set(smpp_settings.Settings.__dataclass_fields__)
    assert {name for name in fields if f"`{name}`" not in page} == set()
