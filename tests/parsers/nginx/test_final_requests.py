import pytest

from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.final_requests import (
    final_request,
    has_unknown_rules,
    request_locations,
)
from diagnose.parsers.nginx.server_blocks import Server, servers

PHP = "location ~ \\.php(/|$) { fastcgi_pass 127.0.0.1:9000; }"


def server(rules: str) -> Server:
    main = parse(f"http {{ server {{ root /srv; {rules} {PHP} }} }}", "/etc/nginx/nginx.conf")
    return next(iter(servers(main)))


#: What panels and guides write for PHP's frameworks.
RULES = (
    "if (!-e $request_filename) { rewrite ^/(.*)$ /index.php?id=$1 last; }",
    "location / { if (!-e $request_filename) { rewrite ^(.*)$ /index.php?s=$1 last; break; } }",
    "location / { if (!-e $request_filename) { rewrite ^/(.*)$ /index.php/$1 last; } }",
    "location / { try_files $uri @app; } location @app { rewrite ^(.*)$ /index.php/$1 last; }",
    "location / { try_files $uri $uri/ /index.php?$args; }",
)


@pytest.mark.parametrize("rules", RULES)
def test_a_request_ends_at_the_program(rules: str) -> None:
    location, path = final_request(server(rules), "/index/save")
    assert location.block.args[0] == "~"
    assert path.startswith("/index.php")
    assert not has_unknown_rules(server(rules), "/index/save")


def test_a_loop_ends() -> None:
    rules = "location / { rewrite ^ /b/x last; } location /b/ { rewrite ^ /a last; }"
    assert final_request(server(rules), "/a")[0].block.name == "location"


def test_a_location_that_passes_on_rewrites_for_its_application() -> None:
    rules = "location /api/ { rewrite ^/api(/.*)$ $1 last; proxy_pass http://127.0.0.1:3000; }"
    assert final_request(server(rules), "/api/x")[1] == "/api/x"


def test_a_condition_that_is_not_understood() -> None:
    rules = "location / { if ($http_x) { rewrite ^ /index.php last; } }"
    assert has_unknown_rules(server(rules), "/index/save")


def ways(rules: str, path: str) -> list[str]:
    return [" ".join(match.block.args) for match in request_locations(server(rules), path)]


def test_a_request_comes_to_every_location_of_its_way() -> None:
    rules = "index index.php; location / { try_files $uri $uri/ /index.php; }"
    assert ways(rules, "/wp-admin/") == ["/", "~ \\.php(/|$)"]
    assert ways(rules, "/upload") == ["/", "~ \\.php(/|$)"]
    assert ways("location / { try_files $uri @app; } location @app { }", "/a") == ["/", "@app"]
    assert ways("location / { error_page 405 = /a.php; }", "/a") == ["/", "~ \\.php(/|$)"]
    assert ways("location / { proxy_pass http://127.0.0.1:1; }", "/a") == ["/"]


def test_a_way_that_loops_ends() -> None:
    rules = "location / { rewrite ^ /b/x last; } location /b/ { rewrite ^ /a last; }"
    assert ways(rules, "/a") == ["/", "/b/"]
