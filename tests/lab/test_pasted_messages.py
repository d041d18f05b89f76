"""What real clients write about a broken site is pasted: the report answers that this is it.

`make test` plays a share of the faults, `make test-all` all of them.
"""

import pytest

from tests.support.effort import sample

from .clients import URL, message
from .lab import Lab
from .report import Report
from .scenario import found

pytestmark = pytest.mark.lab

EVERY = ("curl", "wget", "openssl", "urllib", "httpx", "aiohttp", "fetch")
NO_WGET = ("curl", "openssl", "urllib", "httpx", "aiohttp", "fetch")  # it says less than these
SOCKETS = ("websockets", "ws", "aiohttp-websocket")
#: Which clients are asked about a fault. Those that are left out do not fail, or not because of it.
FAULTS: dict[str, tuple[str, ...]] = {
    "nginx_is_stopped": (*EVERY, "chromium"),
    "https_closed_in_firewalld": EVERY,
    "zone_drops_what_it_does_not_know": ("curl", "wget", "urllib", "httpx", "aiohttp", "fetch"),
    "certificate_expired": EVERY,
    "certificate_of_the_future": EVERY,
    "certificate_for_another_name": ("curl", "wget", "urllib", "httpx", "aiohttp", "fetch"),
    "certificate_signed_by_itself": (*EVERY, "chromium"),
    "intermediate_missing": EVERY,
    "root_of_the_company": EVERY,
    "ocsp_response_is_outdated_and_nobody_complains": ("wget",),
    "key_of_1024_bits": ("curl", "openssl", "urllib", "httpx", "aiohttp"),
    "only_tls_1_0": NO_WGET,
    "ciphers_for_another_key": EVERY,
    "ssl_forgotten": (*EVERY, "chromium"),
    "sshd_on_443": EVERY,
    "program_on_443_hangs_up": ("curl", "openssl", "urllib", "httpx", "fetch"),
    "proxy_protocol_expected": ("curl", "urllib", "httpx", "aiohttp", "fetch"),
    "server_name_mistyped_and_default_rejects": NO_WGET,
    "client_certificate_required": ("curl", "wget", "urllib", "httpx", "aiohttp", "fetch"),
    "application_is_down": ("curl", "wget", "urllib", "httpx", "aiohttp", "fetch"),
    "one_block_redirects_itself": ("curl", "wget", "urllib", "httpx", "aiohttp", "fetch"),
    "upgrade_headers_missing": SOCKETS,
    "headers_missing_and_404": SOCKETS,
    "accept_is_wrong": SOCKETS,
    "application_breaks_after_the_handshake": ("websockets", "ws"),
    "application_drops_what_it_accepted": ("websockets", "ws"),
    "websocket_proxied_to_the_wrong_port": SOCKETS,
}


def answer(done_by: Report) -> tuple[str, str]:
    """The answer to the message, and the check of the finding that it names."""
    symptom = done_by.document["run"]["symptom"]
    assert symptom, done_by
    checks = {finding["id"]: finding["check"] for finding in done_by.findings}
    return symptom["answer"], checks.get(symptom["finding"], "")


def diagnosed(lab: Lab, side: str, *words: str) -> Report:
    host = lab.server if side == "server" else lab.client
    outside = () if side == "server" else ("--outside",)
    return Report.of(side, lab.diagnose(host, "--json", "--timeout", "40", *outside, *words))


@pytest.mark.parametrize("name", sample(FAULTS, 3))
def test_the_message_of_a_client_is_answered(laboratory: Lab, name: str) -> None:
    scenario = found()[name]
    laboratory.restore(ipv6=scenario.ipv6)
    scenario.apply(laboratory)
    for client in FAULTS[name]:
        if not (text := message(laboratory.client, client)):
            continue
        report = diagnosed(laboratory, "client", *scenario.args, URL, text)
        assert answer(report) == ("cause", scenario.outside), f"{client}\n{text}\n\n{report}"


#: What nginx says of its own configuration, and on which finding of the server that rests.
TESTED = (
    "directive_mistyped", "key_of_another_certificate", "certificate_file_is_missing",
    "listens_on_an_address_of_the_cloud", "map_missing", "application_by_a_name_without_address",
)  # fmt: skip


@pytest.mark.parametrize("name", sample(TESTED, 1))
def test_the_words_of_nginx_are_answered(laboratory: Lab, name: str) -> None:
    scenario = found()[name]
    laboratory.restore()
    scenario.apply(laboratory)
    tested = laboratory.server.run(["nginx", "-t"])
    report = diagnosed(laboratory, "server", *scenario.args, URL, tested.stderr)
    assert answer(report) == ("cause", scenario.server), f"{tested.stderr}\n{report}"


@pytest.mark.parametrize("name", ["application_is_down", "head_too_big"])
def test_a_line_of_the_error_log_is_answered(laboratory: Lab, name: str) -> None:
    scenario = found()[name]
    laboratory.restore()
    scenario.apply(laboratory)
    message(laboratory.client, "curl")
    line = laboratory.server.read("/var/log/nginx/error.log").strip().splitlines()[-1]
    report = diagnosed(laboratory, "server", line)
    assert answer(report) == ("cause", scenario.server), f"{line}\n{report}"


def test_a_crowd_of_requests_was_not_tried_and_is_not_said_to_be_absent(lab: Lab) -> None:
    report = diagnosed(lab, "server", f"{URL} 429 Too Many Requests")
    assert answer(report) == ("unknown", "")
    assert report.status == "ok"


def test_what_a_get_does_get_is_said_not_to_be_there(lab: Lab) -> None:
    assert answer(diagnosed(lab, "server", f"{URL} 502 Bad Gateway")) == ("absent", "")


def test_a_message_of_yesterday_is_not_met_on_a_healthy_site(lab: Lab) -> None:
    report = diagnosed(lab, "client", f"GET {URL} net::ERR_CERT_DATE_INVALID")
    assert answer(report) == ("absent", "")
    assert report.status == "ok"


def test_the_cause_of_something_else_is_not_said_to_be_it(lab: Lab) -> None:
    found()["application_is_down"].apply(lab)
    report = diagnosed(
        lab, "client", URL, "curl: (60) SSL certificate problem: certificate has expired"
    )
    assert answer(report) == ("unrelated", "")
    assert report.causes == ["http.server-error"]
