"""Healthy sites about which something is worth knowing: the note, from the server alone."""

import pytest

from .lab import Lab
from .report import Report
from .scenario import found

pytestmark = pytest.mark.lab

NOTES = {
    "upload_was_refused": "upstream.body-too-large",
    "large_cookies_were_refused": "upstream.request-header-too-large",
    "only_the_newest_tls": "nginx.old-clients-refused",
    "one_group_for_the_key_exchange": "nginx.old-clients-refused",
    "websocket_with_the_default_timeout": "websocket.idle-default",
    "pages_with_the_headers_of_websockets": "upstream.upgrade-on-every-request",
}


@pytest.mark.parametrize(("name", "check"), NOTES.items())
def test_a_note_is_made(laboratory: Lab, name: str, check: str) -> None:
    scenario = found()[name]
    laboratory.restore()
    scenario.apply(laboratory)
    done = laboratory.diagnose(laboratory.server, "--json", scenario.target, *scenario.args)
    report = Report.of("server", done)
    assert check in [one["check"] for one in report.findings], str(report)
