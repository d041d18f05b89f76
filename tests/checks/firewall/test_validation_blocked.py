"""firewall.validation-blocked: the authority's secondary validation, and a list of networks."""

from dataclasses import replace

from diagnose.model import Applicability
from diagnose.model.renewal import RenewalFailure
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.packets import DROP, dport, field, nft, prefix, served

CHECK = "firewall.validation-blocked"
# As Boulder wrote it.
WORDS = (
    "During secondary validation: 203.0.113.10: Fetching "
    "http://shop.example.com/.well-known/acme-challenge/x: Timeout during connect "
    "(likely firewall problem)"
)
TOLD = replace(SHOP, symptom=Symptom("acme-connect", WORDS))


def listed(*sources: object, port: int = 80):  # type: ignore[no-untyped-def]
    sets = ({"name": "blocked", "type": "ipv4_addr", "flags": ["interval"], "elem": [*sources]},)
    rule = [dport(port), field("ip", "saddr", "@blocked"), DROP]
    return nft(rule, table="inet geo", sets=sets)


COUNTRIES = listed(prefix("13.48.0.0", 13), prefix("52.0.0.0", 8))


def test_fires_with_the_list_that_drops_networks() -> None:
    (claim,) = judge(CHECK, *served(COUNTRIES), target=TOLD)
    assert claim.facts["networks"] == ("13.48.0.0/13", "52.0.0.0/8")
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_by_the_log_of_the_tool() -> None:
    failure = RenewalFailure(tool="certbot", source="letsencrypt.log", message=WORDS)
    # Masked, a log keeps no words.
    assert judge(CHECK, *served(COUNTRIES), failure, masked=False)


def test_silent_without_the_words_or_without_a_list_for_port_80() -> None:
    assert not judge(CHECK, *served(COUNTRIES))
    assert not judge(CHECK, *served(listed(prefix("52.0.0.0", 8), port=443)), target=TOLD)
    # A visitor who is banned is no authority.
    assert not judge(CHECK, *served(listed("192.0.2.9")), target=TOLD)
