"""Which file nginx opens for a path; the laboratory compares it with nginx itself."""

from dataclasses import replace

import pytest

from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.file_paths import (
    ServedFile,
    fixed_file,
    hidden_indexes,
    named_version,
    only_page,
    served_file,
    start_folder,
)
from diagnose.parsers.nginx.locations import select_location
from tests.support.nginx_evidence import BUILD, config


def served(body: str, path: str = "/static/css/app.css") -> ServedFile | None:
    text = f"server {{\n  listen 443 ssl;\n  server_name shop.example.com;\n{body}\n}}\n"
    (server,) = server_blocks.servers(config(text).main)
    return served_file(select_location(server, path), path)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("root /srv;", "/srv/static/css/app.css"),
        ("root /srv/;", "/srv/static/css/app.css"),
        ("root /srv; location /static/ { }", "/srv/static/css/app.css"),
        ("root /a; location /static/ { root /srv; }", "/srv/static/css/app.css"),
        ("location /static/ { alias /srv/; }", "/srv/css/app.css"),
        ("location /static/ { alias /srv; }", "/srvcss/app.css"),
        ("location /static { alias /srv; }", "/srv/css/app.css"),
        ("location = /static/css/app.css { alias /srv/a.css; }", "/srv/a.css"),
        ("location ~ \\.css$ { root /srv; }", "/srv/static/css/app.css"),
    ],
)
def test_the_path(body: str, path: str) -> None:
    file = served(body)
    assert file is not None
    assert file.path == path


@pytest.mark.parametrize(
    "body",
    [
        "",
        "root html;",
        "root /srv/$host;",
        "location / { proxy_pass http://127.0.0.1:1; }",
        "location /static/ { return 404; }",
        "location ~ ^/static/(.*)$ { alias /srv/$1; }",
        "location ~ ^/static/ { alias /srv/; }",
        "location /static/ { alias /srv/; location ~ css$ { } }",
        "root /srv; location / { try_files $uri @app; } location @app { proxy_pass http://a; }",
    ],
)
def test_what_is_unknown(body: str) -> None:
    assert served(body) is None


@pytest.mark.parametrize(
    ("body", "path", "page"),
    [
        ("root html;", "/usr/local/nginx/html/static/css/app.css", "html/index.html"),
        ("location /static/ { alias ../dist/; }", "/usr/local/dist/css/app.css", ""),
    ],
)
def test_a_relative_path_begins_where_nginx_was_built_for(body: str, path: str, page: str) -> None:
    text = f"server {{\n  listen 443 ssl;\n  server_name shop.example.com;\n{body}\n}}\n"
    (server,) = server_blocks.servers(config(text).main)
    match = select_location(server, "/static/css/app.css")
    file = served_file(match, "/static/css/app.css", start="/usr/local/nginx")
    assert file is not None
    assert file.path == path
    assert file.fallback[1].endswith(page)


def test_where_relative_paths_begin() -> None:
    build = replace(BUILD, prefix="/usr/local/nginx")
    assert start_folder(build, ()) == "/usr/local/nginx"
    assert start_folder(build, ("-p", "/srv/nginx")) == "/srv/nginx"
    assert start_folder(None, ()) == ""


def test_a_script_that_nginx_looks_for_itself() -> None:
    text = """server { listen 443 ssl; root /srv;
      location ~ \\.php(?:$|/) { try_files $fastcgi_script_name =404; fastcgi_pass a; }
      location /app { fastcgi_pass a; } }"""
    (server,) = server_blocks.servers(config(text).main)
    script = select_location(server, "/index.php/login")
    assert served_file(script, "/index.php/login") is None
    file = served_file(script, "/index.php/login", with_scripts=True)
    assert file is not None
    assert file.directive.args == ("/srv",)
    assert served_file(select_location(server, "/app"), "/app", with_scripts=True) is None


@pytest.mark.parametrize(
    ("rule", "is_looked_for"),
    [
        ("if (!-f $document_root$fastcgi_script_name) { return 404; }", True),
        ("if ( !-e $request_filename ) { return 404; }", True),
        ("if (!-f $request_filename) { return 403; }", False),
        ("if (-f $request_filename) { return 404; }", False),
        ("if ($arg_a) { return 404; }", False),
    ],
)
def test_a_script_that_a_condition_looks_for(rule: str, is_looked_for: bool) -> None:
    lines = f"location ~ php {{ {rule} fastcgi_pass a; }}"
    (server,) = server_blocks.servers(config(f"server {{ root /srv; {lines} }}").main)
    script = select_location(server, "/index.php")
    assert (served_file(script, "/index.php", with_scripts=True) is not None) is is_looked_for


def mistakes(body: str, page: str = "/") -> dict[str, str]:
    file = served(body)
    assert file is not None
    return {path: mistake for mistake, path in reversed(list(file.alternatives(page)))}


def test_where_the_file_lies_if_a_setting_is_wrong() -> None:
    slash = mistakes("location /static/ { alias /srv/files; }")
    assert slash["/srv/files/css/app.css"] == "slash"
    assert slash["/srv/files/static/css/app.css"] == "alias"
    assert "slash" not in mistakes("location /static/ { alias /srv/; }").values()
    root = mistakes("location /static/ { root /srv/files; }")
    assert root["/srv/files/css/app.css"] == "root"
    base = mistakes("root /srv;", page="/app/index.html")
    assert base["/srv/app/static/css/app.css"] == "base"
    assert base["/srv/css/app.css"] == "base"


@pytest.mark.parametrize(
    ("body", "path", "indexes"),
    [
        ("root /srv; location / { try_files $uri =404; }", "/", ["/srv/index.html"]),
        (
            "root /srv; index index.php index.htm; location / { try_files $uri =404; }",
            "/docs/",
            ["/srv/docs/index.php", "/srv/docs/index.htm"],
        ),
        ("location /a/ { alias /srv/; try_files $uri =404; }", "/a/", ["/srv/index.html"]),
        ("root /srv; location / { try_files $uri $uri.html =404; }", "/", ["/srv/index.html"]),
        ("root /srv; index $host.html /x.php; location / { try_files $uri =404; }", "/", []),
        ("root /srv; location / { try_files $uri $uri/ =404; }", "/", []),
        ("root /srv; location / { try_files $uri $uri/index.html =404; }", "/", []),
        ("root /srv; location / { try_files $uri /index.html; }", "/", []),
        ("root /srv; location / { try_files $uri =404; }", "/page", []),
        ("root /srv; location / { }", "/", []),
    ],
)
def test_the_index_files_that_try_files_hides(body: str, path: str, indexes: list[str]) -> None:
    text = f"server {{\n  listen 443 ssl;\n  server_name shop.example.com;\n{body}\n}}\n"
    (server,) = server_blocks.servers(config(text).main)
    match = select_location(server, path)
    file = served_file(match, path)
    assert file is not None
    assert list(hidden_indexes(match, file)) == indexes


@pytest.mark.parametrize(
    ("uri", "right", "rewrite"),
    [
        ("/static/version1486500000/css/a.css", "css/a.css",
         r"rewrite ^(/static)/version[0-9._-]+/(.*)$ $1/$2 last;"),
        ("/v2.31/a.js", "a.js", "rewrite ^()/v[0-9._-]+/(.*)$ $1/$2 last;"),
        ("/typo3temp/a.1486500000.css", ".css", r"rewrite ^(.+)\.[0-9]+\.css$ $1.css last;"),
    ],
)  # fmt: skip
def test_a_version_in_the_address_of_a_file(uri: str, right: str, rewrite: str) -> None:
    version = named_version(uri)
    assert version
    assert uri.endswith(version.wrong)
    assert (version.right, version.rewrite) == (right, rewrite)


@pytest.mark.parametrize(
    "uri", ["/", "/static/css/a.css", "/a.min.js", "/app.4f2a.css", "/video/a.js"]
)
def test_an_address_without_a_version(uri: str) -> None:
    assert named_version(uri) is None


def test_the_file_without_its_version_is_an_alternative() -> None:
    file = served("root /srv/pub;", "/static/version12/css/a.css")
    assert file
    assert ("version", "/srv/pub/static/css/a.css") in list(file.alternatives("/"))
    file = served("location = /version12/a.css { alias /srv/a.css; }", "/version12/a.css")
    assert file
    assert "version" not in dict(file.alternatives("/"))


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("home.html",), "/srv/home.html"),
        (("404.html", "Index.HTML", "50x.html", "googleab12cd34ef56.html"), "/srv/Index.HTML"),
        (("a.html", "b.htm"), ""),
        (("a page.html",), ""),
        (("error.html",), ""),
        ((), ""),
    ],
)
def test_the_only_page_of_a_folder(names: tuple[str, ...], found: str) -> None:
    assert only_page([f"/srv/{name}" for name in names]) == found


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("try_files $uri /index.html =404;", "/index.html"),
        ("try_files $uri /a.html /b.html =404;", "/b.html"),
        ("try_files $uri /index.html;", ""),
        ("try_files $uri $uri/ =404;", ""),
        ("try_files $uri /app/ =404;", ""),
        ("try_files $uri /index.html =403;", ""),
        ("", ""),
        ("try_files /maintenance.html $uri $uri/ =404;", ""),
    ],
)
def test_the_fixed_file_before_a_404(line: str, file: str) -> None:
    text = f"server {{ listen 443 ssl; server_name shop.example.com; {line} }}"
    (server,) = server_blocks.servers(config(text).main)
    assert fixed_file(select_location(server, "/cart")) == file
