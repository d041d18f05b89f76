"""server.failed-behind: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Confidence, Severity
from diagnose.model.http import Exchange
from diagnose.model.logs import ServerRequestError
from tests.support.check_evidence import judge
from tests.support.web_server_evidence import APACHE

CHECK = "server.failed-behind"
BEHIND = replace(APACHE, ports=(8080,))
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=500)
FAULTY = ServerRequestError(
    product="apache",
    log="/var/log/apache2/shop.error.log",
    reason="htaccess",
    message="</IModule> without matching <IModule> section",
    file="/srv/shop/.htaccess",
    behind=8080,
)
LOGGED = replace(FAULTY, reason="logged", message="AH01276: Cannot serve directory", file="")


def test_fires_on_an_htaccess_of_the_apache_behind_nginx() -> None:
    (claim,) = judge(CHECK, BEHIND, PAGE, FAULTY)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.ERROR)
    assert claim.facts["behind"] == 8080
    assert claim.facts["file"] == "/srv/shop/.htaccess"
    assert claim.fix
    assert len(claim.fix.steps) == 1  # an .htaccess counts at once


def test_a_refusal_that_may_be_meant_is_a_note() -> None:
    (claim,) = judge(CHECK, BEHIND, replace(PAGE, status=403), LOGGED)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.NOTE)
    (claim,) = judge(CHECK, BEHIND, replace(PAGE, status=403), FAULTY)
    assert claim.severity is Severity.ERROR


def test_silent_where_the_page_came_or_apache_answers_itself() -> None:
    assert not judge(CHECK, BEHIND, replace(PAGE, status=200), FAULTY)
    assert not judge(CHECK, APACHE, PAGE, replace(FAULTY, behind=0))
    assert not judge(CHECK, replace(BEHIND, ports=(8081,)), PAGE, FAULTY)
