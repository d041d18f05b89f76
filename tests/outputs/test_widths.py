"""Reports of real runs on terminals of any width: what may be wrapped is; commands and names are
whole."""

from dataclasses import replace

import pytest

from diagnose.checking.conclusion import conclude
from diagnose.i18n import LANGUAGES
from diagnose.model import Report
from diagnose.model.view import View
from diagnose.outputs import check_page
from diagnose.outputs.terminal import Page, cell_len, wrap
from diagnose.outputs.text import render
from diagnose.recording.codec import decode
from docs.generator.replay import EVIDENCE

RUNS = sorted(path.stem for path in EVIDENCE.iterdir())


@pytest.fixture(autouse=True)
def own_words() -> None:
    """These are the real pages."""


@pytest.fixture(scope="module", params=RUNS)
def run(request: pytest.FixtureRequest) -> Report:
    recording = decode((EVIDENCE / f"{request.param}.jsonl").read_text())
    return conclude(recording.evidence)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_what_may_be_wrapped_is(
    run: Report, width: int, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole: set[str] = set()

    def code(page: Page, text: str, indent: int = 0, role: str = "command") -> None:
        lines = [" " * indent + line for line in text.split("\n")]
        whole.update(line.rstrip() for line in lines)
        page.lines += [line.rstrip(" ") for line in lines]

    monkeypatch.setattr(Page, "code", code)
    is_edit = False
    for line in render(run, View(lang=lang, width=width, verbosity=3)).splitlines():
        is_edit = (is_edit or line.strip().startswith("$ patch ")) and line != "DIAGNOSE"
        is_whole = is_edit or line in whole or _is_whole(line)
        if cell_len(line) > min(width, 100) and not is_whole:
            # What is left is one word, perhaps behind a sign.
            assert len(wrap(line, 1)) <= 2, line


def _is_whole(line: str) -> bool:
    """Whether it is a command, a place, a line of a file or of a diff."""
    text = line.strip()
    if text.startswith(("$ ", "-->", "+", "-", "@@", "DIAGNOSE", "diagnose ")):
        return True
    return " | " in line or ": diagnose " in line or "：diagnose " in line


def test_a_list_on_a_narrow_terminal_wraps_and_in_a_pipe_does_not() -> None:
    view = View(width=40)
    piped = check_page.render_list(view)
    assert len(piped.splitlines()) == len(
        check_page.render_list(replace(view, width=500)).splitlines()
    )
    for line in check_page.render_list(view, is_terminal=True).splitlines():
        assert cell_len(line) <= 40 or len(line.split()) == 2, line
