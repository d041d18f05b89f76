from dataclasses import replace

from diagnose.model import Applicability, Confidence, Edit, Failure, Manual, Severity
from diagnose.model.http import BrowserVisit, Exchange
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config

PAGE = Exchange(
    url="https://shop.example.com/",
    address="203.0.113.10",
    port=443,
    status=200,
    version="HTTP/1.1",
)
GOOD = BrowserVisit(
    url="https://shop.example.com/",
    address="203.0.113.10",
    port=443,
    alpn="h2",
    version="HTTP/2",
    status=200,
    headers=(("server", "nginx"), ("upgrade", "h2,h2c")),
)
UPGRADE = replace(GOOD, header_faults=("connection-field",), faulty_fields=("upgrade",))
HTTP1 = Failure("protocol", "HTTP/2 was agreed, and the server sends HTTP/1.1", name="HTTP1")
FIRST = replace(GOOD, version="", status=None, headers=(), failure=HTTP1)
SECOND = replace(FIRST, attempt=2)
SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    proxy_hide_header X-Powered-By;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
"""


def test_fires_for_a_field_that_safari_refuses() -> None:
    (claim,) = judge("http.http2-broken", PAGE, UPGRADE)
    assert claim.facts["names"] == ("upgrade",)
    assert claim.facts["values"] == ("upgrade: h2,h2c",)
    assert claim.facts["some_refuse"]
    assert claim.severity is Severity.WARNING
    assert not claim.facts["all_refuse"]


def test_fires_less_surely_for_a_field_of_which_only_the_rule_is_known() -> None:
    visit = replace(UPGRADE, faulty_fields=("keep-alive",))
    (claim,) = judge("http.http2-broken", PAGE, visit)
    assert claim.confidence is Confidence.LIKELY
    assert judge("http.http2-broken", PAGE, UPGRADE)[0].confidence is Confidence.CERTAIN


def test_fires_for_what_all_browsers_refuse_and_hides_no_field_of_the_application() -> None:
    visit = replace(GOOD, header_faults=("control-character",), faulty_fields=("x-user",))
    (claim,) = judge("http.http2-broken", PAGE, visit, RUNNING, config(SITE))
    assert claim.facts["all_refuse"]
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_and_hides_the_field_beside_what_was_hidden_before() -> None:
    (claim,) = judge("http.http2-broken", PAGE, UPGRADE, RUNNING, config(SITE))
    assert claim.location
    assert claim.location.line == 7
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_hide_header X-Powered-By;\n" in edit.diff
    assert "+        proxy_hide_header Upgrade;\n" in edit.diff


def test_fires_and_takes_away_what_nginx_adds() -> None:
    site = SITE.replace("proxy_pass", 'add_header Upgrade "websocket";\n        proxy_pass')
    (claim,) = judge("http.http2-broken", PAGE, UPGRADE, RUNNING, config(site))
    assert claim.facts["added"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert '-        add_header Upgrade "websocket";' in edit.diff


def test_fires_after_two_failures_over_http_2_alone() -> None:
    (claim,) = judge("http.http2-broken", PAGE, FIRST, SECOND)
    assert claim.facts["http1"]
    assert claim.confidence is Confidence.CERTAIN


def test_fires_less_surely_if_only_the_library_refuses_the_frames() -> None:
    frames = Failure("protocol", "not as HTTP/2 has it", name="FRAMES")
    visits = (replace(FIRST, failure=frames), replace(SECOND, failure=frames))
    (claim,) = judge("http.http2-broken", PAGE, *visits)
    assert claim.confidence is Confidence.LIKELY


def test_silent_after_one_failure() -> None:
    assert not judge("http.http2-broken", PAGE, FIRST)
    assert not judge("http.http2-broken", PAGE, FIRST, replace(GOOD, attempt=2))


def test_silent_where_browsers_ask_again_over_http_1_1() -> None:
    required = Failure("protocol", "the server reset the stream", 13, "RESET")
    visits = (replace(FIRST, failure=required), replace(SECOND, failure=required))
    assert not judge("http.http2-broken", PAGE, *visits)


def test_silent_about_the_network() -> None:
    slow = Failure("timeout", "timed out")
    visits = (replace(FIRST, failure=slow), replace(SECOND, failure=slow))
    assert not judge("http.http2-broken", PAGE, *visits)


def test_silent_when_http_2_works_and_over_http_1_1() -> None:
    assert not judge("http.http2-broken", PAGE, GOOD)
    assert not judge("http.http2-broken", PAGE, replace(UPGRADE, version="HTTP/1.1"))


def test_hides_nothing_where_websockets_need_the_field() -> None:
    lines = (
        "        proxy_set_header Upgrade $http_upgrade;\n"
        "        proxy_set_header Connection upgrade;\n"
    )
    socket = SITE.replace("    }\n}", f"{lines}    }}\n}}")
    (claim,) = judge("http.http2-broken", PAGE, UPGRADE, RUNNING, config(socket))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    (claim,) = judge("http.http2-broken", PAGE, UPGRADE, RUNNING, config(SITE))
    assert claim.fix
    assert claim.fix.applicability is not Applicability.MANUAL


def test_silent_where_http_1_1_refuses_the_same_request() -> None:
    refused = replace(PAGE, status=400)
    assert not judge("http.http2-broken", refused, FIRST, SECOND)
    # A page that is not there is an answer all the same.
    assert judge("http.http2-broken", replace(PAGE, status=404), FIRST, SECOND)
