"""A server's own password lets preflights pass, and nothing else."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Edit, Observation
from diagnose.model.http import Exchange
from diagnose.model.server_rules import AnsweringRule
from tests.support import haproxy_evidence
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import judge
from tests.support.page_errors import page
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "http.cors-refused"
ASKED = "curl -sSi -H 'Origin: https://app.example.net' https://shop.example.com/"
OWN_PAGE = "<h1>401 Unauthorized</h1>\nYou need a valid user and password to access this content."
SITE = """\
shop.example.com {
	basic_auth {
		anna $2a$14$x
	}
	reverse_proxy 127.0.0.1:3000
}
"""


def preflight(body: str = "") -> Exchange:
    return replace(page(401), method="OPTIONS", equivalent=ASKED, body=body)


def added(*observations: Observation) -> str:
    (claim,) = judge(CHECK, *observations, masked=False)
    return _added(claim)


def _added(claim: Claim) -> str:
    if claim.fix is None or claim.fix.applicability is not Applicability.REVIEW:
        return ""
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    rows = edit.diff.split("\n")[2:]
    return "\n".join(row[1:].strip() for row in rows if row.startswith("+"))


def by_caddy(text: str) -> str:
    config = caddy_config(text, document("shop.example.com"))
    place = config.files[0].path
    rule = AnsweringRule(path="/", status=401, rule="basic_auth", file=place, line=2)
    return added(CADDY, replace(config, rules=(rule,)), preflight())


@pytest.mark.parametrize("head", ["basic_auth", "basic_auth *", "basicauth bcrypt"])
def test_caddy_asks_no_preflight(head: str) -> None:
    name = head.replace(" *", "").split(" ")
    written = " ".join((name[0], "@no_preflight", *name[1:]))
    assert by_caddy(SITE.replace("basic_auth", head)).split("\n") == [
        "@no_preflight not {",
        "method OPTIONS",
        "header Access-Control-Request-Method *",
        "}",
        f"{written} {{",
    ]


@pytest.mark.parametrize("head", ["basic_auth /admin*", "basic_auth @own"])
def test_a_matcher_of_caddy_is_left_to_a_person(head: str) -> None:
    assert not by_caddy(SITE.replace("basic_auth", head))


def behind_haproxy(line: str, body: str = OWN_PAGE) -> str:
    text = haproxy_evidence.TEXT.replace("    default_b", f"    {line}\n    default_b")
    return added(haproxy_evidence.SERVER, haproxy_evidence.config(text), preflight(body))


AUTH = "http-request auth realm Own unless { http_auth(own) }"


def test_haproxy_asks_no_preflight() -> None:
    assert behind_haproxy(AUTH) == (
        f"{AUTH} || METH_OPTIONS {{ req.hdr(Access-Control-Request-Method) -m found }}"
    )
    assert not behind_haproxy(AUTH, "Unauthorized"), "an application's own answer"
    assert not behind_haproxy(AUTH.replace("unless {", "if !{"))
    assert not behind_haproxy(f"{AUTH}\n    {AUTH}")


LOCATION = "    <Location />\n        AuthType Basic\n        Require valid-user\n    </Location>\n"


def by_apache(section: str) -> str:
    config = apache_config(HTTPS.replace("    ProxyPass /ws", f"{section}    ProxyPass /ws"))
    (place, number) = next(
        (file.path, number)
        for file in config.files
        for number, row in enumerate(file.text.split("\n"), 1)
        if "valid-user" in row
    )
    rule = AnsweringRule(path="/", status=401, rule="Require", file=place, line=number)
    return added(APACHE, replace(config, rules=(rule,)), preflight())


def test_apache_asks_no_preflight() -> None:
    assert by_apache(LOCATION) == (
        "Require expr \"%{REQUEST_METHOD} == 'OPTIONS' && "
        '-n %{HTTP:Access-Control-Request-Method}"'
    )


@pytest.mark.parametrize(
    "section",
    [
        LOCATION.replace("        Require", "        Require ip 10.0.0.0/8\n        Require"),
        LOCATION.replace("<Location />", "<RequireAll>").replace("</Location>", "</RequireAll>"),
        LOCATION.replace("valid-user\n", "valid-user\n        Satisfy any\n"),
    ],
)
def test_several_conditions_of_apache_are_left_to_a_person(section: str) -> None:
    assert not by_apache(section)
