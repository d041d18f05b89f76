"""The lines by which other servers tell the application how visitors come."""

from checks.server import server_on_port
from checks.server._visitor_fields import HOST, SCHEME, visitor_fix
from diagnose.model import Command, Edit, Fix, Observation
from tests.support import haproxy_evidence
from tests.support.caddy_evidence import CADDY, SITE, caddy_config
from tests.support.check_evidence import evidence
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

ROUTE = "    ProxyPass / http://127.0.0.1:3000/\n"


def fix_of(*observations: Observation, fields: tuple[str, ...] = (SCHEME, HOST)) -> Fix | None:
    view = server_on_port(evidence(*observations))
    assert view
    return visitor_fix(view, "/", *fields)


def edits_of(fix: Fix | None) -> str:
    assert fix
    return "".join(step.diff for step in fix.steps if isinstance(step, Edit))


def test_apache_gets_both_lines_above_its_proxy_pass() -> None:
    diff = edits_of(fix_of(APACHE, apache_config()))
    added = "+    RequestHeader set X-Forwarded-Proto https\n+    ProxyPreserveHost On\n"
    assert f"{added}     ProxyPass / http" in diff


def test_apache_gets_other_lines_in_the_place_of_wrong_ones() -> None:
    wrong = "    ProxyPreserveHost Off\n    RequestHeader set X-Forwarded-Proto http\n"
    diff = edits_of(fix_of(APACHE, apache_config(HTTPS.replace(ROUTE, wrong + ROUTE))))
    assert "-    ProxyPreserveHost Off\n" in diff
    assert "+    ProxyPreserveHost On\n" in diff
    assert "-    RequestHeader set X-Forwarded-Proto http\n" in diff
    assert diff.count("\n+") == 3  # with the name of the file


def test_apache_without_its_module() -> None:
    config = apache_config(modules=("ssl", "proxy", "proxy_http"))
    fix = fix_of(APACHE, config, fields=(SCHEME,))
    assert fix
    assert isinstance(fix.steps[0], Command)
    assert fix.steps[0].argv == ("a2enmod", "headers")


def test_none_where_the_host_is_kept() -> None:
    kept = apache_config(HTTPS.replace(ROUTE, f"    ProxyPreserveHost On\n{ROUTE}"))
    assert fix_of(APACHE, kept, fields=(HOST,)) is None
    assert fix_of(CADDY, caddy_config(), fields=(HOST,)) is None
    assert fix_of(haproxy_evidence.SERVER, haproxy_evidence.config(), fields=(HOST,)) is None


def test_haproxy_sends_the_scheme_of_tls() -> None:
    diff = edits_of(fix_of(haproxy_evidence.SERVER, haproxy_evidence.config(), fields=(SCHEME,)))
    assert "+    http-request set-header X-Forwarded-Proto https if { ssl_fc }\n" in diff


def test_haproxy_no_longer_replaces_the_host() -> None:
    line = "    http-request set-header Host app.internal\n"
    text = haproxy_evidence.TEXT.replace("backend app\n", f"backend app\n{line}")
    diff = edits_of(fix_of(haproxy_evidence.SERVER, haproxy_evidence.config(text), fields=(HOST,)))
    assert f"-{line}+    # {line.lstrip()}" in diff


def test_a_line_of_haproxys_about_the_scheme_takes_a_person() -> None:
    line = "    http-request set-header X-Forwarded-Proto http\n"
    text = haproxy_evidence.TEXT.replace("backend app\n", f"backend app\n{line}")
    config = haproxy_evidence.config(text)
    assert fix_of(haproxy_evidence.SERVER, config, fields=(SCHEME,)) is None


def test_caddy_no_longer_replaces_the_scheme() -> None:
    block = "reverse_proxy 127.0.0.1:3000 {\n\t\theader_up X-Forwarded-Proto http\n\t}"
    text = SITE.replace("reverse_proxy 127.0.0.1:3000", block)
    diff = edits_of(fix_of(CADDY, caddy_config(text), fields=(SCHEME,)))
    assert "+\t\t# header_up X-Forwarded-Proto http\n" in diff
    assert fix_of(CADDY, caddy_config(), fields=(SCHEME,)) is None
