import pytest

from diagnose.parsers.usual_paths import (
    is_closed_on_purpose,
    is_folder_of_files,
    is_for_operators,
    is_hidden,
    is_named_in,
    is_usual_websocket,
)


def test_a_usual_path_with_and_without_its_last_slash() -> None:
    assert is_usual_websocket("/ws")
    assert is_usual_websocket("/socket.io/")
    assert not is_usual_websocket("/")
    assert not is_usual_websocket("/shop/ws")


def test_hidden_files_and_folders() -> None:
    assert all(is_hidden(path) for path in ("/.env", "/.git/config", "/a/.htaccess?x=1"))
    known = ("/.well-known/acme-challenge/x", "/a.env", "/", "/a?b=/.c")
    assert not any(is_hidden(path) for path in known)


def test_folders_whose_files_are_loaded_one_by_one() -> None:
    assert all(map(is_folder_of_files, ("/wp-content/uploads/", "/static/", "/a/CSS/?v=1")))
    assert not any(map(is_folder_of_files, ("/", "/docs/", "/static", "/static/app.js", "")))


def test_paths_for_those_who_run_a_program() -> None:
    assert all(
        map(is_for_operators, ("/metrics", "/actuator/health", "/Debug/pprof/", "/healthz?a"))
    )
    assert not any(map(is_for_operators, ("/", "/api/metrics", "/metrics2", "/status", "/health")))


@pytest.mark.parametrize(
    "rule",
    ["path /admin*", "^/admin", "RewriteRule ^admin - [F]", '<Location "/admin">', "/api|/Admin/",
     "respond /admin/* 403", "^/(wp-login|admin)"],
)  # fmt: skip
def test_a_rule_that_names_the_part_of_the_site(rule: str) -> None:
    assert is_named_in("/admin/users?x=1", rule)


@pytest.mark.parametrize(
    "rule", ["", "path /", "^", "/administrator", "/shop/admin-old", "min", "badmin", "/api"]
)
def test_a_rule_about_something_else(rule: str) -> None:
    assert not is_named_in("/admin", rule)


def test_the_whole_site_and_the_challenges_are_no_part() -> None:
    assert not is_named_in("/", "path /")
    assert not is_named_in("/.well-known/acme-challenge/x", "path /.well-known/*")


def test_what_sites_close_on_purpose() -> None:
    assert is_closed_on_purpose("/admin/users", "/admin", 403)
    assert is_closed_on_purpose("/metrics", "^/metrics$", 404)
    assert is_closed_on_purpose("/shop/7", "/shop/", 410)
    # A part of the site that visitors use, and a rule that does not name the part.
    assert not is_closed_on_purpose("/shop/7", "/shop/", 404)
    assert not is_closed_on_purpose("/wp-json/posts", "^wp-json", 403)
    assert not is_closed_on_purpose("/admin", "/", 403)
