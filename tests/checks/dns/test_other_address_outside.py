from diagnose.model.dns import Resolution
from diagnose.model.http import Exchange
from tests.support.check_evidence import judge
from tests.support.vantage_evidence import ADDRESS, LAPTOP, again, silent, visit

CHECK = "dns.other-address-outside"
OLD = "198.51.100.99"
NAME = Resolution(name="shop.example.com", family=4, addresses=(ADDRESS,))
PAGE = Exchange(url="https://shop.example.com/", address=ADDRESS, port=443, status=200)


def test_fires_where_the_other_address_is_dead() -> None:
    (claim,) = judge(CHECK, NAME, PAGE, silent(address=OLD), again(address=OLD))
    assert claim.facts["places"] == (LAPTOP,)
    assert claim.facts["addresses"] == (OLD,)


def test_silent_where_the_other_address_answers() -> None:
    """Names lead to several addresses in good order: a CDN has one near everybody."""
    assert not judge(CHECK, NAME, PAGE, visit(address=OLD))
    assert not judge(CHECK, NAME, PAGE, silent(address=OLD), visit(address=OLD, purpose="again"))


def test_silent_where_both_know_the_address_or_nothing_works_here() -> None:
    assert not judge(CHECK, NAME, PAGE, silent())
    assert not judge(CHECK, NAME, silent(address=OLD))
