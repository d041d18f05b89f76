from dataclasses import replace

from diagnose.model import Confidence, Severity
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.web_server_evidence import APACHE, HTTPS, SITE, apache_config

CHECK = "server.login-withheld"
UNSET = "    RequestHeader unset Authorization\n"
CONFIG = apache_config(HTTPS.replace("    ProxyPass", f"{UNSET}    ProxyPass", 1))
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
FAILED = FailedRequests(
    server="apache", file="/var/log/apache2/access.log", method="GET", path="/api/me", status=401,
    times=3, is_from_page=True, written="[28/Nov/2026:18:01:00 +0000]",
)  # fmt: skip


def test_fires_for_data_of_the_page() -> None:
    (claim,) = judge(CHECK, APACHE, CONFIG, PAGE, FAILED, replace(FAILED, path="/api/cart"))
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["line"] == UNSET.strip()
    assert str(claim.facts["place"]).startswith(SITE)
    assert (claim.facts["url"], claim.facts["others"]) == (
        "https://shop.example.com/api/me", ("/api/cart",),
    )  # fmt: skip
    assert claim.fix is not None
    assert claim.fix.applicability.name == "REVIEW"


def test_fires_for_the_page_itself() -> None:
    page = replace(PAGE, status=401)
    target = replace(SHOP, symptom=Symptom("status", "401 Unauthorized", 401))
    (claim,) = judge(CHECK, APACHE, CONFIG, page, target=target)
    assert claim.severity is None
    # A run without a login is refused for a good reason.
    (claim,) = judge(CHECK, APACHE, CONFIG, page)
    assert claim.severity is Severity.NOTE


def test_fires_for_an_interface_that_was_asked_about() -> None:
    page = replace(PAGE, url="https://shop.example.com/api", status=401, body='{"error":"no"}')
    (claim,) = judge(CHECK, APACHE, CONFIG, page, target=replace(SHOP, path="/api"))
    assert claim.severity is None
    form = replace(page, body="<form><input type=password></form>")
    (claim,) = judge(CHECK, APACHE, CONFIG, form, target=replace(SHOP, path="/api"))
    assert claim.severity is Severity.NOTE


def test_fires_behind_haproxy() -> None:
    text = TEXT.replace("backend app\n", "backend app\n    http-request del-header Cookie\n")
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), PAGE, replace(FAILED, server="haproxy"))
    assert claim.facts["line"] == "http-request del-header Cookie"


def test_silent_without_the_line_or_its_symptom() -> None:
    assert not judge(CHECK, APACHE, apache_config(), PAGE, FAILED)
    assert not judge(CHECK, APACHE, CONFIG, PAGE)
    assert not judge(CHECK, APACHE, CONFIG, PAGE, replace(FAILED, status=403))
    assert not judge(CHECK, APACHE, CONFIG, PAGE, replace(FAILED, is_from_page=False))
    asks = replace(PAGE, status=401, headers=(("WWW-Authenticate", 'Basic realm="a"'),))
    assert not judge(CHECK, APACHE, CONFIG, asks)
    assert not judge(CHECK, APACHE, CONFIG, PAGE, replace(FAILED, lost_user=True))
    assert not judge(CHECK, APACHE, PAGE, FAILED, target=SHOP)
