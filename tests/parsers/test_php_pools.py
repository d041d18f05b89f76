"""Where pools of PHP-FPM listen, and who owns their sockets."""

import pytest

from diagnose.parsers.php_pools import PoolOwner, fpm_unit, listens_in, socket_owner

SOCKET = "/run/php/php8.4-fpm.sock"
POOL = f"; a comment\n[www]\nuser = www-data\nlisten = {SOCKET}\nlisten.owner = www-data\n"


def test_the_line_of_the_owner() -> None:
    assert socket_owner(POOL, SOCKET) == PoolOwner("www-data", 5, "listen.owner = www-data")
    assert socket_owner(POOL, f"/var{SOCKET}") == socket_owner(POOL, SOCKET)


def test_where_a_line_belongs() -> None:
    text = POOL.replace("listen.owner", ";listen.owner")
    assert socket_owner(text, SOCKET) == PoolOwner("", 4, f"listen = {SOCKET}", added=True)


@pytest.mark.parametrize(
    "text",
    [
        POOL.replace("8.4", "8.2"), f"{POOL}listen.acl_users = nginx\n", f"{POOL}[shop]\n", "",
        POOL.replace(SOCKET, "127.0.0.1:9000"),
    ],
)  # fmt: skip
def test_nothing_of_another_socket_or_several_pools(text: str) -> None:
    assert socket_owner(text, SOCKET) is None


def test_the_lines_of_several_pools() -> None:
    text = (
        '[www]\n;listen = 9000\nlisten = 127.0.0.1:9001 ; local\n[b]\nlisten="/run/$pool.sock"\r\n'
    )
    assert listens_in(text) == {"127.0.0.1:9001": 3, "/run/b.sock": 5}


def test_other_lines_are_none() -> None:
    assert not listens_in("listen.owner = www-data\nlisten\nlisten =\n")


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("/etc/php/8.4/fpm/pool.d/www.conf", "php8.4-fpm"),
        ("/etc/opt/remi/php82/php-fpm.d/www.conf", "php82-php-fpm"),
        ("/etc/php-fpm.d/www.conf", "php-fpm"),
    ],
)
def test_the_service_that_reads_a_file(path: str, unit: str) -> None:
    assert fpm_unit(path) == unit
