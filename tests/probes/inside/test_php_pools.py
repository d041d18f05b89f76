"""The pool of PHP-FPM whose socket is missing. The files are those of HestiaCP."""

import asyncio

import pytest

from diagnose.model.applications import ReadSetting
from diagnose.probes.inside.php_pools import emit_pool
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

FOLDER = "/etc/php/7.4/fpm/pool.d"
OWN, OTHER = "/run/php/php7.4-fpm-shop.sock", "/run/php/php7.4-fpm-other.sock"
POOL = "[{0}]\n; listen = /run/old.sock\nlisten = /run/php/php7.4-fpm-$pool.sock\n"
FILES = {f"{FOLDER}/{name}.conf": POOL.format(name) for name in ("shop", "other")}


def read(files: dict[str, str], socket: str = OWN) -> list[ReadSetting]:
    ctx = Looking(RecordedMachine({}, files=files))
    asyncio.run(emit_pool(ctx, socket))
    return list(ctx.observed(ReadSetting))


def test_the_pool_that_names_the_socket_beside_one_that_has_its_own() -> None:
    (pool,) = read({**FILES, OTHER: ""})
    assert (pool.place, pool.unit) == (f"{FOLDER}/shop.conf:3", "php7.4-fpm")
    assert pool.values == (OWN, OTHER)


@pytest.mark.parametrize(
    ("files", "socket"),
    [
        (FILES, OWN),
        ({**FILES, OTHER: ""}, "/run/php/php8.2-fpm.sock"),
        ({**FILES, OTHER: "", "/etc/php/7.4/fpm/pool.d/copy.conf": POOL.format("shop")}, OWN),
        ({f"{FOLDER}/shop.conf": POOL.format("shop"), OTHER: ""}, OWN),
    ],
    ids=["PHP-FPM does not run", "no pool", "two pools", "no sister"],
)
def test_none_where_a_restart_is_not_known_to_help(files: dict[str, str], socket: str) -> None:
    assert not read(files, socket)
