import pytest

from diagnose.parsers.apache.config import parse
from diagnose.parsers.apache.folder_routes import folder_routes
from tests.support.web_server_evidence import HTTPS, apache_config

RULE = "RewriteEngine on\nRewriteRule {} http://127.0.0.1:8501/$1 [P]\n"


def patterns(pattern: str, folder: str = "/") -> list[str]:
    lines = parse(RULE.format(pattern), "/var/www/.htaccess")
    return [route.path for route in folder_routes(lines, True, ("shop.example.com",), folder)]


@pytest.mark.parametrize(
    ("pattern", "whole"),
    [
        ("^viewer/(.*)$", "^/viewer/(.*)$"),
        ("(.*)", "^/(.*)"),
        ("viewer/(.*)", "viewer/(.*)"),
        ("^(a|b)/(.*)", "^/(a|b)/(.*)"),
    ],
)
def test_a_pattern_is_one_of_the_whole_path(pattern: str, whole: str) -> None:
    assert patterns(pattern) == [whole]


@pytest.mark.parametrize("pattern", ["^a|^b", "!^viewer", "/viewer"])
def test_a_pattern_that_cannot_be_written_so_is_left_out(pattern: str) -> None:
    assert patterns(pattern) == []


def test_the_folder_stands_before_the_pattern() -> None:
    assert patterns("^(.*)$", "/my.app/") == ["^/my\\.app/(.*)$"]
    assert patterns("viewer", "/app/") == []


def test_a_rule_above_that_changes_the_path_makes_it_unknown() -> None:
    text = RULE.format("^viewer/(.*)$")
    changed = text.replace("on\n", "on\nRewriteRule ^old/(.*)$ viewer/$1\n")
    kept = text.replace("on\n", "on\nRewriteRule ^index\\.php$ - [L]\n")
    for rules, decided in ((changed, None), (kept, True)):
        (route,) = folder_routes(parse(rules, "/var/www/.htaccess"), True, ("shop.example.com",))
        assert (route.for_pages, route.for_websockets) == (decided, decided)


def test_the_section_of_the_sites_folder_counts_without_an_htaccess() -> None:
    section = "    <Directory /var/www/html>\n        {}{}    </Directory>\n</VirtualHost>"
    rules = RULE.format("^viewer/(.*)$")
    site = HTTPS[: HTTPS.index("    ProxyP")] + "    DocumentRoot /var/www/html\n"
    for override, count in (("", 1), ("AllowOverride All\n", 0)):
        config = apache_config(site + section.format(override, rules))
        assert len(config.sites[0].routes) == count
