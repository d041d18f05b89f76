"""tls.no-browser-group: when it fires, and when it is silent."""

from diagnose.model import Applicability
from tests.support.certificates import leaf
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.tls_evidence import alerted, changes, shake, with_line

CHECK = "tls.no-browser-group"
BY_P521 = shake(group="secp521r1", chain=(leaf(),))
REFUSED = alerted(40, "browser-key")


def test_fires_where_a_browsers_groups_are_refused() -> None:
    (claim,) = judge(CHECK, BY_P521, REFUSED)
    assert claim.facts["group"] == "P-521"
    assert claim.facts["firefox"]


def test_fires_and_offers_the_usual_groups() -> None:
    site = config(with_line("ssl_ecdh_curve secp521r1;"))
    (claim,) = judge(CHECK, BY_P521, REFUSED, RUNNING, site)
    assert changes(claim) == "-    ssl_ecdh_curve secp521r1;\n+    ssl_ecdh_curve auto;"
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_silent_where_a_browser_gets_in_or_nobody_asked_as_one() -> None:
    assert not judge(CHECK, BY_P521, shake("browser-key", group="x25519"))
    assert not judge(CHECK, BY_P521)
    assert not judge(CHECK, shake(group="x25519", chain=(leaf(),)), REFUSED)


def test_silent_where_the_key_is_to_blame() -> None:
    odd = leaf(key_type="EC", curve="secp521r1")
    assert not judge(CHECK, shake(group="secp521r1", chain=(odd,)), REFUSED)
