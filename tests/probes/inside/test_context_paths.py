"""What the script prints, of programs that run: nothing of theirs but what names a prefix."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from diagnose.parsers.context_paths import context_paths, parse_named_paths
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


def test_a_path_that_yaml_names_in_several_lines(tmp_path: Path) -> None:
    folder = fake_machine(tmp_path, b"java\0-jar\0shop.jar\0")
    (folder / "application.yaml").write_text(
        "app:\n  path: /no\nspring:\n  mvc:\n    # of all\n    servlet:\n      path: /api\n"
        "  datasource:\n    path: /none\n    password: hush-hush\n"
    )
    said = printed(tmp_path)
    assert context_paths(said) == ("/api",)
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


def node(folder: Path, arguments: bytes, written: str = "", environment: bytes = b"") -> str:
    """What is printed of a program of Node.js."""
    fake_machine(folder, arguments)
    process = folder / "proc" / "7"
    (process / "comm").write_text("node\n")
    (process / "cgroup").write_text("0::/user.slice\n")
    (process / "environ").write_bytes(environment)
    (process / "fd").mkdir()
    (folder / "out.log").write_text(written)
    (process / "fd" / "1").symlink_to(folder / "out.log")
    return printed(folder)


def test_an_argument_of_another_program(tmp_path: Path) -> None:
    told = node(tmp_path, b"node\0server.js\0--base-path\0/shop\0", environment=b"BASE_URL=/kb\0")
    assert parse_named_paths(told).prefixes == ("/shop", "/kb")


def test_what_another_program_writes_when_it_starts(tmp_path: Path) -> None:
    written = (
        "GET http://127.0.0.1:8080/other/ 404\n"
        "Running at http://127.0.0.1:8080/lab/?token=hush-hush\n"
        "Server listens on http://127.0.0.1:9000/else/\n"
        "serving hooks on http://127.0.0.1:8080/hooks/{id}\n"
        "server started, sub_url=/git\n"
    )
    told = parse_named_paths(text := node(tmp_path, b"node\0", written))
    assert set(told.prefixes) == {"/lab", "/git"}
    assert told.templates == ("http://127.0.0.1:8080/hooks/{id}",)
    assert "hush" not in text


def test_nothing_else_of_another_program(tmp_path: Path) -> None:
    environment = (
        b"BASE_URL=https://anna:hush-hush@shop.example.com/x\0PASSWORD=/hush-hush\0HOME=/a\0"
    )
    assert node(tmp_path, b"node\0server.js\0/srv/shop\0", environment=environment) == ""
