from dataclasses import replace

from tests.support.certificates import HEALTHY, LEAF, MIDDLE, OTHER, ROOT, causes, leaf, visit
from tests.support.check_evidence import judge, texts


def test_fires_when_none_of_those_sent_issued_the_leaf() -> None:
    (claim,) = judge("certificate.wrong-intermediate", visit(LEAF, OTHER, code=20))
    assert claim.facts["sent"] == ("Other Middle",)
    assert claim.facts["wanted"] == "CN=Example Middle"
    assert causes(visit(LEAF, OTHER, code=20)) == ["certificate.wrong-intermediate"]


def test_fires_for_the_root_in_the_place_of_the_intermediate() -> None:
    assert causes(visit(LEAF, ROOT, code=20)) == ["certificate.wrong-intermediate"]


def test_fires_for_an_issuer_of_the_same_name_with_another_key() -> None:
    assert causes(visit(LEAF, replace(MIDDLE, key_id="ee"), code=20)) == [
        "certificate.wrong-intermediate"
    ]
    assert causes(visit(LEAF, replace(MIDDLE, key_id=""), code=7)) == [
        "certificate.wrong-intermediate"
    ]


def test_silent_when_it_is_the_right_one_even_beside_strangers() -> None:
    assert not judge("certificate.wrong-intermediate", HEALTHY)
    assert not judge("certificate.wrong-intermediate", visit(LEAF, MIDDLE, OTHER))
    assert not judge("certificate.wrong-intermediate", visit(LEAF, code=20))


def test_fires_and_its_page_quotes_the_url_once_for_the_shell() -> None:
    hostile = leaf(issuer_urls=("http://ca.example/?a&b",))
    (claim,) = judge("certificate.wrong-intermediate", visit(hostile, OTHER, code=20))
    pages = texts("certificate.wrong-intermediate", claim)
    assert sum("-sSo issuer.der 'http://ca.example/?a&b'`" in page for page in pages) == 2
