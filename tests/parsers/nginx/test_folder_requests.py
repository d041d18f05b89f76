"""The folder that nginx tells an application, and that of the location."""

import pytest

from diagnose.parsers.nginx.folder_requests import folder_variants
from diagnose.parsers.nginx.locations import match_location
from diagnose.parsers.nginx.proxied_request import ProxiedRequest
from diagnose.parsers.nginx.server_blocks import servers
from tests.support.nginx_evidence import config


@pytest.mark.parametrize(
    ("path", "told", "expected"),
    [
        ("/books/", "/calibre", ["/books"]),
        ("/books/", "/books/", []),
        ("/books/", "no folder", []),
        ("/", "/calibre", []),
    ],
)
def test_the_folder_of_the_location_in_the_place_of_another(
    path: str, told: str, expected: list[str]
) -> None:
    passing = "proxy_pass http://127.0.0.1:3000;"
    text = f"server {{ location /books/ {{ {passing} }} location / {{ {passing} }} }}"
    (server,) = servers(config(text).main)
    request = ProxiedRequest(path, "1.0", (("Host", "shop.example.com"), ("X-Script-Name", told)))
    variants = folder_variants(request, match_location(server, path))
    assert [variant.value for variant in variants] == expected
