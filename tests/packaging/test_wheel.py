"""The package that people install: it holds what the program reads, and runs by itself."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.support.command_line import ROOT
from tests.support.effort import ALL


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    argv = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
            "--target", str(folder), str(wheel)]  # fmt: skip
    subprocess.run(argv, check=True)
    return folder


def run(installed: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed), "LC_ALL": "C.UTF-8"}
    argv = [sys.executable, "-P", "-m", "diagnose", *words]
    return subprocess.run(
        argv, cwd=installed, env=environment, capture_output=True, text=True, check=False
    )


def test_it_holds_every_file_of_both_packages_and_no_other(wheel: Path) -> None:
    listing = subprocess.run(
        ["git", "ls-files", "diagnose", "checks"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listing.returncode:
        pytest.skip("this is no checkout of git")
    names = zipfile.ZipFile(wheel).namelist()
    modules = {name for name in names if ".dist-info/" not in name and ".data/" not in name}
    assert modules == set(listing.stdout.split())


def test_it_brings_the_manual_pages(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    pages = {name.partition(".data/data/share/man/man1/")[2] for name in names} - {""}
    assert pages == {path.name for path in (ROOT / "packaging" / "man1").iterdir()}


def test_it_runs_from_where_it_is_installed(installed: Path) -> None:
    for words, expected in (
        (["--version"], "diagnose "),
        (["explain", "tcp.refused"], "tcp.refused"),
        (["list", "--lang", "zh"], "证书"),
        (["--schema"], '"$schema"'),
        (["--completion", "bash"], "complete"),
    ):
        result = run(installed, *words)
        assert (result.returncode, result.stderr) == (0, "")
        assert expected in result.stdout


def test_its_command_is_installed(installed: Path) -> None:
    command = installed / "bin" / "diagnose"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    result = subprocess.run(
        [command, "--version"], env=environment, capture_output=True, text=True, check=False
    )
    assert result.stdout.startswith("diagnose ")


def test_the_sdist_is_the_whole_source(tmp_path: Path) -> None:
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("this is no checkout of git")
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        names = {member.name.partition("/")[2] for member in file if member.isfile()}
    sources = {name for name in listing.stdout.split() if not name.startswith(".ci/")}
    assert names == sources | {"PKG-INFO"}


@pytest.mark.skipif(not ALL, reason="it installs every library (DIAGNOSE_ALL)")
def test_the_sdist_is_enough_for_a_clean_environment(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    home = tmp_path / "home"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    argv = [str(home / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check",
            "-c", str(ROOT / "constraints.txt"), str(archive)]  # fmt: skip
    subprocess.run(argv, check=True)
    command = [str(home / "bin" / "diagnose"), "demo", "--format", "text"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert "websocket.not-upgraded" in result.stdout
    assert (home / "share" / "man" / "man1" / "diagnose.1").exists()
