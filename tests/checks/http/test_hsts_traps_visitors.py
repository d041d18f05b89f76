from diagnose.model.http import Exchange
from tests.support.check_evidence import judge


def home(header: str, verified: bool = False) -> Exchange:
    return Exchange(
        url="https://shop.example.com/",
        address="203.0.113.10",
        port=443,
        status=200,
        headers=(("Strict-Transport-Security", header),) if header else (),
        verified=verified,
    )


def test_fires_where_hsts_meets_a_certificate_error() -> None:
    (claim,) = judge("http.hsts-traps-visitors", home("max-age=31536000; includeSubDomains"))
    assert claim.facts["days"] == 365


def test_silent_with_a_good_certificate() -> None:
    assert not judge("http.hsts-traps-visitors", home("max-age=31536000", verified=True))


def test_silent_without_hsts_or_where_it_is_taken_back() -> None:
    assert not judge("http.hsts-traps-visitors", home(""), home("max-age=0"), home("nonsense"))
