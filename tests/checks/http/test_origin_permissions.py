"""http.cors-refused: the lines of Apache, Caddy and HAProxy that permit another site."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Edit, Manual, Observation
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support import haproxy_evidence
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.caddy_evidence import SITE as CADDY_SITE
from tests.support.check_evidence import SHOP, judge
from tests.support.page_errors import page
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK, ORIGIN = "http.cors-refused", "https://app.example.org"
ALLOW = "Access-Control-Allow-Origin"
PATH = "/api/items"
TARGET = replace(
    SHOP, path=PATH, symptom=Symptom("cors", f"from origin '{ORIGIN}' blocked by CORS")
)
HAPROXY = (haproxy_evidence.SERVER, haproxy_evidence.config())


def answer(status: int = 200, *headers: tuple[str, str], method: str = "GET") -> Exchange:
    kind = ("Content-Type", "application/json")
    url = f"https://shop.example.com{PATH}"
    fields = f"-H 'Origin: {ORIGIN}' -H 'Access-Control-Request-Headers: x-token'"
    asked = f"curl -sSi -X {method} {fields} {url}"
    return replace(
        page(status), url=url, headers=(kind, *headers), method=method, equivalent=asked, body=""
    )


def claim_of(seen: Exchange, *server: Observation) -> Claim:
    (claim,) = judge(CHECK, seen, *server, target=TARGET, masked=False)
    return claim


def edit_of(claim: Claim) -> str:
    """The edit of the fix itself, or of the step that a person chooses."""
    assert claim.fix
    steps = claim.fix.steps
    chosen = [step.commands for step in steps if isinstance(step, Manual) and step.commands]
    edits = (each for each in (chosen[-1] if chosen else steps) if isinstance(each, Edit))
    return next(edits).diff


def test_apache_permits_the_site_for_the_path_alone() -> None:
    claim = claim_of(answer(), APACHE, apache_config())
    text = edit_of(claim)
    assert '+    <If "%{THE_REQUEST} =~ m#^[A-Z]+ /api/items[? ]#">' in text
    assert f'+        Header always set {ALLOW} "{ORIGIN}"' in text
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_apache_answers_the_preflight_before_the_application() -> None:
    text = edit_of(claim_of(answer(405, method="OPTIONS"), APACHE, apache_config(HTTPS)))
    assert "+    RewriteRule ^/api/items$ - [R=204,L]" in text
    assert 'Access-Control-Allow-Headers "Content-Type, Authorization, x-token"' in text


def test_caddy_permits_the_site_for_the_path_alone() -> None:
    text = edit_of(claim_of(answer(), CADDY, caddy_config()))
    assert f'+\theader {PATH} {{\n+\t\t{ALLOW} "{ORIGIN}"\n+\t\t+Vary Origin\n+\t}}' in text
    asked = edit_of(claim_of(answer(405, method="OPTIONS"), CADDY, caddy_config()))
    assert "+\thandle @preflight {" in asked
    assert "+\t\trespond 204" in asked


def test_caddy_has_blocks_of_its_own_that_may_take_the_preflight() -> None:
    text = CADDY_SITE.replace("\treverse", "\thandle /api/* {\n\t\trespond 405\n\t}\n\treverse")
    claim = claim_of(answer(405, method="OPTIONS"), CADDY, caddy_config(text))
    assert claim.fix
    assert not any(isinstance(step, Manual) and step.commands for step in claim.fix.steps)


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        (f"header / {ALLOW} *", f"header {ALLOW} *"),
        (f"header / {{\n\t\t{ALLOW} *\n\t}}", "header {"),
        (f'header {{\n\t\theader_down {ALLOW} "{ORIGIN}"\n\t}}', f'{ALLOW} "{ORIGIN}"'),
    ],
)
def test_a_line_of_caddy_at_the_wrong_place_is_corrected(line: str, changed: str) -> None:
    text = CADDY_SITE.replace("\treverse", f"\t{line}\n\treverse")
    claim = claim_of(answer(), CADDY, caddy_config(text))
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert f"\t{changed}\n" in "".join(
        row[1:] for row in edit_of(claim).splitlines(True) if row[0] == "+"
    )


def test_a_line_of_caddy_for_another_field_is_left() -> None:
    text = CADDY_SITE.replace("\treverse", "\theader / X-A b\n\treverse")
    assert "X-A" not in edit_of(claim_of(answer(), CADDY, caddy_config(text))).split("@@")[0]


def test_caddy_asks_a_preflight_for_no_password() -> None:
    lines = f"header {ALLOW} {ORIGIN}\n\tbasicauth {{\n\t\tjoe abc\n\t}}"
    text = CADDY_SITE.replace("\treverse", f"\t{lines}\n\treverse")
    seen = answer(401, (ALLOW, ORIGIN), method="OPTIONS")
    claim = claim_of(seen, CADDY, caddy_config(text))
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+\tbasicauth @no_preflight {" in edit_of(claim)
    assert "+\trespond @preflight 204" in edit_of(claim)


def test_a_password_stays_where_no_other_site_is_permitted() -> None:
    text = CADDY_SITE.replace("\treverse", "\tbasicauth {\n\t\tjoe abc\n\t}\n\treverse")
    claim = claim_of(answer(401, method="OPTIONS"), CADDY, caddy_config(text))
    assert claim.fix
    assert "no_preflight" not in str(claim.fix)


def test_a_password_stays_where_an_imported_block_would_answer_without_it() -> None:
    lines = f"header {ALLOW} {ORIGIN}\n\tbasicauth {{\n\t\tjoe abc\n\t}}"
    text = CADDY_SITE.replace("\treverse", f"\t{lines}\n\timport app\n\treverse")
    text = f"(app) {{\n\thandle {{\n\t\treverse_proxy 127.0.0.1:3000\n\t}}\n}}\n{text}"
    seen = answer(401, (ALLOW, ORIGIN), method="OPTIONS")
    claim = claim_of(seen, CADDY, caddy_config(text))
    assert claim.fix
    assert "no_preflight" not in str(claim.fix)


def test_haproxy_answers_the_preflight() -> None:
    text = edit_of(claim_of(answer(405, method="OPTIONS"), *HAPROXY))
    assert "http-request return status 204 hdr Access-Control-Allow-Origin" in text
    assert f"if METH_OPTIONS {{ path {PATH} }}" in text
    assert f'set-header {ALLOW} "{ORIGIN}" if {{ var(txn.request_path) -m str {PATH} }}' in text


def test_haproxy_does_not_repeat_its_own_line() -> None:
    line = f'    http-response set-header {ALLOW} "{ORIGIN}"\n'
    own = haproxy_evidence.TEXT.replace("\nbackend app\n", f"\nbackend app\n{line}")
    server = (haproxy_evidence.SERVER, haproxy_evidence.config(own))
    text = edit_of(claim_of(answer(405, (ALLOW, ORIGIN), method="OPTIONS"), *server))
    assert "return status 204" in text
    assert "http-response" not in "".join(row for row in text.splitlines() if row[:1] == "+")


def test_the_answer_of_haproxys_own_gets_the_field() -> None:
    fields = "Access-Control-Allow-Headers"
    answered = f'http-request return status 204 hdr {ALLOW} "*" hdr {fields} "Content-Type"'
    line = f"    {answered} if METH_OPTIONS\n"
    own = haproxy_evidence.TEXT.replace("\nbackend app\n", f"\nbackend app\n{line}")
    server = (haproxy_evidence.SERVER, haproxy_evidence.config(own))
    seen = answer(204, (ALLOW, "*"), (fields, "Content-Type"), method="OPTIONS")
    assert f'hdr {fields} "Content-Type, x-token" if METH_OPTIONS' in edit_of(
        claim_of(seen, *server)
    )


def test_haproxys_own_answers_get_the_fields_of_its_servers() -> None:
    lines = (
        f"    http-response set-header {ALLOW} {ORIGIN}\n"
        "    http-response set-header Access-Control-Allow-Headers x-token\n"
    )
    own = haproxy_evidence.TEXT.replace("\nbackend app\n", f"\nbackend app\n{lines}")
    server = haproxy_evidence.SERVER
    claim = claim_of(answer(401), server, haproxy_evidence.config(own))
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    text = edit_of(claim)
    assert f"+    http-after-response set-header {ALLOW} {ORIGIN}\n" in text
    assert "+    http-after-response set-header Access-Control-Allow-Headers x-token\n" in text
    for config in (own.replace(f" {ORIGIN}\n", f" {ORIGIN} if {{ path /a }}\n"),
                   own.replace(ORIGIN, "https://b.example.org")):  # fmt: skip
        other = claim_of(answer(401), server, haproxy_evidence.config(config))
        assert other.fix
        assert "after-response" not in str(other.fix)
    old = claim_of(answer(401), replace(server, version="2.0.1"), haproxy_evidence.config(own))
    assert "after-response" not in str(old.fix)


@pytest.mark.parametrize(
    ("server", "value"),
    [
        ((APACHE, apache_config(HTTPS)), "expr=%{req:Access-Control-Request-Headers}"),
        ((CADDY, caddy_config(CADDY_SITE)), "{http.request.header.Access-Control-Request-Headers}"),
        (HAPROXY, "%[req.fhdr(Access-Control-Request-Headers)]"),
    ],
    ids=("Apache", "Caddy", "HAProxy"),
)
def test_fields_that_the_message_does_not_name_are_those_asked_for(
    server: tuple[Observation, ...], value: str
) -> None:
    """Issue 64 of presentator: the script sends x-access-token, which no message names."""
    seen = answer(405, method="OPTIONS")
    unnamed = replace(seen, equivalent=seen.equivalent.replace("Request-Headers: x-token", "X: y"))
    assert f'"{value}"' in edit_of(claim_of(unnamed, *server))
    assert "x-token" in edit_of(claim_of(seen, *server))
