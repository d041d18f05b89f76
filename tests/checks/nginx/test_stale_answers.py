"""Answers that the configuration on disk would not give."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Observation, Severity, Symptom, Vantage
from diagnose.model.files import PageFileAccess, PathComponent
from diagnose.model.http import Exchange
from diagnose.model.logs import ErrorLog, LogLine
from diagnose.model.nginx import NginxConfig, UpstreamTry
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, LOADED, RUNNING, SITE, config, nginx_says
from tests.support.upstream_evidence import compared, logged, page

PASS = "proxy_pass http://127.0.0.1:3000;"
STATIC = SITE.replace(PASS, "root /srv/shop;")
OWN_404 = "<center><h1>404 Not Found</h1></center>\n<hr><center>nginx</center>"
OWN_301 = "<center><h1>301 Moved Permanently</h1></center>\n<hr><center>nginx</center>"
LOG = ErrorLog(file="/var/log/nginx/error.log", until=LOADED + 110, since=LOADED - 600, at=10)
BUILT = replace(BUILD, prefix="/usr/share/nginx")
NO_FILE = '"/srv/old/index.html" is not found (2: No such file or directory)'


def newer(text: str = SITE) -> NginxConfig:
    return config(text, changed=LOADED + 60)


def severities(text: str, *seen: Observation) -> list[Severity | None]:
    evidence = (RUNNING, BUILT, newer(text), nginx_says(), *seen)
    return [claim.severity for claim in judge("nginx.reload-needed", *evidence)]


def confidence(text: str, *seen: Observation) -> Confidence:
    (claim,) = judge("nginx.reload-needed", RUNNING, BUILT, newer(text), nginx_says(), *seen)
    return claim.confidence


def line(text: str, request: str = "GET / HTTP/1.1", upstream: str = "") -> LogLine:
    return logged(text, request, upstream, when=LOADED + 105)


@pytest.mark.parametrize(
    ("answer", "status"),
    [(page(404, OWN_404), 200), (page(403, "Forbidden"), 302), (page(301, OWN_301), 200)],
    ids=["nginx's own 404", "an application's 403", "a redirect to itself"],
)
def test_fires_where_the_application_accepts_what_visitors_do_not_get(
    answer: Exchange, status: int
) -> None:
    assert severities(SITE, answer, compared(status)) == [None]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (SITE, 404),
        (SITE.replace(PASS, f"deny all; {PASS}"), 200),
        (SITE.replace(PASS, f'auth_basic "shop"; {PASS}'), 200),
        (SITE.replace(PASS, f"limit_req zone=shop; {PASS}"), 200),
        (SITE.replace(PASS, f"if ($cookie_beta) {{ return 404; }} {PASS}"), 200),
        (STATIC, 200),
    ],
    ids=["refused there too", "deny", "a password", "a limit", "a condition", "from files"],
)
def test_fires_as_a_note_where_the_files_may_refuse_too(text: str, status: int) -> None:
    assert severities(text, page(404, OWN_404), compared(status)) == [Severity.NOTE]


def test_fires_as_a_note_where_a_visitor_gets_the_page() -> None:
    assert severities(SITE, page(200), page(404, OWN_404), compared(200)) == [Severity.NOTE]


def access(path: str = "/srv/shop/index.html", mode: int = 0o644) -> PageFileAccess:
    part = PathComponent(
        path=path, uid=0, user="root", gid=0, group="root", mode=mode, label="", folder=False
    )
    return PageFileAccess(
        vantage=Vantage.SERVER, path=path, parts=(part,), uid=33, user="www-data",
        url="https://shop.example.com/",
    )  # fmt: skip


def test_fires_where_the_file_is_there() -> None:
    assert severities(STATIC, page(404, OWN_404), access()) == [None]
    assert severities(STATIC, page(404, OWN_404), access(mode=0o600)) == [Severity.NOTE]
    assert severities(STATIC, page(404, "an application's"), access()) == [Severity.NOTE]


def test_fires_where_nginx_looks_into_a_folder_that_the_files_do_not_name() -> None:
    seen = (page(404, OWN_404), line(NO_FILE), LOG)
    assert severities(STATIC, *seen) == [None]
    assert confidence(STATIC, *seen) is Confidence.CERTAIN


@pytest.mark.parametrize(
    ("text", "logged_line"),
    [
        (STATIC, line(NO_FILE.replace("old", "shop"))),
        (STATIC.replace("/srv/shop", "/srv/$host"), line(NO_FILE)),
        (STATIC, line('open() "/etc/nginx/.htpasswd" failed (2: No such file or directory)')),
        (STATIC, replace(line(NO_FILE), when=LOADED + 30)),
    ],
    ids=["of the files", "a variable", "another file", "before the change"],
)
def test_fires_as_a_note_where_the_line_proves_nothing(text: str, logged_line: LogLine) -> None:
    assert severities(text, page(404, OWN_404), logged_line, LOG) == [Severity.NOTE]


def tried(port: int = 3000) -> UpstreamTry:
    return UpstreamTry(
        vantage=Vantage.SERVER, target="http://127.0.0.1:3000", host="127.0.0.1",
        address="127.0.0.1", port=port,
    )  # fmt: skip


def test_is_certain_where_the_log_has_another_application() -> None:
    refused = line("connect() failed (111: Connection refused)", upstream="http://127.0.0.1:3001/")
    assert confidence(SITE, page(502), tried(), refused, LOG) is Confidence.CERTAIN
    same = replace(refused, upstream="http://127.0.0.1:3000/")
    assert confidence(SITE, page(502), tried(), same, LOG) is Confidence.LIKELY


def test_is_certain_where_a_rule_forbids_that_the_files_do_not_have() -> None:
    forbidden = line("access forbidden by rule")
    assert confidence(SITE, page(403, ""), compared(200), forbidden, LOG) is Confidence.CERTAIN


@pytest.mark.parametrize(
    ("limit", "when", "severity"),
    [
        ("client_max_body_size 64m;", LOADED + 70, Severity.WARNING),
        ("client_max_body_size 0;", LOADED + 70, Severity.WARNING),
        ("client_max_body_size 2m;", LOADED + 70, Severity.NOTE),
        ("", LOADED + 70, Severity.NOTE),
        ("client_max_body_size 64m;", LOADED + 30, Severity.NOTE),
    ],
    ids=["allowed", "no limit", "too small", "the default", "before the change"],
)
def test_fires_where_an_upload_was_refused_that_the_files_allow(
    limit: str, when: float, severity: Severity
) -> None:
    text = "client intended to send too large body: 3000000 bytes"
    upload = replace(line(text, "POST /upload HTTP/1.1"), when=when)
    assert severities(SITE.replace(PASS, f"{limit} {PASS}"), page(200), upload) == [severity]


@pytest.mark.parametrize(
    ("rule", "status", "severity"),
    [
        ("return 301 https://$host$request_uri;", 200, Severity.WARNING),
        ("return 301 https://$host$request_uri;", 301, Severity.NOTE),
        ("return 301 http://www.example.com;", 200, Severity.NOTE),
        ("root /srv/shop;", 200, Severity.NOTE),
    ],
    ids=["a page", "a redirect", "to http", "no rule"],
)
def test_fires_where_port_80_does_not_redirect_as_the_files_do(
    rule: str, status: int, severity: Severity | None
) -> None:
    plain = Exchange(
        url="http://shop.example.com/", address="203.0.113.10", port=80, status=status,
        purpose="plain",
    )  # fmt: skip
    block = f"server {{\n    listen 80;\n    server_name shop.example.com;\n    {rule}\n}}\n"
    assert severities(SITE + block, page(200), plain) == [severity]


FIELD = "add_header Access-Control-Allow-Origin https://www.example.org"
COMPLAINT = replace(SHOP, symptom=Symptom("cors", "blocked by CORS policy"))


@pytest.mark.parametrize(
    ("rule", "status", "sent", "severity"),
    [
        (f"{FIELD};", 200, "", Severity.WARNING),
        (f"{FIELD};", 200, "https://old.example.org", Severity.WARNING),
        (f"{FIELD};", 200, "https://www.example.org", Severity.NOTE),
        (f"{FIELD};", 404, "", Severity.NOTE),
        (f"{FIELD} always;", 404, "", Severity.WARNING),
        ("add_header X-Time $msec;", 200, "", Severity.NOTE),
    ],
    ids=["missing", "another value", "sent", "an error", "always", "a variable"],
)
def test_fires_where_a_field_of_the_files_is_not_sent_and_somebody_complains(
    rule: str, status: int, sent: str, severity: Severity | None
) -> None:
    answer = page(status)
    if sent:
        answer = replace(answer, headers=(("access-control-allow-origin", sent),))
    text = SITE.replace(PASS, f"{rule} {PASS}")
    seen = (RUNNING, BUILT, newer(text), nginx_says(), answer)
    (claim,) = judge("nginx.reload-needed", *seen, target=COMPLAINT, masked=False)
    assert claim.severity is severity
    (claim,) = judge("nginx.reload-needed", *seen, masked=False)
    assert claim.severity is Severity.NOTE


def test_silent_where_the_files_are_loaded() -> None:
    seen = (RUNNING, config(), nginx_says(), page(404, OWN_404), compared(200))
    assert not judge("nginx.reload-needed", *seen)
