from dataclasses import replace

from diagnose.model import Confidence, Edit, Severity, Target
from diagnose.model.logs import FailedRequests, LoggedRequestError
from diagnose.model.symptom import Symptom
from diagnose.model.web_servers import WebServerConfig
from tests.support.caddy_evidence import CADDY, CONFIG, caddy_config
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import CONFIG as HAPROXY_CONFIG
from tests.support.haproxy_evidence import SERVER, TEXT, config

CHECK = "server.body-limit"
SITE = """\
shop.example.com {
	request_body /library/* {
		max_size 1MB
	}
	reverse_proxy 127.0.0.1:3000
}
"""
FAILED = FailedRequests(
    server="caddy", file="/var/log/caddy/access.log", method="POST", path="/library/add",
    status=413, written="28/Nov/2026:18:01:00",
)  # fmt: skip
GATEWAY = replace(FAILED, status=502)
#: Caddy 2.6.2, on the laboratory's server.
MESSAGE = (
    "readfrom tcp 127.0.0.1:49670->127.0.0.1:18081: {id=e9cmsqa1k} requestbody.errorWrapper.Read "
    "(requestbody.go:63): HTTP 413: http: request body too large"
)
ERROR = LoggedRequestError(
    server="caddy", log="/var/log/caddy/access.log", method="POST", path="/library/add", status=502,
    message=MESSAGE, reason="logged",
)  # fmt: skip
TOLD = replace(SHOP, symptom=Symptom("status", "413 Request Entity Too Large", number=413))
UPLOAD = replace(SHOP, symptom=Symptom("upload", "the upload of photos fails"))
RULE = "    http-request deny deny_status 413 if { req.body_size gt 1048576 }\n"
PR = replace(FAILED, server="haproxy", file="/var/log/haproxy.log", ending="PR--")


def haproxy(rules: str = RULE) -> WebServerConfig:
    return config(TEXT.replace("    default_backend", f"{rules}    default_backend"))


def edit_of(check_claims: list, number: int = 0) -> str:  # type: ignore[type-arg]
    (claim,) = check_claims
    step = claim.fix.steps[number]
    assert isinstance(step, Edit)
    return step.diff


def test_fires_for_a_request_that_caddy_refused() -> None:
    claims = judge(CHECK, CADDY, caddy_config(SITE), FAILED, target=TOLD)
    (claim,) = claims
    assert (claim.facts["place"], claim.facts["bytes"]) == (f"{CONFIG}:3", 1_000_000)
    assert (claim.severity, claim.confidence) == (None, Confidence.LIKELY)
    assert "-\t\tmax_size 1MB\n+\t\tmax_size 68MB" in edit_of(claims)


def test_fires_with_certainty_for_a_502_that_caddy_explains() -> None:
    (claim,) = judge(CHECK, CADDY, caddy_config(SITE), GATEWAY, ERROR)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.NOTE)
    of_a_page = replace(GATEWAY, is_from_page=True, times=2)
    (claim,) = judge(CHECK, CADDY, caddy_config(SITE), of_a_page, ERROR)
    assert claim.severity is None


def test_fires_for_words_about_the_limit_of_the_page() -> None:
    asked = replace(TOLD, path="/library/")
    (claim,) = judge(CHECK, CADDY, caddy_config(SITE), target=asked)
    assert not claim.facts["logged"]


def test_fires_for_a_rule_of_haproxy() -> None:
    claims = judge(CHECK, SERVER, haproxy(), PR, target=TOLD)
    (claim,) = claims
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["place"] == f"{HAPROXY_CONFIG}:7"
    assert "gt 67108864 }" in edit_of(claims)
    (claim,) = judge(CHECK, SERVER, haproxy(), target=TOLD)
    assert claim.confidence is Confidence.LIKELY


def test_fires_for_the_line_of_an_acl() -> None:
    acl = "    acl small req.hdr(content-length) -m int le 2000\n"
    rules = f"{acl}    http-request deny deny_status 413 unless small\n"
    claims = judge(CHECK, SERVER, haproxy(rules), PR, target=TOLD)
    assert "+    acl small req.hdr(content-length) -m int le 67108864" in edit_of(claims)


def test_fires_where_a_rule_answers_403_and_an_upload_fails() -> None:
    plain = RULE.replace(" deny_status 413", "")
    (claim,) = judge(CHECK, SERVER, haproxy(plain), target=UPLOAD)
    assert claim.facts["status"] == 403
    assert not judge(CHECK, SERVER, haproxy(plain), target=TOLD)


def silent(*seen: object, target: Target = TOLD) -> bool:
    return not judge(CHECK, *seen, target=target)  # type: ignore[arg-type]


def test_silent_where_another_limit_or_program_refused() -> None:
    assert silent(CADDY, caddy_config(), FAILED)
    assert silent(CADDY, caddy_config(SITE), GATEWAY)
    application = replace(ERROR, message="http: request body too large")
    assert silent(CADDY, caddy_config(SITE), GATEWAY, application)
    assert silent(CADDY, caddy_config(SITE), replace(FAILED, path="/other"))
    assert silent(SERVER, haproxy(), replace(PR, ending="----"), target=SHOP)
    elsewhere = RULE.replace(" }", " } { path_beg /api/ }")
    assert silent(SERVER, haproxy(elsewhere), PR)
    small = RULE.replace(" gt ", " lt ")
    assert silent(SERVER, haproxy(small), PR)


def test_silent_where_nobody_asks_or_the_limit_is_large() -> None:
    assert silent(CADDY, caddy_config(SITE), target=replace(SHOP, path="/library/"))
    large = caddy_config(SITE.replace("1MB", "100MB"))
    assert silent(CADDY, large, target=replace(TOLD, path="/library/"))
    assert silent(SERVER, haproxy(RULE.replace("1048576", "104857600")))
