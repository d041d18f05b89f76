"""What is read and not run here: the units, the shell scripts, the container's recipe."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from diagnose.cli.parser import build_parser
from tests.packaging.tools import PACKAGING, need
from tests.support.command_line import ROOT

CONTAINERFILE = PACKAGING / "container" / "Containerfile"
SERVICE = PACKAGING / "systemd" / "diagnose-watch@.service"
EXPORTER = PACKAGING / "systemd" / "examples" / "diagnose-exporter.service"
SCRIPTS = sorted([*PACKAGING.glob("*.sh"), *PACKAGING.glob("debian/p*")])


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_understood_by_sh(script: Path) -> None:
    result = subprocess.run(["sh", "-n", script], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_the_service_calls_diagnose_as_it_is() -> None:
    text = SERVICE.read_text("utf-8")
    (words,) = re.findall(r"^ExecStart=/usr/bin/diagnose (.*)$", text, re.MULTILINE)
    (options,) = re.findall(r"OPTIONS=(\S+)", text)
    words = words.replace("$OPTIONS", options).replace("${TARGET}", "shop.example.com")
    values = build_parser().parse_intermixed_args(shlex.split(words))
    assert (values.format, values.outside) == ("prometheus", True)
    assert values.words == ["shop.example.com"]


def test_the_exporter_s_service_calls_diagnose_as_it_is() -> None:
    text = EXPORTER.read_text("utf-8")
    (words,) = re.findall(r"^ExecStart=/opt/diagnose/bin/diagnose serve (.*)$", text, re.MULTILINE)
    values = build_parser("serve").parse_intermixed_args(
        shlex.split(words.replace("${CONFIG}", "b.yml").replace("$OPTIONS", "--resident"))
    )
    assert (values.config_file, values.resident) == ("b.yml", True)


def test_the_exporter_s_service_has_no_rights() -> None:
    need("systemd-analyze")
    argv = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager"]
    result = subprocess.run([*argv, str(EXPORTER)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-300:] + result.stderr


def test_the_service_takes_every_state_of_a_site_for_success() -> None:
    assert "\nSuccessExitStatus=1 2 3\n" in SERVICE.read_text("utf-8")


@pytest.mark.parametrize("script", ["debian/prerm", "rpm/diagnose-https.spec"])
def test_removal_disables_every_site_that_is_watched(script: str, tmp_path: Path) -> None:
    need("systemctl")
    units = tmp_path / "usr" / "lib" / "systemd" / "system"
    shutil.copytree(PACKAGING / "systemd", units)
    here = ["systemctl", f"--root={tmp_path}"]
    sites = [f"diagnose-watch@{name}.timer" for name in ("a.example", "b.example")]
    subprocess.run([*here, "enable", "--quiet", *sites], check=True, capture_output=True)
    links = tmp_path / "etc" / "systemd" / "system" / "timers.target.wants"
    assert {link.name for link in links.iterdir()} == set(sites)
    text = (PACKAGING / script).read_text("utf-8")
    (words,) = re.findall(r"^ +systemctl (disable .*) \|\| \S+$", text, re.MULTILINE)
    subprocess.run([*here, *shlex.split(words)], check=True, capture_output=True)
    assert list(links.glob("*")) == []


def copied() -> list[str]:
    """The files and folders that the recipe copies from the checkout."""
    lines = re.findall(r"^COPY (?!--from)(.*)$", CONTAINERFILE.read_text("utf-8"), re.MULTILINE)
    return [name for line in lines for name in line.split()[:-1]]


def test_the_recipe_ignores_nothing_that_it_copies() -> None:
    ignored = (ROOT / ".containerignore").read_text("utf-8").split()
    assert not set(ignored) & set(copied())


def test_what_the_recipe_copies_is_enough_for_the_wheel(tmp_path: Path) -> None:
    for name in copied():
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, tmp_path / name)
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("dist/*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"diagnose/__main__.py", "checks/index.json"} <= set(names)


def test_hadolint_has_nothing_against_the_recipe() -> None:
    beside = str(Path(sys.executable).parent / "hadolint")
    need(beside)
    argv = [beside, "--format", "json", str(CONTAINERFILE)]
    result = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert json.loads(result.stdout) == []
