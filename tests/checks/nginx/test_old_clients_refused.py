"""nginx.old-clients-refused: when it fires, and when it is silent."""

from tests.support.certificates import leaf
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.tls_evidence import shake, with_line

CHECK = "nginx.old-clients-refused"
VISIT = shake(group="x25519", chain=(leaf(),))


def test_fires_where_only_tls_1_3_is_allowed() -> None:
    (claim,) = judge(CHECK, VISIT, RUNNING, config(with_line("ssl_protocols TLSv1.3;")))
    assert (claim.facts["versions"], claim.facts["groups"]) == (True, "")
    assert claim.location


def test_fires_where_no_group_is_p_256() -> None:
    site = config(with_line("ssl_ecdh_curve X25519:secp384r1;"))
    (claim,) = judge(CHECK, VISIT, RUNNING, site)
    assert (claim.facts["versions"], claim.facts["groups"]) == (False, "X25519:secp384r1")


def test_silent_where_older_clients_get_in() -> None:
    for line in (
        "ssl_protocols TLSv1.2 TLSv1.3;",
        "ssl_ecdh_curve auto;",
        "ssl_ecdh_curve X25519:prime256v1:secp384r1;",
        "ssl_session_timeout 5m;",
    ):
        assert not judge(CHECK, VISIT, RUNNING, config(with_line(line)))


def test_silent_where_no_browser_gets_in_either() -> None:
    visit = shake(group="secp521r1", chain=(leaf(),))
    assert not judge(CHECK, visit, RUNNING, config(with_line("ssl_ecdh_curve secp521r1;")))
