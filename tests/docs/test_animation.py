"""The animation of the README: real runs, whole, in both languages."""

import re
from xml.etree import ElementTree

import pytest

from diagnose.outputs.terminal import cell_len
from docs.generator.pages import ROOT
from screenshots.animation import COLUMNS, ROWS, SITE, frames, svg

_SVG = "{http://www.w3.org/2000/svg}"
_SGR = re.compile(r"\x1b\[[\d;]*m")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_committed_animation_is_that_of_today(lang: str) -> None:
    file = ROOT / "screenshots" / f"first-minute.{lang}.svg"
    assert file.read_text("utf-8") == svg(lang), "run: make screenshots"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_shows_a_cause_the_command_and_a_healthy_site(lang: str) -> None:
    longest = sorted(frames(lang), key=lambda frame: -frame.seconds)[:3]
    broken, fix, healthy = (_SGR.sub("", frame.text) for frame in longest)
    assert broken.startswith(f"$ {SITE}\n✗ ")
    assert "firewall.port-closed" in broken
    assert "firewall-cmd --reload" in fix
    assert healthy.startswith(f"$ {SITE}\n✓ ")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_line_is_in_the_picture(lang: str) -> None:
    groups = ElementTree.fromstring(svg(lang)).findall(f"{_SVG}g")
    shown = ["".join("".join(text.itertext()) for text in group) for group in groups]
    for frame, text in zip(frames(lang), shown, strict=True):
        lines = _SGR.sub("", frame.text).splitlines()
        assert re.sub(r"\s", "", text) == re.sub(r"\s", "", "".join(lines))
        broken_lines = sum(max(-(-cell_len(line) // COLUMNS), 1) for line in lines)
        assert broken_lines <= ROWS


def test_one_frame_is_visible_at_a_time_and_it_ends_where_it_begins() -> None:
    style = ElementTree.fromstring(svg("en")).findtext(f"{_SVG}style") or ""
    spans = re.findall(r"([\d.]+)%\{visibility:visible\}([\d.]+)%\{visibility:hidden\}", style)
    assert spans[-1][1] == "100.000"
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]
    assert "prefers-reduced-motion" in style


def test_nothing_is_fetched_and_nothing_runs() -> None:
    """The address of the site is text, also where it is not typed to its end."""
    text = svg("en")
    assert not re.search(r"<script|url\(|href|https?://(?!www\.w3\.org/2000/svg|sho)", text)


def test_the_colours_are_those_of_the_report() -> None:
    assert "\x1b[1;31m" in "".join(frame.text for frame in frames("en"))
    assert re.search(r'<text [^>]*class="c1 c31"[^>]*>✗', svg("en"))
