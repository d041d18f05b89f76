from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Confidence,
    Edit,
    Failure,
    Manual,
    Observation,
    Severity,
    Symptom,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import CertificateFile
from diagnose.model.requests import ComparedRequest
from diagnose.model.tls import Certificate
from tests.support import haproxy_evidence, nginx_evidence
from tests.support import nginx_evidence as proxied
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import NOW, REFUSED, SHOP, judge
from tests.support.redirect_evidence import AROUND, HOME, PLAIN, SITE, applied, config
from tests.support.vantage_evidence import NIC, ON_SERVER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config


def plain(location: str) -> Exchange:
    return Exchange(
        url="http://shop.example.com/",
        address="203.0.113.10",
        port=80,
        purpose="plain",
        status=301,
        headers=(("Location", location),),
    )


def redirected_page(url: str, failure: Failure | None) -> Exchange:
    return Exchange(
        url=url,
        address="203.0.113.99",
        port=443,
        purpose="redirect",
        status=None if failure else 200,
        failure=failure,
        redirected_from="http://shop.example.com/",
    )


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("https://_/", "invalid"),
        ("https://$host/", "invalid"),
        ("https://10.0.2.2/", "inward"),
        ("https://localhost:3000/", "inward"),
        ("https://127.0.0.1/", "inward"),
    ],
)
def test_fires_on_places_that_are_none(location: str, reason: str) -> None:
    (claim,) = judge("http.redirect-wrong-host", plain(location))
    assert claim.facts[reason]
    assert claim.confidence is Confidence.CERTAIN


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_silent_about_a_login_that_leads_back_to_the_program_that_asked(scheme: str) -> None:
    """It waits on the visitor's own machine (RFC 8252 section 7.3)."""
    url = "https://shop.example.com/auth?redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fcb"
    back = replace(plain(f"{scheme}://localhost:8080/cb?code=1"), url=url, purpose="target")
    assert not judge("http.redirect-wrong-host", back, masked=False)
    elsewhere = replace(plain("http://localhost:3000/"), url=url, purpose="target")
    assert judge("http.redirect-wrong-host", elsewhere, masked=False)


@pytest.mark.parametrize(
    ("location", "failure", "reason"),
    [
        ("https://old.example.com/", Failure("resolution", "no such name", -2), "missing"),
        ("https://old.example.com/", REFUSED, "silent"),
        (
            "https://old.example.com/",
            Failure("certificate", "certificate has expired"),
            "certificate",
        ),
        ("https://shop.example.com:80/", Failure("protocol", "wrong version number"), "tls"),
        ("http://shop.example.com:8080/docs/", REFUSED, "silent"),
        ("https://203.0.113.99/", Failure("certificate", "not for 203.0.113.99"), "certificate"),
    ],
)
def test_fires_on_places_that_do_not_work(location: str, failure: Failure, reason: str) -> None:
    (claim,) = judge(
        "http.redirect-wrong-host", plain(location), redirected_page(location, failure)
    )
    assert claim.facts[reason]


def test_silent_on_another_host_that_works() -> None:
    for location in ("https://www.shop.example.com/", "https://new.example.net/"):
        assert not judge(
            "http.redirect-wrong-host", plain(location), redirected_page(location, None)
        )
        assert not judge("http.redirect-wrong-host", plain(location))


@pytest.mark.parametrize("failure", [Failure("certificate", "expired"), REFUSED])
def test_silent_where_the_sites_own_server_fails_in_the_same_way(failure: Failure) -> None:
    """Its certificate has expired, for the one name as for the other."""
    location = "https://www.shop.example.com/"
    failed = replace(redirected_page(location, failure), address="203.0.113.10")
    own = Exchange(
        url="https://shop.example.com/", address="203.0.113.10", port=443, verified=False,
        status=None if failure is REFUSED else 200,
        failure=failure if failure is REFUSED else None,
    )  # fmt: skip
    assert not judge("http.redirect-wrong-host", plain(location), failed, own)
    works = replace(own, verified=True, status=200, failure=None)
    assert judge("http.redirect-wrong-host", plain(location), failed, works)
    elsewhere = replace(failed, address="203.0.113.99")
    assert judge("http.redirect-wrong-host", plain(location), elsewhere, own)


def test_silent_about_the_site_itself() -> None:
    home = "https://shop.example.com/"
    assert not judge("http.redirect-wrong-host", plain(home), redirected_page(home, REFUSED))


def test_silent_within_a_private_network() -> None:
    inside = Exchange(
        url="http://shop.example.com/",
        address="10.0.0.5",
        port=80,
        purpose="plain",
        status=301,
        headers=(("Location", "https://10.0.0.5/"),),
    )
    assert not judge("http.redirect-wrong-host", inside)


def test_nginx_leads_to_the_name_that_was_asked_for() -> None:
    text = PLAIN.replace("shop.example.com", "_").replace("$host", "$server_name")
    observations = (HOME, plain("https://_/"), config(SITE + text), *AROUND)
    (claim,) = judge("http.redirect-wrong-host", *observations)
    assert applied(claim) == (
        Applicability.AUTOMATIC,
        [
            "-return 301 https://$server_name$request_uri;",
            "+return 301 https://$host$request_uri;",
        ],
    )
    (claim,) = judge("http.redirect-wrong-host", *observations[1:])
    # Nobody asked for https, and nginx has a block for it.
    assert applied(claim)[0] is Applicability.REVIEW
    (claim,) = judge("http.redirect-wrong-host", plain("https://_/"), config(text), *AROUND)
    assert applied(claim)[0] is Applicability.MANUAL


def test_a_rewrite_that_joins_the_path_to_the_name_is_replaced() -> None:
    line = "rewrite ^/(.*)$ https://shop.example.com$1 permanent;"
    text = PLAIN.replace("return 301 https://$host$request_uri;", line)
    lost = replace(
        plain("https://shop.example.comproducts?page=2"),
        url="http://shop.example.com/products?page=2",
    )
    onward = redirected_page(
        "https://shop.example.comproducts/?page=2", Failure("resolution", "no such name", -2)
    )
    (claim,) = judge("http.redirect-wrong-host", lost, onward, config(SITE + text), *AROUND)
    assert applied(claim) == (
        Applicability.REVIEW, [f"-{line}", "+return 301 https://$host$request_uri;"],
    )  # fmt: skip


def test_a_name_that_does_not_answer_may_be_meant() -> None:
    text = SITE + PLAIN.replace("$host", "old.example.com")
    failed = redirected_page("https://old.example.com/", REFUSED)
    observations = (HOME, plain("https://old.example.com/"), failed, config(text), *AROUND)
    (claim,) = judge("http.redirect-wrong-host", *observations)
    assert applied(claim)[0] is Applicability.REVIEW


def test_fires_on_a_lost_port_and_passes_it_on() -> None:
    target = replace(SHOP, port=7443)
    login = "https://shop.example.com/login"
    page = Exchange(
        url="https://shop.example.com:7443/", address="203.0.113.10", port=7443, status=302,
        headers=(("Location", login),),
    )  # fmt: skip
    failed = replace(redirected_page(login, REFUSED), redirected_from=page.url)
    observations = (
        page,
        failed,
        proxied.BUILD,
        proxied.RUNNING,
        proxied.config(proxied.SITE.replace("443 ssl", "7443 ssl")),
    )
    (claim,) = judge("http.redirect-wrong-host", *observations, target=target)
    assert claim.facts["lost_port"] == 7443
    assert claim.fix
    assert "Host $http_host;" in str(claim.fix.steps[0])


def asked_with(name: str, value: str, location: str) -> ComparedRequest:
    return ComparedRequest(
        target="http://app", path="/", address="127.0.0.1", port=3000, status=302, name=name,
        part="field" if name else "none", change="added" if name else "none", value=value,
        location=location,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("X-Forwarded-Port", "7443", "X-Forwarded-Port $server_port;"),
        ("X-Forwarded-Host", "shop.example.com:7443", "X-Forwarded-Host $http_host;"),
    ],
)
def test_names_the_field_with_which_the_application_keeps_the_port(
    name: str, value: str, line: str
) -> None:
    target = replace(SHOP, port=7443)
    login = "https://shop.example.com/login"
    page = Exchange(
        url=target.url, address="203.0.113.10", port=7443, status=302,
        headers=(("Location", login),),
    )  # fmt: skip
    failed = replace(redirected_page(login, REFUSED), redirected_from=page.url)
    text = proxied.SITE.replace("443 ssl", "7443 ssl")
    server = (page, failed, proxied.BUILD, proxied.RUNNING, proxied.config(text))
    plainly = asked_with("", "", login)
    told = asked_with(name, value, "https://shop.example.com:7443/login")
    requests = (plainly, told, told, plainly)
    (claim,) = judge("http.redirect-wrong-host", *server, *requests, target=target)
    assert (claim.facts["port_field"], claim.confidence) == (name, Confidence.CERTAIN)
    assert claim.fix
    assert line in str(claim.fix.steps[0])
    by_turns = (*requests, asked_with(name, value, login))
    (claim,) = judge("http.redirect-wrong-host", *server, *by_turns, target=target)
    assert "port_field" not in claim.facts


@pytest.mark.parametrize(
    ("status", "fires"), [(404, True), (502, True), (200, False), (403, False)]
)
def test_fires_on_a_lost_port_where_the_usual_port_has_not_the_site(
    status: int, fires: bool
) -> None:
    target = replace(SHOP, scheme="http", port=9527)
    login = "http://shop.example.com/login"
    page = Exchange(
        url="http://shop.example.com:9527/", address="203.0.113.10", port=9527, status=302,
        headers=(("Location", login),),
    )  # fmt: skip
    there = replace(redirected_page(login, None), status=status, redirected_from=page.url)
    text = proxied.SITE.replace("443 ssl", "9527")
    observations = (page, there, proxied.BUILD, proxied.RUNNING, proxied.config(text))
    claims = judge("http.redirect-wrong-host", *observations, target=target, masked=False)
    assert bool(claims) is fires
    for claim in claims:
        assert (claim.facts["status"], claim.facts["lost_port"]) == (status, 9527)
        assert claim.facts["value"] == "shop.example.com"
        assert claim.fix
        assert "Host $http_host;" in str(claim.fix.steps[0])


FILES = """
server {
    listen 9527;
    server_name shop.example.com;
    location / { root /srv/shop; }
}
"""


@pytest.mark.parametrize(
    ("line", "is_folder"), [("root /srv/shop;", True), ("return 301 /docs/;", False)]
)
def test_fires_where_nginx_itself_loses_the_port_of_a_folder(line: str, is_folder: bool) -> None:
    target = replace(SHOP, scheme="http", port=9527, path="/docs")
    onward = "http://shop.example.com/docs/"
    page = replace(
        plain(onward), url="http://shop.example.com:9527/docs", port=9527, purpose="target"
    )
    failed = replace(redirected_page(onward, REFUSED), port=80, redirected_from=page.url)
    text = FILES.replace("root /srv/shop;", line)
    around = (page, failed, proxied.BUILD, proxied.RUNNING)
    (claim,) = judge("http.redirect-wrong-host", *around, proxied.config(text), target=target)
    assert (claim.facts["lost_port"], claim.facts["folder"]) == (9527, is_folder)
    assert claim.confidence is Confidence.CERTAIN
    assert applied(claim) == (Applicability.AUTOMATIC, ["+absolute_redirect off;"])
    passed = FILES.replace("root /srv/shop;", "proxy_pass http://127.0.0.1:3000;")
    (claim,) = judge("http.redirect-wrong-host", *around, proxied.config(passed), target=target)
    assert not claim.facts["completing"]


def test_silent_where_port_80_leads_to_the_usual_port_of_https() -> None:
    target = replace(SHOP, port=9527)
    home = "https://shop.example.com/"
    there = replace(
        redirected_page(home, None), status=404, redirected_from="http://shop.example.com/"
    )
    assert not judge("http.redirect-wrong-host", plain(home), there, target=target, masked=False)


def test_fires_and_corrects_the_host_that_nginx_tells_the_application() -> None:
    text = proxied.SITE.replace(
        "Host $host;", "Host $host;\n proxy_set_header X-Forwarded-Host app:3000;"
    )
    page = Exchange(
        url="https://shop.example.com/", address="203.0.113.10", port=443, status=307,
        headers=(("Location", "https://app:3000/login"),),
    )  # fmt: skip
    failed = redirected_page("https://app:3000/login", Failure("resolution", "no such name", -2))
    observations = (page, failed, proxied.config(text), proxied.BUILD, proxied.RUNNING)
    (claim,) = judge("http.redirect-wrong-host", *observations)
    assert claim.facts["field"] == "X-Forwarded-Host"
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


LOGIN = "https://login.example.net/auth?redirect_uri=https%3A%2F%2Fshop.example.com%2Fcallback"


def test_silent_about_a_login_elsewhere_that_the_server_itself_does_not_reach() -> None:
    observations = (plain(LOGIN), redirected_page(LOGIN, REFUSED))
    assert judge("http.redirect-wrong-host", *observations)
    assert not judge("http.redirect-wrong-host", *observations, ON_SERVER, NIC)
    refused = redirected_page(LOGIN, Failure("certificate", "not for login.example.net"))
    assert judge("http.redirect-wrong-host", plain(LOGIN), refused, ON_SERVER, NIC)


def test_nginx_leads_to_another_host_by_proxy_redirect() -> None:
    """After an issue of jenkins-nginx-docker."""
    rule = "proxy_redirect http://127.0.0.1:3000/ http://localhost/;"
    text = proxied.SITE.replace("proxy_pass", f"{rule}\n        proxy_pass")
    page = replace(plain("http://localhost/login"), url=SHOP.url, port=443, purpose="target")
    observations = (page, proxied.config(text), proxied.BUILD, proxied.RUNNING)
    (claim,) = judge("http.redirect-wrong-host", *observations, masked=False)
    assert claim.facts["rewriter"] == rule[:-1]
    assert applied(claim) == (
        Applicability.REVIEW,
        [f"-{rule}", "+proxy_redirect http://127.0.0.1:3000/ $scheme://$host/;"],
    )


def test_fires_where_http_leads_to_443_and_nginx_has_https_on_another_port() -> None:
    """Issue 17191 of JumpServer: https is on port 1443, and the redirect does not say so."""
    target = replace(SHOP, scheme="http", port=80)
    step = replace(plain("https://shop.example.com/"), purpose="target")
    failed = redirected_page("https://shop.example.com/", REFUSED)
    nginx = (*AROUND, config(PLAIN + SITE.replace("443", "1443")))
    (claim,) = judge("http.redirect-wrong-host", *nginx, step, failed, target=target)
    assert claim.facts["silent"]
    assert claim.facts["host"] == "https://shop.example.com"
    assert claim.facts["tls_port"] == 1443
    # From outside it is the redirect to a page that does not open.
    assert not judge("http.redirect-wrong-host", step, failed, target=target)
    assert judge("http.redirect-to-error", step, failed, target=target)


def test_silent_where_http_leads_to_https_that_works() -> None:
    target = replace(SHOP, scheme="http", port=80)
    step = replace(plain("https://shop.example.com/"), purpose="target")
    assert not judge(
        "http.redirect-wrong-host",
        step,
        redirected_page("https://shop.example.com/", None),
        target=target,
    )


def test_names_the_block_that_answers_for_a_name_that_none_has() -> None:
    """After issue 248 of ajenti-v: WordPress redirects to www, and another site's block answers."""
    failed = replace(
        redirected_page("https://www.shop.example.com/", Failure("certificate", "not for www")),
        address="203.0.113.10",
    )
    own = Exchange(
        url="https://shop.example.com/", address="203.0.113.10", port=443, verified=True,
        status=301, headers=(("Location", "https://www.shop.example.com/"),),
    )  # fmt: skip
    pms = nginx_evidence.SITE.replace("shop.example.com", "pms.example.com")
    observations = (nginx_evidence.RUNNING, own, failed)
    blocks = nginx_evidence.config(pms + nginx_evidence.SITE)
    (claim,) = judge("http.redirect-wrong-host", *observations, blocks, masked=False)
    assert claim.facts["unserved"] == "pms.example.com"
    both = nginx_evidence.SITE.replace(
        "shop.example.com;", "shop.example.com www.shop.example.com;"
    )
    (claim,) = judge(
        "http.redirect-wrong-host", *observations, nginx_evidence.config(pms + both), masked=False
    )
    assert not claim.facts["unserved"]


def _shown_elsewhere(other: str, scheme: str = "https") -> tuple[Observation, ...]:
    """The application leads to www, whose page came (200), and these blocks of another site."""
    onward = f"{scheme}://www.shop.example.com/"
    port = 443 if scheme == "https" else 80
    shown = replace(
        redirected_page(onward, None), address="203.0.113.10", port=port, status=200, failure=None
    )
    own = Exchange(
        url=f"{scheme}://shop.example.com/", address="203.0.113.10", port=port, verified=True,
        status=301, headers=(("Location", onward),),
    )  # fmt: skip
    leaf = Certificate(
        "CN=x", "CN=y", "1", NOW, NOW, "00",
        dns_names=("shop.example.com", "www.shop.example.com", "pms.example.org"),
    )  # fmt: skip
    text = (other + nginx_evidence.SITE).replace("shop.pem", "/etc/nginx/shop.pem")
    if scheme == "http":
        text = text.replace("443 ssl", "80")
    certificate = CertificateFile(path="/etc/nginx/shop.pem", chain=(leaf,))
    return (nginx_evidence.RUNNING, own, shown, certificate, nginx_evidence.config(text))


PMS = """server {
    listen 443 ssl;
    server_name pms.example.org;
    ssl_certificate shop.pem;
    root /srv/pms;
}
"""


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_fires_where_the_page_of_another_site_comes(scheme: str) -> None:
    """After issue 248 of ajenti-v, with a certificate that both sites share."""
    target = SHOP if scheme == "https" else replace(SHOP, scheme="http", port=80)
    seen = _shown_elsewhere(PMS, scheme)
    (claim,) = judge("http.redirect-wrong-host", *seen, target=target, masked=False)
    assert claim.facts["foreign"]
    assert claim.facts["unserved"] == "pms.example.org"
    assert claim.confidence is Confidence.LIKELY, "the other block may have its pages too"
    assert applied(claim)[1][-1] == "+server_name shop.example.com www.shop.example.com;"


def test_silent_where_the_other_block_has_the_pages_of_this_site() -> None:
    same = nginx_evidence.SITE.replace("shop.example.com", "shop.example.net")
    assert not judge("http.redirect-wrong-host", *_shown_elsewhere(same))
    unnamed = PMS.replace("pms.example.org", "_")
    assert not judge("http.redirect-wrong-host", *_shown_elsewhere(unnamed))


def test_silent_where_one_application_takes_all_names_unless_a_message_says_so() -> None:
    customers = PMS.replace("443 ssl", "443 ssl default_server").replace(
        "root /srv/pms;", "location / { proxy_pass http://127.0.0.1:7000; }"
    )
    seen = _shown_elsewhere(customers)
    assert not judge("http.redirect-wrong-host", *seen)
    told = replace(SHOP, symptom=Symptom("wrong-site", "it shows the other one"))
    assert judge("http.redirect-wrong-host", *seen, target=told)


def test_fires_and_gives_the_block_the_name_that_its_certificate_has() -> None:
    """The application leads to www; a block that leads there itself would lead it in a circle."""
    onward = "https://www.shop.example.com/"
    failed = replace(
        redirected_page(onward, Failure("certificate", "not for www")), address="203.0.113.10"
    )
    own = Exchange(
        url="https://shop.example.com/", address="203.0.113.10", port=443, verified=True,
        status=301, headers=(("Location", onward),),
    )  # fmt: skip
    pms = nginx_evidence.SITE.replace("shop.example.com", "pms.example.com")
    names = ("shop.example.com", "www.shop.example.com")
    leaf = Certificate("CN=x", "CN=y", "1", NOW, NOW, "00", dns_names=names)
    seen = (
        nginx_evidence.RUNNING,
        own,
        failed,
        CertificateFile(path="/etc/nginx/shop.pem", chain=(leaf,)),
    )
    asked = "if ($host = shop.example.com) { return 301 https://www.shop.example.com$request_uri; }"
    for line, is_covered in (("", True), (asked, True), (f"return 301 {onward};", False)):
        block = nginx_evidence.SITE.replace("    location", f"    {line}\n    location", 1)
        text = (pms + block).replace("shop.pem", "/etc/nginx/shop.pem")
        (claim,) = judge("http.redirect-wrong-host", *seen, nginx_evidence.config(text))
        assert claim.facts["covered"] is is_covered
        if is_covered:
            assert claim.confidence is Confidence.CERTAIN
            assert applied(claim)[1][-1] == "+server_name shop.example.com www.shop.example.com;"


INNER = """
server {
    listen 127.0.0.1:8080;
    server_name shop.example.com;
    root /srv;
}
"""


def test_fires_and_names_the_inner_block_that_adds_its_port() -> None:
    text = SITE.replace("127.0.0.1:3000", "127.0.0.1:8080") + PLAIN + INNER
    onward = "http://shop.example.com:8080/docs/"
    page = Exchange(
        url="https://shop.example.com/docs", address="203.0.113.10", port=443, status=301,
        headers=(("Location", onward),),
    )  # fmt: skip
    failed = replace(redirected_page(onward, REFUSED), port=8080)
    target = replace(SHOP, path="/docs")
    seen = (page, failed, *AROUND)
    (claim,) = judge("http.redirect-wrong-host", config(text), *seen, target=target)
    assert claim.facts["inner_slash"]
    assert claim.confidence is Confidence.CERTAIN
    assert applied(claim) == (Applicability.AUTOMATIC, ["+absolute_redirect off;"])
    off = INNER.replace("root", "absolute_redirect off; root")
    (claim,) = judge("http.redirect-wrong-host", config(text.replace(INNER, off)), *seen)
    assert not claim.facts["inner"], "another redirects"


PLAIN_FRONT = """
server {
    listen 80;
    server_name shop.example.com;
    location / {
        proxy_pass http://127.0.0.1:8080;
        proxy_set_header Host $host;
    }
}
"""


def test_fires_where_an_inner_block_adds_a_port_that_the_server_itself_reaches() -> None:
    """Issue 22 of YutHelloWorld/Blog."""
    text = PLAIN_FRONT + INNER.replace("127.0.0.1:", "")
    onward = "http://shop.example.com:8080/docs/"
    page = replace(plain(onward), url="http://shop.example.com/docs", purpose="target")
    arrived = replace(redirected_page(onward, None), port=8080)
    target = replace(SHOP, scheme="http", port=80, path="/docs")
    (claim,) = judge("http.redirect-wrong-host", config(text), page, arrived, target=target)
    assert claim.facts["past"]
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert applied(claim) == (Applicability.AUTOMATIC, ["+absolute_redirect off;"])


def test_silent_where_another_program_redirects_to_its_own_port() -> None:
    text = PLAIN_FRONT + INNER.replace("127.0.0.1:", "")
    onward = "http://shop.example.com:9000/docs/"
    page = replace(plain(onward), url="http://shop.example.com/docs", purpose="target")
    arrived = replace(redirected_page(onward, None), port=9000)
    target = replace(SHOP, scheme="http", port=80, path="/docs")
    for front in (text, PLAIN_FRONT):
        assert not judge("http.redirect-wrong-host", config(front), page, arrived, target=target)


def test_fires_and_puts_a_folder_back_that_an_expression_cuts_off() -> None:
    target = replace(SHOP, path="/app/users/")
    page = Exchange(
        url="https://shop.example.com/app/users/", address="203.0.113.10", port=443, status=307,
        headers=(("Location", "http://127.0.0.1:8080/users"),),
    )  # fmt: skip
    block = (
        "    location ~ ^/app/(.*)$ {\n        proxy_pass http://127.0.0.1:8080/$1?$args;\n    }\n"
    )
    text = proxied.SITE.replace("    location / {", f"{block}    location / {{")
    observations = (page, proxied.BUILD, proxied.RUNNING, proxied.config(text))
    (claim,) = judge("http.redirect-wrong-host", *observations, target=target)
    step = str(claim.fix.steps[0]) if claim.fix else ""
    assert "proxy_set_header Host $host;" in step
    assert "proxy_redirect ~^https?://shop" in step


def test_names_the_line_of_another_server() -> None:
    rule = "http-request redirect prefix https://www.shop.example.com if !{ hdr_beg(host) www. }"
    text = haproxy_evidence.TEXT.replace("    default_backend", f"    {rule}\n    default_backend")
    onward = "https://www.shop.example.com/"
    missing = haproxy_evidence.page(
        None, url=onward, purpose="redirect", failure=Failure("resolution", "no such name", -2)
    )
    step = haproxy_evidence.page(301, headers=(("Location", onward),))
    (claim,) = judge(
        "http.redirect-wrong-host",
        haproxy_evidence.SERVER,
        haproxy_evidence.config(text),
        step,
        missing,
        masked=False,
    )
    assert claim.facts["server_line"] == rule
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    assert claim.fix.steps[0].step == "correct-the-line"


@pytest.mark.parametrize(
    ("host", "is_edit"),
    [("127.0.0.1:3000", True), ("localhost:3000", True), ("127.0.0.1:3001", False)],
)
def test_the_inner_address_of_the_application_becomes_the_visitors(
    host: str, is_edit: bool
) -> None:
    step = haproxy_evidence.page(302, headers=(("Location", f"http://{host}/login"),))
    servers = (
        (haproxy_evidence.SERVER, haproxy_evidence.config(haproxy_evidence.TEXT)),
        (CADDY, caddy_config()),
    )
    for told in servers:
        (claim,) = judge("http.redirect-wrong-host", *told, step, masked=False)
        assert claim.fix
        assert isinstance(claim.fix.steps[0], Edit) is is_edit
        if is_edit:
            assert claim.fix.applicability is Applicability.REVIEW
            assert "https://shop.example.com/" in str(claim.fix.steps[0])


def test_the_port_of_the_application_becomes_the_visitors_in_nginx() -> None:
    """https://github.com/azhurb/stalker_portal/issues/270."""
    text = (
        "server {\n listen 443 ssl;\n server_name shop.example.com;\n"
        " location / {\n  proxy_pass http://127.0.0.1:88;\n }\n}\n"
    )
    onward = "http://shop.example.com:88/login"
    first = replace(
        plain(onward), url="https://shop.example.com/", port=443, purpose="target", status=302,
        address="203.0.113.10",
    )  # fmt: skip
    failed = replace(redirected_page(onward, REFUSED), redirected_from=first.url, port=88)
    observations = (first, failed, nginx_evidence.config(text), nginx_evidence.RUNNING)
    (claim,) = judge("http.redirect-wrong-host", *observations, masked=False)
    assert claim.fix
    assert "proxy_redirect http://$host:88/ $scheme://$host/;" in str(claim.fix.steps[0])
    own = text.replace("88;\n", "88;\n  proxy_redirect off;\n")
    observations = (first, failed, nginx_evidence.config(own), nginx_evidence.RUNNING)
    (claim,) = judge("http.redirect-wrong-host", *observations, masked=False)
    assert "$scheme" not in str(claim.fix)


def test_takes_an_inner_port_out_of_a_redirect_of_nginx_itself() -> None:
    text = (
        "server {\n listen 443 ssl;\n server_name shop.example.com;\n"
        " location = / { return 302 https://$host:8096/web/; }\n}\n"
    )
    first = replace(
        plain("https://shop.example.com:8096/web/"), url="https://shop.example.com/", port=443,
        purpose="target", status=302, address="203.0.113.10",
    )  # fmt: skip
    failed = replace(
        redirected_page("https://shop.example.com:8096/web/", REFUSED),
        redirected_from=first.url, port=8096,
    )  # fmt: skip
    observations = (first, failed, nginx_evidence.config(text), nginx_evidence.RUNNING)
    (claim,) = judge("http.redirect-wrong-host", *observations, masked=False)
    assert claim.facts["own"] == "return 302 https://$host:8096/web/"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "return 302 https://$host/web/;" in str(claim.fix.steps[0])


@pytest.mark.parametrize(
    ("line", "location", "alias"),
    [
        (
            "RedirectPermanent / https://%{SERVER_NAME}/",
            "https://%{SERVER_NAME}/",
            "RedirectPermanent",
        ),
        ("RewriteRule ^ https://$host/ [R=301,L]", "https://$host/", ""),
    ],
)
def test_fires_on_a_variable_that_apaches_line_does_not_know(
    line: str, location: str, alias: str
) -> None:
    text = (
        f"{HTTPS}<VirtualHost *:80>\n    ServerName shop.example.com\n    {line}\n</VirtualHost>\n"
    )
    observations = (HOME, plain(location), APACHE, apache_config(text))
    (claim,) = judge("http.redirect-wrong-host", *observations)
    assert claim.facts["server_line"] == line
    assert claim.facts["variable"] == location[8:-1]
    assert claim.facts["alias"] == alias
    applicability, lines = applied(claim)
    assert applicability is Applicability.REVIEW
    assert "+RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]" in lines


@pytest.mark.parametrize(
    ("line", "new"),
    [
        ("Redirect 301 / https://shop.example.com", "Redirect 301 / https://shop.example.com/"),
        (
            "RewriteRule ^/(.*)$ https://shop.example.com$1 [R=301,L]",
            "RewriteRule ^/(.*)$ https://shop.example.com/$1 [R=301,L]",
        ),
    ],
)
def test_fires_and_writes_the_slash_behind_the_name_in_apaches_line(line: str, new: str) -> None:
    text = (
        f"{HTTPS}<VirtualHost *:80>\n    ServerName shop.example.com\n    {line}\n</VirtualHost>\n"
    )
    onward = redirected_page(
        "https://shop.example.comtea/", Failure("resolution", "no such name", -2)
    )
    lost = replace(plain("https://shop.example.comtea"), url="http://shop.example.com/tea")
    observations = (lost, onward, APACHE, apache_config(text))
    (claim,) = judge("http.redirect-wrong-host", *observations)
    _, lines = applied(claim)
    assert f"+    {new}" in lines or f"+{new}" in lines


def test_the_steps_are_those_of_the_server_that_answers() -> None:
    text = f"{HTTPS}<VirtualHost *:80>\n    ServerName shop.example.com\n</VirtualHost>\n"
    observations = (HOME, plain("https://$host/"), APACHE, apache_config(text))
    (claim,) = judge("http.redirect-wrong-host", *observations)
    assert claim.fix
    (step,) = (step for step in claim.fix.steps if isinstance(step, Manual))
    assert step.step == "name-the-host-there"
    assert claim.facts["apache"]


@pytest.mark.parametrize(
    ("names", "line", "owned"),
    [
        ("shop.example.com", "return 301 https://shop.example.com$request_uri;", True),
        # Nobody writes out what `$server_name` becomes, and no block has the other name.
        ("shop.example.com", "return 301 https://$server_name$request_uri;", False),
        ("other.example.com", "return 301 https://shop.example.com$request_uri;", False),
    ],
)
def test_a_name_of_this_nginx_that_dns_does_not_have_gets_its_record(
    names: str, line: str, owned: bool
) -> None:
    host = "shop.example.com"
    text = (
        f"server {{\n listen 443 ssl;\n server_name {names};\n}}\n"
        f"server {{\n listen 80;\n server_name {host} www.{host};\n {line}\n}}\n"
    ).replace(f"server_name {host} www.{host}", f"server_name www.{host}")
    onward = f"https://{host}/"
    step = replace(plain(onward), url=f"http://www.{host}/")
    missing = redirected_page(onward, Failure("resolution", "no address", -5))
    (claim,) = judge(
        "http.redirect-wrong-host", nginx_evidence.RUNNING, nginx_evidence.config(text),
        step, missing, target=replace(SHOP, host=f"www.{host}", input=f"www.{host}"),
    )  # fmt: skip
    assert bool(claim.facts["owned"]) is owned
    assert ("add-the-record" in str(claim.fix)) is owned


def test_silent_where_the_servers_own_resolver_does_not_answer() -> None:
    onward = "https://www.example.org/long"
    again = Failure("resolution", "Temporary failure in name resolution", -3)
    assert not judge("http.redirect-wrong-host", plain(onward), redirected_page(onward, again))


@pytest.mark.parametrize(
    "onward", ["https://web1.internal/", "https://backend/", "https://shop.example.comtea"]
)
def test_fires_where_no_resolver_of_visitors_knows_the_name(onward: str) -> None:
    again = Failure("resolution", "Temporary failure in name resolution", -3)
    (claim,) = judge("http.redirect-wrong-host", plain(onward), redirected_page(onward, again))
    assert claim.confidence is Confidence.LIKELY
