from dataclasses import replace

import pytest

from diagnose.model import Applicability, Severity, Subject
from diagnose.model.backends import BackendVisit
from diagnose.model.nginx import CertificateFile
from diagnose.model.server import Listener, Listeners
from tests.support.certificates import LEAF
from tests.support.check_evidence import CHAT, judge
from tests.support.firewall_rules import listening
from tests.support.nginx_evidence import RUNNING, config
from tests.support.upstream_evidence import page
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "http.not-the-site"


@pytest.mark.parametrize(
    ("status", "body", "product", "fact"),
    [
        (404, "<p><em>Faithfully yours, frp.</em></p>", "frp", "tunnel"),
        (404, "<noscript>The endpoint is offline. (ERR_NGROK_3200)</noscript>", "ngrok", "tunnel"),
        (502, "<noscript>… (ERR_NGROK_8012)</noscript>", "ngrok", "tunnel_end"),
        (502, "Unable to reach the origin service. The service may be down", "Cloudflare",
         "tunnel_end"),
        (404, "<h1>404</h1><p>There isn't a GitHub Pages site here.</p>", "GitHub Pages",
         "unknown_name"),
        (403, "<title>DNS points to prohibited IP | shop.example.com | Cloudflare</title>",
         "Cloudflare", "record"),
        (404, "<Error><Code>NoSuchBucket</Code></Error>", "object storage", "unknown_name"),
        (404, "default backend - 404", "ingress-nginx", "unknown_name"),
        (403, "<h1>Error 403 - This web app is stopped.</h1>", "Azure App Service", "stopped"),
        (200, "<title>Account Suspended</title>", "the hosting provider", "stopped"),
        (200, "<title>Welcome to XAMPP</title>", "XAMPP", "default"),
        (404, "\u6ca1\u6709\u627e\u5230\u7ad9\u70b9", "BaoTa", "unknown_name"),
        (200, "<title>Apache2 Debian Default Page: It works</title>", "Apache", "default"),
        (200, "<html><body><h1>It works!</h1></body></html>\n", "Apache", "default"),
        (200, "<title>Website default page</title>", "the web server", "default"),
        (200, "<title>Welcome to nginx!</title>", "nginx", "default"),
        (403, "<title>Test Page for the HTTP Server on Rocky Linux</title>", "Apache or nginx",
         "default"),
    ],
)  # fmt: skip
def test_fires_and_says_whose_page_it_is(status: int, body: str, product: str, fact: str) -> None:
    (claim,) = judge(CHECK, page(status, body))
    assert claim.facts["product"] == product
    assert claim.facts[fact]
    assert (claim.severity is Severity.WARNING) is (fact == "default")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<title>Shop</title><p>It works.</p>"),
        (200, "<title>Welcome to nginx! A tutorial</title>"),
        (200, "<title>How to change the default pages of a printer</title>"),
        (200, "A blog about frp: Faithfully yours, frp."),
        (404, "<title>404 Not Found</title>"),
        (404, "404 page not found\n"),
    ],
)
def test_silent_on_pages_of_a_site(status: int, body: str) -> None:
    assert not judge(CHECK, page(status, body))


def test_silent_on_a_default_page_beside_a_websocket() -> None:
    default = page(200, "<title>Welcome to nginx!</title>")
    assert not judge(CHECK, default, target=CHAT)
    assert not judge(CHECK, replace(default, verified=False)), "the certificate is wrong too"


def test_fires_on_the_page_to_which_the_site_redirects() -> None:
    suspended = replace(
        page(200, "<title>Account Suspended</title>"), purpose="redirect",
        url="https://shop.example.com/cgi-sys/suspendedpage.cgi",
    )  # fmt: skip
    (claim,) = judge(CHECK, page(302), suspended)
    assert claim.facts["stopped"]
    assert not judge(CHECK, page(302), replace(suspended, url="https://other.example.net/"))


def test_covers_a_missing_redirect_which_would_lead_to_that_page() -> None:
    plain = replace(page(200, "<p>Shop</p>"), url="http://shop.example.com/", port=80)
    default = page(200, "<title>Apache2 Debian Default Page: It works</title>")
    (claim,) = judge(CHECK, default, replace(plain, purpose="plain"))
    assert {subject.port for subject in claim.covers} == {80, 443}
    (claim,) = judge(CHECK, default)
    assert Subject(port=80) in claim.covers


NGROK = (
    "<noscript>Traffic was successfully tunneled to the ngrok agent, but the agent failed to "
    "establish a connection to the upstream web service at http://localhost:8080. The error "
    "encountered was: dial tcp [::1]:8080: connect: connection refused (ERR_NGROK_8012)</noscript>"
)


def test_fires_with_the_port_at_which_the_tunnel_ends() -> None:
    """Issue 337 of ultrasecurity/Storm-Breaker and many others."""
    (claim,) = judge(CHECK, page(502, NGROK))
    assert (claim.facts["end"], claim.facts["unserved"]) == ("localhost:8080", False)
    (claim,) = judge(CHECK, page(502, NGROK), listening(3000))
    assert claim.facts["unserved"] is True
    (claim,) = judge(CHECK, page(502, NGROK), listening(8080, process="node"))
    assert (claim.facts["unserved"], claim.facts["holders"]) == (False, ("node",))


def test_fires_with_the_number_of_the_error_in_the_header() -> None:
    """Its words stand behind what is read of the page."""
    numbered = replace(page(502, "<html>"), headers=(("Ngrok-Error-Code", "ERR_NGROK_8012"),))
    (claim,) = judge(CHECK, numbered)
    assert claim.facts["tunnel_end"]
    assert claim.facts["end"] == ""


def test_fires_as_a_note_where_the_site_is_below_a_path_alone() -> None:
    default = page(200, "<title>Apache2 Debian Default Page: It works</title>")
    below = HTTPS.replace(
        "ProxyPass / http://127.0.0.1:3000/", "ProxyPass /app http://[::1]:3000/app"
    )
    (claim,) = judge(CHECK, default, APACHE, apache_config(below))
    assert claim.severity is Severity.NOTE
    assert claim.facts["below"] == ("/ws", "/app")
    # Its challenges alone are no site, and a site that passes on its root has a page there.
    challenges = "ProxyPass /.well-known/acme-challenge/ http://127.0.0.1:8089/"
    alone = "\n".join(line for line in HTTPS.split("\n") if "ProxyPass" not in line)
    alone = alone.replace("</VirtualHost>", f"    {challenges}\n</VirtualHost>")
    for text in (HTTPS, alone):
        (claim,) = judge(CHECK, default, APACHE, apache_config(text))
        assert claim.severity is Severity.WARNING


def test_fires_as_a_note_where_nginx_passes_on_other_paths_of_this_name_alone() -> None:
    default = page(200, "<title>Welcome to nginx!</title>")
    registry = (
        "server { listen 443 ssl; server_name shop.example.com; root /var/www/html;"
        " location /v2/ { proxy_pass http://127.0.0.1:5000; } }"
    )
    (claim,) = judge(CHECK, default, config(registry))
    assert (claim.severity, claim.facts["below"]) == (Severity.NOTE, ("/v2/",))
    # A block that takes every name is not this site's, and one with an application at the root has
    # a page there.
    others = (
        registry.replace("shop.example.com", "_"),
        registry.replace("/v2/", "/.well-known/acme-challenge/"),
        registry.replace("location /v2/", "location /"),
    )
    for text in others:
        (claim,) = judge(CHECK, default, config(text))
        assert (claim.severity, claim.facts["below"]) == (Severity.WARNING, ())


WELCOME = page(200, "<title>Welcome to nginx!</title>")
DEFAULT = """\
server {
    listen 80 default_server;
    listen 443 ssl default_server;
    server_name shop.example.com;
    ssl_certificate /c.pem;
    ssl_certificate_key /k.pem;
    root /var/www/html;
}
server {
    listen 80;
    server_name shop.example.com;
    location / { proxy_pass http://127.0.0.1:3000; }
}
"""


def test_fires_and_gives_the_sites_block_the_port_and_the_certificate() -> None:
    (claim,) = judge(CHECK, WELCOME, RUNNING, config(DEFAULT), masked=False)
    assert str(claim.facts["answering"]).endswith(":2")
    assert str(claim.facts["own"]).endswith(":10")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    diff = claim.fix.edits[0].diff
    for line in ("listen 443 ssl;", "ssl_certificate /c.pem;", "ssl_certificate_key /k.pem;"):
        assert f"+    {line}" in diff
    assert "+    server_name _;" in diff


def test_fires_without_an_edit_where_the_sites_block_is_not_known() -> None:
    for text in (
        DEFAULT.replace("    listen 80;\n", "    listen 80;\n    ssl_certificate /o.pem;\n"),
        DEFAULT.replace(
            "location / { proxy_pass http://127.0.0.1:3000; }", "return 301 https://a;"
        ),
        DEFAULT.replace(
            "server_name shop.example.com;\n    location", "server_name a.b;\n    location"
        ),
    ):
        (claim,) = judge(CHECK, WELCOME, RUNNING, config(text), masked=False)
        assert claim.fix
        assert not claim.fix.edits


def test_names_the_site_of_apache_that_has_another_port() -> None:
    plain = "<VirtualHost *:80>\nServerName shop.example.com\nProxyPass / http://127.0.0.1:3000/\n"
    secure = "<VirtualHost *:443>\nSSLEngine on\nDocumentRoot /var/www/html\n</VirtualHost>\n"
    text = f"{secure}{plain}</VirtualHost>\n"
    (claim,) = judge(CHECK, WELCOME, APACHE, apache_config(text), masked=False)
    assert str(claim.facts["answering"]).endswith(":1")
    assert str(claim.facts["own"]).endswith(":5")


def test_names_no_site_of_a_server_that_has_not_the_port() -> None:
    text = "<VirtualHost *:443>\nSSLEngine on\nDocumentRoot /var/www/html\n</VirtualHost>\n"
    seen = (WELCOME, apache_config(text), listening(443, process="python"))
    (claim,) = judge(CHECK, *seen, replace(APACHE, ports=(8080,)), masked=False)
    assert claim.facts["answering"] == ""
    (claim,) = judge(CHECK, *seen, replace(APACHE, ports=(443,)), masked=False)
    assert str(claim.facts["answering"]).endswith(":1")


def test_fires_and_gives_apaches_site_the_certificate_that_covers_its_name() -> None:
    default = page(200, "<title>Apache2 Debian Default Page: It works</title>")
    plain = (
        "<VirtualHost *:80>\n    ServerName shop.example.com\n"
        "    ProxyPass / http://127.0.0.1:3000/\n</VirtualHost>\n"
    )
    front = (
        "<VirtualHost *:443>\n    SSLEngine on\n    SSLCertificateFile /c.pem\n"
        "    SSLCertificateKeyFile /k.pem\n</VirtualHost>\n"
    )
    stored = CertificateFile(path="/c.pem", chain=(LEAF,))
    (claim,) = judge(CHECK, default, APACHE, apache_config(front + plain), stored, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    rows = [row[1:].strip() for row in claim.fix.edits[0].diff.split("\n") if row[:1] == "+"]
    assert "<VirtualHost *:443>" in rows
    assert "SSLCertificateFile /c.pem" in rows
    assert "Redirect permanent / https://shop.example.com/" in rows
    # A certificate that is not known, and a site that redirects by itself.
    redirects = plain.replace(
        "    ProxyPass", "    Redirect /old https://x.example/\n    ProxyPass"
    )
    for seen in ((apache_config(front + plain),), (apache_config(front + redirects), stored)):
        (claim,) = judge(CHECK, default, APACHE, *seen, masked=False)
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


EMPTY = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location /images { root /srv/shop; }
}
"""
ROOT = BackendVisit(
    target="http://127.0.0.1:5000", requested="/", path="/", status=200, connected=True
)  # fmt: skip
DOTNET = Listeners(
    sockets=(Listener(address="127.0.0.1", port=5000, family=4, process="dotnet"),)
)  # fmt: skip


def test_fires_and_passes_the_empty_block_on_to_the_only_program() -> None:
    (claim,) = judge(CHECK, WELCOME, RUNNING, config(EMPTY), ROOT, DOTNET, masked=False)
    assert claim.facts["program"] == "dotnet 127.0.0.1:5000"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+        proxy_pass http://127.0.0.1:5000;" in claim.fix.edits[0].diff
    assert "+        proxy_set_header X-Forwarded-Proto $scheme;" in claim.fix.edits[0].diff


def test_fires_and_lists_programs_where_it_is_not_known_which_is_meant() -> None:
    socket = DOTNET.sockets[0]
    two = Listeners(sockets=(socket, replace(socket, port=5001)))
    visits = ROOT, replace(ROOT, target="http://127.0.0.1:5001")
    (claim,) = judge(CHECK, WELCOME, RUNNING, config(EMPTY), *visits, two, masked=False)
    assert claim.facts["candidates"] == ("dotnet 5000 (200)", "dotnet 5001 (200)")
    assert claim.fix
    assert not claim.fix.edits


@pytest.mark.parametrize(
    "text",
    [
        EMPTY.replace("shop.example", "www.example"),
        EMPTY.replace("location", "root /srv/shop;\n    location", 1),
        EMPTY.replace("/images", "/"),
        EMPTY.replace("location", "return 200;\n    location", 1),
    ],
)
def test_fires_and_leaves_a_block_alone_that_has_a_page_or_is_not_the_sites(text: str) -> None:
    (claim,) = judge(CHECK, WELCOME, RUNNING, config(text), ROOT, DOTNET, masked=False)
    assert not claim.facts["empty"]
    assert claim.fix
    assert not claim.fix.edits
