from diagnose.model import Confidence, Failure, Severity
from diagnose.model.dns import DnsAnswer, Resolution
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.vantage_evidence import ADDRESS, LAPTOP, OFFICE, lookup

CHECK = "dns.unknown-outside"
HERE = Resolution(name="shop.example.com", family=4, addresses=(ADDRESS,))
UNKNOWN = Failure("resolution", "the name has no address there", 2)
PUBLISHED = DnsAnswer(
    name="shop.example.com", rdtype="A", server="192.0.2.53", rcode="NOERROR", records=(ADDRESS,)
)


def test_fires_where_only_this_machine_knows_the_name() -> None:
    (claim,) = judge(CHECK, HERE, lookup(failure=UNKNOWN))
    assert claim.severity is Severity.ERROR
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["places"] == (LAPTOP,)


def test_fires_as_a_warning_where_the_name_is_published() -> None:
    (claim,) = judge(
        CHECK, HERE, PUBLISHED, lookup(failure=UNKNOWN), lookup(OFFICE, failure=UNKNOWN)
    )
    assert claim.severity is Severity.WARNING
    assert claim.confidence is Confidence.CERTAIN


def test_silent_where_the_place_knows_it_or_was_not_answered() -> None:
    assert not judge(CHECK, HERE, lookup(addresses=(ADDRESS,)))
    assert not judge(CHECK, HERE, lookup(failure=TIMEOUT))


def test_silent_where_nobody_knows_it() -> None:
    failed = Resolution(name="shop.example.com", family=4, failure=UNKNOWN)
    assert not judge(CHECK, failed, lookup(failure=UNKNOWN))
