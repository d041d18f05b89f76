"""The rule of Apache that gets the visitor's path."""

import pytest

from checks.server import server_on_port
from checks.server._apache_whole_rules import whole_path_rule
from diagnose.model import Evidence
from tests.support.check_evidence import NOW, SHOP
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

LINE = "ProxyPass /ws ws://127.0.0.1:3000/ws"


@pytest.mark.parametrize(
    ("line", "whole"),
    [
        ("RewriteRule /(.*)   ws://127.0.0.1:3000/ [P,L]", "ws://127.0.0.1:3000/$1 [P,L]"),
        ("RewriteRule ^/?(.*)$ ws://127.0.0.1:3000 [P]", "ws://127.0.0.1:3000/$1 [P]"),
        ("RewriteRule ^/ws/(.*) ws://127.0.0.1:3000/ [P]", "ws://127.0.0.1:3000/ws/$1 [P]"),
        ("RewriteRule ^(/.*)$ ws://127.0.0.1:3000/ [P]", "ws://127.0.0.1:3000$1 [P]"),
        ("RewriteRule ^(.*) ws://127.0.0.1:3000/ [P]", "ws://127.0.0.1:3000%{REQUEST_URI} [P]"),
        ('RewriteRule ".*" "ws://127.0.0.1:3000/a" [P]', '"ws://127.0.0.1:3000%{REQUEST_URI}" [P]'),
        ("ProxyPassMatch ^/(.*)$ ws://127.0.0.1:3000/", "ws://127.0.0.1:3000/$1"),
        ("ProxyPassMatch ^/ws ws://127.0.0.1:3000/", ""),
        ("RewriteRule ^/(.*) ws://127.0.0.1:3000/x$1 [P]", ""),
        ("RewriteRule ^/(.*) /other [PT]", ""),
    ],
)
def test_the_target_gets_the_path(line: str, whole: str) -> None:
    config = apache_config(HTTPS.replace(LINE, f"RewriteEngine On\n    {line}"))
    view = server_on_port(Evidence(SHOP, NOW, (APACHE, config)))
    assert view is not None
    (site,) = view.answering_sites
    number = next(n for n, text in enumerate(config.files[0].text.split("\n"), 1) if line in text)
    route = next((each for each in site.routes if each.line == number), None)
    edit = whole_path_rule(view, route) if route else None
    assert (edit is not None) == bool(whole)
    if edit:
        assert (
            f"{whole}\n" in next(row for row in edit.diff.split("\n+")[2:] if "ws:" in row) + "\n"
        )
