"""The lines by which a proxy adds a field beside one that it got."""

import pytest

from diagnose.parsers.repeated_fields import adding_lines
from tests.support.haproxy_evidence import TEXT, config

HOST = "shop.example.com"


def names(*rules: str, text: str = TEXT) -> list[str]:
    lines = "".join(f"    {rule}\n" for rule in rules)
    return [
        line.name
        for line in adding_lines(
            config(text.replace("    default_b", f"{lines}    default_b")), 443, HOST
        )
    ]


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("option forwardfor", "X-Forwarded-For"),
        ("http-request add-header X-Forwarded-For %[src]", "X-Forwarded-For"),
        ("http-request add-header X-Forwarded-Proto https if { ssl_fc }", "X-Forwarded-Proto"),
        ("http-request add-header x-forwarded-host %[hdr(host)]", "x-forwarded-host"),
        ("option forwardfor if-none", ""),
        ("option forwardfor except 127.0.0.0/8", ""),
        ("option forwardfor header X-Client-IP", ""),
        ("no option forwardfor", ""),
        ("http-request set-header X-Forwarded-For %[src]", ""),
        ("http-request add-header X-Forwarded-Proto http if !{ ssl_fc }", ""),
        ("http-request add-header X-Forwarded-For %[src] if { path_beg /a }", ""),
        ("http-request add-header X-Shop a", ""),
    ],
)
def test_a_line_of_haproxy(rule: str, name: str) -> None:
    assert names(rule) == ([name] if name else [])


def test_the_option_of_frontend_and_backend_adds_one() -> None:
    both = TEXT.replace("backend app\n", "backend app\n    option forwardfor\n")
    assert names("option forwardfor", text=both) == ["X-Forwarded-For"]
    rule = "http-request add-header X-Forwarded-For %[src]"
    assert names(rule, text=both) == ["X-Forwarded-For"] * 2


def test_a_line_of_the_defaults_is_inherited() -> None:
    text = TEXT.replace("    mode http\n", "    mode http\n    option forwardfor\n", 1)
    (line,) = adding_lines(config(text), 443, HOST)
    assert (line.is_inherited, line.is_local, line.is_tls) == (True, False, True)
    assert not adding_lines(config(text), 80, HOST)
