from dataclasses import replace

import pytest

from diagnose.model import Confidence, Edit, Failure, Severity
from diagnose.model.http import Upgrade
from diagnose.model.logs import ErrorLog, LogLine
from diagnose.model.server import Interface
from diagnose.model.upstream import UpstreamTalk
from tests.support.check_evidence import REFUSED, SHOP, judge
from tests.support.upstreams import PAGE, WELL, line, proxied, tried

CHECK = "upstream.ipv6-localhost"
TARGET = "http://localhost:3000"
SIX = tried(TARGET, "::1", host="localhost", failure=REFUSED)
FOUR = tried(TARGET, "127.0.0.1", host="localhost")
ETH0 = Interface(name="eth0", up=True, addresses=("203.0.113.10", "fe80::1"))

LOG = ErrorLog(file="/var/log/nginx/error.log", at=1.0, until=1_000_101.0)


def refusal_of_ipv6(scheme: str = "http") -> LogLine:
    return line(
        "connect() failed (111: Connection refused) while connecting to upstream",
        f"{scheme}://[::1]:3000/",
        111,
    )


def test_fires_as_a_note_and_names_the_address() -> None:
    (claim,) = judge(CHECK, SIX, FOUR, ETH0, WELL, proxied(TARGET))
    assert claim.severity is Severity.NOTE
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_pass http://127.0.0.1:3000;" in edit.diff


def test_fires_as_an_error_and_surely_where_nginx_wrote_of_it() -> None:
    (claim,) = judge(CHECK, SIX, FOUR, refusal_of_ipv6(), PAGE, proxied(TARGET))
    assert claim.severity is Severity.ERROR
    assert claim.confidence is Confidence.CERTAIN


def test_fires_for_a_server_of_a_group() -> None:
    six = tried("http://app", "::1", host="localhost", failure=REFUSED)
    four = tried("http://app", "127.0.0.1", host="localhost")
    group = "upstream app { server localhost:3000; }\n"
    (claim,) = judge(CHECK, six, four, proxied("http://app", group))
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+upstream app { server 127.0.0.1:3000; }" in edit.diff


def test_silent_where_the_machine_has_no_ipv6_to_ask_for() -> None:
    four = Interface(name="eth0", up=True, addresses=("203.0.113.10",))
    loopback = Interface(name="lo", up=True, addresses=("127.0.0.1", "::1"))
    assert not judge(CHECK, SIX, FOUR, four, loopback, proxied(TARGET))


def test_silent_where_the_application_listens_on_both() -> None:
    six = tried(TARGET, "::1", host="localhost")
    assert not judge(CHECK, six, FOUR, ETH0, proxied(TARGET))


def test_silent_where_it_is_down_altogether() -> None:
    four = tried(TARGET, "127.0.0.1", host="localhost", failure=REFUSED)
    assert not judge(CHECK, SIX, four, ETH0, proxied(TARGET))


def test_stays_a_note_where_nginx_then_found_the_other_address() -> None:
    (claim,) = judge(CHECK, SIX, FOUR, LOG, refusal_of_ipv6(), WELL, proxied(TARGET))
    assert claim.severity is Severity.NOTE
    assert claim.confidence is Confidence.CERTAIN


def test_stays_a_note_where_an_older_request_found_the_other_address() -> None:
    """nginx writes the line of each refusal at ::1, and gets the answer at 127.0.0.1 then."""
    refused = replace(refusal_of_ipv6(), request="GET /ws HTTP/1.1", when=1_000_050.0)
    observations = (SIX, FOUR, LOG, refused, WELL, proxied(TARGET))
    (claim,) = judge(CHECK, *observations, target=replace(SHOP, websockets=("/ws",)))
    assert claim.severity is Severity.NOTE


@pytest.mark.parametrize(
    ("message", "severity"),
    [
        ("upstream sent too big header while reading response header from upstream", "note"),
        ("no live upstreams while connecting to upstream", "error"),
    ],
)
def test_the_request_s_own_line_decides_whether_it_failed_because_of_that(
    message: str, severity: str
) -> None:
    last = line(message, "http://127.0.0.1:3000/")
    (claim,) = judge(CHECK, SIX, FOUR, LOG, refusal_of_ipv6(), last, PAGE, proxied(TARGET))
    assert claim.severity == severity


def test_fires_as_an_error_for_the_path_that_found_no_server_left() -> None:
    """The page fails in another way, and takes the only address that answers with it."""
    page = line("upstream sent too big header while reading", "http://127.0.0.1:3000/")
    websocket = replace(
        line("no live upstreams while connecting to upstream", "http://localhost/ws"),
        request="GET /ws HTTP/1.1",
    )
    refused = Upgrade(
        url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=502
    )
    observed = (SIX, FOUR, LOG, refusal_of_ipv6(), page, websocket, PAGE, refused, proxied(TARGET))
    (claim,) = judge(CHECK, *observed)
    assert claim.severity is Severity.ERROR


def test_fires_as_a_note_where_the_other_address_fails_too() -> None:
    refusal = refusal_of_ipv6("https")
    target = "https://localhost:3000"
    six = tried(target, "::1", host="localhost", failure=REFUSED)
    four = tried(target, "127.0.0.1", host="localhost")
    talk = UpstreamTalk(
        target=target, host="localhost", port=3000, address="127.0.0.1",
        failure=Failure("protocol", "wrong version number"),
    )  # fmt: skip
    (claim,) = judge(CHECK, six, four, talk, refusal, PAGE, proxied(target))
    assert claim.severity is Severity.NOTE


def test_fires_as_a_note_where_the_application_was_started_a_moment_ago() -> None:
    """127.0.0.1 refused too, and nginx does not ask it again for ten seconds."""
    down = line(
        "connect() failed (111: Connection refused) while connecting to upstream",
        "http://127.0.0.1:3000/", 111, when=1_000_095.0,
    )  # fmt: skip
    last = line("no live upstreams while connecting to upstream", "http://localhost/")
    observed = (SIX, FOUR, LOG, refusal_of_ipv6(), last, PAGE, proxied(TARGET))
    (claim,) = judge(CHECK, *observed, down)
    assert claim.severity is Severity.NOTE
    (claim,) = judge(CHECK, *observed, replace(down, when=1_000_050.0))
    assert claim.severity is Severity.ERROR
