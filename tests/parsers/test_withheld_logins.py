"""The lines that take the login from visitors' requests."""

import pytest

from diagnose.parsers.withheld_logins import withholding_line
from tests.support.caddy_evidence import SITE as CADDYFILE
from tests.support.caddy_evidence import caddy_config
from tests.support.check_evidence import SHOP
from tests.support.haproxy_evidence import TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.web_server_evidence import HTTPS, apache_config

UNSET = "    RequestHeader unset Authorization\n"
DELETES = "    http-request del-header Cookie"
ROUTE = "\treverse_proxy 127.0.0.1:3000"


def apache(lines: str, path: str = "/api/me") -> str:
    line = withholding_line(
        apache_config(HTTPS.replace("    ProxyPass", f"{lines}    ProxyPass", 1)), SHOP, path
    )
    return line.field if line else ""


def test_apaches_lines_of_the_site_and_of_the_path() -> None:
    assert apache(UNSET) == "Authorization"
    assert apache('    RequestHeader early unset "cookie"\n') == "cookie"
    section = f'    <Location "/api">\n{UNSET}    </Location>\n'
    assert (apache(section), apache(section, "/static/a")) == ("Authorization", "")


@pytest.mark.parametrize(
    "lines",
    [
        "", UNSET.replace("unset", "set"), UNSET.replace("n\n", 'n "expr=%{HTTP_HOST} == \'a\'"\n'),
        f"    AuthType Basic\n{UNSET}", f"    <LocationMatch ^/api>\n{UNSET}    </LocationMatch>\n",
        "    RequestHeader unset Proxy\n", f"    ProxyPass /api/ !\n{UNSET}",
    ],
)  # fmt: skip
def test_what_keeps_the_login_or_is_not_known(lines: str) -> None:
    assert apache(lines) == ""


def haproxy(lines: str) -> tuple[str, int] | None:
    text = TEXT.replace("backend app\n", f"backend app\n{lines}\n")
    line = withholding_line(haproxy_config(text), SHOP, "/api/me")
    return (line.text, line.number) if line else None


def test_haproxys_lines_without_a_condition() -> None:
    assert haproxy(DELETES) == (DELETES.strip(), 8)
    assert haproxy(f"{DELETES} if {{ path_beg /static/ }}") is None
    assert haproxy("    http-request del-header Proxy") is None
    own = "    http-request auth unless { http_auth(staff) }\n"
    assert haproxy(f"{own}    http-request del-header Authorization") is None
    assert haproxy(own + DELETES) is not None


def caddy(text: str, path: str = "/api/me") -> tuple[str, int] | None:
    line = withholding_line(caddy_config(text), SHOP, path)
    return (line.text, line.number) if line else None


def test_caddys_lines_of_the_application_and_around_it() -> None:
    inner = CADDYFILE.replace(ROUTE, f"{ROUTE} {{\n\t\theader_up -Cookie\n\t}}")
    assert caddy(inner) == ("header_up -Cookie", 4)
    around = CADDYFILE.replace(ROUTE, f"\trequest_header -Authorization\n{ROUTE}")
    assert caddy(around) == ("request_header -Authorization", 3)
    elsewhere = f"\thandle /a/* {{\n\t\trequest_header -Cookie\n\t}}\n{ROUTE}"
    assert caddy(CADDYFILE.replace(ROUTE, elsewhere)) is None
    asks = "\tbasic_auth {\n\t\tann $2a$14$x\n\t}\n\trequest_header -Authorization\n"
    assert caddy(CADDYFILE.replace(ROUTE, f"{asks}{ROUTE}")) is None
    assert caddy(CADDYFILE) is None
    deep = "\thandle {\n" * 40 + "\trequest_header -Cookie\n" + "\t}\n" * 40
    assert caddy(CADDYFILE.replace(ROUTE, f"{ROUTE}\n{deep}")) is None
