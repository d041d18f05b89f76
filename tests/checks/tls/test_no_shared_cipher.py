from checks.tls import OFFERED
from diagnose.model import Applicability, Confidence
from diagnose.model.nginx import CertificateFile, KeyFile
from diagnose.net.tls import client_context
from diagnose.parsers.tls import SUITES
from tests.support.certificates import leaf
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.tls_evidence import (
    OWN,
    WELL,
    alerted,
    applicability,
    changes,
    said,
    shake,
    with_line,
)

CHECK = "tls.no-shared-cipher"
TAKEN = shake("any-cipher", protocol="TLSv1.2", cipher="AES128-SHA")
RSA = CertificateFile(
    path="/etc/nginx/shop.pem", sha256="03", chain=(leaf(key_type="RSA"),), publics=("pp",)
)
KEY = KeyFile(path="/etc/nginx/shop.key", key_type="RSA", public="pp")
ECDSA = "ECDHE-ECDSA-AES128-GCM-SHA256"


def test_fires_when_the_server_takes_what_clients_no_longer_offer() -> None:
    taken = shake("any-cipher", protocol="TLSv1.2", cipher="TLS_RSA_WITH_RC4_128_SHA")
    (claim,) = judge("tls.no-shared-cipher", alerted(40), taken)
    assert claim.facts["cipher"] == "TLS_RSA_WITH_RC4_128_SHA"
    assert claim.confidence is Confidence.CERTAIN


def test_fires_with_less_confidence_when_it_takes_nothing() -> None:
    controls = [alerted(40, variant) for variant in ("any-cipher", "no-sni", "other-sni", "tls1.2")]
    (claim,) = judge("tls.no-shared-cipher", alerted(40), *controls, alerted(70, "old"))
    assert claim.confidence is Confidence.LIKELY
    assert said(alerted(40), *controls) == ["tls.no-shared-cipher"]


def test_silent_when_name_version_or_a_missing_certificate_is_the_reason() -> None:
    assert not judge("tls.no-shared-cipher", WELL)
    assert not judge("tls.no-shared-cipher", alerted(40), shake("other-sni"))
    assert not judge("tls.no-shared-cipher", alerted(40), shake("old", protocol="TLSv1"))
    assert not judge("tls.no-shared-cipher", alerted(40, wants_client_certificate=True))


def test_fires_and_adds_suites_for_the_kind_of_key() -> None:
    site = with_line(f"ssl_ciphers {ECDSA};")
    (claim,) = judge(CHECK, alerted(40), RSA, KEY, RUNNING, config(site))
    assert f"+    ssl_ciphers {ECDSA}:ECDHE-RSA-AES128-GCM-SHA256:" in changes(claim)
    assert applicability(claim) is Applicability.AUTOMATIC
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["kind"] == "RSA"


def test_fires_and_keeps_what_the_list_has_and_the_others_sites_line() -> None:
    text = "ssl_ciphers 'AES128-SHA !MD5';\n" + OWN
    (claim,) = judge(CHECK, alerted(40), TAKEN, RUNNING, config(text))
    assert changes(claim).startswith("+    ssl_ciphers AES128-SHA:!MD5:ECDHE-ECDSA-")
    assert "-" not in {line[0] for line in changes(claim).splitlines()}
    assert applicability(claim) is Applicability.AUTOMATIC


def test_fires_and_leaves_a_list_that_forbids_good_suites_to_a_person() -> None:
    (claim,) = judge(
        CHECK, alerted(40), TAKEN, RUNNING, config(with_line("ssl_ciphers 'HIGH:!ECDHE';"))
    )
    assert "!ECDHE" not in changes(claim).partition("\n")[2]
    assert applicability(claim) is Applicability.REVIEW


def test_fires_and_changes_nothing_where_the_key_may_be_another_certificates() -> None:
    foreign = KeyFile(path="/etc/nginx/shop.key", key_type="EC", public="qq")
    site = config(with_line(f"ssl_ciphers {ECDSA};"))
    (claim,) = judge(CHECK, alerted(40), RSA, foreign, RUNNING, site)
    assert applicability(claim) is Applicability.MANUAL
    (claim,) = judge(
        CHECK, alerted(40), RSA, KEY, RUNNING, config(with_line("ssl_ciphers HIGH:!aNULL;"))
    )
    assert applicability(claim) is Applicability.MANUAL


def test_silent_where_the_suite_had_been_offered() -> None:
    taken = shake("any-cipher", protocol="TLSv1.2", cipher="TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384")
    assert said(alerted(40), taken) == ["tls.handshake-failed"]
    assert said(alerted(120), taken) == ["tls.handshake-failed"]


def test_what_is_offered_is_what_openssl_offers() -> None:
    numbers = {cipher["id"] & 0xFFFF for cipher in client_context().get_ciphers()}
    offered = {name for number, name in SUITES.items() if number in numbers}
    assert offered == OFFERED & set(SUITES.values())
    assert len(offered) > 20
