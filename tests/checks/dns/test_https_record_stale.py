"""dns.https-record-stale: an HTTPS record that leads elsewhere than the address records."""

from dataclasses import replace

from diagnose.model import Failure
from diagnose.model.dns import RecordEndpoint
from tests.support.certificates import HEALTHY
from tests.support.check_evidence import TIMEOUT, judge

CHECK = "dns.https-record-stale"
RECORD = '1 . alpn="h2" ipv4hint="203.0.113.77"'
OLD = RecordEndpoint(record=RECORD, address="203.0.113.77", port=443)


def test_fires_where_the_place_does_not_answer() -> None:
    (claim,) = judge(CHECK, HEALTHY, replace(OLD, failure=TIMEOUT))
    assert claim.facts["places"] == ("203.0.113.77:443",)
    assert claim.facts["record"] == RECORD


def test_fires_where_another_site_answers() -> None:
    (claim,) = judge(CHECK, HEALTHY, replace(OLD, foreign=True))
    assert claim.facts["foreign"]


def test_fires_where_the_name_has_no_address() -> None:
    failure = Failure("resolution", "no address")
    gone = RecordEndpoint(record="1 old.example.com.", address="", port=443, failure=failure)
    (claim,) = judge(CHECK, HEALTHY, gone)
    assert claim.facts["places"] == ()


def test_silent_where_the_site_is_there_too_or_fails_everywhere_or_we_have_no_way() -> None:
    assert not judge(CHECK, HEALTHY, OLD)
    assert not judge(CHECK, replace(OLD, failure=TIMEOUT))
    six = replace(OLD, address="2001:db8::77", failure=TIMEOUT)
    assert not judge(CHECK, HEALTHY, six)
    assert judge(CHECK, HEALTHY, replace(HEALTHY, address="2001:db8::10"), six)
    no_way = Failure("unreachable", "Network is unreachable", 101, "ENETUNREACH")
    assert not judge(CHECK, HEALTHY, replace(OLD, failure=no_way))
