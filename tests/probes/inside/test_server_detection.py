"""Where a site's configuration may lie on its own server."""

import asyncio

import pytest

from diagnose.machine.recorded import RecordedMachine
from diagnose.probes.inside.server_detection import serves

SITE = "server { server_name shop.example.com; }"


@pytest.mark.parametrize(
    ("path", "is_known"),
    [
        ("/etc/nginx/conf.d/shop.conf", True),
        ("/etc/nginx/sites-available/shop", False),
        ("/usr/local/nginx/conf/vhosts/shop.conf", True),
        ("/usr/local/openresty/nginx/conf/nginx.conf", True),
        ("/usr/local/tengine/conf/nginx.conf", True),
        ("/www/server/panel/vhost/nginx/shop.conf", True),
        ("/opt/1panel/www/conf.d/shop.conf", True),
        ("/home/me/shop.conf", False),
    ],
)
def test_the_folders_of_distributions_builds_and_panels_are_known(
    path: str, is_known: bool
) -> None:
    machine = RecordedMachine({}, {path: SITE})
    assert asyncio.run(serves(machine, "shop.example.com")) is is_known
