from diagnose.model import Severity
from diagnose.model.http import Exchange
from tests.saying import judge


def answer(url: str, location: str = "", purpose: str = "target", status: int = 301) -> Exchange:
    return Exchange(
        url=url,
        address="203.0.113.10",
        port=443 if url.startswith("https") else 80,
        purpose=purpose,
        status=status,
        headers=(("Location", location),) if location else (),
    )


HOME, PLAIN = "https://shop.example.com/", "http://shop.example.com/"


def test_fires_where_https_leads_to_http() -> None:
    (claim,) = judge(
        "http.redirect-downgrade", answer(HOME, PLAIN), answer(PLAIN, purpose="plain", status=200)
    )
    assert claim.severity is None
    assert claim.facts["onward"] == PLAIN


def test_warns_where_http_leads_back_to_another_page_on_https() -> None:
    (claim,) = judge(
        "http.redirect-downgrade",
        answer(HOME, PLAIN + "en/"),
        answer(PLAIN + "en/", HOME + "en/", "redirect"),
        answer(HOME + "en/", purpose="redirect", status=200),
    )
    assert claim.severity is Severity.WARNING


def test_silent_on_redirects_that_keep_https() -> None:
    assert not judge(
        "http.redirect-downgrade",
        answer(HOME, "/en/"),
        answer(HOME + "en/", purpose="redirect", status=200),
    )


def test_silent_on_a_redirect_to_a_stranger() -> None:
    assert not judge("http.redirect-downgrade", answer(HOME, "http://elsewhere.example.net/"))


def test_silent_on_plain_http() -> None:
    assert not judge("http.redirect-downgrade", answer(PLAIN, HOME, "plain"))
