import pytest

from diagnose.model import Applicability, Edit, Target
from diagnose.model.http import Exchange, RequestPurpose
from tests.support.check_evidence import judge
from tests.support.redirect_evidence import AROUND, PLAIN, SITE, applied, config
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config


def plain(path: str, location: str, purpose: RequestPurpose) -> Exchange:
    return Exchange(
        url=f"http://shop.example.com{path}",
        address="203.0.113.10",
        port=80,
        purpose=purpose,
        status=301,
        headers=(("Location", location),),
    )


HOME = plain("/", "https://shop.example.com/", "plain")
UNKNOWN = "/diagnose-1a2b?q=1"


def test_fires_where_every_page_becomes_the_same() -> None:
    (claim,) = judge(
        "http.redirect-drops-path", HOME, plain(UNKNOWN, "https://shop.example.com/", "path")
    )
    assert claim.facts["onward"] == "https://shop.example.com/"


def test_fires_where_the_path_asked_for_is_lost() -> None:
    target = Target("shop.example.com/cart", "https", "shop.example.com", 443, "/cart")
    assert judge(
        "http.redirect-drops-path",
        plain("/cart", "https://www.shop.example.com/", "plain"),
        target=target,
    )


def test_silent_where_the_path_is_kept() -> None:
    kept = f"https://shop.example.com{UNKNOWN}"
    assert not judge("http.redirect-drops-path", HOME, plain(UNKNOWN, kept, "path"))


def test_silent_where_the_path_comes_along_in_a_parameter() -> None:
    login = "https://shop.example.com/login?next=%2Fdiagnose-1a2b%3Fq%3D1"
    both = plain("/", login, "plain")
    assert not judge("http.redirect-drops-path", both, plain(UNKNOWN, login, "path"))


def test_silent_where_an_unknown_page_has_a_place_of_its_own() -> None:
    missing = "https://shop.example.com/not-found"
    assert not judge("http.redirect-drops-path", HOME, plain(UNKNOWN, missing, "path"))


def test_silent_where_the_site_has_moved_to_another_name() -> None:
    moved = "https://new.example.net/"
    both = plain("/", moved, "plain")
    assert not judge("http.redirect-drops-path", both, plain(UNKNOWN, moved, "path"))


@pytest.mark.parametrize(
    "words",
    [
        "return 301 https://$host/;",
        "return 301 https://shop.example.com;",
        "rewrite ^ https://shop.example.com/ permanent;",
        "rewrite ^ https://shop.example.com/? permanent;",
    ],
)
def test_nginx_names_the_path(words: str) -> None:
    text = SITE + PLAIN.replace("return 301 https://$host$request_uri;", words)
    # A rewrite appends the query of the visitor.
    query = "?q=1" if "com/ permanent" in words else ""
    lost = plain(UNKNOWN, f"https://shop.example.com/{query}", "path")
    (claim,) = judge("http.redirect-drops-path", HOME, lost, config(text), *AROUND)
    applicability, lines = applied(claim)
    assert applicability is Applicability.AUTOMATIC
    assert lines[0] == f"-{words}"
    assert lines[1].endswith("$request_uri;")


def test_a_page_that_was_chosen_may_be_meant() -> None:
    text = SITE + PLAIN.replace("$request_uri", "/welcome")
    pages: list[tuple[str, RequestPurpose]] = [("/", "plain"), (UNKNOWN, "path")]
    observations = [plain(p, "https://shop.example.com/welcome", k) for p, k in pages]
    (claim,) = judge("http.redirect-drops-path", *observations, config(text), *AROUND)
    assert applied(claim)[0] is Applicability.REVIEW


def test_fires_where_the_server_writes_the_query_behind_the_home_page() -> None:
    """As Apache's RewriteRule does."""
    lost = plain(UNKNOWN, "https://shop.example.com/?q=1", "path")
    text = HTTPS + (
        "<VirtualHost *:80>\n    ServerName shop.example.com\n    RewriteEngine On\n"
        "    RewriteRule ^ https://shop.example.com/ [R=301,L]\n</VirtualHost>\n"
    )
    (claim,) = judge("http.redirect-drops-path", HOME, lost, APACHE, apache_config(text))
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "https://shop.example.com%{REQUEST_URI} [R=301,L]" in edit.diff


def test_silent_where_the_path_and_the_query_are_kept() -> None:
    kept = "https://shop.example.com/shop?q=1"
    assert not judge("http.redirect-drops-path", HOME, plain(UNKNOWN, kept, "path"))
