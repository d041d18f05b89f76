"""nginx.own-answer: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit, Severity
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge, texts
from tests.support.firewall_rules import host
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import LOG_READ, logged, page

CHECK = "nginx.own-answer"
NGINX = "<html><title>{0}</title><center><h1>{0}</h1></center><hr><center>nginx</center></html>"
GUARD = SITE.replace("proxy_set_header", 'auth_basic "Shop";\n        proxy_set_header')
HTTP = replace(SHOP, scheme="http", port=80)
PLAIN = """\
server {
    listen 80;
    server_name shop.example.com;
    return 404;
}
"""


def own(status: str) -> Exchange:
    return page(int(status[:3]), NGINX.format(status))


def test_fires_as_a_note_and_names_the_line() -> None:
    (claim,) = judge(CHECK, own("401 Authorization Required"), RUNNING, config(GUARD), masked=False)
    assert claim.severity is None
    assert claim.facts["statement"] == "auth_basic Shop"
    assert claim.location


def test_leaves_what_is_closed_on_purpose() -> None:
    asked = own("401 Authorization Required")
    (claim,) = judge(CHECK, asked, RUNNING, config(GUARD), masked=False)
    text = "".join(texts(CHECK, claim))
    assert "closes the path on purpose" in text
    assert "use-credentials" not in text
    manifest = replace(SHOP, path="/manifest.webmanifest")
    (claim,) = judge(CHECK, asked, RUNNING, config(GUARD), target=manifest, masked=False)
    assert 'crossorigin="use-credentials"' in "".join(texts(CHECK, claim))
    response = replace(own("404 Not Found"), url="http://shop.example.com/", port=80)
    (claim,) = judge(CHECK, response, RUNNING, config(PLAIN), target=HTTP, masked=False)
    assert "on purpose" not in "".join(texts(CHECK, claim))


def test_fires_on_a_password_that_is_refused() -> None:
    asked = replace(
        own("401 Authorization Required"),
        equivalent="curl -H 'Authorization: Basic ***' https://x/",
    )
    line = logged('user "alice" was not found in "/etc/nginx/.htpasswd"')
    observations = (asked, RUNNING, config(GUARD), LOG_READ, line)
    (claim,) = judge(CHECK, *observations, masked=False)
    assert claim.severity is Severity.WARNING
    assert claim.facts["unknown_user"]
    assert claim.facts["command"] == "htpasswd /etc/nginx/.htpasswd alice"
    assert line in claim.because
    other = (asked, RUNNING, config(GUARD.replace("/etc/nginx/.htpasswd", "/etc/$host")), LOG_READ)
    (claim,) = judge(CHECK, *other, masked=False)
    assert claim.facts["command"] == "htpasswd FILE USER", "neither is known"


@pytest.mark.parametrize("scheme", ["Bearer ", "Digest ", "Negotiate ", ""])
def test_fires_on_a_token_that_is_meant_for_the_application(scheme: str) -> None:
    asked = replace(
        own("401 Authorization Required"),
        equivalent=f"curl -H 'Authorization: {scheme}***' https://x/",
    )
    (claim,) = judge(CHECK, asked, RUNNING, config(GUARD), masked=False)
    assert claim.severity is Severity.WARNING
    assert (claim.facts["token"], claim.facts["password"]) == (True, False)
    assert claim.facts["scheme"] == scheme.strip()
    assert "auth_basic off" in "".join(texts(CHECK, claim))


def test_fires_where_http_ends_and_https_is_served() -> None:
    response = replace(own("404 Not Found"), url="http://shop.example.com/", port=80)
    (claim,) = judge(CHECK, response, RUNNING, config(PLAIN + SITE), target=HTTP, masked=False)
    assert claim.severity is Severity.WARNING
    (claim,) = judge(CHECK, response, RUNNING, config(PLAIN), target=HTTP, masked=False)
    assert claim.severity is None


def test_a_challenge_over_http_needs_no_redirect() -> None:
    path = "/.well-known/acme-challenge/oZK3axC2Xw2CoAdlQFjl6mF1JNhJCIIfJivOaiY3is8"
    response = replace(own("404 Not Found"), url=f"http://shop.example.com{path}", port=80)
    target = replace(HTTP, path=path)
    (claim,) = judge(CHECK, response, RUNNING, config(PLAIN + SITE), target=target, masked=False)
    assert claim.severity is None


def test_silent_on_the_applications_answer_and_where_nothing_decides() -> None:
    assert not judge(CHECK, page(401, "Log in."), RUNNING, config(GUARD), masked=False)
    assert not judge(CHECK, own("404 Not Found"), RUNNING, config(), masked=False)
    off = GUARD.replace('"Shop"', "off")
    assert not judge(CHECK, own("401 Authorization Required"), RUNNING, config(off), masked=False)


FILES = SITE.replace(
    "location / {", "location /api/ {\n        root /srv/www;\n    }\n    location / {"
)
API = replace(SHOP, path="/api/users")


def test_fires_as_a_note_on_a_file_that_is_not_there() -> None:
    observations = (own("404 Not Found"), RUNNING, config(FILES))
    (claim,) = judge(CHECK, *observations, target=API, masked=False)
    assert claim.severity is None
    assert claim.facts["file"] == "/srv/www/api/users"


def test_fires_on_an_address_in_the_place_of_a_folder() -> None:
    text = FILES.replace("root /srv/www", "alias http://127.0.0.1:6081")
    (claim,) = judge(CHECK, own("404 Not Found"), RUNNING, config(text), target=API, masked=False)
    assert claim.severity is Severity.WARNING
    assert claim.facts["address"] == "http://127.0.0.1:6081"


def test_fires_as_a_note_on_a_location_that_is_internal() -> None:
    text = SITE.replace("location / {", "location / {\n        internal;")
    (claim,) = judge(CHECK, own("404 Not Found"), RUNNING, config(text), masked=False)
    assert claim.severity is None
    assert claim.facts["statement"] == "internal"


def test_silent_where_the_servers_own_address_is_refused() -> None:
    rule = "if ($remote_addr = 203.0.113.10) { return 403; }\n    location / {"
    observations = (own("403 Forbidden"), RUNNING, config(SITE.replace("location / {", rule, 1)))
    assert not judge(CHECK, *observations, host(), masked=False)


@pytest.mark.parametrize("condition", ["$remote_addr = 203.0.113.10", "$ssl_client_verify = ''"])
def test_silent_where_the_check_of_rules_names_the_same_line(condition: str) -> None:
    rule = f"if ({condition}) {{ return 403; }}\n    location / {{"
    observations = (own("403 Forbidden"), RUNNING, config(SITE.replace("location / {", rule, 1)))
    assert not judge(CHECK, *observations, masked=False)
    (claim,) = judge("nginx.rule-refuses", *observations, masked=False)
    assert claim.facts["status"] == 403


OUTER = SITE.replace("127.0.0.1:3000", "127.0.0.1:8080")
INNER = "server {\n    listen 127.0.0.1:8080;\n    server_name shop.example.com;\n    %s\n}\n"


@pytest.mark.parametrize(
    ("line", "status", "statement"),
    [
        ("location / { deny all; }", "403 Forbidden", "deny all"),
        ("return 404;", "404 Not Found", "return 404"),
        ("auth_basic Staff;", "401 Authorization Required", "auth_basic Staff"),
    ],
)
def test_fires_as_a_note_on_a_line_of_the_block_behind(
    line: str, status: str, statement: str
) -> None:
    seen = (own(status), RUNNING, config(OUTER + INNER % line))
    (claim,) = judge(CHECK, *seen, masked=False)
    assert claim.facts["statement"] == statement
    assert claim.severity is None


def test_silent_where_the_block_behind_has_a_list_of_addresses() -> None:
    lines = "allow 10.0.0.0/8; deny all;"
    assert not judge(CHECK, own("403 Forbidden"), RUNNING, config(OUTER + INNER % lines))


def test_silent_where_the_block_behind_passes_on() -> None:
    line = "location / { proxy_pass http://127.0.0.1:3000; }"
    assert not judge(CHECK, own("403 Forbidden"), RUNNING, config(OUTER + INNER % line))


def test_fires_as_a_note_on_the_file_to_which_a_rule_leads() -> None:
    text = SITE.replace(
        "location / {",
        "rewrite ^/old/(.*)$ /new/$1 last; location /new/ { root /srv/new; }\n    location / {",
    )
    target = replace(SHOP, path="/old/a.txt")
    asked = replace(own("404 Not Found"), url="https://shop.example.com/old/a.txt")
    (claim,) = judge(CHECK, asked, RUNNING, config(text), target=target, masked=False)
    assert claim.facts["file"] == "/srv/new/new/a.txt"


def test_fires_on_a_return_in_front_of_the_application_and_takes_it_out() -> None:
    text = SITE.replace("location / {", "location / {\n        return 403;")
    (claim,) = judge(CHECK, own("403 Forbidden"), RUNNING, config(text), masked=False)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert "proxy_pass" in str(claim.facts["dead"])
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = [step for step in claim.fix.steps if isinstance(step, Edit)]
    assert "-        return 403;" in edit.diff


def test_fires_as_a_note_on_a_path_of_its_own_and_a_block_without_an_application() -> None:
    closed = SITE.replace("location / {", "location /admin/ {\n        return 403;")
    admin = replace(SHOP, path="/admin/")
    response = replace(own("403 Forbidden"), url=admin.url)
    (claim,) = judge(CHECK, response, RUNNING, config(closed), target=admin, masked=False)
    assert (claim.severity, claim.facts["dead"]) == (None, "")
    response = replace(own("404 Not Found"), url="http://shop.example.com/", port=80)
    (claim,) = judge(CHECK, response, RUNNING, config(PLAIN), target=HTTP, masked=False)
    assert claim.facts["dead"] == ""


def test_fires_and_switches_a_location_in_a_comment_on() -> None:
    comment = "    # location /api/ {\n    #     proxy_pass http://127.0.0.1:8080;\n    # }\n"
    text = SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv/shop;").replace(
        "    location / {", f"{comment}    location / {{"
    )
    target, answer = replace(SHOP, path="/api/users"), own("404 Not Found")
    answer = replace(answer, url="https://shop.example.com/api/users")
    (claim,) = judge(CHECK, answer, RUNNING, config(text), target=target, masked=False)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert claim.facts["comment"] == "/api/"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert isinstance(claim.fix.steps[0], Edit)


def test_fires_and_redirects_to_https_where_certbots_404_ends_a_plain_block() -> None:
    response = replace(own("404 Not Found"), url="http://shop.example.com/", port=80)
    (claim,) = judge(CHECK, response, RUNNING, config(SITE + PLAIN), target=HTTP, masked=False)
    assert claim.fix
    (edit,) = claim.fix.edits
    assert "+    return 301 https://$host$request_uri;" in edit.diff
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_and_redirects_no_block_that_refuses_all_names() -> None:
    response = replace(own("404 Not Found"), url="http://shop.example.com/", port=80)
    refusing = PLAIN.replace("shop.example.com", "_")
    assert refusing != PLAIN
    claims = judge(CHECK, response, RUNNING, config(SITE + refusing), target=HTTP, masked=False)
    assert all(claim.fix and not claim.fix.edits for claim in claims)


def test_fires_and_redirects_no_block_that_has_tls_too() -> None:
    both = SITE.replace("location / {", "return 404;\n    location / {").replace(
        "listen 443 ssl;", "listen 80;\n    listen 443 ssl;"
    )
    response = replace(own("404 Not Found"), url="http://shop.example.com/", port=80)
    claims = judge(CHECK, response, RUNNING, config(both), target=HTTP, masked=False)
    assert all(claim.fix and not claim.fix.edits for claim in claims)


def test_fires_and_passes_on_what_root_has_an_address_for() -> None:
    text = (
        "server {\n listen 443 ssl;\n server_name shop.example.com;\n location /api/ {\n"
        "  root http://127.0.0.1:3000;\n  index index.html;\n  try_files $uri =404;\n }\n}\n"
    )
    target = replace(SHOP, path="/api/items")
    asked = replace(own("404 Not Found"), url="https://shop.example.com/api/items")
    (claim,) = judge(CHECK, asked, RUNNING, config(text), target=target, masked=False)
    assert claim.fix
    (edit,) = claim.fix.edits
    assert "+  proxy_pass http://127.0.0.1:3000;" in edit.diff
    assert edit.diff.count("\n-  ") == 3


def test_fires_and_shows_a_manifest_without_the_password() -> None:
    """After issue 316 of shlink-web-client: manifest.json gets 401 behind a password."""
    asked = own("401 Authorization Required")
    told = replace(SHOP, symptom=Symptom("status", "GET manifest.json returns 401"))
    (claim,) = judge(CHECK, asked, RUNNING, config(GUARD), target=told, masked=False)
    assert claim.fix
    (edit,) = claim.fix.edits
    assert "location = /manifest.json {" in edit.diff
    assert "auth_basic off;" in edit.diff
    assert "proxy_pass" in edit.diff
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_about_a_manifest_that_is_open() -> None:
    asked = own("401 Authorization Required")
    told = replace(SHOP, symptom=Symptom("status", "GET manifest.json returns 401"))
    opened = GUARD.replace(
        "    location / {",
        "    location = /manifest.json {\n        auth_basic off;\n    }\n    location / {",
    )
    assert not judge(CHECK, asked, RUNNING, config(opened), target=told, masked=False)
