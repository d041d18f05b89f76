"""http.page-port-lost: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Failure, Severity, Target
from diagnose.model.pages import PagePort
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.page_evidence import loads, script, sheet
from tests.support.upstream_evidence import page

CHECK = "http.page-port-lost"
URL, FILE = "https://shop.example.com:8443/", "https://shop.example.com/css/a.css"
TARGET = Target(URL, "https", "shop.example.com", 8443)
VISIT = replace(page(200), url=URL, port=8443)
PAGE = replace(loads(sheet(FILE), url=URL), port=8443)
REFUSED = PagePort(
    page=URL, url=FILE, address="203.0.113.10", port=443,
    failure=Failure("refused", "Connection refused", 111),
)  # fmt: skip
NGINX = (BUILD, RUNNING, config(SITE.replace("listen 443", "listen 8443")))


def test_fires_where_nothing_answers_without_the_port() -> None:
    (claim,) = judge(CHECK, *NGINX, VISIT, PAGE, REFUSED, target=TARGET)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["field"], claim.facts["value"]) == ("Host", "shop.example.com")
    assert claim.fix
    assert claim.fix.applicability is not Applicability.MANUAL
    assert "proxy_set_header Host $http_host;" in str(claim.fix.steps[0])


def test_fires_less_sure_from_outside() -> None:
    (claim,) = judge(CHECK, VISIT, PAGE, REFUSED, target=TARGET)
    assert claim.confidence is Confidence.LIKELY
    assert claim.severity in {Severity.ERROR, Severity.WARNING}


@pytest.mark.parametrize(
    ("shown", "port"),
    [
        (PAGE, replace(REFUSED, failure=None, connected=True)),
        (PAGE, replace(REFUSED, url="wss://shop.example.com/ws")),
        (loads(script(FILE)), REFUSED),
    ],
    ids=["the port answers", "a websocket's", "a page on the usual port"],
)
def test_silent_when(shown: object, port: PagePort) -> None:
    assert not judge(CHECK, VISIT, shown, port, target=TARGET)  # type: ignore[arg-type]
