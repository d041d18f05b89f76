"""The limit of the program that ended a request is read only after one that failed late."""

import asyncio
import shlex
from dataclasses import replace
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Listener, Listeners
from diagnose.probes.inside import own_settings as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PROGRAM = Listener(address="0.0.0.0", port=443, family=4, pid=9, process="node")
NODE = "process 9 node\nfolder /srv/shop\nwords node\037server.js\nunit shop.service\n"
UNIT = "/etc/systemd/system/shop.service"
GUNICORN = f"process 9 gunicorn\nfolder /srv/shop\nwords gunicorn\037a:b\nunitfile {UNIT}\n"
PAGE = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, status=502, took=20.1
)


def look(page: Exchange, files: dict[str, str], place: str) -> list[ReadSetting]:
    words = shlex.join(("sh", "-c", probes.SCRIPT, "sh", "443"))
    looking: Any = Looking(RecordedMachine({words: CommandResult((), 0, place, "", 0.0)}, files))
    listeners = looking.emit(Listeners(sockets=(PROGRAM,)))
    looking.emit(NginxConfig(path="/etc/nginx/nginx.conf"))
    looking.emit(page)
    probe: Any = probes.after_answer
    asyncio.run(probe.work(looking, page, listeners))
    return list(looking.observed(ReadSetting))


def test_a_limit_of_the_source() -> None:
    source = {"/srv/shop/server.js": "const key = 'never';\nserver.setTimeout(20 * 1000);\n"}
    (read,) = look(PAGE, source, NODE)
    assert (read.place, read.values) == ("/srv/shop/server.js:2", ("20",))
    assert "never" not in repr(read)
    assert not look(replace(PAGE, took=0.2), source, NODE)
    assert not look(replace(PAGE, took=12.0), source, NODE)
    assert not look(replace(PAGE, status=200), source, NODE)


def test_the_limit_of_a_unit_and_its_default() -> None:
    late = replace(PAGE, took=30.8)
    usual = {UNIT: "[Service]\nExecStart=/usr/bin/gunicorn a:b\n"}
    (read,) = look(late, usual, GUNICORN)
    assert (read.key, read.values) == ("--timeout", ("30",))
    # Its own file has another limit: then the default is not in force.
    own = {**usual, "/srv/shop/gunicorn.conf.py": "timeout = 31\n"}
    (read,) = look(late, own, GUNICORN)
    assert read.file.endswith("gunicorn.conf.py")


def test_the_limit_of_a_pool_of_remis_packages() -> None:
    pool = "/etc/opt/remi/php82/php-fpm.d/www.conf"
    place = "process 9 php-fpm\nfolder /\nwords php-fpm\nunit php82-php-fpm.service\n"
    (read,) = look(PAGE, {pool: "[www]\nrequest_terminate_timeout = 20s\n"}, place)
    assert (read.file, read.values) == (pool, ("20",))
