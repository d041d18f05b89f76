"""What the firewalld checks claim of visitors who are refused."""

from checks.firewall._firewalld import FirewalldView
from checks.firewall._firewalld_claims import claim, facts, refused_client, subject_of, subjects_of
from checks.firewall._firewalld_fixes import opening_fix
from checks.firewall._refusals import Refusal, refusals
from diagnose.model import Applicability, Claim, Confidence, Observation, Severity, Subject
from tests.support.check_evidence import TIMEOUT, evidence
from tests.support.firewall_rules import (
    ADDRESS,
    HTTP,
    HTTPS,
    SSH,
    both,
    connected,
    firewalld,
    host,
    listening,
    nic,
    server,
)
from tests.support.packets import CLIENT, answers

SHUT = both("public", SSH, interfaces=("eth0",))
INSIDE = (host("ssh://web"), firewalld(), nic())


def refused(*observations: Observation) -> tuple[FirewalldView, Refusal]:
    view = FirewalldView(evidence(*observations))
    (refusal,) = refusals(view, "port-closed")
    return view, refusal


def claimed(*observations: Observation) -> Claim:
    view, refusal = refused(*observations)
    return claim(refusal, view, opening_fix(view, refusal))


def test_one_claim_covers_each_address_and_port() -> None:
    said = claimed(*server(*SHUT))
    assert str(said.about) == "public zone, eth0, 443/tcp, 80/tcp"
    assert set(said.covers) == {Subject(address=ADDRESS, port=port) for port in (80, 443)}
    assert (said.severity, said.confidence) == (Severity.ERROR, Confidence.CERTAIN)
    assert said.because == (SHUT[0], SHUT[1])


def test_a_site_that_only_lacks_its_redirect_is_a_warning() -> None:
    said = claimed(*server(*both("public", HTTPS, interfaces=("eth0",))))
    assert said.severity is Severity.WARNING


def test_who_got_through_makes_it_a_doubt_and_who_failed_is_the_one_to_let_in() -> None:
    seen = (*INSIDE, listening(80, 443), *SHUT)
    view = FirewalldView(evidence(*seen, connected()))
    (first, *_) = (one for one in refusals(view, "port-closed") if one.contradictions)
    doubtful = claim(first, view, None)
    assert (doubtful.severity, doubtful.confidence) == (Severity.NOTE, Confidence.POSSIBLE)
    assert doubtful.facts["contradiction"] == (f"{ADDRESS}:443",)
    view, refusal = refused(*seen, connected(failure=TIMEOUT, source=CLIENT))
    assert refused_client(view, refusal.outcomes) == CLIENT
    assert claim(refusal, view, None).confidence is Confidence.CERTAIN


def test_a_port_on_which_nothing_listens_is_not_opened() -> None:
    said = claimed(*INSIDE, listening(22), *SHUT, connected(failure=TIMEOUT))
    assert said.fix is not None
    assert said.fix.applicability is Applicability.MANUAL
    assert answers(said) == [[]]


def test_where_rules_name_a_source_a_person_is_asked() -> None:
    guest = 'rule family="ipv4" source address="192.0.2.0/24" service name="https" reject'
    said = claimed(*server(*both("public", HTTP, interfaces=("eth0",), rich_rules=(guest,))))
    assert said.facts["restricted"] == (f"`{guest}`",)
    assert said.fix is not None
    assert said.fix.applicability is Applicability.REVIEW
    narrow, wide = answers(said)
    assert all('source address="ADDRESS"' in line for line in narrow)
    assert any("--add-service=https" in line for line in wide)


def test_the_facts_of_outcomes() -> None:
    _, refusal = refused(*server(*both("public", SSH, HTTP, interfaces=("eth0",), target="DROP")))
    known = facts(refusal.outcomes)
    assert (known["zone"], known["port"], known["interface"]) == ("public", "443/tcp", ("eth0",))
    assert (known["drops"], known["ipv6"], known["target"]) == (True, False, "DROP")
    assert subject_of(refusal.zone, refusal.outcomes).port == 443
    assert subjects_of(refusal.outcomes) == (Subject(address=ADDRESS, port=443),)
