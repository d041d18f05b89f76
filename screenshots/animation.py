"""The first minute as an animation: a broken site, one command, healthy. An SVG without a script.

The reports are recorded runs of the laboratory, as the tool prints them today; the fix is the run
that the page about fixes shows.
"""

import re
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from diagnose.outputs.terminal import cell_len
from docs.generator.pages import DOCS
from docs.generator.replay import replayed

COLUMNS, ROWS = 80, 28
#: Of one cell, in pixels.
_WIDTH, _HEIGHT, _FONT = 8.4, 18, 14
_MARGIN = 16
_BACKGROUND, _TEXT = "#121212", "#e0e0e0"
#: The colours of the report (SGR parameters), with a contrast of at least 4.5 on the background.
_COLORS = {
    "31": "#ff6188", "32": "#a6e22e", "33": "#ffd866", "35": "#c792ea", "36": "#66d9ef",
    "2": "#9a9a9a",
}  # fmt: skip
_SGR = re.compile(r"\x1b\[([\d;]*)m")
_FIX = re.compile(r"^\$ diagnose fix shop\.example\.com --yes\n(.*?)^```$", re.M | re.S)

SITE = "diagnose https://shop.example.com/"
FIX = "diagnose fix shop.example.com --yes"


class Frame(NamedTuple):
    """What stands in the terminal, with its colours, and for how many seconds."""

    text: str
    seconds: float


class Piece(NamedTuple):
    """A part of a line in one style; `column` is that of its first cell."""

    column: int
    text: str
    parameters: frozenset[str]


def frames(lang: str) -> tuple[Frame, ...]:
    """Return the animation in a language."""
    broken, healthy = (
        f"$ {SITE}\n{replayed(name, lang, '--format', 'text', '--color', 'always')}"
        for name in ("firewall", "healthy")
    )
    fix = f"$ {FIX}\n{_painted(_fix_output(lang))}"
    typed = (Frame(f"$ {SITE[:length]}▌", 0.12) for length in range(0, len(SITE) + 1, 5))
    return (*typed, Frame(broken, 9), Frame(f"$ {FIX}▌", 1.5), Frame(fix, 7), Frame(healthy, 5))


def _fix_output(lang: str) -> str:
    match = _FIX.search((DOCS / lang / "how-to" / "fix.md").read_text("utf-8"))
    assert match, "the page about fixes shows a run"
    return match[1]


def _painted(text: str) -> str:
    """Return the output of a fix with the colours of the report: the page holds none."""
    text = re.sub(r"(?m)^(✗ \S+)", "\x1b[1;31m\\1\x1b[0m", text)
    return re.sub(r"(?m)^( +\$ .*)$", "\x1b[36m\\1\x1b[0m", text)


def svg(lang: str) -> str:
    """Return the animation as SVG."""
    parts = frames(lang)
    width, height = COLUMNS * _WIDTH + 2 * _MARGIN, ROWS * _HEIGHT + 2 * _MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
            f' width="{width:g}" height="{height:g}" role="img">',
            f"<title>{escape(SITE)}; {escape(FIX)}</title>",
            f"<style>{_style(parts)}</style>",
            f'<rect width="100%" height="100%" rx="8" fill="{_BACKGROUND}"/>',
            *(_group(number, frame) for number, frame in enumerate(parts)),
            "</svg>\n",
        ]
    )


def _style(parts: Sequence[Frame]) -> str:
    """Return the rules: one frame after another. Who wants no motion sees the first report."""
    total = sum(frame.seconds for frame in parts)
    longest = max(range(len(parts)), key=lambda number: parts[number].seconds)
    rules = [
        f"text{{font:{_FONT}px ui-monospace,'DejaVu Sans Mono',Consolas,'Noto Sans Mono CJK SC',"
        f"monospace;white-space:pre;fill:{_TEXT}}}",
        f"g{{visibility:hidden;animation:{total:g}s step-end infinite}}",
        *(f".c{code}{{fill:{color}}}" for code, color in _COLORS.items()),
        ".c1{font-weight:bold}",
    ]
    start = 0.0
    for number, frame in enumerate(parts):
        end = start + frame.seconds
        rules.append(
            f"@keyframes f{number}{{0%{{visibility:{'hidden' if start else 'visible'}}}"
            f"{100 * start / total:.3f}%{{visibility:visible}}"
            f"{100 * end / total:.3f}%{{visibility:hidden}}}}"
            f".f{number}{{animation-name:f{number}}}"
        )
        start = end
    rules.append(
        f"@media (prefers-reduced-motion){{g{{animation:none}}.f{longest}{{visibility:visible}}}}"
    )
    return "".join(rules)


def _group(number: int, frame: Frame) -> str:
    texts = (
        _text(row, piece) for row, line in enumerate(_lines(frame.text)) for piece in _pieces(line)
    )
    return f'<g class="f{number}">{"".join(texts)}</g>'


def _text(row: int, piece: Piece) -> str:
    names = " ".join(sorted(f"c{code}" for code in piece.parameters if code in {*_COLORS, "1"}))
    style = f' class="{names}"' if names else ""
    # Every font has its own width: the cells of the terminal hold.
    length = f' textLength="{cell_len(piece.text) * _WIDTH:g}" lengthAdjust="spacingAndGlyphs"'
    x, y = _MARGIN + piece.column * _WIDTH, _MARGIN + (row + 0.8) * _HEIGHT
    return f'<text x="{x:g}" y="{y:g}"{style}{length}>{escape(piece.text)}</text>'


def _lines(text: str) -> Iterator[str]:
    """Yield the lines as a terminal breaks them. Only lines without colours are longer than it."""
    for line in text.splitlines():
        while cell_len(_SGR.sub("", line)) > COLUMNS:
            end = next(end for end in range(len(line), 0, -1) if cell_len(line[:end]) <= COLUMNS)
            yield line[:end]
            line = line[end:]
        yield line


def _pieces(line: str) -> Iterator[Piece]:
    """Yield the parts of a line that are not blank, cut where the style changes, and between words
    of two cells and others."""
    column, parameters = 0, frozenset[str]()
    for number, part in enumerate(_SGR.split(line)):
        if number % 2:
            parameters = frozenset(part.split(";")) if part not in {"", "0"} else frozenset()
            continue
        for text in re.findall(r"[\x20-\x7e]+|[^\x20-\x7e]+", part):
            if text.strip():
                yield Piece(column, text, parameters)
            column += cell_len(text)


def write(folder: Path) -> Iterator[Path]:
    """Write the animation in each language, and yield the files."""
    for lang in ("en", "zh"):
        path = folder / f"first-minute.{lang}.svg"
        path.write_text(svg(lang), "utf-8")
        yield path
