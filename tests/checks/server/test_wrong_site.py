import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from diagnose.model import (
    Applicability,
    Command,
    Confidence,
    Edit,
    Severity,
    Symptom,
    Target,
    Vantage,
)
from diagnose.model.dns import DnsAnswer, Resolution
from diagnose.model.files import OtherCertificate
from diagnose.model.http import Exchange
from diagnose.model.server import Interface
from diagnose.model.tls import Certificate, Handshake
from diagnose.model.web_servers import SiteRedirect, WebServerConfig
from tests.support import caddy_evidence, haproxy_evidence
from tests.support.check_evidence import NOW, SHOP, judge
from tests.support.check_evidence import REFUSED as REFUSAL
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

CHECK = "server.wrong-site"
OTHER = Certificate(
    "CN=www.example.org",
    "CN=ca",
    "1",
    NOW - timedelta(days=5),
    NOW + timedelta(days=60),
    "aa",
    dns_names=("www.example.org",),
)
SERVED = Handshake(address="203.0.113.10", port=443, chain=(OTHER,))
ANOTHER = HTTPS.replace("shop.example.com", "www.example.org")
PAGES = re.sub(r"    ProxyPass.*\n", "    DocumentRoot /var/www/html\n", HTTPS)


def test_fires_when_another_sites_certificate_is_served() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(ANOTHER), LISTENING, SERVED)
    assert claim.facts["default_names"] == ("www.example.org",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_with_the_name_for_the_one_site_that_names_none() -> None:
    first = PAGES.replace("shop.example.com", "www.example.org")
    bare = "".join(line for line in HTTPS.splitlines(True) if "ServerName" not in line)
    refused = replace(ANSWER, status=404, body="<address>Apache/2.4 Server at a Port 443</address>")
    (claim,) = judge(CHECK, APACHE, apache_config(first + bare), refused, masked=False)
    assert str(claim.facts["nameless"]).startswith("/etc/apache2/")
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+    ServerName shop.example.com\n" in edit.diff
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    for sites in (first + bare + bare, first + bare.replace("    SSL", "    Use Site\n    SSL", 1)):
        for claim in judge(CHECK, APACHE, apache_config(sites), refused, masked=False):
            assert claim.fix
            assert claim.fix.applicability is Applicability.MANUAL


def test_fires_when_a_site_that_names_none_is_left_out_and_another_shows_its_page() -> None:
    """Issue 483 of mailcow: both are in one certificate, so that nothing tells but the names."""
    first = PAGES.replace("shop.example.com", "mail.example.org")
    bare = "".join(line for line in HTTPS.splitlines(True) if "ServerName" not in line)
    shown = replace(ANSWER, status=200, body="<title>mailcow UI</title>")
    (claim,) = judge(CHECK, APACHE, apache_config(first + bare), shown, masked=False)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+    ServerName shop.example.com\n" in edit.diff
    same = "".join(line for line in PAGES.splitlines(True) if "ServerName" not in line)
    near = first.replace("mail.example.org", "www.shop.example.com")
    empty = "<VirtualHost *:443>\n    SSLEngine on\n</VirtualHost>\n"
    for sites in (first, first + same, near + bare, HTTPS + bare, first + bare * 2, first + empty):
        assert not judge(CHECK, APACHE, apache_config(sites), shown, masked=False)
    config = apache_config(first + bare)
    away = replace(config.sites[-1], redirects=(SiteRedirect("/", "https://www.example.net/"),))
    config = replace(config, sites=(*config.sites[:-1], away))
    assert not judge(CHECK, APACHE, config, shown, masked=False)


def test_fires_when_the_site_is_not_enabled_and_enables_it() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(ANOTHER, HTTPS), LISTENING, SERVED)
    assert claim.fix
    first = claim.fix.steps[0]
    assert isinstance(first, Command)
    assert first.argv == ("a2ensite", "idle")
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_silent_for_haproxy_that_has_no_certificate_of_the_name() -> None:
    config = haproxy_evidence.config()
    assert not judge(CHECK, haproxy_evidence.SERVER, config, LISTENING, SERVED)


def test_silent_for_haproxy_that_passes_tls_on() -> None:
    """Issue 341 of haproxy-ingress: the certificate is that of the backend."""
    tcp = haproxy_evidence.TEXT.replace("mode http", "mode tcp").replace(
        f" ssl crt {haproxy_evidence.PEM}", ""
    )
    config = haproxy_evidence.config(tcp.replace("    option httpchk GET /healthz\n", ""))
    assert not judge(CHECK, haproxy_evidence.SERVER, config, LISTENING, SERVED)


def test_fires_with_care_if_a_part_was_not_understood() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(ANOTHER, complete=False), LISTENING, SERVED)
    assert claim.confidence is Confidence.LIKELY


def test_silent_when_the_name_is_there_or_the_certificate_is_good() -> None:
    good = replace(SERVED, chain=(replace(OTHER, dns_names=("shop.example.com",)),))
    assert not judge(CHECK, APACHE, apache_config(), LISTENING, SERVED)
    assert not judge(CHECK, APACHE, apache_config(ANOTHER), LISTENING, good)
    alias = ANOTHER.replace("SSLEngine on", "SSLEngine on\nServerAlias *.example.com")
    assert not judge(CHECK, APACHE, apache_config(alias), LISTENING, SERVED)


def test_fires_for_a_site_on_a_loopback_address_alone() -> None:
    inner = HTTPS.replace("*:443", "127.0.1.1:443")
    own = replace(OTHER, dns_names=("shop.example.com",))
    config = apache_config(f"{ANOTHER}{inner}")
    served = replace(SERVED, address="127.0.1.1", chain=(own,))
    hosts = Resolution(name="shop.example.com", family=4, addresses=("127.0.1.1",))
    assert not judge(CHECK, APACHE, config, LISTENING, served, hosts), "for this machine alone"
    dns = DnsAnswer(
        name="shop.example.com", rdtype="A", server="192.0.2.53", records=("203.0.113.10",)
    )
    (claim,) = judge(CHECK, APACHE, config, LISTENING, served, hosts, dns)
    assert claim.facts["inner_address"] == "127.0.1.1"
    assert claim.facts["elsewhere"] == ""
    assert claim.severity is None


NIC = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=("203.0.113.10/24",))
FAR = ANOTHER.replace(":3000", ":4000") + HTTPS.replace("*:443", "198.51.100.77:443")


def test_fires_for_a_site_on_an_address_that_this_machine_does_not_have() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(FAR), LISTENING, ANSWER, NIC, masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["inner_address"] == "198.51.100.77"
    assert claim.fix
    assert "+<VirtualHost *:443>" in claim.fix.edits[0].diff
    behind = replace(NIC, addresses=("10.0.0.5/24",))
    assert not judge(CHECK, APACHE, apache_config(FAR), LISTENING, ANSWER, behind)
    served = replace(SERVED, chain=(OTHER,))
    (claim,) = judge(CHECK, APACHE, apache_config(FAR), LISTENING, ANSWER, behind, served)
    assert claim.confidence is Confidence.LIKELY


def test_silent_for_an_address_that_this_machine_has() -> None:
    own = replace(NIC, addresses=("203.0.113.10/24", "198.51.100.77/32"))
    assert not judge(CHECK, APACHE, apache_config(FAR), LISTENING, ANSWER, own)
    assert not judge(CHECK, APACHE, apache_config(FAR), LISTENING, ANSWER)


def test_fires_for_a_refused_page_where_a_site_has_the_name_with_www() -> None:
    named = ANOTHER + HTTPS.replace("shop.example.com", "www.shop.example.com")
    refused = replace(ANSWER, status=404)
    (claim,) = judge(CHECK, APACHE, apache_config(named), LISTENING, refused, masked=False)
    assert claim.facts["sibling"] == "/etc/apache2/sites-enabled/shop.conf:9"
    assert not judge(CHECK, APACHE, apache_config(named), LISTENING, ANSWER)
    assert not judge(CHECK, APACHE, apache_config(ANOTHER), LISTENING, refused)


FIRST = HTTPS.replace("shop.example.com", "default.invalid")
FIRST = "".join(line for line in FIRST.splitlines(keepends=True) if "ProxyPass" not in line)
MISTYPED = HTTPS.replace("shop.example.com", "shpo.example.com")
REFUSED = Exchange(
    url=SHOP.url, address="203.0.113.10", port=443, status=403,
    body="<h1>Forbidden</h1><address>Apache/2.4.62 (Debian) Server at shop.example.com</address>",
)  # fmt: skip
WELCOME = replace(REFUSED, status=200, body="<title>Apache2 Debian Default Page: It works</title>")
GOOD = replace(SERVED, chain=(replace(OTHER, dns_names=("shop.example.com",)),))


@pytest.mark.parametrize("page", [REFUSED, replace(REFUSED, status=404), WELCOME])
def test_fires_when_the_first_site_has_no_page_and_another_name_is_misspelled(
    page: Exchange,
) -> None:
    observations = (APACHE, apache_config(FIRST + MISTYPED), LISTENING, GOOD, page)
    (claim,) = judge(CHECK, *observations, masked=False)
    assert claim.facts["mistyped"] == "shpo.example.com"
    assert (claim.severity, claim.confidence) == (None, Confidence.LIKELY)
    observations = (APACHE, apache_config(FIRST + ANOTHER), LISTENING, GOOD, page)
    (claim,) = judge(CHECK, *observations, masked=False)
    assert claim.facts["mistyped"] == ""
    assert claim.severity is Severity.WARNING


def test_fires_for_a_name_that_browsers_send_in_another_encoding() -> None:
    sent = "xn--mller-kva.example.com"
    sites = FIRST + MISTYPED.replace("shpo.example.com", "Müller.example.com")
    page = replace(REFUSED, status=200, url=f"https://{sent}/", body="<h1>Other site</h1>")
    target = Target(f"https://{sent}/", "https", sent, 443)
    (claim,) = judge(
        CHECK, APACHE, apache_config(sites), LISTENING, page, target=target, masked=False
    )
    assert claim.facts["encoded"]
    assert claim.confidence is Confidence.CERTAIN
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert f"+    ServerName {sent}\n" in edit.diff
    # The name without the dots above it is another domain.
    plain = "https://muller.example.com/"
    target = Target(plain, "https", "muller.example.com", 443)
    other = replace(page, url=plain)
    assert not judge(
        CHECK, APACHE, apache_config(sites), LISTENING, other, target=target, masked=False
    )


@pytest.mark.parametrize(
    ("sites", "page"),
    [
        (FIRST, REFUSED),  # the only site on the port
        (MISTYPED.replace("    ProxyPass /", "    #") + ANOTHER, REFUSED),  # the site's own
        (HTTPS.replace("shop.example.com", "default.invalid") + ANOTHER, REFUSED),  # an application
        (FIRST + ANOTHER, replace(REFUSED, body="no such shop")),
        (FIRST + ANOTHER, replace(REFUSED, status=401)),
        (FIRST + ANOTHER, replace(REFUSED, status=200)),
    ],
)
def test_silent_when_the_first_site_may_be_meant(sites: str, page: Exchange) -> None:
    assert not judge(CHECK, APACHE, apache_config(sites), LISTENING, GOOD, page)


def test_fires_with_a_warning_when_a_site_of_another_name_shows_its_page() -> None:
    page = replace(REFUSED, status=200, body="the blog")
    observations = (APACHE, apache_config(ANOTHER + MISTYPED), LISTENING, GOOD)
    (claim,) = judge(CHECK, *observations, page, masked=False)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert claim.facts["mistyped"] == "shpo.example.com"
    assert not judge(CHECK, *observations, replace(page, status=502), masked=False)


WILDCARD = HTTPS.replace("ServerName shop", "ServerName any").replace(
    "SSLEngine on", "SSLEngine on\nServerAlias *.example.com"
)
TENANTS = WILDCARD.replace(":3000", ":3002")
MISSING = replace(ANSWER, status=404, body="<title>No such tenant</title>")


def test_fires_for_a_wildcard_that_is_read_first() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(f"{TENANTS}{HTTPS}"), LISTENING, MISSING)
    assert claim.facts["wildcard"] == "*.example.com"
    assert claim.facts["later"]
    assert claim.confidence is Confidence.CERTAIN


def test_fires_for_a_misspelled_name_whose_pages_a_wildcard_refuses() -> None:
    mistyped = HTTPS.replace("shop.example", "shpo.example")
    plain = "<VirtualHost *:80>\nServerName shop.example.com\n</VirtualHost>\n"
    config = apache_config(f"{mistyped}{TENANTS}{plain}")
    (claim,) = judge(CHECK, APACHE, config, LISTENING, MISSING)
    assert claim.facts["mistyped"] == "shpo.example.com"
    assert claim.facts["elsewhere"] == ""
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+    ServerName shop.example.com" in claim.fix.steps[0].diff
    assert claim.confidence is Confidence.LIKELY
    assert not judge(CHECK, APACHE, config, LISTENING, ANSWER), "the wildcard may be meant"


def test_silent_for_a_wildcard_beside_the_site_or_with_the_same_content() -> None:
    assert not judge(CHECK, APACHE, apache_config(f"{HTTPS}{TENANTS}"), LISTENING, MISSING)
    assert not judge(CHECK, APACHE, apache_config(f"{WILDCARD}{HTTPS}"), LISTENING, MISSING)
    assert not judge(CHECK, APACHE, apache_config(TENANTS), LISTENING, MISSING)


MANY_NAMES = """\
*.example.com {
	respond "no such site" 404
}

shopp.example.com {
	reverse_proxy 127.0.0.1:3000
}
"""


def caddy(second: str, handler: dict[str, object]) -> WebServerConfig:
    """A site for many names with this handler, and a second one with an application."""
    made: Any = caddy_evidence.document("*.example.com")
    other: Any = caddy_evidence.document(second)
    routes = made["apps"]["http"]["servers"]["srv0"]["routes"]
    routes[0]["handle"][0]["routes"] = [{"handle": [handler]}]
    routes[:0] = other["apps"]["http"]["servers"]["srv0"]["routes"]
    return caddy_evidence.caddy_config(MANY_NAMES.replace("shopp.example.com", second), made)


NOBODY: dict[str, object] = {"handler": "static_response", "status_code": 404}
PROXY: dict[str, object] = {"handler": "reverse_proxy", "upstreams": [{"dial": "127.0.0.1:3000"}]}
NO_SITE = replace(REFUSED, status=404, body="no such site")


@pytest.mark.parametrize("page", [NO_SITE, replace(NO_SITE, status=None, failure=REFUSAL)])
def test_fires_where_a_site_for_many_names_hides_a_typing_error(page: Exchange) -> None:
    config = caddy("shopp.example.com", NOBODY)
    observations = (caddy_evidence.CADDY, config, caddy_evidence.LISTENING, page)
    (claim,) = judge(CHECK, *observations, masked=False)
    assert (claim.severity, claim.facts["mistyped"]) == (None, "shopp.example.com")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+shop.example.com {" in edit.diff


@pytest.mark.parametrize(
    ("second", "handler", "page"),
    [
        ("git.example.com", NOBODY, NO_SITE),
        ("shopp.example.com", PROXY, replace(NO_SITE, status=None, failure=REFUSAL)),
        ("shopp.example.com", NOBODY, replace(NO_SITE, status=200)),
        ("shop.example.com", NOBODY, NO_SITE),
    ],
)
def test_silent_where_a_site_for_many_names_is_meant(
    second: str, handler: dict[str, object], page: Exchange
) -> None:
    observations = (caddy_evidence.CADDY, caddy(second, handler), caddy_evidence.LISTENING, page)
    assert not judge(CHECK, *observations, masked=False)


def test_fires_for_a_site_on_the_very_address_that_visitors_reach() -> None:
    own = HTTPS.replace("*:443", f"{ANSWER.address}:443").replace("shop.ex", "blog.ex")
    assert not judge(CHECK, APACHE, apache_config(f"{own}{HTTPS}"), LISTENING, ANSWER), "the same"
    config = apache_config(f"{own.replace(':3000', ':4000')}{HTTPS}")
    (claim,) = judge(CHECK, APACHE, config, LISTENING, ANSWER, masked=False)
    assert claim.facts["hidden"]
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+<VirtualHost *:443>" in edit.diff


def test_silent_for_a_site_on_another_address() -> None:
    own = HTTPS.replace("*:443", "192.0.2.99:443").replace("shop.ex", "blog.ex")
    assert not judge(CHECK, APACHE, apache_config(f"{own}{HTTPS}"), LISTENING, ANSWER)
    both = HTTPS.replace("*:443", f"{ANSWER.address}:443")
    assert not judge(CHECK, APACHE, apache_config(f"{both}{ANOTHER}"), LISTENING, ANSWER)


def test_fires_when_the_first_site_shows_its_page_and_www_is_missing() -> None:
    first = PAGES.replace("shop.example.com", "blog.example.org")
    twin = HTTPS.replace("ServerName shop", "ServerName www.shop")
    (claim,) = judge(CHECK, APACHE, apache_config(f"{first}{twin}"), LISTENING, ANSWER)
    assert claim.facts["sibling"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ServerAlias shop.example.com" in edit.diff
    moved = replace(ANSWER, status=301, headers=(("Location", "https://www.shop.example.com/"),))
    assert not judge(CHECK, APACHE, apache_config(f"{first}{twin}"), LISTENING, moved)


HTTP_SHOP = Target("http://shop.example.com/", "http", "shop.example.com", 80)
PLAIN_PAGE = replace(ANSWER, url="http://shop.example.com/", port=80)
DEFAULT = (
    "<VirtualHost *:80>\nServerName web1.example.net\nDocumentRoot /var/www/html\n</VirtualHost>\n"
)


def test_fires_over_http_where_the_site_of_the_name_is_on_another_port() -> None:
    config = apache_config(f"{DEFAULT}{HTTPS}")
    (claim,) = judge(CHECK, APACHE, config, LISTENING, PLAIN_PAGE, target=HTTP_SHOP)
    assert claim.facts["elsewhere"]
    assert not claim.facts["tls"]
    assert claim.severity is Severity.WARNING
    moved = replace(PLAIN_PAGE, status=301, headers=(("Location", "https://shop.example.com/"),))
    assert not judge(CHECK, APACHE, config, LISTENING, moved, target=HTTP_SHOP)


def test_fires_over_http_where_the_visitor_says_that_another_site_comes() -> None:
    config = apache_config(DEFAULT)
    asked = replace(HTTP_SHOP, symptom=Symptom("wrong-site", "shows the default page"))
    (claim,) = judge(CHECK, APACHE, config, LISTENING, PLAIN_PAGE, target=asked)
    assert claim.facts["default_names"] == ("web1.example.net",)
    assert claim.confidence is Confidence.LIKELY
    assert not judge(CHECK, APACHE, config, LISTENING, PLAIN_PAGE, target=HTTP_SHOP)


def test_silent_over_http_where_a_site_has_the_name() -> None:
    own = DEFAULT.replace("web1.example.net", "shop.example.com")
    asked = replace(HTTP_SHOP, symptom=Symptom("wrong-site", "shows the default page"))
    for text in (own, f"{DEFAULT}{own}"):
        seen = (APACHE, apache_config(f"{text}{HTTPS}"), LISTENING, PLAIN_PAGE)
        assert not judge(CHECK, *seen, target=asked)
        assert not judge(CHECK, *seen, target=HTTP_SHOP)


def test_the_site_whose_certificate_covers_the_name_gets_it() -> None:
    named = HTTPS.replace("ServerName shop", "ServerName www.shop").replace("/shop.pem", "/b.pem")
    config = apache_config(f"{ANOTHER}{named}")
    path = config.sites[1].paths("certificate")[0]
    covering = replace(OTHER, dns_names=("www.shop.example.com", "shop.example.com"))
    other = OtherCertificate(path=path, leaf=covering)
    moved = replace(ANSWER, status=301, headers=(("Location", "https://www.shop.example.com/"),))
    (claim,) = judge(CHECK, APACHE, config, LISTENING, SERVED, moved, other)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ServerAlias shop.example.com" in edit.diff
    foreign = replace(other, leaf=OTHER)
    (claim,) = judge(CHECK, APACHE, config, LISTENING, SERVED, moved, foreign)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_where_the_port_of_the_site_has_a_digit_wrong() -> None:
    """The other site answers with the same certificate, and with a page."""
    other = ANOTHER.replace("3000", "4000")
    own = replace(OTHER, dns_names=("shop.example.com",))
    page = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
    seen = (APACHE, LISTENING, replace(SERVED, chain=(own,)), page)
    (claim,) = judge(CHECK, *seen, apache_config(other + HTTPS.replace("*:443", "*:444")))
    assert claim.facts["unheard_port"] == 444
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+<VirtualHost *:443>" in claim.fix.edits[0].diff


@pytest.mark.parametrize(
    "site",
    [
        pytest.param(ANOTHER.replace("3000", "4000"), id="no site of the name"),
        pytest.param(ANOTHER + HTTPS.replace("*:443", "*:444"), id="the same content"),
        pytest.param(
            ANOTHER.replace("3000", "4000") + HTTPS.replace("*:443", "*:8443"), id="on purpose"
        ),
    ],
)
def test_silent_where_no_port_has_a_digit_wrong(site: str) -> None:
    own = replace(OTHER, dns_names=("shop.example.com",))
    page = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
    seen = (APACHE, LISTENING, replace(SERVED, chain=(own,)), page)
    assert not judge(CHECK, *seen, apache_config(site))


def plain(address: str, handler: dict[str, object]) -> WebServerConfig:
    """A site for many names with this handler by https, and the target's on port 80 alone."""
    made: Any = caddy_evidence.document("*.example.com")
    other: Any = caddy_evidence.document("shop.example.com")
    servers = made["apps"]["http"]["servers"]
    servers["srv0"]["routes"][0]["handle"][0]["routes"] = [{"handle": [handler]}]
    servers["srv1"] = {**other["apps"]["http"]["servers"]["srv0"], "listen": [":80"]}
    return caddy_evidence.caddy_config(MANY_NAMES.replace("shopp.example.com", address), made)


@pytest.mark.parametrize("address", ["http://shop.example.com", "shop.example.com:80"])
def test_fires_where_the_site_of_the_name_is_for_http_alone(address: str) -> None:
    config = plain(address, NOBODY)
    observations = (caddy_evidence.CADDY, config, caddy_evidence.LISTENING, NO_SITE)
    (claim,) = judge(CHECK, *observations, masked=False)
    assert claim.facts["plain"]
    assert claim.facts["elsewhere"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"-{address} {{\n+shop.example.com {{" in edit.diff
    served = replace(NO_SITE, status=200)
    assert not judge(CHECK, *observations[:3], served, masked=False)
