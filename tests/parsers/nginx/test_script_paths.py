"""The script that PHP-FPM gets for a path."""

import pytest

from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.script_paths import Script, script_of

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
