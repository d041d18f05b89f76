"""The types and encodings that Apache and Caddy name for their own files."""

from dataclasses import replace

from checks.server import server_on_port
from checks.server._media_types import charset_fix, media_type_fix
from diagnose.model import Edit, Fix, Observation
from tests.support import haproxy_evidence
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import evidence
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

FILES = HTTPS[: HTTPS.index("    ProxyPass")] + "    DocumentRoot /srv\n</VirtualHost>\n"
NAME = "    ServerName shop.example.com\n"


def type_fix(path: str, *observations: Observation) -> Fix | None:
    view = server_on_port(evidence(*observations))
    assert view
    return media_type_fix(view, path)


def diff(fix: Fix | None) -> str:
    assert fix
    return "".join(step.diff for step in fix.steps if isinstance(step, Edit))


def test_apache_gets_a_line_for_the_type() -> None:
    added = diff(type_fix("/app.wasm", APACHE, apache_config(FILES)))
    assert f" {NAME}+    AddType application/wasm .wasm\n" in added


def test_apaches_own_line_is_changed() -> None:
    text = FILES.replace(NAME, f"{NAME}    AddType text/plain .css\n")
    changed = diff(type_fix("/static/app.css", APACHE, apache_config(text)))
    assert "-    AddType text/plain .css\n+    AddType text/css .css\n" in changed
    both = FILES.replace(NAME, f"{NAME}    AddType text/plain .css .txt\n")
    assert type_fix("/static/app.css", APACHE, apache_config(both)) is None


def test_none_for_what_an_application_sends_or_an_unknown_ending() -> None:
    assert type_fix("/app.wasm", APACHE, apache_config()) is None
    assert type_fix("/app.wasm", CADDY, caddy_config()) is None
    assert type_fix("/app.unknown", APACHE, apache_config(FILES)) is None
    server = haproxy_evidence.SERVER
    assert type_fix("/app.wasm", server, haproxy_evidence.config()) is None


def test_caddy_gets_a_matcher_with_a_name() -> None:
    own = caddy_config("shop.example.com {\n\troot * /srv/www\n\tfile_server\n}\n")
    own = replace(own, sites=tuple(replace(site, routes=()) for site in own.sites))
    added = diff(type_fix("/app.mjs", CADDY, own))
    assert "+\t@mjs path *.mjs\n+\theader @mjs Content-Type text/javascript\n" in added


def test_apaches_encoding() -> None:
    text = FILES.replace(NAME, f"{NAME}    AddDefaultCharset ISO-8859-1\n")
    view = server_on_port(evidence(APACHE, apache_config(text)))
    assert view
    changed = diff(charset_fix(view, "iso-8859-1", "utf-8"))
    assert "+    AddDefaultCharset utf-8\n" in changed
    assert charset_fix(view, "windows-1251", "utf-8") is None
