"""Fields for one path or folder, in the words of each server."""

import pytest

from checks.server import server_on_port
from checks.server._scoped_fields import Scope, added_fields_edit, folder_of
from diagnose.model import Evidence, Observation
from tests.support import haproxy_evidence
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import SHOP, evidence
from tests.support.web_server_evidence import APACHE, apache_config

SERVERS: dict[str, tuple[Observation, ...]] = {
    "apache": (APACHE, apache_config()),
    "caddy": (CADDY, caddy_config()),
    "haproxy": (haproxy_evidence.SERVER, haproxy_evidence.config()),
}


def added(product: str, scope: Scope, value: str = "v", replaces: bool = False) -> str:
    given: Evidence = evidence(*SERVERS[product], target=SHOP)
    view = server_on_port(given)
    assert view
    edit = added_fields_edit(view, scope, {"X-Field": value}, replaces)
    rows = edit.diff.splitlines()[3:] if edit else []
    return "\n".join(row[1:].strip() for row in rows if row[0] == "+")


@pytest.mark.parametrize(
    ("product", "scope", "lines"),
    [
        (
            "apache",
            Scope("/"),
            '<LocationMatch "^/$">\nHeader always set X-Field "v"\n</LocationMatch>',
        ),
        ("apache", Scope("/", True), 'Header always set X-Field "v"'),
        (
            "apache",
            Scope("/a/", True),
            '<Location "/a/">\nHeader always set X-Field "v"\n</Location>',
        ),
        ("caddy", Scope("/a/sw.js"), 'header /a/sw.js X-Field "v"'),
        ("caddy", Scope("/a/", True), 'header /a/* X-Field "v"'),
        ("caddy", Scope("/", True), 'header X-Field "v"'),
        ("haproxy", Scope("/", True), 'http-response set-header X-Field "v"'),
        (
            "haproxy",
            Scope("/a/", True),
            'http-request set-var(txn.request_path) path\nhttp-response set-header X-Field "v"'
            " if { var(txn.request_path) -m beg /a/ }",
        ),
    ],
)
def test_the_field_is_for_the_scope_alone(product: str, scope: Scope, lines: str) -> None:
    assert added(product, scope) == lines


def test_a_field_of_the_application_is_left_out() -> None:
    assert "Header onsuccess unset X-Field" in added("apache", Scope("/a.js"), replaces=True)
    assert "defer" in added("caddy", Scope("/a.js"), replaces=True)


@pytest.mark.parametrize("product", SERVERS)
def test_what_is_not_plain_is_a_persons(product: str) -> None:
    assert not added(product, Scope("/a b"))
    assert not added(product, Scope("/a\n}"))
    assert not added(product, Scope("/a"), 'v"\nx')


def test_the_folder_of_a_path() -> None:
    assert folder_of("/game/index.html") == Scope("/game/", True)
    assert folder_of("/").is_site
