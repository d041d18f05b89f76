"""nginx.old-clients-refused: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Manual, Symptom
from tests.support.certificates import leaf
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.tls_evidence import OWN, alerted, applicability, changes, shake, with_line

CHECK = "nginx.old-clients-refused"
VISIT = shake(group="x25519", chain=(leaf(),))


def test_fires_where_only_tls_1_3_is_allowed() -> None:
    (claim,) = judge(CHECK, VISIT, RUNNING, config(with_line("ssl_protocols TLSv1.3;")))
    assert (claim.facts["versions"], claim.facts["groups"]) == (True, "")
    assert claim.location
    assert changes(claim).split("\n") == [
        "-    ssl_protocols TLSv1.3;",
        "+    ssl_protocols TLSv1.2 TLSv1.3;",
    ]
    assert applicability(claim) is Applicability.REVIEW


def test_the_default_server_of_the_port_lets_older_clients_in_too() -> None:
    other = OWN.replace("shop.example.com", "blog.example.com").removesuffix("}\n")
    first = f"{other}    ssl_protocols TLSv1.3;\n}}\n"
    (claim,) = judge(CHECK, VISIT, RUNNING, config(first + with_line("ssl_protocols TLSv1.3;")))
    assert changes(claim).count("+    ssl_protocols TLSv1.2 TLSv1.3;") == 2


def test_fires_where_no_group_is_p_256() -> None:
    site = config(with_line("ssl_ecdh_curve X25519:secp384r1;"))
    (claim,) = judge(CHECK, VISIT, RUNNING, site)
    assert (claim.facts["versions"], claim.facts["groups"]) == (False, "X25519:secp384r1")
    assert "+    ssl_ecdh_curve auto;" in changes(claim)


OLD_CLIENT = Symptom("tls-parameters", "SSL_do_handshake() failed (… unsupported protocol)")


def test_fires_for_a_client_of_tls_1_0_where_its_refusal_was_pasted() -> None:
    site = config(with_line("ssl_protocols TLSv1.2 TLSv1.3;"))
    (claim,) = judge(CHECK, VISIT, RUNNING, site, target=replace(SHOP, symptom=OLD_CLIENT))
    assert (claim.facts["ancient"], claim.facts["allowed"]) == (True, "TLSv1.2 TLSv1.3")
    assert claim.confidence is Confidence.POSSIBLE
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == ["update-them"]


def test_the_log_of_the_server_itself_makes_it_likely_where_tls_1_3_is_on() -> None:
    logged = f"{OLD_CLIENT.text} while SSL handshaking, client: 198.51.100.7, server: 0.0.0.0:443"
    target = replace(SHOP, symptom=replace(OLD_CLIENT, text=logged))
    site = config(with_line("ssl_protocols TLSv1.2 TLSv1.3;"))
    (claim,) = judge(CHECK, VISIT, RUNNING, site, target=target)
    assert claim.confidence is Confidence.LIKELY
    old = replace(VISIT, protocol="TLSv1.2")
    (claim,) = judge(CHECK, old, RUNNING, site, target=target)
    assert claim.confidence is Confidence.POSSIBLE


def test_silent_where_the_message_is_about_tls_1_3() -> None:
    words = "Nginx 配置 TLSv1.3 没有生效: tlsv1 alert protocol version"
    target = replace(SHOP, symptom=replace(OLD_CLIENT, text=words))
    assert not judge(
        CHECK, VISIT, RUNNING, config(with_line("ssl_protocols TLSv1.2;")), target=target
    )


def test_fires_where_the_default_server_of_the_port_alone_refuses_tls_1_2() -> None:
    other = OWN.replace("shop.example.com", "blog.example.com").removesuffix("}\n")
    text = f"{other}    ssl_protocols TLSv1.3;\n}}\n" + with_line("ssl_protocols TLSv1.2 TLSv1.3;")
    refused = alerted(70, "tls1.2")
    (claim,) = judge(CHECK, VISIT, refused, RUNNING, config(text))
    assert changes(claim).count("+    ssl_protocols TLSv1.2 TLSv1.3;") == 1
    assert not judge(CHECK, VISIT, RUNNING, config(text))


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("ssl_protocols TLSv1 TLSv1.2;", OLD_CLIENT.text),
        ("ssl_session_timeout 5m;", OLD_CLIENT.text),
        ("ssl_protocols TLSv1.2;", "no shared cipher"),
    ],
)
def test_silent_for_such_a_client_where_it_may_get_in_or_says_something_else(
    line: str, text: str
) -> None:
    target = replace(SHOP, symptom=replace(OLD_CLIENT, text=text))
    assert not judge(CHECK, VISIT, RUNNING, config(with_line(line)), target=target)


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
