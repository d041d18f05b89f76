"""The environment of a container beside the files that it comes from."""

import pytest

from diagnose.model.containers import ChangedVariable, ComposeService
from diagnose.parsers.container_variables import (
    changed_variables,
    files_of,
    parse_variables,
    refused_user,
    refusing_database,
)

FILE = "/srv/shop/compose.yml"
OWN = ComposeService("shop", "app", "/srv/shop", (FILE,))
TEXT = """\
services:
  app:
    image: shop:1
    env_file: app.env
    environment:
      URL: https://${HOST}/
      MODE: ${MODE:-production}
      GIVEN: ${GIVEN}
      FROM_SHELL:
"""
TEXTS = {
    "/srv/shop/.env": "HOST=shop.example.com\n",
    "/srv/shop/app.env": "# names\nexport NAME='Shop one'\nDB_PASSWORD=new # since May\nPORT=80\n",
}
CONTAINER = {
    "URL": "https://shop.example.com/",
    "MODE": "production",
    "GIVEN": "by the shell",
    "NAME": "Shop one",
    "DB_PASSWORD": "new",
    "PORT": "80",
    "PATH": "/usr/bin",
}


def test_a_container_that_fits_its_files() -> None:
    assert changed_variables(OWN, TEXT, TEXTS, CONTAINER) == ()


def test_values_that_changed_since() -> None:
    old = CONTAINER | {"URL": "https://localhost/", "NAME": "Shop", "DB_PASSWORD": "old"}
    assert changed_variables(OWN, TEXT, TEXTS, old) == (
        ChangedVariable("NAME", "/srv/shop/app.env", "Shop", "Shop one"),
        ChangedVariable("DB_PASSWORD", "/srv/shop/app.env"),
        ChangedVariable("URL", "/srv/shop/.env", "https://localhost/", "https://shop.example.com/"),
    )


def test_a_service_with_settings_of_another_one_is_not_judged() -> None:
    old = CONTAINER | {"NAME": "Shop"}
    base = "x-base: &base\n  NAME: Shop\n" + TEXT
    merged = base.replace("    environment:\n", "    environment:\n      <<: *base\n")
    assert changed_variables(OWN, merged, TEXTS, old) == ()
    extended = TEXT.replace("    image: shop:1\n", "    extends: {service: base}\n")
    assert changed_variables(OWN, extended, TEXTS, old) == ()


def test_an_unread_file_decides_nothing() -> None:
    assert changed_variables(OWN, TEXT, {}, CONTAINER | {"NAME": "Shop"}) == ()


def test_the_files_of_a_service() -> None:
    assert files_of(OWN, TEXT) == ("/srv/shop/.env", "/srv/shop/app.env")


def test_the_labels_of_a_container() -> None:
    head = f"compose {FILE}\nservice app\nproject shop\nfolder /srv/shop\nenvironment <no value>\n"
    assert parse_variables(f"{head}variable A=b=c\n") == (OWN, {"A": "b=c"})
    assert parse_variables("compose \nvariable A=b\n") == (None, {"A": "b"})


@pytest.mark.parametrize(
    ("line", "user"),
    [
        ('psycopg2.OperationalError: FATAL:  password authentication failed for user "shop"\n',
         "shop"),
        ("Access denied for user 'wp'@'172.18.0.3' (using password: YES)", "wp"),
        ("connection refused", ""),
    ],
)  # fmt: skip
def test_the_user_of_a_refusal(line: str, user: str) -> None:
    assert refused_user(line) == user


def test_the_database_that_refuses() -> None:
    detail = 'reason 2026 UTC [28] DETAIL:  Password does not match for user "shop".\n'
    found = refusing_database(f"database db docker.io/library/postgres:16\nsame\n{detail}")
    assert found is not None
    assert (found.name, found.product, found.is_same_password) == ("db", "postgres", True)
    assert found.reason == "password"
    absent = refusing_database(
        'database db postgis/postgis\nreason DETAIL:  Role "a" does not exist.'
    )
    assert absent is not None
    assert absent.reason == "user"
    assert refusing_database("database a mysql:8\ndatabase b mariadb:11\n") is None
    assert refusing_database("database cache redis:7\n") is None
