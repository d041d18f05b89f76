"""Every text on the screen can be read: in millions of colours, in 256, in 16, in none."""

from collections.abc import Iterator

import pytest
from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color as TextualColor
from textual.pilot import Pilot

from diagnose.tui.app import DiagnoseApp
from diagnose.tui.contrast import Readable, contrast, least_contrast, readable
from tests.support.report_builder import mended
from tests.support.tui_driver import Stage, drive

DARK = TextualColor(0, 0, 0)
#: What opens each of the screens, and how it is closed.
OPENING = (
    ("w",), ("3",), ("question_mark",), ("q", "e"), ("q", "I"), ("escape", "t"),
    ("escape", "colon"), ("escape", "d"), ("q", "a"),
)  # fmt: skip
TERMINALS = {
    "truecolor": {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
    "256": {"TERM": "xterm-256color", "COLORTERM": ""},
    "16": {"TERM": "xterm-16color", "COLORTERM": ""},
    "linux": {"TERM": "linux", "COLORTERM": ""},
}
SYSTEMS = {"truecolor": ColorSystem.TRUECOLOR, "256": ColorSystem.EIGHT_BIT}


def drawn_segments(app: DiagnoseApp) -> Iterator[Segment]:
    for strip in app.screen._compositor.render_strips():
        yield from strip


def drawn_styles(size: tuple[int, int], theme: str = "") -> set[Style]:
    """Return the styles of all texts, on every screen."""
    styles: set[Style] = set()

    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        app.theme = theme or app.theme
        for keys in OPENING:
            await pilot.press(*keys)
            await pilot.pause()
            styles.update(
                segment.style or Style.null()
                for segment in drawn_segments(app)
                if segment.text.strip() and "@mouse.down" not in (segment.style or Style()).meta
            )

    drive(work, Stage(mended()), size=size)
    return styles


@pytest.mark.parametrize("system", ColorSystem)
def test_there_is_a_text_for_every_background(system: ColorSystem) -> None:
    """Selected text stands on a colour that no theme has chosen for it."""
    reader = Readable(system, dark=True)
    for number in range(256):
        for background in (Color.from_ansi(number), Color.from_rgb(number, number, 255 - number)):
            style = Style(color="grey50", bgcolor=background)
            (segment,) = reader.apply([Segment("text", style)], DARK)
            assert segment.style is not None
            assert segment.style.color is not None
            if system in SYSTEMS.values() and (background.number or 16) > 15:
                assert least_contrast(segment.style.color, background, system) >= 4.5


@pytest.mark.parametrize(
    ("terminal", "size"),
    [("truecolor", (80, 24)), ("256", (140, 40)), ("16", (140, 40)), ("linux", (80, 24))],
)
def test_every_pair_of_colours_has_contrast(
    terminal: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in TERMINALS[terminal].items():
        monkeypatch.setenv(name, value)
    pairs = {(style.color, style.bgcolor) for style in drawn_styles(size)}
    system = SYSTEMS.get(terminal, ColorSystem.STANDARD)
    assert len(pairs) > 5
    for color, background in pairs:
        assert color is not None
        assert background is not None
        assert least_contrast(color, background, system) >= 4.5, (color, background)


@pytest.mark.parametrize("theme", ["textual-light", "ansi-light"])
def test_a_chosen_theme_has_contrast_too(theme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "")
    for style in drawn_styles((80, 24), theme):
        assert style.color is not None
        assert style.bgcolor is not None
        assert least_contrast(style.color, style.bgcolor, ColorSystem.EIGHT_BIT) >= 4.5, style


def test_without_colours_there_are_none_and_nothing_is_dim(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    styles = drawn_styles((80, 24))
    assert any(style.reverse for style in styles)
    for style in styles:
        assert style.color is None or style.color.is_default
        assert style.bgcolor is None or style.bgcolor.is_default
        assert not style.dim


@pytest.mark.parametrize(
    ("color", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#767676", "#ffffff", 4.54), ("#ff0000", "#ffffff", 4.0)],
)
def test_the_contrast_is_that_of_the_guidelines(color: str, other: str, ratio: float) -> None:
    """The examples are WebAIM's."""
    pair = (Color.parse(color).get_truecolor(), Color.parse(other).get_truecolor())
    assert contrast(*pair) == pytest.approx(ratio, abs=0.01)


@pytest.mark.parametrize(
    ("style", "number"),
    [("red", 9), ("blue", 14), ("bright_green", 10), ("dim", 7), ("", 15), ("black on white", 0)],
)
def test_of_sixteen_colours_one_is_chosen_that_can_be_read(style: str, number: int) -> None:
    (segment,) = Readable(ColorSystem.STANDARD, dark=True).apply(
        [Segment("x", Style.parse(style))], DARK
    )
    assert segment.style is not None
    assert segment.style.color is not None
    assert segment.style.color.number == number


def test_a_colour_that_can_be_read_stays_and_another_becomes_brighter() -> None:
    good, bad = (
        readable("truecolor", dark=True).apply(
            [Segment("x", Style.parse(f"{color} on #121212"))], DARK
        )[0].style
        for color in ("#00ff00", "#202080")
    )  # fmt: skip
    assert good == Style.parse("#00ff00 on #121212") + Style(dim=False)
    assert bad is not None
    assert bad.color is not None
    assert bad.color.triplet is not None
    assert bad.color.triplet.blue > 0x80
