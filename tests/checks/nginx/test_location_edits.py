from dataclasses import replace

import pytest

from checks.nginx import Nginx
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import (
    host_variable,
    http_1_1_lines,
    insert_lines,
    location_fix,
    pass_whole_path,
    serves_only,
    setting_edits,
    websocket_edits,
)
from diagnose.model import Applicability, Edit
from diagnose.parsers.nginx.edits import apply_patch
from diagnose.parsers.nginx.locations import LocationMatch
from tests.support.check_evidence import SHOP, evidence
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config


def matched(text: str = SITE, version: str = "1.26.3") -> tuple[Nginx, LocationMatch]:
    build = replace(BUILD, version=f"nginx/{version}")
    nginx = Nginx.of(evidence(config(text), build, RUNNING))
    (location_match,) = nginx.location_matches("/ws")
    return nginx, location_match


def patched(nginx: Nginx, edits: tuple[Edit, ...]) -> str:
    (edit,) = edits
    assert nginx.config is not None
    text = apply_patch(nginx.config.files[0].text, edit.diff)
    assert text is not None
    return text


def test_a_websocket_gets_its_headers_and_the_own_ones_stay() -> None:
    nginx, location_match = matched()
    text = patched(nginx, websocket_edits(nginx, location_match))
    assert "map $http_upgrade $connection_upgrade {" in text
    for line in (
        "proxy_http_version 1.1;",
        "proxy_set_header Upgrade $http_upgrade;",
        "proxy_set_header Connection $connection_upgrade;",
        "proxy_set_header Host $host;",
    ):
        assert text.count(f"        {line}\n") == 1


def test_inherited_headers_are_repeated_because_a_location_with_its_own_inherits_none() -> None:
    text = SITE.replace("        proxy_set_header Host $host;\n", "").replace(
        "    location", "    proxy_set_header X-Real-IP $remote_addr;\n    location"
    )
    nginx, location_match = matched(text)
    edited = patched(nginx, websocket_edits(nginx, location_match))
    assert edited.count("proxy_set_header X-Real-IP $remote_addr;") == 2


@pytest.mark.parametrize(("version", "lines"), [("1.26.3", 1), ("1.29.7", 0)])
def test_http_1_1_is_the_default_since_1_29_7(version: str, lines: int) -> None:
    changes: Changes = {}
    assert len(http_1_1_lines(*matched(version=version), changes)) == lines
    assert not changes


def test_an_own_line_with_http_1_0_is_changed() -> None:
    text = SITE.replace("        proxy_set", "        proxy_http_version 1.0;\n        proxy_set")
    nginx, location_match = matched(text)
    changes: Changes = {}
    assert http_1_1_lines(nginx, location_match, changes) == []
    edited = patched(nginx, config_edits(nginx, changes))
    assert "proxy_http_version 1.1;" in edited
    assert "1.0" not in edited


def test_lines_are_inserted_after_proxy_pass() -> None:
    nginx, location_match = matched()
    changes: Changes = {}
    insert_lines(nginx, location_match, ["proxy_buffering off;"], changes)
    edited = patched(nginx, config_edits(nginx, changes))
    assert "proxy_pass http://127.0.0.1:3000;\n        proxy_buffering off;\n" in edited
    insert_lines(nginx, location_match, [], changes := {})
    assert not changes


def test_a_setting_is_changed_where_it_is_and_added_where_it_is_not() -> None:
    nginx, location_match = matched(SITE.replace("        proxy_set", "        gzip on; proxy_set"))
    values = {"gzip": "off", "client_max_body_size": "8m"}
    edited = patched(nginx, setting_edits(nginx, location_match, values))
    assert "gzip off;" in edited
    assert "client_max_body_size 8m;" in edited


def test_an_edit_of_another_file_needs_review() -> None:
    nginx, location_match = matched()
    own = location_fix(nginx, location_match, websocket_edits(nginx, location_match))
    assert own.applicability is Applicability.AUTOMATIC
    shared = location_fix(nginx, location_match, (Edit("/etc/nginx/proxy.conf", "x"),))
    assert shared.applicability is Applicability.REVIEW


def test_the_path_of_proxy_pass_is_removed_unless_it_has_variables() -> None:
    for target, possible in (("3000/x/", True), ("3000/$uri", False), ("3000", False)):
        changes: Changes = {}
        _, location_match = matched(SITE.replace("3000", target))
        assert pass_whole_path(location_match, changes) is possible
        assert bool(changes) is possible


def test_a_location_serves_only_a_path_that_its_pattern_names() -> None:
    _, server_level = matched(SITE.replace("location /", "location /pages"))
    assert not serves_only(server_level, ["/ws"])
    _, location_match = matched(SITE.replace("location /", "location /ws"))
    assert serves_only(location_match, ["/ws/", "/ws?x=1"])
    assert not serves_only(location_match, ["/ws/chat"])


def test_host_has_the_port_where_it_is_not_the_usual_one() -> None:
    assert host_variable(SHOP) == "$host"
    assert host_variable(replace(SHOP, port=8443)) == "$http_host"
