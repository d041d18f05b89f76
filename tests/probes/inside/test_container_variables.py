"""The databases beside a container, as the engine's own words are read. Docker does not run here: a
script stands in for it."""

import subprocess
from pathlib import Path

import pytest

from diagnose.probes.inside.container_variables import LOGINS

ENGINE = """#!/bin/sh
case "$*" in
  *Networks*app) echo shop; echo ;;
  *Networks*alone) exit 1 ;;
  *Networks*db) echo shop; echo ;;
  *Env*app) printf '%s\\n' APP=1 'DATABASE=APP_VALUE' ;;
  *Env*db) printf '%s\\n' POSTGRES_USER=shop POSTGRES_PASSWORD=secret ;;
  *Image*) echo postgres:16 ;;
  ps*) printf '%s\\n' app db alone ;;
  logs*) echo 'DETAIL:  Password does not match for user "shop".' ;;
esac
"""


def printed(folder: Path, name: str, value: str, user: str = "shop") -> list[str]:
    engine = folder / "engine"
    engine.write_text(ENGINE.replace("APP_VALUE", value))
    engine.chmod(0o755)
    words = ["sh", "-c", LOGINS, "sh", str(engine), name, user]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize(
    ("value", "same"),
    [
        ("secret", True),
        ("postgres://shop:secret@db/shop", True),
        ("my-secrets", False),
        ("postgres://shop:other@db/secret", False),
    ],
)
def test_the_password_is_compared_as_a_whole(tmp_path: Path, value: str, same: bool) -> None:
    lines = printed(tmp_path, "app", value)
    assert lines[0] == "database db postgres:16"
    assert ("same" in lines) is same
    assert not any("secret" in line for line in lines)


def test_a_database_of_another_user_or_network_is_not_told(tmp_path: Path) -> None:
    assert not printed(tmp_path, "app", "secret", "other")
    assert not printed(tmp_path, "alone", "secret")
