from dataclasses import replace

from diagnose.model import Applicability, Confidence, Edit, Observation
from diagnose.model.backends import BackendVisit
from diagnose.model.web_servers import ServerFile, WebServerConfig
from tests.support.caddy_evidence import CADDY, CONFIG, SITE, caddy_config
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER

CHECK = "server.caddy-auth-request-fails"
ASK = "\tforward_auth 127.0.0.1:9091 {\n\t\turi /api/verify\n\t}\n\treverse_proxy"
VISIT = BackendVisit(target="http://127.0.0.1:3000", requested="/", path="/", status=200)
MISSING = replace(ANSWER, status=404)
HOME = replace(ANSWER, status=302, headers=(("Location", "/login?rd=1"),))
LOGIN = replace(
    HOME, url="https://shop.example.com/login?rd=1", purpose="redirect", redirected_from=ANSWER.url
)


def asking(ask: str = ASK) -> WebServerConfig:
    text = SITE.replace("\treverse_proxy", ask)
    conf = caddy_config()
    sites = tuple(replace(site, end=len(text.split("\n"))) for site in conf.sites)
    return replace(conf, files=(ServerFile(CONFIG, text),), sites=sites)


def test_fires_where_the_service_has_nothing_at_the_path() -> None:
    (claim,) = judge(CHECK, CADDY, asking(), MISSING, VISIT, masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["service"], claim.facts["uri"]) == ("127.0.0.1:9091", "/api/verify")
    assert claim.facts["status"] == 404


def test_fires_for_a_login_page_that_is_asked_about() -> None:
    (claim,) = judge(CHECK, CADDY, asking(), HOME, LOGIN, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "\n+\t@guarded not path /login /login/*\n" in edit.diff
    assert "\n+\tforward_auth @guarded 127.0.0.1:9091 {\n" in edit.diff


def test_silent_for_a_verdict_and_where_the_application_answers_the_same() -> None:
    cases: tuple[tuple[Observation, ...], ...] = (
        (replace(ANSWER, status=403), VISIT),
        (MISSING, replace(VISIT, status=404)),
        (MISSING,),
        (ANSWER, VISIT),
    )
    for case in cases:
        assert not judge(CHECK, CADDY, asking(), *case, masked=False)


def test_silent_where_a_matcher_says_what_is_asked_about() -> None:
    for word in ("/admin/*", "@guarded"):
        ask = ASK.replace("forward_auth", f"forward_auth {word}")
        assert not judge(CHECK, CADDY, asking(ask), MISSING, VISIT, masked=False)
        assert not judge(CHECK, CADDY, asking(ask), HOME, LOGIN, masked=False)
    assert not judge(CHECK, CADDY, asking("\treverse_proxy"), MISSING, VISIT, masked=False)
