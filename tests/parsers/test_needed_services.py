"""The services that a program could not reach, in its own words."""

import pytest

from diagnose.parsers.needed_services import (
    NamedService,
    named_services,
    store_of_image,
    store_of_port,
    told_stores,
)


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("timeout occurred after waiting 15 seconds for db:5432", ("db", 5432)),
        ("Error: connect ECONNREFUSED 172.18.0.3:5432", ("172.18.0.3", 5432)),
        ("dial tcp 172.19.0.2:6379: connect: no route to host", ("172.19.0.2", 6379)),
        ('connection to server at "db" (172.18.0.3), port 5432 failed', ("db", 5432)),
        ("ERROR 2003 (HY000): Can't connect to MySQL server on 'database' (115)", ("database", 0)),
        ("Error 111 connecting to redis:6379. Connection refused.", ("redis", 6379)),
        ("java.net.UnknownHostException: mongo", ("mongo", 0)),
    ],
)
def test_the_service_that_is_named(text: str, service: tuple[str, int]) -> None:
    assert NamedService(*service) in named_services(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Listening on port 3000",
        "12:30:15 started",
        "v1.2.3:latest",
        "::1",
        "a" * 9000,
        "TypeError: x is undefined at worker:42",
        "ERROR in auth:55: invalid token",
    ],
)
def test_no_service(text: str) -> None:
    assert not named_services(text)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("<h1>Error establishing a database connection</h1>", {"mysql", "postgresql", "mongodb"}),
        ("Lost connection to MySQL server", {"mysql"}),
        ("Redis connection refused", {"redis"}),
        ("database is locked", set()),
        ("connected to database", set()),
        ("", set()),
    ],
)
def test_the_kind_of_database_that_is_not_reached(text: str, kinds: set[str]) -> None:
    assert told_stores(text) == kinds


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        ("postgres:16-alpine", "postgresql"),
        ("bitnami/postgresql@sha256:ab", "postgresql"),
        ("docker.io/library/mariadb", "mysql"),
        ("mysql/mysql-server:8.0", "mysql"),
        ("valkey/valkey:8", "redis"),
        ("mongo-express:1", ""),
        ("prom/mysqld-exporter", ""),
        ("phpmyadmin", ""),
        ("", ""),
    ],
)
def test_the_kind_of_an_image(image: str, kind: str) -> None:
    assert store_of_image(image) == kind


def test_the_kind_of_a_port() -> None:
    assert (store_of_port(5432), store_of_port(3000)) == ("postgresql", "")
