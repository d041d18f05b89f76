from dataclasses import replace
from datetime import timedelta

import pytest

from diagnose.model import Applicability, Command, Host, Vantage
from diagnose.model.nginx import CertificateFile
from tests.support.certificates import HEALTHY, LEAF, MIDDLE, causes, leaf, visit
from tests.support.check_evidence import NOW, judge
from tests.support.nginx_evidence import RUNNING, config

YESTERDAY = NOW - timedelta(days=1)
OVER = leaf(not_after=YESTERDAY)


def test_fires_once_for_all_addresses_that_serve_it() -> None:
    (claim,) = judge(
        "certificate.expired",
        visit(OVER, MIDDLE, code=10),
        visit(OVER, MIDDLE, code=10, address="2001:db8::10"),
    )
    assert str(claim.about) == "203.0.113.10:443, [2001:db8::10]:443"
    assert claim.facts["days"] == 1


def test_fires_where_the_chain_does_not_verify_for_another_reason_first() -> None:
    assert judge("certificate.expired", visit(OVER, code=20))
    assert set(causes(visit(OVER, code=20))) == {
        "certificate.chain-incomplete",
        "certificate.expired",
    }


def test_fires_for_an_intermediate_without_which_there_is_no_way() -> None:
    (claim,) = judge(
        "certificate.expired", visit(LEAF, replace(MIDDLE, not_after=YESTERDAY), code=10)
    )
    assert claim.facts["which"] == "Example Middle"


def test_silent_while_it_is_valid_and_about_what_is_not_needed() -> None:
    assert not judge("certificate.expired", HEALTHY)
    assert not judge("certificate.expired", visit(LEAF, replace(MIDDLE, not_after=YESTERDAY)))


def test_a_root_in_the_store_that_is_over_is_left_to_the_most_general_check() -> None:
    assert causes(visit(code=10, message="certificate has expired")) == ["certificate.rejected"]


def test_certbot_renews_what_lets_encrypt_issued_and_nginx_is_reloaded_as_the_server_does() -> None:
    issued = leaf(not_after=YESTERDAY, issuer="CN=R11,O=Let's Encrypt,C=US")
    host = Host(vantage=Vantage.SERVER, hostname="shop", manager="systemd")
    (claim,) = judge("certificate.expired", visit(issued, MIDDLE, code=10), host)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert [step.argv for step in claim.fix.steps if isinstance(step, Command)] == [
        ("certbot", "renew"),
        ("systemctl", "reload", "nginx"),
    ]


@pytest.mark.parametrize(
    ("path", "real", "command"),
    [
        (
            "/etc/letsencrypt/live/shop/fullchain.pem",
            "/etc/letsencrypt/archive/shop/fullchain2.pem",
            ("certbot", "renew", "--cert-name", "shop"),
        ),
        (
            "/etc/nginx/shop.pem",
            "/etc/letsencrypt/archive/shop-0001/fullchain12.pem",
            ("certbot", "renew", "--cert-name", "shop-0001"),
        ),
        (
            "/home/a/.acme.sh/shop.example.com_ecc/fullchain.cer",
            "",
            (
                "/home/a/.acme.sh/acme.sh",
                *("--home", "/home/a/.acme.sh", "--renew", "-d", "shop.example.com"),
                *("--ecc", "--force"),
            ),
        ),
    ],
)
def test_the_tool_that_keeps_the_file_renews_it(
    path: str, real: str, command: tuple[str, ...]
) -> None:
    file = CertificateFile(path=path, real=real, sha256=OVER.sha256, chain=(OVER,))
    (claim,) = judge("certificate.expired", visit(OVER, MIDDLE, code=10), file)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    step = claim.fix.steps[0]
    assert isinstance(step, Command)
    assert step.argv == command


def test_nginx_of_this_server_is_reloaded_after_a_new_file_was_put_there() -> None:
    over = replace(OVER, issuer="CN=Example Company")
    path = "/etc/nginx/shop.pem"
    text = f"server {{ listen 443 ssl; server_name shop.example.com; ssl_certificate {path}; }}"
    file = CertificateFile(path=path, sha256=over.sha256, chain=(over,))
    (claim,) = judge(
        "certificate.expired", visit(over, MIDDLE, code=10), file, RUNNING, config(text)
    )
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    _, test, reload = claim.fix.steps
    assert isinstance(test, Command)
    assert isinstance(reload, Command)
    assert (test.argv, reload.argv) == (("nginx", "-t"), ("nginx", "-s", "reload"))
