from dataclasses import replace
from datetime import timedelta

from diagnose.model import Manual, Where
from diagnose.model.dns import DnsAnswer
from diagnose.model.renewal import ChallengeFolder, RenewalAuthority
from diagnose.model.tls import Certificate, Handshake
from tests.support.check_evidence import NOW, TIMEOUT, judge

LEAF = Certificate(
    subject="CN=shop.example.com",
    issuer="CN=R11,O=Let's Encrypt,C=US",
    serial="01",
    not_before=NOW - timedelta(days=10),
    not_after=NOW + timedelta(days=80),
    sha256="00",
    dns_names=("shop.example.com",),
)
SERVED = Handshake(address="203.0.113.10", port=443, chain=(LEAF,))
NONE = DnsAnswer(
    name="shop.example.com", rdtype="CAA", server="198.51.100.1", rcode="NOERROR", purpose="caa"
)
PARENT = replace(NONE, name="example.com", records=('0 issue "digicert.com"',))


def test_fires_when_the_parent_lets_another_authority_only() -> None:
    (claim,) = judge("dns.caa-forbids", NONE, PARENT, SERVED)
    assert claim.facts["owner"] == "example.com"
    assert claim.facts["domain"] == "letsencrypt.org"
    assert claim.facts["allowed"] == ("digicert.com",)


def test_fires_when_nobody_may_issue() -> None:
    (claim,) = judge("dns.caa-forbids", NONE, replace(PARENT, records=('0 issue ";"',)), SERVED)
    assert claim.facts["allowed"] == ()


def test_fires_when_wildcards_are_for_another() -> None:
    records = ('0 issue "letsencrypt.org"', '0 issuewild "digicert.com"')
    wild = replace(SERVED, chain=(replace(LEAF, dns_names=("*.example.com",)),))
    (claim,) = judge("dns.caa-forbids", NONE, replace(PARENT, records=records), wild)
    assert claim.facts["tag"] == "issuewild"
    assert not judge("dns.caa-forbids", NONE, replace(PARENT, records=records), SERVED)


def test_silent_when_the_authority_is_allowed() -> None:
    both = ('0 issue "digicert.com"', '0 issue "letsencrypt.org; accounturi=x"')
    assert not judge("dns.caa-forbids", NONE, replace(PARENT, records=both), SERVED)
    closer = replace(NONE, records=('0 issue "letsencrypt.org"',))
    assert not judge("dns.caa-forbids", closer, PARENT, SERVED)


def test_silent_when_there_is_no_restriction() -> None:
    assert not judge("dns.caa-forbids", NONE, replace(PARENT, records=()), SERVED)
    only = ('0 iodef "mailto:a@example.com"',)
    assert not judge("dns.caa-forbids", NONE, replace(PARENT, records=only), SERVED)


def test_silent_about_an_authority_it_does_not_know() -> None:
    own = replace(LEAF, issuer="CN=Lab Intermediate")
    assert not judge("dns.caa-forbids", NONE, PARENT, replace(SERVED, chain=(own,)))


def test_silent_when_an_answer_on_the_way_is_missing() -> None:
    assert not judge("dns.caa-forbids", PARENT, SERVED)
    lost = replace(NONE, rcode="", failure=TIMEOUT)
    assert not judge("dns.caa-forbids", lost, PARENT, SERVED)


def test_silent_when_the_certificate_is_not_the_names() -> None:
    other = replace(LEAF, dns_names=("other.example.net",))
    assert not judge("dns.caa-forbids", NONE, PARENT, replace(SERVED, chain=(other,)))


SETTINGS = RenewalAuthority(
    tool="certbot",
    source="/etc/letsencrypt/renewal/shop.example.com.conf",
    name="shop.example.com",
    host="acme-v02.api.letsencrypt.org",
)
DOT = replace(NONE, records=('0 issue "letsencrypt.org."',))


def test_fires_on_a_value_with_a_final_dot() -> None:
    (claim,) = judge("dns.caa-forbids", DOT, SERVED)
    assert (claim.facts["wrong"], claim.facts["right"]) == ("letsencrypt.org.", "letsencrypt.org")
    assert claim.facts["dot"]
    assert claim.fix
    assert claim.fix.steps == (Manual("correct-value", Where.DNS_PROVIDER),)


def test_fires_for_the_authority_of_the_renewal_settings() -> None:
    placeholder = replace(LEAF, issuer="CN=Lab Intermediate")
    served = replace(SERVED, chain=(placeholder,))
    (claim,) = judge("dns.caa-forbids", DOT, served, SETTINGS)
    assert claim.facts["authority"] == "Let's Encrypt"
    assert claim.facts["source"] == SETTINGS.source
    moved = replace(SETTINGS, host="acme.zerossl.com")
    (claim,) = judge("dns.caa-forbids", replace(NONE, records=PARENT.records), served, moved)
    assert claim.facts["authority"] == "ZeroSSL"


def test_silent_where_the_authority_of_the_renewal_settings_is_allowed() -> None:
    own = replace(NONE, records=('0 issue "sectigo.com"', '0 issue "nonsense."'))
    moved = replace(SETTINGS, host="acme.zerossl.com")
    assert not judge("dns.caa-forbids", own, SERVED, moved)
    other = replace(SETTINGS, name="blog.example.com", host="acme.zerossl.com")
    allowed = replace(NONE, records=('0 issue "letsencrypt.org"',))
    assert not judge("dns.caa-forbids", allowed, SERVED, other)


SETTINGS = RenewalAuthority(
    tool="certbot", source="/etc/letsencrypt/renewal/shop.example.com.conf",
    name="shop.example.com", host="acme-v02.api.letsencrypt.org",
)  # fmt: skip
FOLDER = ChallengeFolder(
    tool="certbot", source=SETTINGS.source, name="shop.example.com", folder="/var/www/acme"
)
BY_DNS = '0 issue "letsencrypt.org; validationmethods=dns-01; accounturi=https://le.example/1"'


def test_fires_when_the_way_of_validation_is_not_admitted() -> None:
    closer = replace(NONE, records=(BY_DNS,))
    (claim,) = judge("dns.caa-forbids", closer, SERVED, SETTINGS, FOLDER)
    assert (claim.facts["method"], claim.facts["admitted"]) == ("http-01", ("dns-01",))
    assert claim.facts["admitting"] == (
        "letsencrypt.org; validationmethods=dns-01,http-01; accounturi=https://le.example/1"
    )


def test_silent_when_the_way_is_admitted_or_not_known() -> None:
    closer = replace(NONE, records=(BY_DNS,))
    assert not judge("dns.caa-forbids", closer, SERVED, SETTINGS)
    assert not judge("dns.caa-forbids", closer, SERVED)
    assert not judge("dns.caa-forbids", closer, SERVED, replace(SETTINGS, over_dns=True), FOLDER)
    both = replace(NONE, records=(BY_DNS, '0 issue "letsencrypt.org"'))
    assert not judge("dns.caa-forbids", both, SERVED, SETTINGS, FOLDER)
