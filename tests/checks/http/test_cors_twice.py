"""http.cors-twice: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Manual
from tests.support import haproxy_evidence
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.caddy_evidence import SITE as CADDY_SITE
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "http.cors-twice"
ALLOWED = ("Access-Control-Allow-Origin", "https://app.example.com")
TWICE = replace(page(200), headers=(ALLOWED, ("access-control-allow-origin", "*")))
ADDED = SITE.replace(
    "        proxy_set_header",
    "        add_header Access-Control-Allow-Origin *;\n        proxy_set_header",
)


def test_fires_on_two_fields_and_on_a_list() -> None:
    (claim,) = judge(CHECK, TWICE)
    assert claim.facts["values"] == ("https://app.example.com", "*")
    listed = replace(page(200), headers=((ALLOWED[0], "https://a.example, https://b.example"),))
    assert judge(CHECK, listed)


def test_fires_and_hides_the_applications_where_nginx_adds_it() -> None:
    (claim,) = judge(CHECK, TWICE, RUNNING, config(ADDED))
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert claim.location


def test_fires_and_hides_what_comes_twice_beside_it() -> None:
    """Browsers accept one Access-Control-Allow-Credentials."""
    name = "Access-Control-Allow-Credentials"
    for count in (1, 2):
        answer = replace(TWICE, headers=(*TWICE.headers, *((name, "true"),) * count))
        (claim,) = judge(CHECK, answer, RUNNING, config(ADDED))
        assert claim.fix is not None
        assert (f"proxy_hide_header {name};" in str(claim.fix.steps[0])) is (count == 2)


def test_fires_and_hides_the_applications_where_an_if_adds_it() -> None:
    """Issue 129 of aspnet/CORS. The block for preflights passes nothing on."""
    preflight = ADDED.replace(
        "add_header Access-Control-Allow-Origin *;",
        "if ($request_method = OPTIONS) {\n            add_header Access-Control-Allow-Origin *;\n"
        "            return 204;\n        }",
    )
    (claim,) = judge(CHECK, TWICE, RUNNING, config(preflight))
    assert claim.location is None
    get = preflight.replace("OPTIONS", "GET").replace("            return 204;\n", "")
    (claim,) = judge(CHECK, TWICE, RUNNING, config(get))
    assert claim.facts["added"] == "add_header Access-Control-Allow-Origin *"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_hide_header Access-Control-Allow-Origin;\n" in edit.diff


def test_fires_and_takes_caddys_line_out_where_both_send_the_same() -> None:
    text = CADDY_SITE.replace("\treverse", "\theader Access-Control-Allow-Origin *\n\treverse")
    same = replace(TWICE, headers=((ALLOWED[0], "*"), (ALLOWED[0], "*")))
    (claim,) = judge(CHECK, CADDY, caddy_config(text), same, masked=False)
    assert (claim.facts["server"], claim.facts["place"]) == ("Caddy", "/etc/caddy/Caddyfile:3")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+\t# header Access-Control-Allow-Origin *\n" in edit.diff
    (other,) = judge(CHECK, CADDY, caddy_config(text), TWICE, masked=False)
    assert other.fix
    edit = other.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+\t\theader_down -Access-Control-Allow-Origin\n" in edit.diff
    unlike = text.replace("Origin *", "Origin https://b.example.com")
    (other,) = judge(CHECK, CADDY, caddy_config(unlike), TWICE)
    assert other.fix
    assert isinstance(other.fix.steps[0], Manual), "the line sends neither of the values"
    cookies = replace(TWICE, headers=(*TWICE.headers, ("Access-Control-Allow-Credentials", "true")))
    (other,) = judge(CHECK, CADDY, caddy_config(text), cookies, masked=False)
    assert other.fix
    edit = other.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+\t# header Access-Control-Allow-Origin *\n" in edit.diff
    lines = "header {\n\t\t+Access-Control-Allow-Origin *\n\t}"
    block = text.replace("header Access-Control-Allow-Origin *", lines)
    (inner,) = judge(CHECK, CADDY, caddy_config(block), same)
    assert inner.facts["place"] == "/etc/caddy/Caddyfile:4"


def test_fires_and_takes_the_line_of_apache_or_haproxy_out() -> None:
    same = replace(TWICE, headers=((ALLOWED[0], "*"), (ALLOWED[0], "*")))
    line = f'    Header always set {ALLOWED[0]} "*"\n'
    text = HTTPS.replace("    ProxyPass /ws", f"{line}    ProxyPass /ws")
    (claim,) = judge(CHECK, APACHE, apache_config(text), same)
    assert claim.facts["server"] == "Apache"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+    # {line.lstrip()}" in edit.diff
    line = f"    http-response add-header {ALLOWED[0]} *\n"
    text = haproxy_evidence.TEXT.replace("\nbackend app\n", f"\nbackend app\n{line}")
    (claim,) = judge(CHECK, haproxy_evidence.SERVER, haproxy_evidence.config(text), same)
    assert claim.fix
    assert f"# {line.strip()}" in str(claim.fix.steps[0])


def test_the_value_of_apache_or_haproxy_takes_the_place_of_the_applications() -> None:
    line = f'    Header always set {ALLOWED[0]} "*"\n'
    text = HTTPS.replace("    ProxyPass /ws", f"{line}    ProxyPass /ws")
    (claim,) = judge(CHECK, APACHE, apache_config(text), TWICE, masked=False)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert f"+    Header onsuccess unset {ALLOWED[0]}\n" in edit.diff
    line = f"    http-response add-header {ALLOWED[0]} *\n"
    text = haproxy_evidence.TEXT.replace("\nbackend app\n", f"\nbackend app\n{line}")
    told = (haproxy_evidence.SERVER, haproxy_evidence.config(text), TWICE)
    (claim,) = judge(CHECK, *told, masked=False)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert f"+    http-response set-header {ALLOWED[0]} *\n" in edit.diff


def test_two_lines_of_caddys_are_left_to_a_person() -> None:
    line = "\theader Access-Control-Allow-Origin *\n"
    text = CADDY_SITE.replace("\treverse", f"{line}{line}\treverse")
    (claim,) = judge(CHECK, CADDY, caddy_config(text), TWICE)
    assert claim.facts["place"] == ""


def test_silent_on_one_value_or_none() -> None:
    assert not judge(CHECK, replace(page(200), headers=(ALLOWED,)))
    assert not judge(CHECK, page(200))


ASKED = replace(TWICE, purpose="cross-origin")
ASKING = "        add_header Access-Control-Allow-Origin $http_origin;\n        proxy_set_header"


def test_fires_on_the_answer_to_another_sites_page() -> None:
    (claim,) = judge(CHECK, page(200), ASKED, RUNNING, config(ADDED))
    assert claim.facts["added"] == "add_header Access-Control-Allow-Origin *"
    assert claim.fix
    assert "proxy_hide_header" in str(claim.fix.steps[0])
    assert not judge(CHECK, page(200), replace(ASKED, headers=(ALLOWED,)))


@pytest.mark.parametrize(
    ("cookies", "removed"), [("", "$http_origin"), ("Access-Control-Allow-Credentials true", "*")]
)
def test_fires_on_two_lines_of_nginx(cookies: str, removed: str) -> None:
    text = ADDED.replace("        proxy_set_header", ASKING, 1)
    if cookies:
        text = text.replace(ASKING, f"        add_header {cookies};\n{ASKING}", 1)
    (claim,) = judge(CHECK, page(200), RUNNING, config(text))
    assert claim.facts["twice"]
    assert claim.facts["again"] == "add_header Access-Control-Allow-Origin $http_origin"
    assert claim.facts["values"] == ()
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"-        add_header Access-Control-Allow-Origin {removed};" in edit.diff
    assert edit.diff.count("\n-") == 1


def test_fires_and_lets_each_of_two_origins_in() -> None:
    """http and https of one front end: browsers refuse both lines together."""
    two = "        add_header Access-Control-Allow-Origin http://dev.example.org always;\n"
    text = SITE.replace(
        "        proxy_set_header",
        two + two.replace("http:", "https:") + "        proxy_set_header",
        1,
    )
    (claim,) = judge(CHECK, page(200), RUNNING, config(text))
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    added = [line for line in edit.diff.splitlines() if line.startswith("+")]
    for part in (
        "map $http_origin $allowed_origin {",
        '"http://dev.example.org" $http_origin;',
        '"https://dev.example.org" $http_origin;',
        "add_header Access-Control-Allow-Origin $allowed_origin always;",
    ):
        assert part in edit.diff
    assert len([line for line in added if "add_header" in line]) == 1


def test_two_origins_are_left_to_a_person() -> None:
    text = ADDED.replace(
        "        proxy_set_header", ASKING.replace("$http_origin", "https://a.b"), 1
    )
    (claim,) = judge(CHECK, page(200), RUNNING, config(text))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize("value", ["$cors", "$cors always"])
def test_silent_where_a_variable_decides_or_the_status_has_no_line(value: str) -> None:
    text = ADDED.replace("        proxy_set_header", ASKING.replace("$http_origin", value), 1)
    assert not judge(CHECK, page(200), RUNNING, config(text))
    both = ADDED.replace("        proxy_set_header", ASKING, 1)
    assert not judge(CHECK, page(404), RUNNING, config(both))
