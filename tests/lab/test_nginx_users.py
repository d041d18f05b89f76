"""A run takes no folder from nginx's workers."""

import pytest

from .lab import Lab
from .scenarios.nginx_users import CONF, run_by_the_workers_user

pytestmark = pytest.mark.lab


def owner(lab: Lab) -> str:
    return lab.server.sh("stat -c %U /var/lib/nginx/body").strip()


def test_of_an_nginx_that_root_does_not_run(lab: Lab) -> None:
    run_by_the_workers_user(lab)
    assert owner(lab) == "www-data"
    lab.diagnose(lab.server, "shop.example.com")
    assert owner(lab) == "www-data"


def test_where_another_user_is_not_loaded_yet(lab: Lab) -> None:
    server = lab.server
    conf = server.read(CONF)
    assert "user www-data;" in conf
    lab.undo(lambda: server.write(CONF, conf))
    server.write(CONF, conf.replace("user www-data;", "user daemon;"))
    lab.diagnose(server, "shop.example.com")
    assert owner(lab) == "www-data"
