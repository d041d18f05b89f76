"""tls.no-browser-cipher: when it fires, and when it is silent."""

from diagnose.model import Applicability
from tests.support.certificates import leaf
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.tls_evidence import alerted, changes, shake, with_line

CHECK = "tls.no-browser-cipher"
DHE = "DHE-RSA-AES256-GCM-SHA384"
BY_DHE = shake(cipher=DHE, protocol="TLSv1.2", chain=(leaf(),))
REFUSED = alerted(40, "no-dhe")


def test_fires_where_the_server_takes_no_suite_of_browsers() -> None:
    (claim,) = judge(CHECK, BY_DHE, REFUSED)
    assert claim.facts["cipher"] == DHE
    assert claim.facts["alert"] == "handshake_failure"


def test_fires_and_adds_the_usual_suites() -> None:
    site = config(with_line(f"ssl_ciphers {DHE};"))
    (claim,) = judge(CHECK, BY_DHE, REFUSED, RUNNING, site)
    assert f"+    ssl_ciphers {DHE}:ECDHE-" in changes(claim)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_and_replaces_a_list_that_excludes_them() -> None:
    site = config(with_line(f"ssl_ciphers {DHE}:!ECDHE;"))
    (claim,) = judge(CHECK, BY_DHE, REFUSED, RUNNING, site)
    assert "+    ssl_ciphers ECDHE-" in changes(claim)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_silent_where_a_browser_gets_in_or_nobody_asked_as_one() -> None:
    assert not judge(CHECK, BY_DHE, shake("no-dhe", cipher="ECDHE-RSA-AES128-GCM-SHA256"))
    assert not judge(CHECK, BY_DHE)
    assert not judge(CHECK, shake(cipher="TLS_AES_128_GCM_SHA256", chain=(leaf(),)), REFUSED)
    assert not judge(CHECK, BY_DHE, alerted(40, "no-dhe", address="203.0.113.11"))
