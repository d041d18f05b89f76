"""Values of settings in the formats of programs, and their edits."""

import pytest

from diagnose.parsers.setting_edits import with_entry, with_value
from diagnose.parsers.setting_values import Format, setting_value

NEXTCLOUD = """<?php
$CONFIG = array (
  // 'trusted_domains' => ['old'],
  'trusted_domains' =>
  array (
    0 => 'localhost',
    1 => '10.0.0.1',
  ),
  'overwriteprotocol' => 'http',
);
"""
HOME = "http:\n  trust: true\n  trusted_proxies:\n    - 10.0.0.0/8\nlog: !include l.yaml\n"
JELLYFIN = "<N>\n<!-- <BaseUrl>/no</BaseUrl> -->\n<BaseUrl>/tv</BaseUrl>\n<KnownProxies />\n</N>\n"
GRAFANA = "[server]\n;root_url = x\nroot_url = http://localhost:3000/ ; old\n[live]\nroot_url = y\n"
MATOMO = '[General]\nsalt = "x"\ntrusted_hosts[] = "a"\ntrusted_hosts[] = "b"\n'


@pytest.mark.parametrize(
    ("text", "form", "key", "values"),
    [
        (NEXTCLOUD, "php-array", "trusted_domains", ("localhost", "10.0.0.1")),
        (NEXTCLOUD, "php-array", "overwriteprotocol", ("http",)),
        (HOME, "yaml", "http.trusted_proxies", ("10.0.0.0/8",)),
        ("server.basePath: /kibana\n", "yaml", "server.basePath", ("/kibana",)),
        ('{"S": {\n\t"SiteURL": "http://x"}}', "yaml", "S.SiteURL", ("http://x",)),
        ("listeners:\n- port: 1\n  x_forwarded: no\n", "yaml", "listeners.x_forwarded", ("no",)),
        (JELLYFIN, "xml", "BaseUrl", ("/tv",)),
        (JELLYFIN, "xml", "KnownProxies", ()),
        (GRAFANA, "ini", "server.root_url", ("http://localhost:3000/",)),
        (MATOMO, "ini", "General.trusted_hosts[]", ("a", "b")),
        ("external_url 'http://a.b'\n", "ruby", "external_url", ("http://a.b",)),
        ("$CFG->wwwroot   = 'http://x';\n", "php", "$CFG->wwwroot", ("http://x",)),
        ("define( 'WP_HOME', 'http://x' );\n", "php-define", "WP_HOME", ("http://x",)),
        ("server: { allowedHosts: ['a'], port: 3 }", "js", "allowedHosts", ("a",)),
        ('A = 1\nHOSTS: list[str] = [\n  "a",  # b\n]\n', "python", "HOSTS", ("a",)),
        ("export H='a,b' # c\nH=c\n", "env", "H", ("c",)),
    ],
)
def test_a_value(text: str, form: Format, key: str, values: tuple[str, ...]) -> None:
    found = setting_value(text, form, key)
    assert found is not None
    assert (found.values, found.is_literal) == (values, True)


@pytest.mark.parametrize(
    ("text", "form", "key"),
    [
        ("H = os.environ['H'].split(',')\n", "python", "H"),
        ("H = ['a']\nH += ['b']\n", "python", "H"),
        ("if DEBUG:\n    H = ['a']\n", "python", "H"),
        ("H = ['a', f'{x}']\n", "python", "H"),
        ("'url' => getenv('X') . '/x',\n", "php-array", "url"),
        ("http: !include http.yaml\n", "yaml", "http.trusted_proxies"),
        ("a: !secret x\n", "yaml", "a"),
        ("U=http://${HOST}/\n", "env", "U"),
    ],
)
def test_a_computed_value_is_not_literal(text: str, form: Format, key: str) -> None:
    found = setting_value(text, form, key)
    assert found is not None
    assert not found.is_literal
    assert not with_entry(text, form, key, "shop.example.com")
    assert not with_value(text, form, key, "shop.example.com")


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ('"\\' * 30_000, "js"),
        ("'\"\\" * 20_000, "php"),
        ("<a>" * 20_000 + "</a>", "xml"),
    ],
)
def test_a_line_that_no_person_wrote_takes_linear_time(text: str, form: Format) -> None:
    setting_value(text, form, "a")


def test_what_is_not_set() -> None:
    assert setting_value(NEXTCLOUD, "php-array", "overwritehost") is None
    assert setting_value("# H = ['a']\n", "python", "H") is None
    assert setting_value("a: [", "yaml", "a") is None
    assert setting_value("", "xml", "a") is None


@pytest.mark.parametrize(
    ("text", "form", "key", "line"),
    [
        (NEXTCLOUD, "php-array", "trusted_domains", "    1 => '10.0.0.1', 'x.y',"),
        (HOME, "yaml", "http.trusted_proxies", "    - x.y"),
        ("a: [b]\n", "yaml", "a", "a: [b, x.y]"),
        (JELLYFIN, "xml", "KnownProxies", "<KnownProxies><string>x.y</string></KnownProxies>"),
        (MATOMO, "ini", "General.trusted_hosts[]", 'trusted_hosts[] = "x.y"'),
        ('H = ["a"]\n', "python", "H", 'H = ["a", "x.y"]'),
        ("H = []\n", "python", "H", "H = ['x.y']"),
        ("H=a\n", "env", "H", "H=a,x.y"),
    ],
)
def test_one_entry_more(text: str, form: Format, key: str, line: str) -> None:
    assert line in with_entry(text, form, key, "x.y").split("\n")


@pytest.mark.parametrize(
    ("text", "form", "key", "line"),
    [
        (NEXTCLOUD, "php-array", "overwriteprotocol", "  'overwriteprotocol' => 'x.y',"),
        (GRAFANA, "ini", "server.root_url", "root_url = x.y ; old"),
        (JELLYFIN, "xml", "BaseUrl", "<BaseUrl>x.y</BaseUrl>"),
        ("external_url 'http://a.b'\n", "ruby", "external_url", "external_url 'x.y'"),
        ('{"url": "http://x"}', "yaml", "url", '{"url": "x.y"}'),
    ],
)
def test_another_value(text: str, form: Format, key: str, line: str) -> None:
    assert line in with_value(text, form, key, "x.y").split("\n")


def test_nothing_is_written_that_is_no_value() -> None:
    assert not with_value("U=x\n", "env", "U", "a\nb")
    assert not with_entry('H = ["a"]\n', "python", "H", '"]; import os')
