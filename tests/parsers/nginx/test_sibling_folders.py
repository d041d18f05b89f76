"""Folders in which a file of the page may lie."""

import pytest

from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.sibling_folders import MAX_PATHS, folders_of, paths_in

TEXT = """http {
  server { server_name shop.example.com; root /srv/shop/;
    location /media/ { alias /srv/media/; } location /v/ { root /srv/$host; } }
  server { server_name admin.example.com; location /up/ { alias /srv/up; } }
  server { server_name www.example.net; root /srv/other; }
}"""


def test_folders_of_the_site_and_of_its_domain() -> None:
    servers = server_blocks.servers(parse(TEXT, "/n.conf"))
    assert folders_of(servers, "shop.example.com") == ("/srv/shop", "/srv/media", "/srv/up")
    assert folders_of(servers, "localhost") == ()


def test_paths_in_the_folders_and_beside_a_program() -> None:
    assert paths_in(["/srv/up"], [], "/media/tea.png") == (
        "/srv/up/media/tea.png", "/srv/up/tea.png",
    )  # fmt: skip
    assert paths_in([], ["/srv/app/web"], "/media/tea.png") == (
        "/srv/app/web/media/tea.png", "/srv/app/web/public/media/tea.png",
        "/srv/app/media/tea.png", "/srv/app/public/media/tea.png",
    )  # fmt: skip


@pytest.mark.parametrize("path", ["/media/../etc/passwd", "/media/", "/a\nb/c"])
def test_no_path_that_is_not_plain(path: str) -> None:
    assert paths_in(["/srv"], ["/srv/app"], path) == ()


def test_no_file_beside_a_programs_own_and_not_too_many() -> None:
    assert paths_in([], ["/srv/app"], "/settings.py") == ()
    assert paths_in([], ["/"], "/media/tea.png") == ()
    assert len(paths_in([f"/srv/{number}" for number in range(99)], [], "/a/b")) == MAX_PATHS
