"""A variable of a container that an env_file of its service sets."""

from dataclasses import replace

import pytest

from diagnose.model.applications import ReadSetting
from diagnose.parsers.compose_env_files import env_files_of, in_env_file

COMPOSE = """\
services:
  web:
    image: shop
    env_file:
      - ./common.env
      - path: /etc/shop/shop.env
        required: false
  other:
    env_file: other.env
"""
FILE = "/srv/shop/compose.yml"
COMMON, OWN = "/srv/shop/common.env", "/etc/shop/shop.env"
WORDS = ("docker", "compose", "-f", FILE, "up", "-d", "web")
READ = ReadSetting(
    application="django", topic="allowed_host", key="DJANGO_ALLOWED_HOSTS", source="variable",
    values=("localhost",), wanted="localhost,shop.example.com", compose=FILE, service="web",
)  # fmt: skip
LINE = "DJANGO_ALLOWED_HOSTS=localhost"


def read(common: str, own: str = "A=1\n", setting: ReadSetting = READ) -> ReadSetting:
    texts = {FILE: COMPOSE, COMMON: common, OWN: own}
    return in_env_file(setting, "web", texts, WORDS)


def test_the_files_of_a_service() -> None:
    assert env_files_of(COMPOSE, "web", FILE) == (COMMON, OWN)
    assert env_files_of(COMPOSE, "other", FILE) == ("/srv/shop/other.env",)
    assert env_files_of(COMPOSE, "third", FILE) == ()
    assert env_files_of("services: [", "web", FILE) == ()
    assert env_files_of(COMPOSE.replace("./common.env", "${X}.env"), "web", FILE) == (OWN,)


def test_the_line_of_the_file_that_wins() -> None:
    found = read(f"# {LINE}\nSECRET=never\n{LINE}\n")
    assert (found.place, found.line) == (f"{COMMON}:3", LINE)
    assert found.new == f"{LINE},shop.example.com"
    assert found.load == WORDS
    assert "never" not in repr(found)
    later = read(f"{LINE}\n", 'export DJANGO_ALLOWED_HOSTS="localhost"')
    assert (later.place, later.unended) == (f"{OWN}:1", True)
    assert later.new == 'export DJANGO_ALLOWED_HOSTS="localhost,shop.example.com"'


def test_a_container_that_is_older_than_its_file() -> None:
    found = read(f"{LINE},shop.example.com\n")
    assert (found.stale, found.load, found.new) == (True, WORDS, "")
    setting = replace(READ, values=("localhost,shop.example.com",))
    assert not read(f"{LINE},shop.example.com\n", setting=setting).stale


@pytest.mark.parametrize(
    ("common", "own"),
    [
        ("A=1\n", "A=1\n"),
        # It was not read, or is empty.
        (f"{LINE}\n", ""),
        (f"{LINE} # a comment\n", "A=1\n"),
        ("DJANGO_ALLOWED_HOSTS=https://me:word@shop\n", "A=1\n"),
    ],
)
def test_nothing_is_known(common: str, own: str) -> None:
    assert read(common, own) == READ


def test_a_value_with_a_meaning_is_not_written() -> None:
    setting = replace(READ, wanted="$HOME")
    assert read(f"{LINE}\n", setting=setting) == setting
