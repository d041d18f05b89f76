"""http.cors-twice: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Edit, Manual
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.caddy_evidence import SITE as CADDY_SITE
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

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


def test_fires_and_takes_caddys_line_out_where_both_send_the_same() -> None:
    text = CADDY_SITE.replace("\treverse", "\theader Access-Control-Allow-Origin *\n\treverse")
    same = replace(TWICE, headers=((ALLOWED[0], "*"), (ALLOWED[0], "*")))
    (claim,) = judge(CHECK, CADDY, caddy_config(text), same, masked=False)
    assert (claim.facts["server"], claim.facts["place"]) == ("Caddy", "/etc/caddy/Caddyfile:3")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+\t# header Access-Control-Allow-Origin *\n" in edit.diff
    (other,) = judge(CHECK, CADDY, caddy_config(text), TWICE)
    assert other.fix
    assert isinstance(other.fix.steps[0], Manual)
    lines = "header {\n\t\t+Access-Control-Allow-Origin *\n\t}"
    block = text.replace("header Access-Control-Allow-Origin *", lines)
    (inner,) = judge(CHECK, CADDY, caddy_config(block), same)
    assert inner.facts["place"] == "/etc/caddy/Caddyfile:4"


def test_two_lines_of_caddys_are_left_to_a_person() -> None:
    line = "\theader Access-Control-Allow-Origin *\n"
    text = CADDY_SITE.replace("\treverse", f"{line}{line}\treverse")
    (claim,) = judge(CHECK, CADDY, caddy_config(text), TWICE)
    assert claim.facts["place"] == ""


def test_silent_on_one_value_or_none() -> None:
    assert not judge(CHECK, replace(page(200), headers=(ALLOWED,)))
    assert not judge(CHECK, page(200))
