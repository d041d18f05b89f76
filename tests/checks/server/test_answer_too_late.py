"""server.answer-too-late: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Claim, Confidence, Failure
from diagnose.model.backends import BackendVisit
from diagnose.model.web_servers import ServerFile
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.caddy_evidence import CONFIG as CADDYFILE
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT as FRONT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

CHECK = "server.answer-too-late"
CUT = replace(ANSWER, status=502, took=2.03)
VISIT = BackendVisit(target="http://127.0.0.1:3000/", requested="/", path="/", status=200, took=4.1)
SHORT = f"ProxyTimeout 2\n{HTTPS}"


def claims(text: str = SHORT, visit: BackendVisit = VISIT, page: object = CUT) -> list[Claim]:
    return judge(CHECK, APACHE, apache_config(text), LISTENING, page, visit)  # type: ignore[arg-type]


def test_fires_with_the_setting_of_apache() -> None:
    (claim,) = claims()
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["setting"] == "ProxyTimeout 2"
    assert claim.fix
    assert "+ProxyTimeout 60\n" in getattr(claim.fix.steps[0], "diff", "")
    assert (claim.facts["waited"], claim.facts["needed"]) == (2.03, 4.1)


def test_fires_with_the_timeout_of_proxypass() -> None:
    line = "ProxyPass / http://127.0.0.1:3000/"
    (claim,) = claims(HTTPS.replace(line, f"{line} timeout=2"))
    assert claim.facts["setting"] == "timeout=2"


def test_fires_with_the_setting_of_haproxy() -> None:
    text = FRONT.replace("    mode http", "    mode http\n    timeout server 2s")
    visit = replace(VISIT, target="http://127.0.0.1:3000")
    page = replace(CUT, status=504)
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), page, visit)
    assert claim.facts["setting"] == "timeout server 2s"


def test_fires_with_the_setting_of_caddy() -> None:
    config = caddy_config()
    text = "shop.example.com {\n\ttransport http {\n\t\tresponse_header_timeout 2s\n\t}\n}\n"
    changed = replace(config, files=(ServerFile(CADDYFILE, text),))
    visit = replace(VISIT, target="http://127.0.0.1:3000")
    (claim,) = judge(CHECK, CADDY, changed, replace(CUT, status=504), visit)
    assert claim.facts["setting"] == "response_header_timeout 2s"


def test_fires_less_sure_for_504_without_a_setting_that_was_read() -> None:
    (claim,) = claims(HTTPS, page=replace(CUT, status=504))
    assert claim.confidence is Confidence.LIKELY
    assert not claims(HTTPS), "502 may be a connection that was closed"


def test_silent_where_the_answer_is_no_later_or_is_none() -> None:
    assert not claims(visit=replace(VISIT, took=0.2))
    assert not claims(visit=replace(VISIT, status=None, failure=Failure("timeout", "timed out")))
    assert not claims(visit=replace(VISIT, status=500))
    assert not claims(page=replace(CUT, took=0.1))
    assert not claims(page=replace(CUT, status=200))
