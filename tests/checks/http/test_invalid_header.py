from dataclasses import replace

import pytest

from diagnose.model import Severity
from diagnose.model.http import BrowserVisit, Exchange, HeaderFault
from tests.support.check_evidence import CHAT, judge

PAGE = Exchange(
    url="https://shop.example.com/",
    address="203.0.113.10",
    port=443,
    status=200,
    version="HTTP/1.1",
)
OVER_HTTP2 = BrowserVisit(
    url="https://shop.example.com/",
    address="203.0.113.10",
    port=443,
    alpn="h2",
    version="HTTP/2",
    status=200,
)


def faulty(fault: HeaderFault, name: str) -> Exchange:
    return replace(PAGE, header_faults=(fault,), faulty_fields=(name,))


@pytest.mark.parametrize(
    ("fault", "severity"),
    [
        ("different-lengths", None),
        ("different-locations", None),
        ("different-dispositions", None),
        ("nul", None),
        ("invalid-length", Severity.WARNING),
        ("length-and-chunks", Severity.WARNING),
        ("transfer-coding", Severity.WARNING),
        ("field-name", Severity.WARNING),
        ("no-colon", Severity.WARNING),
        ("control-character", Severity.WARNING),
    ],
)
def test_fires_as_an_error_where_chromium_refuses(
    fault: HeaderFault, severity: Severity | None
) -> None:
    (claim,) = judge("http.invalid-header", faulty(fault, "X-Name"))
    assert claim.severity is severity
    assert claim.facts["names"] == ("X-Name",)
    assert claim.facts[fault.replace("-", "_")]


def test_fires_as_a_warning_if_browsers_get_the_page_over_http_2() -> None:
    (claim,) = judge("http.invalid-header", faulty("nul", "X-Name"), OVER_HTTP2)
    assert claim.severity is Severity.WARNING


def test_silent_when_the_header_is_valid() -> None:
    assert not judge("http.invalid-header", PAGE)


def test_silent_about_other_pages_and_about_http_2() -> None:
    page = faulty("nul", "X-Name")
    assert not judge("http.invalid-header", replace(page, purpose="redirect"))
    assert not judge("http.invalid-header", replace(page, version="HTTP/2"))


def test_silent_at_a_websocket_path() -> None:
    assert not judge("http.invalid-header", faulty("nul", "X-Name"), target=CHAT)
