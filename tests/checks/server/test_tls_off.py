from dataclasses import replace
from typing import Any

from diagnose.model import Applicability, Command, Edit
from diagnose.model.files import StoredCertificate
from diagnose.model.haproxy import HaproxyTry
from diagnose.model.nginx import CertificateFile
from tests.support import haproxy_evidence
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.certificates import LEAF
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.tls_evidence import GARBAGE, RESET, shake
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

CHECK = "server.tls-off"
OFF = HTTPS.replace("SSLEngine on", "SSLEngine off")
FAILED = shake(failure=GARBAGE, received="HTTP/1.1 400 Bad Request")


def test_fires_when_tls_is_off_and_turns_it_on() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(OFF), LISTENING, FAILED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-    SSLEngine off\n+    SSLEngine on\n" in edit.diff
    assert edit.path == "/etc/apache2/sites-available/shop.conf", "where the link leads"


def test_fires_and_leaves_it_to_a_person_if_no_certificate_is_named() -> None:
    bare = "".join(line for line in OFF.splitlines(True) if "Certificate" not in line)
    (claim,) = judge(CHECK, APACHE, apache_config(bare), LISTENING, FAILED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


LIVE = "/etc/letsencrypt/live/shop.example.com"
STORED = StoredCertificate(path=f"{LIVE}/fullchain.pem", chain=(LEAF,), key=f"{LIVE}/privkey.pem")
BARE = "".join(line for line in OFF.splitlines(True) if "SSL" not in line)


def test_fires_with_a_certificate_that_lies_on_the_server() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(BARE), LISTENING, FAILED, STORED, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+    SSLCertificateFile {LIVE}/fullchain.pem\n" in edit.diff
    assert f"+    SSLCertificateKeyFile {LIVE}/privkey.pem\n" in edit.diff
    other = replace(STORED, chain=(replace(LEAF, dns_names=("a.example.com",)),))
    odd = replace(STORED, path="/etc/ssl/my shop.pem")
    for stored in (other, odd, replace(STORED, key="")):
        (claim,) = judge(CHECK, APACHE, apache_config(BARE), LISTENING, FAILED, stored)
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


REDIRECTING = """\
<VirtualHost *:80>
    ServerName shop.example.com
    DocumentRoot /var/www/shop
    RewriteEngine On
    RewriteCond %{HTTPS} off
    RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
</VirtualHost>
"""


def test_fires_and_writes_the_site_of_https_where_port_80_leads_there() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(REDIRECTING), LISTENING, FAILED, STORED)
    assert claim.facts["stored"] == STORED.path
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    added = [line[1:] for line in edit.diff.split("\n") if line.startswith("+")]
    assert "<VirtualHost *:443>" in added
    assert "    DocumentRoot /var/www/shop" in added
    assert f"    SSLCertificateKeyFile {STORED.key}" in added
    assert not any("https:" in line or "RewriteCond" in line for line in added)
    for text in (
        REDIRECTING.replace("    DocumentRoot /var/www/shop\n", ""),
        REDIRECTING.replace("RewriteEngine On", "SSLProxyEngine on\n    SSLVerifyClient none"),
    ):
        (claim,) = judge(CHECK, APACHE, apache_config(text), LISTENING, FAILED, STORED)
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


def test_fires_with_a_bundle_for_haproxy() -> None:
    text = haproxy_evidence.TEXT.replace(f":443 ssl crt {haproxy_evidence.PEM}", ":443")
    told = (HAPROXY, haproxy_config(text), FAILED)
    (claim,) = judge(CHECK, *told, STORED, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    bundle, edit, *_ = claim.fix.steps
    assert isinstance(bundle, Command)
    assert bundle.argv[-3:] == (
        "/etc/haproxy/shop.example.com.pem", f"{LIVE}/fullchain.pem", f"{LIVE}/privkey.pem",
    )  # fmt: skip
    assert isinstance(edit, Edit)
    assert "+    bind :443 ssl crt /etc/haproxy/shop.example.com.pem alpn" in edit.diff
    # The new file would be written over one that is there.
    taken = replace(STORED, path="/etc/haproxy/shop.example.com.pem", key="")
    (claim,) = judge(CHECK, *told, STORED, taken, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    joined = replace(STORED, path="/etc/ssl/a.pem", key="/etc/ssl/a.pem")
    (claim,) = judge(CHECK, *told, joined, masked=False)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    two = haproxy_config(text.replace("bind :443", "bind :80,:443"))
    for claim in judge(CHECK, HAPROXY, two, FAILED, STORED, masked=False):
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


PLAIN = """<VirtualHost *:80>
    ServerName shop.example.com
</VirtualHost>
"""


def test_fires_when_no_enabled_site_is_on_the_port() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(PLAIN, idle=HTTPS), LISTENING, FAILED)
    assert claim.facts["idle"] == "/etc/apache2/sites-available/idle.conf:1"
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    enable = claim.fix.steps[0]
    assert isinstance(enable, Command)
    assert enable.argv == ("a2ensite", "idle")
    (claim,) = judge(CHECK, APACHE, apache_config(PLAIN), LISTENING, FAILED)
    assert not claim.facts["idle"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_when_a_file_that_was_not_read_may_hold_the_site() -> None:
    assert not judge(CHECK, APACHE, apache_config(PLAIN, complete=False), LISTENING, FAILED)


def test_silent_when_tls_is_on_or_a_handshake_succeeded() -> None:
    assert not judge(CHECK, APACHE, apache_config(), LISTENING, FAILED)
    assert not judge(CHECK, APACHE, apache_config(OFF), LISTENING, shake())
    unset = HTTPS.replace("    SSLEngine on\n", "")
    assert not judge(CHECK, APACHE, apache_config(unset), LISTENING, FAILED), "443 is https"


def test_silent_on_the_port_of_plain_http() -> None:
    target = replace(SHOP, input="https://shop.example.com:80/", port=80)
    failed = replace(FAILED, port=80)
    haproxy = "frontend f\n    bind :80\n    default_backend b\n"
    plain: Any = document("shop.example.com", tls="")
    plain["apps"]["http"]["servers"]["srv0"]["listen"] = [":80"]
    for server, config in (
        (APACHE, apache_config(f"{PLAIN}{HTTPS}")),
        (APACHE, apache_config(HTTPS)),
        (HAPROXY, haproxy_config(haproxy)),
        (CADDY, caddy_config("http://shop.example.com {\n}\n", plain)),
    ):
        assert not judge(CHECK, server, config, LISTENING, failed, target=target)


def test_silent_on_a_port_that_only_sends_to_https() -> None:
    target = replace(SHOP, input="https://shop.example.com:8080/", port=8080)
    failed = replace(FAILED, port=8080)
    server = replace(APACHE, ports=(*APACHE.ports, 8080))
    text = PLAIN.replace(":80", ":8080").replace("</V", "    Redirect / {}\n</V")
    for address, is_fault in (
        ("https://shop.example.com/", False),
        ("https://shop.example.com:8080/", True),
        ("http://shop.example.com/", True),
    ):
        config = apache_config(text.format(address))
        found = judge(CHECK, server, config, LISTENING, failed, target=target)
        assert bool(found) is is_fault, address
    named = OFF.replace(":443", ":8080").replace(
        "    SSLE", "    Redirect / https://a.example\n    SSLE"
    )
    assert judge(CHECK, server, apache_config(named), LISTENING, failed, target=target)


def test_silent_when_nothing_shows_plain_text() -> None:
    assert not judge(CHECK, APACHE, apache_config(OFF), LISTENING, shake(failure=RESET))


def test_silent_where_haproxy_passes_tls_on() -> None:
    text = "frontend f\n    mode tcp\n    bind :443\n    default_backend b\n"
    assert not judge(CHECK, HAPROXY, haproxy_config(text), LISTENING, shake(failure=RESET))
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), LISTENING, FAILED)
    assert claim.facts["passthrough"]
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(f"{text}    mode http\n"), LISTENING, FAILED)
    assert claim.fix


def test_silent_where_the_server_behind_answers_a_header_in_plain_text() -> None:
    text = "frontend f\n    mode tcp\n    bind :443\n    default_backend b\n"
    works = HaproxyTry(
        backend="b", name="s", address="127.0.0.1", port=8443, purpose="page", path="/", status=200
    )
    assert not judge(CHECK, HAPROXY, haproxy_config(text), LISTENING, FAILED, works)


def test_adds_ssl_to_haproxys_line_that_names_a_certificate() -> None:
    text = haproxy_evidence.TEXT.replace(":443 ssl crt", ":443 crt")
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), LISTENING, FAILED, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+    bind :443 ssl crt {haproxy_evidence.PEM}\n" in edit.diff


def test_the_certificate_of_another_block_of_the_port_is_named_by_an_edit() -> None:
    bare = "".join(line for line in OFF.splitlines(True) if "SSL" not in line)
    other = HTTPS.replace("    ServerName shop.example.com\n", "")
    config = apache_config(f"{bare}{other}")
    path = config.sites[1].paths("certificate")[0]
    leaf = replace(LEAF, dns_names=("shop.example.com",))
    file = CertificateFile(path=path, sha256=leaf.sha256, chain=(leaf,))
    (claim,) = judge(CHECK, APACHE, config, LISTENING, FAILED, file)
    assert claim.facts["lender"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+    SSLEngine on\n+    SSLCertificateFile {path}\n" in edit.diff
    foreign = replace(leaf, dns_names=("www.example.org",))
    for chain in ((foreign,), ()):
        (claim,) = judge(CHECK, APACHE, config, LISTENING, FAILED, replace(file, chain=chain))
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


def test_fires_and_moves_the_site_that_is_on_a_port_without_listen() -> None:
    config = apache_config(PLAIN + HTTPS.replace(":443>", ":444>"))
    (claim,) = judge(CHECK, APACHE, config, LISTENING, FAILED)
    assert claim.facts["other_port"] == 444
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+<VirtualHost *:443>\n" in edit.diff
    blog = HTTPS.replace(":443>", ":444>").replace("shop.", "blog.")
    (claim,) = judge(CHECK, APACHE, apache_config(PLAIN + blog), LISTENING, FAILED)
    assert not claim.facts["other_port"]


def test_fires_where_the_backend_reads_tls_as_http_and_lets_it_pass() -> None:
    text = (
        "frontend tls\n    mode tcp\n    bind :443\n    default_backend inner\n"
        "backend inner\n{}    server a 127.0.0.1:8443\n"
        "frontend plain\n    mode http\n    bind :80\n"
    )
    for written in ("    mode http\n", ""):
        defaults = "" if written else "defaults\n    mode http\n"
        config = haproxy_config(defaults + text.format(written))
        (claim,) = judge(CHECK, HAPROXY, config, LISTENING, FAILED)
        assert claim.facts["http_backend"] == "inner"
        assert claim.fix
        edit = claim.fix.steps[0]
        assert isinstance(edit, Edit)
        assert "+    mode tcp\n" in edit.diff
