"""nginx.name-without-certificate: when it fires, and when it is silent."""

import pytest

from diagnose.model.tls import Certificate, Handshake
from tests.support.check_evidence import NOW, judge
from tests.support.nginx_evidence import SITE, config

CHECK = "nginx.name-without-certificate"


def served(*names: str) -> Handshake:
    leaf = Certificate("CN=x", "CN=y", "1", NOW, NOW, "00", dns_names=names)
    return Handshake(address="203.0.113.10", port=443, chain=(leaf,))


def named(names: str) -> str:
    return SITE.replace("shop.example.com", names)


@pytest.mark.parametrize("other", ["www.shop.example.com", "m.shop.example.com"])
def test_fires_when_the_block_has_a_name_that_the_certificate_lacks(other: str) -> None:
    (claim,) = judge(CHECK, config(named(f"shop.example.com {other}")), served("shop.example.com"))
    assert claim.facts["uncovered"] == (other,)


@pytest.mark.parametrize(
    ("names", "covered"),
    [
        ("shop.example.com", ("shop.example.com",)),
        ("shop.example.com www.shop.example.com", ("shop.example.com", "*.shop.example.com")),
        ("shop.example.com localhost 10.0.0.5 web1.internal _", ("shop.example.com",)),
        ("shop.example.com *.shop.example.com ~^www", ("shop.example.com",)),
        ("shop.example.com www.shop.example.com", ("www.shop.example.com",)),  # another fault
    ],
)
def test_silent_when_every_name_of_the_site_is_covered(
    names: str, covered: tuple[str, ...]
) -> None:
    assert not judge(CHECK, config(named(names)), served(*covered))


def test_silent_when_another_block_has_the_other_name() -> None:
    other = named("www.shop.example.com")
    assert not judge(CHECK, config(SITE + other), served("shop.example.com"))
