"""Apache behind nginx does not run."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Command, Confidence, Vantage
from diagnose.model.backends import StoppedBackend
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER

CHECK = "upstream.web-server-stopped"
PAGE = replace(ANSWER, status=502)
APACHE = StoppedBackend(
    vantage=Vantage.SERVER, title="Apache", target="http://127.0.0.1:8080", host="127.0.0.1",
    port=8080, place="/etc/nginx/conf.d/shop.conf:17", file="/etc/apache2/ports.conf", line=1,
    enabled=True, test=("apachectl", "-t"), start=("systemctl", "start", "apache2"),
    stop=("systemctl", "stop", "apache2"),
)  # fmt: skip


def applicability(claim: Claim) -> Applicability:
    assert claim.fix
    return claim.fix.applicability


def test_fires_where_its_configuration_listens() -> None:
    (claim,) = judge(CHECK, PAGE, APACHE)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["listens"] == "/etc/apache2/ports.conf:1"
    assert applicability(claim) is Applicability.AUTOMATIC
    assert claim.fix
    steps = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    assert steps == [APACHE.test, APACHE.start]


def test_fires_and_a_person_mends_what_it_refuses() -> None:
    refused = replace(APACHE, message="Invalid command", error_file="/etc/a.conf", error_line=3)
    (claim,) = judge(CHECK, PAGE, refused)
    assert claim.facts["place"] == "/etc/a.conf:3"
    assert applicability(claim) is Applicability.MANUAL


def test_fires_as_likely_where_somebody_may_have_switched_it_off() -> None:
    (claim,) = judge(CHECK, PAGE, replace(APACHE, enabled=None))
    assert claim.confidence is Confidence.LIKELY
    assert applicability(claim) is Applicability.REVIEW
    (claim,) = judge(CHECK, PAGE, replace(APACHE, enabled=False))
    assert claim.confidence is Confidence.LIKELY
    assert applicability(claim) is Applicability.REVIEW


def test_silent_while_the_page_comes() -> None:
    assert not judge(CHECK, ANSWER, APACHE)
