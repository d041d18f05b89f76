"""Edits that name a site beside `*`, where cookies are permitted."""

from dataclasses import replace

from checks.http._wildcard_origins import server_naming_fix
from diagnose.model import Edit, Fix
from tests.support import haproxy_evidence
from tests.support.check_evidence import evidence
from tests.support.page_errors import page

ORIGIN = "https://app.example.net"
LINE = '    http-response set-header Access-Control-Allow-Origin "*"\n'
COOKIES = ("Access-Control-Allow-Credentials", "true")


def haproxy_fix(line: str) -> Fix | None:
    text = haproxy_evidence.TEXT.replace("    default_backend", f"{line}    default_backend")
    given = evidence(haproxy_evidence.SERVER, haproxy_evidence.config(text))
    return server_naming_fix(given, replace(page(200), headers=(COOKIES,)), ORIGIN)


def test_a_line_with_a_condition_is_left_to_a_person() -> None:
    """Without it, the site that asks may read all other paths as well."""
    assert haproxy_fix(LINE.replace("\n", " # all\n"))
    assert not haproxy_fix(LINE.replace("\n", " if { path_beg /public }\n"))
    assert not haproxy_fix(LINE.replace("\n", " unless { path_beg /private }\n"))


def test_haproxy_names_the_site_and_keeps_the_star() -> None:
    text = haproxy_evidence.TEXT.replace("    default_backend", f"{LINE}    default_backend")
    given = evidence(haproxy_evidence.SERVER, haproxy_evidence.config(text))
    answer = replace(page(200), headers=(COOKIES,))
    fix = server_naming_fix(given, answer, ORIGIN)
    assert fix
    edit = fix.steps[0]
    assert isinstance(edit, Edit)
    assert f'+    http-response set-header Access-Control-Allow-Origin "{ORIGIN}" if' in edit.diff
    assert f"-{LINE}" not in edit.diff
    assert not server_naming_fix(given, page(200), ORIGIN)
    assert not server_naming_fix(given, answer, "null")
