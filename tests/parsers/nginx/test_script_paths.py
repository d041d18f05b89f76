"""The script that PHP-FPM gets for a path."""

import pytest

from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.script_paths import (
    Script,
    ScriptRequest,
    other_scripts,
    script_of,
    script_request,
)
from diagnose.parsers.nginx.server_blocks import Server

PHP = "location ~ \\.php$ { fastcgi_pass 127.0.0.1:9000; PARAM }"
USUAL = "root /srv/shop/; location / { try_files $uri /index.php?$args; } "


def script(lines: str, path: str = "/", param: str = "") -> Script | None:
    text = f"http {{ server {{ {lines.replace('PARAM', param)} }} }}"
    (server,) = server_blocks.servers(parse(text, "/n.conf"))
    return script_of(server, path)


@pytest.mark.parametrize(
    ("path", "param", "found"),
    [
        ("/", "", "/srv/shop/index.php"),
        ("/tea?x=1", "", "/srv/shop/index.php"),
        ("/admin.php", "", "/srv/shop/admin.php"),
        ("/", "fastcgi_param SCRIPT_FILENAME /app$fastcgi_script_name;", "/app/index.php"),
        ("/", "fastcgi_param SCRIPT_FILENAME $realpath_root$fastcgi_script_name;",
         "/srv/shop/index.php"),
    ],
)  # fmt: skip
def test_names_the_script(path: str, param: str, found: str) -> None:
    assert script(USUAL + PHP, path, param) == Script(found, "/srv/shop")


@pytest.mark.parametrize(
    "lines",
    [
        "root /srv; location / { proxy_pass http://127.0.0.1:3000; }",
        "root /srv;",
        "location / { fastcgi_pass 127.0.0.1:9000; }",
        "root /srv/$host; location / { fastcgi_pass 127.0.0.1:9000; }",
        "root html; location / { fastcgi_pass 127.0.0.1:9000; }",
        "root /srv; location / { fastcgi_pass 127.0.0.1:9000;"
        " fastcgi_param SCRIPT_FILENAME $dir/a.php; }",
    ],
)
def test_is_unknown_without_a_root_or_with_variables(lines: str) -> None:
    assert script(lines) is None


def request(lines: str, path: str) -> tuple[Server, ScriptRequest]:
    (server,) = server_blocks.servers(parse(f"http {{ server {{ {lines} }} }}", "/n.conf"))
    found = script_request(server, path, "/usr/share/nginx")
    assert found
    return server, found


def test_an_alias_is_the_folder_without_the_prefix() -> None:
    lines = f"location ^~ /blog/ {{ alias /srv/wp/; {PHP.replace('PARAM', '')} }}"
    server, found = request(lines, "/blog/api.php")
    assert found.script == Script("/srv/wp/blog/api.php", "/srv/wp")
    assert list(other_scripts(server, found)) == [("name", "/srv/wp/api.php", "/srv/wp")]


def test_the_file_of_the_request_names_the_script_below_an_alias() -> None:
    param = "fastcgi_param SCRIPT_FILENAME $request_filename;"
    lines = f"location ^~ /blog/ {{ alias /srv/wp/; {PHP.replace('PARAM', param)} }}"
    server, found = request(lines, "/blog/api.php")
    assert found.script.path == "/srv/wp/api.php"
    assert not list(other_scripts(server, found))


def test_the_root_of_another_location_has_the_script() -> None:
    lines = "location / { root /srv/shop; index index.php; }" + PHP.replace("PARAM", "root html;")
    server, found = request(lines, "/")
    assert found.script.path == "/usr/share/nginx/html/index.php"
    others = list(other_scripts(server, found, "/usr/share/nginx"))
    assert others[0] == ("folder", "/srv/shop/index.php", "/srv/shop")


def test_the_public_folder_of_the_project_has_the_script() -> None:
    server, found = request(f"root /srv/shop; {PHP.replace('PARAM', '')}", "/index.php")
    others = list(other_scripts(server, found))
    assert others[0] == ("below", "/srv/shop/public/index.php", "/srv/shop/public")


def test_an_alias_of_an_expression_is_unknown() -> None:
    lines = r"location ~ ^/blog(.*)\.php$ { alias /srv/wp/$1; fastcgi_pass 127.0.0.1:9000; }"
    assert script(lines, "/blog/a.php") is None


@pytest.mark.parametrize(
    ("folder", "there"),
    [("alias /srv/wp/;", "/srv/wp/a.php"), ("root /srv/blogs;", "/srv/blogs/blog/a.php")],
)
def test_the_location_of_the_prefix_has_the_script(folder: str, there: str) -> None:
    """The location of PHP is for all, and its root stays as it is."""
    lines = f"root /srv/main; location /blog/ {{ {folder} }} {PHP.replace('PARAM', '')}"
    server, found = request(lines, "/blog/a.php")
    assert found.script.path == "/srv/main/blog/a.php"
    mistakes = [(mistake, file) for mistake, file, _ in other_scripts(server, found)]
    assert mistakes[0] == ("nested", there)
    assert "folder" not in {mistake for mistake, _ in mistakes}


@pytest.mark.parametrize(
    ("path", "pattern", "path_of_script"),
    [
        ("/app.php/", r"^(.+\.php)(/.*)$", "/srv/shop/app.php"),
        ("/app.php/admin/", r"^(.+\.php)(/.+)$", "/srv/shop/app.php"),
        ("/a.php/b.php/c", r"^(.+?\.php)(/.*)$", "/srv/shop/a.php"),
        ("/a.php/b.php/c", r"^(.+\.php)(/.*)$", "/srv/shop/a.php/b.php"),
        ("/app.php", r"^(.+\.php)(/.*)$", "/srv/shop/app.php"),
        ("/app.php/", r"^(.+\.x)(/.*)$", "/srv/shop/app.php/index.php"),
    ],
)
def test_what_follows_the_name_is_no_part_of_it(
    path: str, pattern: str, path_of_script: str
) -> None:
    lines = f"fastcgi_pass 127.0.0.1:9000; fastcgi_split_path_info {pattern};"
    text = f"root /srv/shop; location ~ \\.php(/|$) {{ {lines} }}"
    assert script(text, path) == Script(path_of_script, "/srv/shop")
