"""http.preflight-refused: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit, Observation, Severity, Vantage
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import HOST, RUNNING, SITE, config
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

CHECK = "http.preflight-refused"
LOGGED = FailedRequests(
    vantage=Vantage.SERVER, file="/var/log/nginx/access.log", method="OPTIONS", path="/api/orders",
    status=405, written="12:00:00", times=4,
)  # fmt: skip
AGAIN = Exchange(
    url=f"{SHOP.origin}/api/orders", address="203.0.113.10", port=443, method="OPTIONS",
    purpose="logged", status=405,
)  # fmt: skip
PAGE = (
    "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n"
    "<center><h1>403 Forbidden</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>"
)
FORBIDDEN = replace(LOGGED, status=403), replace(AGAIN, status=403, body=PAGE)


def of(*observations: Observation, lines: str = "") -> list[Claim]:
    text = SITE.replace("proxy_pass", f"{lines} proxy_pass")
    return list(judge(CHECK, HOST, RUNNING, config(text), *observations))


def test_fires_as_a_note_for_an_application_that_does_not_know_it() -> None:
    (claim,) = of(LOGGED, AGAIN)
    assert (claim.facts["application"], claim.facts["times"]) == ("http://127.0.0.1:3000", 4)
    assert claim.confidence is Confidence.LIKELY
    assert claim.severity is None
    assert claim.facts["rule"] == ""


def test_fires_as_a_warning_where_nginx_allows_other_sites() -> None:
    (claim,) = of(LOGGED, AGAIN, lines="add_header Access-Control-Allow-Origin *;\n       ")
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.CERTAIN)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        if ($request_method = OPTIONS) {\n" in edit.diff
    assert edit.diff.count("+            add_header Access-Control-Allow-Origin *;\n") == 1
    assert "+            return 204;\n" in edit.diff


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        ("limit_except GET POST { deny all; }", "limit_except GET POST"),
        ("if ($request_method = OPTIONS) { return 403; }", "return 403"),
    ],
)
def test_fires_for_certain_where_a_rule_of_nginx_refuses(lines: str, rule: str) -> None:
    (claim,) = of(*FORBIDDEN, lines=lines)
    assert (claim.facts["rule"], claim.confidence) == (rule, Confidence.CERTAIN)


def test_fires_where_a_password_is_wanted() -> None:
    body = PAGE.replace("403 Forbidden", "401 Authorization Required")
    again = replace(AGAIN, status=401, body=body)
    (claim,) = of(replace(LOGGED, status=401), again, lines="auth_basic shop;")
    assert (claim.facts["rule"], claim.facts["login"]) == ("auth_basic shop", True)


def test_fires_behind_apache() -> None:
    logged = replace(LOGGED, server="apache")
    site = (HOST, APACHE, apache_config(HTTPS), LISTENING)
    (claim,) = judge(CHECK, *site, logged, AGAIN)
    assert claim.facts["application"] == "127.0.0.1:3000"


@pytest.mark.parametrize(
    "observations",
    [
        (LOGGED,),
        (LOGGED, replace(AGAIN, status=204)),
        (LOGGED, replace(AGAIN, method="GET")),
        (LOGGED, replace(AGAIN, status=500)),
        (replace(LOGGED, status=403), replace(AGAIN, status=403)),
        (replace(LOGGED, method="POST"), replace(AGAIN, method="POST")),
        (AGAIN,),
    ],
)
def test_silent_where_it_is_answered_or_may_be_meant(
    observations: tuple[Observation, ...],
) -> None:
    """403 by an application may be meant for the site that asked."""
    assert not of(*observations)


def test_silent_where_nginx_serves_files() -> None:
    text = SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv;")
    assert not judge(CHECK, HOST, RUNNING, config(text), LOGGED, AGAIN)
