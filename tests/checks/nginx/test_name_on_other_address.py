from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Confidence,
    Edit,
    Failure,
    Severity,
    Subject,
    Target,
)
from diagnose.model.dns import Resolution
from diagnose.model.http import Exchange, RequestPurpose
from diagnose.model.nginx import InnerNginx
from diagnose.model.tls import Certificate, Handshake
from tests.support.check_evidence import NOW, judge
from tests.support.firewall_rules import connected
from tests.support.nginx_evidence import SITE, config

SIX, FOUR = "2001:db8:2::10", "203.0.113.10"
BOTH = Resolution(name="shop.example.com", family=6, addresses=(FOUR, SIX))
BLOG = (
    "server {\n listen 443 ssl;\n listen [::]:443 ssl;\n server_name blog.example.com;\n"
    " ssl_certificate b.pem;\n}\n"
)
SPECIFIC = BLOG.replace(" listen 443 ssl;\n listen [::]:443 ssl;", f" listen {FOUR}:443 ssl;")


def served(address: str, *names: str) -> Handshake:
    leaf = Certificate("CN=x", "CN=y", "1", NOW, NOW, "00", dns_names=names)
    return Handshake(address=address, port=443, chain=(leaf,))


RIGHT = served(FOUR, "shop.example.com")
WRONG = served(SIX, "blog.example.com")


def test_fires_for_the_other_family_and_adds_the_listen() -> None:
    (claim,) = judge(
        "nginx.name-on-other-address", connected(), config(SITE + BLOG), BOTH, RIGHT, WRONG
    )
    assert (claim.facts["listen"], claim.facts["addresses"]) == ("[::]:443", (SIX,))
    assert claim.because[:1] == (WRONG,)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    listen [::]:443 ssl;" in edit.diff


def test_fires_for_an_address_that_another_block_takes_away() -> None:
    wrong = served(FOUR, "blog.example.com")
    (claim,) = judge("nginx.name-on-other-address", connected(), config(SITE + SPECIFIC), wrong)
    assert claim.facts["specific"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+    listen {FOUR}:443 ssl;" in edit.diff


def test_the_missing_name_is_not_blamed() -> None:
    assert not judge("nginx.no-matching-server", config(SITE + BLOG), BOTH, RIGHT, WRONG)


def test_silent_when_no_visitor_gets_the_other_site() -> None:
    assert not judge("nginx.name-on-other-address", connected(), config(SITE + BLOG), BOTH, RIGHT)
    right = replace(WRONG, chain=RIGHT.chain)
    assert not judge(
        "nginx.name-on-other-address", connected(), config(SITE + BLOG), BOTH, RIGHT, right
    )


def test_silent_when_no_block_has_the_name() -> None:
    assert not judge("nginx.name-on-other-address", connected(), config(BLOG), BOTH, WRONG)


def answered(address: str, status: int) -> Exchange:
    return Exchange(url="https://shop.example.com/", address=address, port=443, status=status)


def test_fires_where_both_have_the_certificate_and_the_other_block_knows_no_such_page() -> None:
    wrong, right = served(FOUR, "shop.example.com"), served(SIX, "shop.example.com")
    site = SITE.replace("listen 443 ssl;", "listen 443 ssl;\n    listen [::]:443 ssl;")
    observations = (config(site + SPECIFIC), BOTH, wrong, right, answered(FOUR, 404))
    (claim,) = judge("nginx.name-on-other-address", connected(), *observations, answered(SIX, 200))
    assert (claim.facts["addresses"], claim.facts["status"]) == ((FOUR,), 404)
    assert claim.confidence is Confidence.CERTAIN
    (claim,) = judge("nginx.name-on-other-address", connected(), *observations, answered(SIX, 404))
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_the_other_block_serves_the_page_or_asks_who_comes() -> None:
    for status in (200, 401, 403):
        observations = (config(SITE + SPECIFIC), RIGHT, answered(FOUR, status))
        assert not judge("nginx.name-on-other-address", connected(), *observations)


@pytest.mark.parametrize(
    ("title", "names", "fires"),
    [("Blog", "blog.example.com", True), ("Shop", "blog.example.com", False), ("Blog", "_", False)],
)
def test_fires_where_the_page_of_another_site_comes_over_the_other_family(
    title: str, names: str, fires: bool
) -> None:
    blog = BLOG.replace("blog.example.com", names)
    same = (RIGHT, replace(WRONG, chain=RIGHT.chain))
    own = replace(answered(FOUR, 200), body="<title>Shop</title>")
    other = replace(answered(SIX, 200), body=f"<title>{title}</title>")
    observations = (connected(), config(SITE + blog), BOTH, *same, own, other)
    # A recording keeps no words of a page.
    claims = judge("nginx.name-on-other-address", *observations, masked=False)
    assert bool(claims) is fires


def test_silent_where_the_site_is_meant_for_an_inner_address() -> None:
    inner = SITE.replace("listen 443 ssl;", "listen 10.0.0.5:443 ssl;")
    assert not judge(
        "nginx.name-on-other-address", connected(), config(inner + BLOG), RIGHT, answered(FOUR, 404)
    )


def test_fires_where_the_site_listens_on_an_address_of_the_machine_alone() -> None:
    inner = SITE.replace("listen 443 ssl;", "listen 127.0.0.1:443 ssl;")
    closing = BLOG.replace("blog.example.com", "_").replace("}", " return 444;\n}")
    failed = Exchange(
        url="https://shop.example.com/", address=FOUR, port=443, failure=Failure("closed", "EOF")
    )
    (claim,) = judge(
        "nginx.name-on-other-address", connected(), config(inner + closing), RIGHT, failed
    )
    assert (claim.facts["inner"], claim.facts["closed"]) == (True, True)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    open_to_all = closing.replace("return 444", "root /srv")
    assert not judge(
        "nginx.name-on-other-address", connected(), config(inner + open_to_all), RIGHT, failed
    )


def test_fires_where_the_block_of_another_name_leads_visitors_to_where_they_are() -> None:
    """`return 301 https://shop.example.com$request_uri;` for "www.", and the site's own block is on
    an address of this machine alone."""
    inner = SITE.replace("listen 443 ssl;", "listen 127.0.0.1:443 ssl;")
    rule = "\n return 301 https://shop.example.com$request_uri;\n}"
    www = BLOG.replace("blog.", "www.shop.").replace("\n}", rule)
    url = "https://shop.example.com/"
    page = replace(answered(FOUR, 301), headers=(("Location", url),))
    seen = connected(), config(inner + www), RIGHT
    (claim,) = judge("nginx.name-on-other-address", *seen, page)
    assert claim.facts["inner"]
    away = replace(page, headers=(("Location", "https://shop.example.com/de/"),))
    assert not judge("nginx.name-on-other-address", *seen, away)


def test_fires_on_an_error_of_a_block_with_the_names_of_other_sites() -> None:
    """One certificate for all: what fails is the application of the other site."""
    right = served(FOUR, "shop.example.com")
    page = Exchange(url="https://shop.example.com/", address=FOUR, port=443, status=502)
    observations = (config(SITE + SPECIFIC), right, page)
    (claim,) = judge("nginx.name-on-other-address", connected(), *observations)
    assert claim.confidence is Confidence.LIKELY
    front = SPECIFIC.replace("server_name blog.example.com;", "server_name _;")
    assert not judge("nginx.name-on-other-address", connected(), config(SITE + front), right, page)


OTHER = "server {\n listen 80 default_server;\n server_name localhost;\n return 404;\n}\n"
PLAIN_SITE = "server {\n    listen [::]:80;\n    server_name shop.example.com;\n}\n"
PLAIN = Target("http://shop.example.com/", "http", "shop.example.com", 80)
FOUR_ALONE = Resolution(name="shop.example.com", family=4, addresses=(FOUR,))
SIX_ALONE = Resolution(name="shop.example.com", family=6, addresses=(SIX,))


def plain(
    status: int, purpose: RequestPurpose = "target", body: str = "", address: str = FOUR
) -> Exchange:
    url = "http://shop.example.com/"
    return Exchange(url=url, address=address, port=80, status=status, purpose=purpose, body=body)


@pytest.mark.parametrize(
    ("status", "body", "confidence"),
    [
        (404, "", Confidence.LIKELY),
        (200, "<title>Welcome to nginx!</title>", Confidence.CERTAIN),
    ],
)
def test_fires_for_plain_http_where_the_sites_listen_is_for_ipv6_alone(
    status: int, body: str, confidence: Confidence
) -> None:
    given = (connected(), config(PLAIN_SITE + OTHER), FOUR_ALONE)
    (claim,) = judge("nginx.name-on-other-address", *given, plain(status, body=body), target=PLAIN)
    assert (claim.severity, claim.confidence) == (None, confidence)
    assert (claim.facts["listen"], claim.facts["own_listen"]) == ("80", "[::]:80")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    listen 80;\n" in edit.diff


def test_fires_as_a_warning_for_port_80_beside_https() -> None:
    both = SITE.replace("listen 443 ssl;", "listen 443 ssl;\n    listen [::]:80;")
    given = (connected(), config(both + OTHER), FOUR_ALONE)
    (claim,) = judge("nginx.name-on-other-address", *given, plain(404, "plain"))
    assert (claim.severity, claim.about.port) == (Severity.WARNING, 80)
    assert Subject() not in claim.covers
    assert not judge("nginx.name-on-other-address", *given, plain(301, "plain"))


def test_silent_for_plain_http_where_the_name_has_ipv6_alone() -> None:
    given = (connected(), config(PLAIN_SITE + OTHER), SIX_ALONE, plain(404, address=SIX))
    assert not judge("nginx.name-on-other-address", *given, target=PLAIN)


def test_silent_for_plain_http_where_the_site_listens_on_both() -> None:
    both = PLAIN_SITE.replace("listen [::]:80;", "listen [::]:80;\n    listen 80;")
    given = (connected(), config(both + OTHER), FOUR_ALONE, plain(404))
    assert not judge("nginx.name-on-other-address", *given, target=PLAIN)


def test_two_ports_of_one_block_have_one_remedy() -> None:
    other = "server {\n listen 443 ssl;\n listen 80;\n server_name _;\n}\n"
    listens = "    listen [::]:80;\n    listen [::]:443 ssl;\n"
    own = f"server {{\n{listens}    server_name shop.example.com;\n}}\n"
    welcome = "<title>Welcome to nginx!</title>"
    secure = replace(plain(200, body=welcome), url="https://shop.example.com/", port=443)
    given = (connected(), config(other + own), FOUR_ALONE, secure)
    (claim,) = judge("nginx.name-on-other-address", *given, plain(200, "plain", welcome))
    assert claim.about.port == 443
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    listen 443 ssl;\n" in edit.diff
    assert "+    listen 80;\n" in edit.diff
    assert claim.facts["plain_listen"] == "80"


HTTP_SITE = "server {\n listen 80;\n server_name shop.example.com;\n return 301 https://$host$request_uri;\n}\n"
HTTP_BLOG = (
    "server {\n listen 80;\n listen [::]:80;\n server_name blog.example.com;\n"
    " return 301 https://blog.example.com$request_uri;\n}\n"
)


def redirected(address: str, host: str) -> Exchange:
    return Exchange(
        url="http://shop.example.com/", address=address, port=80, status=301, purpose="plain",
        headers=(("location", f"https://{host}/"),),
    )  # fmt: skip


def test_one_patch_for_https_and_http() -> None:
    """Issue 415 of pterodactyl/documentation: neither port of the site listens on IPv6."""
    files = config(SITE + HTTP_SITE + BLOG + HTTP_BLOG)
    pages = redirected(FOUR, "shop.example.com"), redirected(SIX, "blog.example.com")
    (claim,) = judge("nginx.name-on-other-address", connected(), files, BOTH, RIGHT, WRONG, *pages)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert edit.diff.count("+    listen [::]:443 ssl;") == 1
    assert edit.diff.count("+ listen [::]:80;") == 1
    assert claim.fix.applicability is Applicability.AUTOMATIC
    assert Subject(address=SIX, port=80) in claim.covers
    # A site of port 80 that is no redirect may be kept from some visitors.
    pages_of_http = HTTP_SITE.replace("return 301 https://$host$request_uri", "root /srv")
    files = config(SITE + pages_of_http + BLOG + HTTP_BLOG)
    (claim,) = judge("nginx.name-on-other-address", connected(), files, BOTH, RIGHT, WRONG)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_where_http_alone_leads_to_another_site() -> None:
    both = SITE.replace("listen 443 ssl;", "listen 443 ssl;\n    listen [::]:443 ssl;")
    files = config(both + HTTP_SITE + BLOG + HTTP_BLOG)
    right = replace(WRONG, chain=RIGHT.chain)
    pages = redirected(FOUR, "shop.example.com"), redirected(SIX, "blog.example.com")
    found = judge("nginx.name-on-other-address", connected(), files, BOTH, RIGHT, right, *pages)
    (claim,) = found
    assert claim.facts["onward"] == "https://blog.example.com/"
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.CERTAIN)
    # A block for all names sends everybody to https.
    own = redirected(FOUR, "shop.example.com"), redirected(SIX, "shop.example.com")
    assert not judge("nginx.name-on-other-address", connected(), files, BOTH, RIGHT, right, *own)


def test_fires_for_the_address_at_which_the_server_in_front_asks() -> None:
    """nginx/nginx, issue 220: HAProxy asks 127.0.0.1:80, which one block has for itself."""
    own = "server {\n listen 80;\n server_name shop.example.com;\n root /srv;\n}\n"
    status = "server {\n listen 127.0.0.1:80;\n server_name status.lan;\n return 200 ok;\n}\n"
    inner = InnerNginx(port=80, address="127.0.0.1", host="shop.example.com", product="haproxy")
    page = Exchange(
        url="https://shop.example.com/", address="203.0.113.10", port=443, status=200, body="ok"
    )
    check = "nginx.name-on-other-address"
    (claim,) = judge(check, connected(), config(own + status), page, inner, masked=False)
    assert (claim.confidence, claim.facts["front"]) == (Confidence.LIKELY, "HAProxy")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+ listen 127.0.0.1:80;" in edit.diff
    refused = replace(page, status=404, body="<center>nginx</center>")
    (claim,) = judge(check, connected(), config(own + status), refused, inner, masked=False)
    assert claim.confidence is Confidence.CERTAIN
    meant = status.replace("status.lan", "_")
    assert not judge(check, connected(), config(own + meant), page, inner, masked=False)
    own_too = own.replace("listen 80;", "listen 80;\n listen 127.0.0.1:80;")
    assert not judge(check, connected(), config(own_too + status), refused, inner, masked=False)
