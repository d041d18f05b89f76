"""HAProxy or Caddy answers a preflight that the application behind it refuses."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Edit
from diagnose.model.http import Exchange
from diagnose.parsers.request_fields import UNKNOWN_ORIGIN
from tests.support import haproxy_evidence
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import judge
from tests.support.page_errors import page

CHECK = "http.cors-refused"
ORIGIN = "https://app.example.net"
ASKED = f"curl -sSi -H 'Origin: {ORIGIN}' https://shop.example.com/"
LINES = (
    f'http-response set-header Access-Control-Allow-Origin "{ORIGIN}"',
    'http-response set-header Access-Control-Allow-Headers "Authorization, X-Own"',
)


def preflight(status: int = 405) -> Exchange:
    headers = (("Access-Control-Allow-Origin", ORIGIN),)
    return replace(page(status), headers=headers, method="OPTIONS", equivalent=ASKED)


def behind_haproxy(*lines: str, status: int = 405) -> Claim:
    rules = "".join(f"    {line}\n" for line in lines)
    text = haproxy_evidence.TEXT.replace("    default_b", f"{rules}    default_b")
    config = haproxy_evidence.config(text)
    (claim,) = judge(CHECK, haproxy_evidence.SERVER, config, preflight(status), masked=False)
    return claim


def added(claim: Claim) -> str:
    if claim.fix is None or claim.fix.applicability is Applicability.MANUAL:
        return ""
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    rows = edit.diff.split("\n")[2:]
    return "\n".join(row[1:].strip() for row in rows if row.startswith("+"))


def test_haproxy_answers_with_the_fields_that_it_has() -> None:
    assert added(behind_haproxy(*LINES)) == (
        'http-request return status 204 hdr Access-Control-Allow-Methods "GET, POST, PUT, PATCH, '
        'DELETE" hdr Access-Control-Allow-Headers "Authorization, X-Own" '
        f'hdr Access-Control-Allow-Origin "{ORIGIN}" '
        "if METH_OPTIONS { req.hdr(Access-Control-Request-Method) -m found }"
    )


@pytest.mark.parametrize(
    "lines",
    [
        (),
        LINES[1:],
        (LINES[0].replace("app.example", "other.example"),),
        (LINES[0].replace(ORIGIN, "%[req.hdr(Origin)]"),),
        (f"{LINES[0]} if {{ path_beg /api }}",),
    ],
)
def test_haproxy_answers_for_no_site_that_it_does_not_permit(lines: tuple[str, ...]) -> None:
    assert not added(behind_haproxy(*lines))


def test_haproxy_answers_before_it_asks_for_a_password() -> None:
    asks = "http-request auth unless { http_auth(users) }"
    rows = added(behind_haproxy(asks, *LINES, status=401)).split("\n")
    assert rows[0].startswith("http-request return status 204")
    claim = behind_haproxy(asks, *LINES, status=401)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert edit.diff.index("return status 204") < edit.diff.index(asks)


def test_haproxy_answers_for_the_site_that_it_permits_where_the_message_names_none() -> None:
    unknown = replace(preflight(), equivalent=ASKED.replace(ORIGIN, UNKNOWN_ORIGIN))
    text = haproxy_evidence.TEXT.replace(
        "    default_b", "".join(f"    {line}\n" for line in LINES) + "    default_b"
    )
    config = haproxy_evidence.config(text)
    (claim,) = judge(CHECK, haproxy_evidence.SERVER, config, unknown, masked=False)
    assert f'hdr Access-Control-Allow-Origin "{ORIGIN}"' in added(claim)


def test_a_refusal_may_be_meant() -> None:
    assert not added(behind_haproxy(*LINES, status=403))


SITE = f"""\
shop.example.com {{
	header Access-Control-Allow-Origin {ORIGIN}
	reverse_proxy 127.0.0.1:3000
}}
"""


def behind_caddy(text: str) -> str:
    config = caddy_config(text, document("shop.example.com"))
    (claim,) = judge(CHECK, CADDY, config, preflight(), masked=False)
    return added(claim)


def test_caddy_answers_before_the_application() -> None:
    assert behind_caddy(SITE).split("\n") == [
        "@preflight {",
        "method OPTIONS",
        "header Access-Control-Request-Method *",
        "}",
        'header @preflight Access-Control-Allow-Methods "GET, POST, PUT, PATCH, DELETE"',
        'header @preflight Access-Control-Allow-Headers "Content-Type, Authorization"',
        "respond @preflight 204",
    ]


@pytest.mark.parametrize(
    "text",
    [
        SITE.replace(ORIGIN, "https://other.example.net"),
        SITE.replace("header Access", "header @api Access"),
        SITE.replace("\treverse_proxy 127.0.0.1:3000", "\thandle {\n\t\trespond 200\n\t}"),
        SITE.replace("\treverse", "\timport own\n\treverse"),
    ],
)
def test_caddy_answers_nothing_where_something_else_may_be_meant(text: str) -> None:
    assert not behind_caddy(text)
