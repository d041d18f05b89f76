"""server.config-mounted-elsewhere: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model.containers import BindMount, NginxContainer, UnreadMount
from diagnose.model.http import Exchange
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.parsers.nginx.config import parse
from tests.support.check_evidence import judge, texts

CHECK = "server.config-mounted-elsewhere"
OWN = NginxContainer(pid=10, engine="docker", digest="5e" * 32, name="web", image="caddy:2")


@pytest.mark.parametrize(
    ("mount", "volume"),
    [
        (
            UnreadMount(
                product="caddy",
                point="/etc/Caddyfile",
                source="/srv/Caddyfile",
                path="/etc/caddy/Caddyfile",
            ),
            "/srv/Caddyfile:/etc/caddy/Caddyfile:ro",
        ),
        (
            UnreadMount(
                product="nginx",
                point="/etc/nginx/conf.d/shop",
                source="/srv/shop",
                path="/etc/nginx/nginx.conf",
            ),
            "/srv/shop:/etc/nginx/conf.d/shop.conf:ro",
        ),
        (
            UnreadMount(
                product="haproxy",
                point="/etc/haproxy/haproxy.cfg",
                source="/srv/haproxy.cfg",
                path="/usr/local/etc/haproxy/haproxy.cfg",
            ),
            "/srv/haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro",
        ),
    ],
)
def test_fires_with_the_path_that_is_read(mount: UnreadMount, volume: str) -> None:
    (claim,) = judge(CHECK, OWN, mount, masked=False)
    assert any(volume in text for text in texts(CHECK, claim))


def test_fires_with_a_copy_where_the_folder_that_is_read_is_mounted() -> None:
    main = "http { include /etc/nginx/conf.d/*.conf; }"
    config = NginxConfig(
        path="/etc/nginx/nginx.conf",
        main=parse(main, "/etc/nginx/nginx.conf"),
        files=(ConfigFile("/etc/nginx/nginx.conf", main),),
    )
    mounts = (
        BindMount("/etc/nginx/conf.d", "/srv/proxy/conf.d"),
        BindMount("/var/www/conf", "/srv/project/conf"),
    )
    left = UnreadMount(
        product="nginx", point="/var/www/conf/nginx/ssl.conf", path=config.path,
        source="/srv/project/conf/nginx/ssl.conf",
    )  # fmt: skip
    (claim,) = judge(CHECK, replace(OWN, mounts=mounts), left, config, masked=False)
    copy = "cp -n /srv/project/conf/nginx/ssl.conf /srv/proxy/conf.d/ssl.conf"
    assert any(copy in text for text in texts(CHECK, claim))
    (plain,) = judge(CHECK, replace(OWN, mounts=mounts[1:]), left, config, masked=False)
    assert not plain.facts["copy"]


LEFT = UnreadMount(
    product="nginx", point="/etc/nginx/sites-available/shop.conf", source="/srv/shop.conf",
    path="/etc/nginx/nginx.conf",
)  # fmt: skip


def _answer(status: int, body: str) -> Exchange:
    url = "https://shop.example.com/"
    return Exchange(url=url, address="203.0.113.10", port=443, status=status, body=body)


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, "<title>Welcome to nginx!</title>"), (404, "<h1>404</h1>"), (200, "")],
)
def test_fires_beside_the_pages_of_an_image(status: int, body: str) -> None:
    assert judge(CHECK, OWN, LEFT, _answer(status, body))


@pytest.mark.parametrize(("status", "body"), [(200, "<title>Shop</title>"), (502, "Bad Gateway")])
def test_silent_where_a_block_for_every_name_has_the_site(status: int, body: str) -> None:
    assert not judge(CHECK, OWN, LEFT, _answer(status, body))


def test_silent_without_such_a_file() -> None:
    assert not judge(CHECK, OWN)
