"""Healthy sites about which something is worth knowing: the note, from the server alone."""

import pytest

from .lab import Lab
from .report import Report
from .scenario import found

pytestmark = pytest.mark.lab

NOTES = {
    "upload_was_refused": "upstream.body-too-large",
    "large_cookies_were_refused": "upstream.request-header-too-large",
}


@pytest.mark.parametrize(("name", "check"), NOTES.items())
def test_a_note_is_made(laboratory: Lab, name: str, check: str) -> None:
    scenario = found()[name]
    laboratory.restore()
    scenario.apply(laboratory)
    done = laboratory.diagnose(laboratory.server, "--json", scenario.target)
    report = Report.of("server", done)
    assert check in [one["check"] for one in report.findings], str(report)
