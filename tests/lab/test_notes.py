"""What is worth knowing beside a cause or on a healthy site: the note, from the server alone."""

import pytest

from tests.support.effort import sample

from . import site
from .lab import Lab
from .report import Report, carry_out
from .scenario import found

pytestmark = pytest.mark.lab

NOTES = {
    "form_for_pictures_and_no_limit": "nginx.body-limit",
    "upload_was_refused": "upstream.body-too-large",
    "upload_to_a_front_controller": "upstream.body-too-large",
    "upload_limit_in_one_location_of_two": "upstream.body-too-large",
    "reason_left_out_of_the_log": "nginx.errors-not-logged",
    "large_cookies_were_refused": "upstream.request-header-too-large",
    "only_the_newest_tls": "nginx.old-clients-refused",
    "one_group_for_the_key_exchange": "nginx.old-clients-refused",
    "websocket_with_the_default_timeout": "websocket.idle-default",
    "www_without_a_certificate": "nginx.name-without-certificate",
    "application_that_thinks": "http.slow",
    "one_server_of_the_group_is_down": "upstream.member-down",
    "field_with_a_typing_error_that_nobody_reads": "nginx.field-misspelt",
    "pages_with_the_headers_of_websockets": "upstream.upgrade-on-every-request",
    "preflight_refused_by_the_application": "http.preflight-refused",
    "preflight_refused_by_limit_except": "http.preflight-refused",
    "preflight_refused_by_a_condition": "http.preflight-refused",
    "preflight_refused_behind_apache": "http.preflight-refused",
    "apache_is_a_proxy_for_everybody": "server.apache-open-proxy",
    "script_of_minutes_under_a_longer_limit": "upstream.timeout",
}


@pytest.mark.parametrize(("name", "check"), sample(NOTES.items(), 5))
def test_a_note_is_made(laboratory: Lab, name: str, check: str) -> None:
    scenario = found()[name]
    laboratory.restore()
    scenario.apply(laboratory)
    done = laboratory.diagnose(laboratory.server, "--json", scenario.target, *scenario.args)
    report = Report.of("server", done)
    assert check in [finding["check"] for finding in report.findings], str(report)


#: Healthy servers as guides lay them out, and the note that would ask for what nobody needs there.
QUIET = {"socket_io_as_its_guide_says": "upstream.upgrade-on-every-request"}


@pytest.mark.parametrize(("name", "check"), QUIET.items())
def test_no_note_is_made(laboratory: Lab, name: str, check: str) -> None:
    scenario = found()[name]
    laboratory.restore()
    scenario.apply(laboratory)
    done = laboratory.diagnose(laboratory.server, "--json", scenario.target, *scenario.args)
    report = Report.of("server", done)
    assert report.status == "ok", str(report)
    assert check not in [finding["check"] for finding in report.findings], str(report)


def test_with_the_level_error_the_reason_is_named(laboratory: Lab) -> None:
    laboratory.restore()
    found()["reason_left_out_of_the_log"].apply(laboratory)
    url = f"https://{site.NAME}/"
    before = Report.of("server", laboratory.diagnose(laboratory.server, "--json", url))
    (note,) = [
        finding for finding in before.findings if finding["check"] == "nginx.errors-not-logged"
    ]
    carry_out(laboratory, note["remedy"]["steps"])
    report = Report.of("server", laboratory.diagnose(laboratory.server, "--json", url))
    assert report.causes == ["upstream.invalid-header"], str(report)
