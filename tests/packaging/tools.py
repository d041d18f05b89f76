"""The scripts of packaging/ as modules, and what the tests of packages need."""

import importlib.util
import shutil
import sys
from types import ModuleType

import pytest

from tests.support.command_line import ROOT

PACKAGING = ROOT / "packaging"


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
