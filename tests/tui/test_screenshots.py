"""What stands on the screen, whole, as recordings of the laboratory make it; and the pictures that
are made of it, which fetch nothing.

    REWRITE_SCREENS=1 pytest tests/tui/test_screenshots.py     writes the screens anew, to be read
"""

import html
import importlib.util
import os
import re
from pathlib import Path
from types import ModuleType

import pytest

from diagnose.outputs.terminal import cell_len

MAKE = Path(__file__).parents[2] / "screenshots" / "make.py"


@pytest.fixture(scope="module")
def make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("screenshots_make", MAKE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("lang", "words"), [("en", "ROOT CAUSE"), ("zh", "根本原因")])
def test_a_picture_shows_the_cause(make: ModuleType, lang: str, words: str) -> None:
    svg = make.taken(MAKE.parent / "evidence" / "headers-wiped.ndjson", lang, (80, 24))
    text = re.sub("<[^>]*>", "", svg).replace("&#160;", " ")
    assert "websocket.headers-wiped" in text
    assert words in text
    assert "url(http" not in svg


SCREENS = Path(__file__).parent / "screens"


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    ("recording", "tab"), [("port-closed", "1"), ("headers-wiped", "2")], ids=["answer", "evidence"]
)
def test_the_screen_is_as_it_was_read(
    make: ModuleType, recording: str, tab: str, lang: str, size: tuple[int, int]
) -> None:
    svg = make.taken(MAKE.parent / "evidence" / f"{recording}.ndjson", lang, size, tab)
    shown = text(svg)
    golden = SCREENS / f"{recording}.{tab}.{lang}.{size[0]}x{size[1]}.txt"
    if os.environ.get("REWRITE_SCREENS"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(shown, "utf-8")
    assert shown == golden.read_text("utf-8")


def text(svg: str) -> str:
    """The words of a picture, a line for each of the terminal's, blanks where nothing stands."""
    lines: dict[float, list[tuple[float, str]]] = {}
    found = re.findall(
        r'<text class="[^"]*-r[0-9]+"[^>]* x="([0-9.]+)" y="([0-9.]+)"[^>]*>([^<]*)</text>', svg
    )
    for x, y, words in found:
        said = html.unescape(words).replace("\xa0", " ").rstrip("\n")
        lines.setdefault(float(y), []).append((float(x), said))
    made = []
    for y in sorted(lines):
        line = ""
        for x, words in sorted(lines[y]):
            line += " " * (round(x / CELL) - cell_len(line)) + words
        made.append(line.rstrip())
    return "\n".join(made) + "\n"


#: The width of a cell in a picture.
CELL = 12.2
