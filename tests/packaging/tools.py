"""The scripts of packaging/ as modules, and what the tests of packages need."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.command_line import ROOT

PACKAGING = ROOT / "packaging"


def _python(minor: int) -> str:
    folders = [str(path) for path in Path.home().glob(f".pyenv/versions/3.{minor}.*/bin")]
    path = ":".join([*folders, "/usr/bin", "/usr/local/bin"])
    return shutil.which(f"python3.{minor}", path=path) or f"python3.{minor}"


#: The Pythons of which packages are made, by minor version: an absolute path, or the name alone of
#: what this machine does not have.
PYTHONS = {minor: _python(minor) for minor in range(11, 15)}


def script(name: str) -> ModuleType:
    """Return packaging/NAME.py as a module. The folder itself is no package."""
    spec = importlib.util.spec_from_file_location(f"_{name}", PACKAGING / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def need(*programs: str) -> None:
    """Skip the test where a program is missing, and name it."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"*** not installed here: {', '.join(missing)}")


def built(kind: str, folder: Path) -> Path:
    """Return a package, "deb" or "rpm": that of the folder DIAGNOSE_PACKAGES, where a release has
    it already, or a new one in `folder`."""
    if released := os.environ.get("DIAGNOSE_PACKAGES"):
        folder = ROOT / released
    else:
        argv = ["sh", str(PACKAGING / f"{kind}.sh"), sys.executable, str(folder)]
        subprocess.run(argv, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    (path,) = folder.glob(f"*.{kind}")
    return path
