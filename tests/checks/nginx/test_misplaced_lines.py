"""Lines of nginx's configuration that stand one block too far out, or too far in."""

import pytest

from diagnose.model import Applicability, Edit
from tests.checks.nginx.test_repairs import at, claimed, corrected

HEAD = "server {\n    listen 443 ssl;\n    server_name shop.example.com;\n"
ROOT = "    location / {\n        try_files $uri =404;\n    }\n"
API = "    location /api/ {\n        proxy_pass http://127.0.0.1:3000;\n    }\n"
LIMIT = "    limit_except GET POST { deny all; }\n"
PREFLIGHT = (
    "    if ($request_method = OPTIONS) {\n        add_header Access-Control-Allow-Origin *;\n"
    "        return 204;\n    }\n"
)


def refused(name: str) -> str:
    return f'"{name}" directive is not allowed here'


def moved(name: str, text: str, written: str = "") -> str:
    return corrected(claimed(at(refused(name), text, written or name), text), text)


def test_fires_and_moves_a_limit_of_methods_into_the_location() -> None:
    after = moved("limit_except", f"{HEAD}{LIMIT}{ROOT}{API}}}\n")
    inner = "    location / {\n        limit_except GET POST { deny all; }\n"
    assert inner in after
    assert after.count("limit_except") == 1


def test_fires_and_makes_the_location_where_there_is_none() -> None:
    after = moved("limit_except", f"{HEAD}    root /srv/web;\n{LIMIT}}}\n")
    assert "    location / {\n        limit_except GET POST { deny all; }\n    }\n" in after


def test_fires_and_moves_the_condition_of_a_preflight_into_each_location() -> None:
    closed = "    location /old { return 410; }\n"
    after = moved("add_header", f"{HEAD}{PREFLIGHT}{ROOT}{API}{closed}}}\n")
    condition = "        if ($request_method = OPTIONS) {\n            add_header"
    assert after.count(condition) == 2
    assert after.count("if ($request_method") == 2


def test_fires_and_leaves_a_field_of_the_request_to_a_person() -> None:
    text = f"{HEAD}    if ($x) {{\n        proxy_set_header A b;\n    }}\n{ROOT}}}\n"
    claim = claimed(at(refused("proxy_set_header"), text, "proxy_set_header"), text)
    assert claim.fix is not None
    assert not any(isinstance(step, Edit) for step in claim.fix.steps)


def test_fires_and_writes_root_for_an_alias_of_the_server() -> None:
    after = moved("alias", f"{HEAD}    alias /srv/web/;\n}}\n")
    assert "    root /srv/web/;\n" in after


def test_an_alias_is_reviewed_and_stays_where_the_server_has_a_root() -> None:
    text = f"{HEAD}    alias /srv/web/;\n}}\n"
    claim = claimed(at(refused("alias"), text, "alias"), text)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    text = text.replace("    alias", "    root /srv/other;\n    alias")
    claim = claimed(at(refused("alias"), text, "alias"), text)
    assert claim.fix is not None
    assert not any(isinstance(step, Edit) for step in claim.fix.steps)


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("listen 443 ssl", 1),
        ("server_name shop.example.com", 1),
        ("server_name www.example.com", 2),
    ],
)
def test_fires_and_moves_a_line_of_the_server_out_of_a_location(line: str, count: int) -> None:
    name = line.partition(" ")[0]
    inner = ROOT.replace("        try", f"        {line};\n        try")
    text = f"{HEAD}{inner}}}\n"
    written = f"        {line};"
    after = moved(name, text, written)
    assert after.count(f"{name} ") == count
    assert written not in after


def test_fires_and_keeps_the_certificate_that_the_server_has() -> None:
    text = f"{HEAD}    ssl_certificate /etc/a.pem;\n" + ROOT.replace(
        "        try", "        ssl_certificate /etc/b.pem;\n        try"
    )
    text = f"{text}}}\n"
    claim = claimed(at(refused("ssl_certificate"), text, "        ssl_certificate"), text)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL
