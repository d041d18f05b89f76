from dataclasses import replace

from diagnose.model import Applicability, Confidence, Severity
from diagnose.model.backends import BackendVisit
from diagnose.model.server_rules import AnsweringRule
from diagnose.model.web_servers import WebServerConfig
from tests.support.caddy_evidence import CADDY, INTERNAL_ERROR, PASSED, caddy_config, sites
from tests.support.check_evidence import CHAT, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, SITE, apache_config
from tests.support.web_server_evidence import PASSED as APACHE_PASSED
from tests.support.websocket_evidence import upgrade

CHECK = "server.reload-needed"
OLD = sites("example.com")
MOVED = sites("shop.example.com", dial="127.0.0.1:3999")


def test_fires_when_the_name_was_not_loaded() -> None:
    config = caddy_config(loaded=False, running=OLD)
    (claim,) = judge(CHECK, CADDY, config, PASSED, INTERNAL_ERROR)
    assert claim.facts["missing"] is True
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_when_the_application_moved() -> None:
    config = caddy_config(loaded=False, running=MOVED)
    (claim,) = judge(CHECK, CADDY, config, PASSED, replace(ANSWER, status=502))
    assert claim.severity is None


def test_fires_as_a_note_when_nothing_is_wrong() -> None:
    config = caddy_config(loaded=False, running=MOVED)
    for answer in (
        replace(ANSWER, body="shop"),
        replace(ANSWER, status=401),
        replace(ANSWER, body="", method="HEAD"),
    ):
        (claim,) = judge(CHECK, CADDY, config, PASSED, answer)
        assert claim.severity is Severity.NOTE


def test_silent_when_it_is_loaded_unknown_or_another_site_changed() -> None:
    assert not judge(CHECK, CADDY, caddy_config(), PASSED, INTERNAL_ERROR)
    assert not judge(CHECK, CADDY, caddy_config(loaded=None), PASSED, INTERNAL_ERROR)
    same = sites("shop.example.com")
    other = caddy_config(loaded=False, running=(*same, *OLD))
    assert not judge(CHECK, CADDY, other, PASSED, INTERNAL_ERROR)


def test_silent_when_the_configuration_is_refused() -> None:
    config = caddy_config(loaded=False, running=OLD)
    assert not judge(CHECK, CADDY, config, replace(PASSED, passed=False), INTERNAL_ERROR)


LOADED = replace(APACHE, loaded=2000.0)
OWN_404 = replace(
    ANSWER, status=404, body="<h1>Not Found</h1><address>Apache/2.4.62 Server at shop Port 443",
)  # fmt: skip
ANSWERED = BackendVisit(
    target="http://127.0.0.1:3000/", requested="/", path="/", status=200, connected=True
)


def apache_file(changed: float, site: str = HTTPS) -> WebServerConfig:
    config = apache_config(site)
    return replace(config, files=(replace(config.files[0], changed=changed),))


def test_fires_for_apache_where_the_newer_file_passes_on_what_it_answers_itself() -> None:
    (claim,) = judge(CHECK, LOADED, apache_file(3000.0), OWN_404, ANSWERED)
    assert claim.facts["place"] == f"{SITE}:7"
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_for_apache_where_the_newer_file_passes_the_websocket_on() -> None:
    opened = replace(
        ANSWERED, target="ws://127.0.0.1:3000/ws", requested="/ws", path="/ws", websocket=True,
        status=101, accepted=True,
    )  # fmt: skip
    rest = (LOADED, apache_file(3000.0), ANSWER, opened)
    (claim,) = judge(CHECK, *rest, upgrade(404), target=CHAT)
    assert claim.facts["path"] == "/ws"
    assert not judge(CHECK, *rest, upgrade(502), target=CHAT)
    closed = replace(opened, accepted=False)
    assert not judge(CHECK, *rest[:3], closed, upgrade(404), target=CHAT)


def test_silent_for_apache_where_the_file_is_old_or_the_answer_is_the_applications() -> None:
    assert not judge(CHECK, LOADED, apache_file(1500.0), OWN_404, ANSWERED)
    own = replace(OWN_404, body="Cannot GET /")
    assert not judge(CHECK, LOADED, apache_file(3000.0), own, ANSWERED)
    assert not judge(CHECK, LOADED, apache_file(3000.0), OWN_404, replace(ANSWERED, status=404))
    rule = AnsweringRule(path="/", status=404, rule="Redirect 404 /", file=SITE, line=8)
    ruled = replace(apache_file(3000.0), rules=(rule,))
    assert not judge(CHECK, LOADED, ruled, OWN_404, ANSWERED)
    refused = replace(APACHE_PASSED, passed=False)
    assert not judge(CHECK, LOADED, refused, apache_file(3000.0), OWN_404, ANSWERED)
