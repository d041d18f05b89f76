"""What the script prints, of programs that run: nothing of theirs but what names a prefix."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from diagnose.parsers.context_paths import context_paths
from diagnose.probes.inside.context_paths import SCRIPT

YAML = """\
spring:
  datasource:
    password: hush-hush
server:
  servlet:
    context-path: /shop
"""


def fake_machine(folder: Path, arguments: bytes) -> Path:
    """A folder in the place of /proc with one process, 7, of Java, and a `ss` that says that it
    listens."""
    process = folder / "proc" / "7"
    (process / "cwd").mkdir(parents=True)
    (process / "comm").write_text("java\n")
    (process / "cmdline").write_bytes(arguments)
    (process / "environ").write_bytes(b"SECRET=hush-hush\0HOME=/root\0")
    tools = folder / "bin"
    tools.mkdir()
    line = 'LISTEN 0 100 *:8080 *:* users:(("java",pid=7,fd=9))'
    (tools / "ss").write_text(f"#!/bin/sh\necho '{line}'\n")
    (tools / "ss").chmod(0o755)
    return process / "cwd"


def printed(folder: Path) -> str:
    script = SCRIPT.replace("/proc/", f"{folder}/proc/")
    environment = {"PATH": f"{folder}/bin:/usr/bin:/bin"}
    done = subprocess.run(
        ["sh", "-c", script, "sh", "8080"],
        capture_output=True, text=True, check=True, env=environment, timeout=20,
    )  # fmt: skip
    return done.stdout


def test_an_argument(tmp_path: Path) -> None:
    fake_machine(tmp_path, b"java\0-jar\0shop.jar\0--server.servlet.context-path=/shop\0")
    assert context_paths(printed(tmp_path)) == ("/shop",)


def test_settings_beside_the_program_and_nothing_else_of_them(tmp_path: Path) -> None:
    folder = fake_machine(tmp_path, b"java\0-jar\0shop.jar\0")
    (folder / "config").mkdir()
    (folder / "config" / "application-prod.yml").write_text(YAML)
    said = printed(tmp_path)
    assert context_paths(said) == ("/shop",)
    assert "hush" not in said


@pytest.mark.skipif(not shutil.which("unzip"), reason="unzip is not here")
def test_settings_in_the_jar(tmp_path: Path) -> None:
    folder = fake_machine(tmp_path, b"java\0-Xmx512m\0-jar\0shop.jar\0")
    with zipfile.ZipFile(folder / "shop.jar", "w") as jar:
        jar.writestr("BOOT-INF/classes/application.yml", YAML)
    assert context_paths(printed(tmp_path)) == ("/shop",)


def test_what_tomcat_serves(tmp_path: Path) -> None:
    fake_machine(tmp_path, b"java\0-Dcatalina.base=/opt/tomcat\0")
    webapps = tmp_path / "proc" / "7" / "root" / "opt" / "tomcat" / "webapps"
    (webapps / "ROOT").mkdir(parents=True)
    (webapps / "jeecg-boot.war").write_text("")
    assert context_paths(printed(tmp_path)) == ("/jeecg-boot",)


def test_nothing_of_another_program(tmp_path: Path) -> None:
    fake_machine(tmp_path, b"node\0--server.servlet.context-path=/shop\0")
    (tmp_path / "proc" / "7" / "comm").write_text("node\n")
    assert printed(tmp_path) == ""
