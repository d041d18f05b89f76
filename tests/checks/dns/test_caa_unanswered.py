"""dns.caa-unanswered: SERVFAIL for CAA from name servers that answer for addresses."""

from dataclasses import replace

from diagnose.model import Claim, Severity
from diagnose.model.dns import DnsAnswer
from diagnose.model.symptom import Symptom
from tests.support.certificates import MIDDLE, leaf, visit
from tests.support.check_evidence import NOW, SHOP, TIMEOUT, judge

CHECK = "dns.caa-unanswered"
NAME, RESOLVER = "shop.example.com", "198.51.100.1"
FOUND = DnsAnswer(
    name=NAME, rdtype="A", server=RESOLVER, rcode="NOERROR", records=("203.0.113.10",)
)
FAILED = DnsAnswer(name=NAME, rdtype="CAA", server=RESOLVER, rcode="SERVFAIL", purpose="caa")
AGAIN = replace(FAILED, purpose="caa-control")
COM = replace(AGAIN, name="com", rcode="NOERROR")


def claims(*observations: DnsAnswer, pasted: bool = True) -> list[Claim]:
    symptom = Symptom("acme-dns", "SERVFAIL looking up CAA") if pasted else None
    return judge(CHECK, *observations, target=replace(SHOP, symptom=symptom))


def test_fires_where_the_resolver_knows_the_type() -> None:
    (claim,) = claims(FOUND, FAILED, AGAIN, COM)
    assert claim.severity is None
    assert claim.facts["owners"] == (NAME,)


def test_fires_as_a_note_where_nobody_wants_a_certificate() -> None:
    (claim,) = claims(FOUND, FAILED, AGAIN, COM, pasted=False)
    assert claim.severity is Severity.NOTE


def test_fires_as_a_warning_where_a_certificate_is_due() -> None:
    served = visit(leaf(not_after=NOW), MIDDLE)
    (claim,) = judge(CHECK, FOUND, FAILED, AGAIN, COM, served)
    assert claim.severity is None


def test_silent_where_the_resolver_fails_for_com_too_or_the_second_time_does_not() -> None:
    assert not claims(FOUND, FAILED, AGAIN, replace(COM, rcode="SERVFAIL"))
    assert not claims(FOUND, FAILED, AGAIN, replace(COM, rcode="", failure=TIMEOUT))
    assert not claims(FOUND, FAILED, replace(AGAIN, rcode="NOERROR"), COM)
    assert not claims(FOUND, replace(FAILED, rcode="NOERROR"))
    assert not claims(replace(FOUND, records=(), rcode="SERVFAIL"), FAILED, AGAIN, COM)
