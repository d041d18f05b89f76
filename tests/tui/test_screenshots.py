"""The pictures are made from recordings, and fetch nothing."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

MAKE = Path(__file__).parents[2] / "screenshots" / "make.py"


@pytest.fixture(scope="module")
def make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("screenshots_make", MAKE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("lang", "words"), [("en", "ROOT CAUSE"), ("zh", "根因")])
def test_a_picture_shows_the_cause(make: ModuleType, lang: str, words: str) -> None:
    svg = make.taken(MAKE.parent / "evidence" / "headers-wiped.ndjson", lang, (80, 24))
    text = re.sub("<[^>]*>", "", svg).replace("&#160;", " ")
    assert "websocket.headers-wiped" in text
    assert words in text
    assert "url(http" not in svg
