"""Text that can be read in every number of colours: its contrast is at least 4.5 (WCAG 2.2, success
criterion 1.4.3).

Textual's themes and the colours of the plain report are made for millions of colours. A terminal
with 256 or 16 shows the nearest that it has, and each draws the sixteen of ECMA-48 as it likes. So
the last step before drawing looks at the colours as they will be shown, and changes those of a text
that nobody could read.
"""

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from operator import itemgetter

from rich.color import Color, ColorSystem
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.color import Color as TextualColor
from textual.filter import LineFilter

#: The least contrast of a text.
MIN_CONTRAST = 4.5

# What three usual terminals make of the sixteen colours: xterm, the console of Linux (that of VGA),
# and the palette Tango of GNOME Terminal.
_PALETTES = tuple(
    tuple(ColorTriplet(*bytes.fromhex(color)) for color in palette.split())
    for palette in (
        "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 "
        "7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff",
        "000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa "
        "555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff",
        "000000 cc0000 4e9a06 c4a000 3465a4 75507b 06989a d3d7cf "
        "555753 ef2929 8ae234 fce94f 729fcf ad7fa8 34e2e2 eeeeec",
    )
)
_BLACK, _WHITE, _BRIGHT_BLACK, _BRIGHT_WHITE = (Color.from_ansi(n) for n in (0, 7, 8, 15))
#: By their values, in millions of colours and in 256: no palette changes them.
_WHITE_AND_BLACK = (Color.from_rgb(255, 255, 255), Color.from_rgb(0, 0, 0))
_SYSTEMS = {"truecolor": ColorSystem.TRUECOLOR, "256": ColorSystem.EIGHT_BIT}
#: Steps from a colour to white or black.
_STEPS = 8


def luminance(color: ColorTriplet) -> float:
    """Return the relative luminance (WCAG 2.2), from 0 to 1."""
    parts = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
             for part in color.normalized)  # fmt: skip
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def contrast(color: ColorTriplet, background: ColorTriplet) -> float:
    """Return the contrast ratio (WCAG 2.2), from 1 to 21."""
    dark, light = sorted((luminance(color), luminance(background)))
    return (light + 0.05) / (dark + 0.05)


def least_contrast(text: Color, background: Color, system: ColorSystem) -> float:
    """Return the contrast on the worst terminal of a colour system."""
    pairs = zip(_displayed(text, system), _displayed(background, system), strict=True)
    return min(contrast(*pair) for pair in pairs)


def _displayed(color: Color, system: ColorSystem) -> list[ColorTriplet]:
    """Return what the terminals of a system show for a colour."""
    nearest = color.downgrade(system)
    if nearest.number is not None and nearest.number < 16:
        return [palette[nearest.number] for palette in _PALETTES]
    return [nearest.get_truecolor()] * len(_PALETTES)


@cache
def readable(color_system: str | None, dark: bool) -> "Readable":
    """Return the filter for a colour system of Rich, and for a dark or a light theme."""
    return Readable(_SYSTEMS.get(color_system or "", ColorSystem.STANDARD), dark)


class Readable(LineFilter):
    """Changes the colour of a text without contrast. The terminal's own two colours are not known:
    black and white stand in their place."""

    def __init__(self, system: ColorSystem, dark: bool) -> None:
        super().__init__()
        self._system = system
        self._text, self._background, self._dim = (
            (_BRIGHT_WHITE, _BLACK, _WHITE) if dark else (_BLACK, _BRIGHT_WHITE, _BRIGHT_BLACK)
        )

    def apply(self, segments: list[Segment], background: TextualColor) -> list[Segment]:
        return [
            Segment(text, self._style(style or Style.null(), bool(text.strip())), control)
            for text, style, control in segments
        ]

    @lru_cache(1024)  # noqa: B019 (there are a few filters in a process)
    def _style(self, style: Style, has_text: bool) -> Style:
        background = _concrete(style.bgcolor, self._background)
        if not has_text or "@mouse.down" in style.meta:  # a scroll bar is no text
            return style + Style.from_color(bgcolor=background)
        color = self._dim if style.dim else _concrete(style.color, self._text)
        return style + Style(
            color=self._readable_color(color, background), bgcolor=background, dim=False
        )

    def _readable_color(self, color: Color, background: Color) -> Color:
        """Return the first colour with enough contrast: this one, its brighter or darker kin, white
        or black. On any background white or black has 4.58, but not the white of every palette:
        where none has enough, it is the one with most."""
        candidates = (color, *_alternatives(color), _BRIGHT_WHITE, _BLACK, *_WHITE_AND_BLACK)
        measured = ((self._contrast(candidate, background), candidate) for candidate in candidates)
        best = (0.0, color)
        for ratio, candidate in measured:
            if ratio >= MIN_CONTRAST:
                return candidate
            best = max(best, (ratio, candidate), key=itemgetter(0))
        return best[1]

    def _contrast(self, text: Color, background: Color) -> float:
        return least_contrast(text, background, self._system)


def _concrete(color: Color | None, default: Color) -> Color:
    return default if color is None or color.is_default else color


def _alternatives(color: Color) -> Iterator[Color]:
    """Yield the same colour brighter, then darker."""
    if color.triplet is None:
        yield from _ansi_alternatives(color.number or 0)
        return
    for end in (255, 0):
        for step in range(1, _STEPS):
            yield Color.from_rgb(*_blend(color.triplet, end, step / _STEPS))


def _ansi_alternatives(number: int) -> Iterable[Color]:
    """Return the bright and the dark colour, and cyan in the place of blue."""
    numbers = [8 + number % 8, number % 8] if number < 16 else []
    return map(Color.from_ansi, [*numbers, 14, 6] if number % 8 == 4 else numbers)


def _blend(color: ColorTriplet, end: int, share: float) -> Iterator[float]:
    return (part + (end - part) * share for part in color)


class Undimmed(LineFilter):
    """Leaves out what some terminals draw too dark to read."""

    def apply(self, segments: list[Segment], background: TextualColor) -> list[Segment]:
        return [
            Segment(text, style and style + Style(dim=False), control)
            for text, style, control in segments
        ]
