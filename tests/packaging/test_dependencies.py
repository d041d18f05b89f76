"""What pyproject.toml promises of libraries and of Python is true."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.packaging.tools import PACKAGING, PYTHONS, script
from tests.support.command_line import ROOT
from tests.support.effort import ALL

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = ("web", "mcp", "serve", "fleet", "aws")
LIBRARIES = list(
    {
        requirement.name: requirement
        for texts in (
            PROJECT["dependencies"],
            *(PROJECT["optional-dependencies"][extra] for extra in EXTRAS),
        )
        for requirement in map(Requirement, texts)
    }.values()
)
PINS = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text("utf-8").lower().splitlines()
    if "==" in line
)

#: A minute of the suite with libraries or a Python other than those of `make`.
SAMPLE = ("tests/cli/test_description.py", "tests/cli/test_terminal.py", "tests/outputs")


def normalized(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda each: each.name)
def test_a_bound_admits_what_is_tested(library: Requirement) -> None:
    pins = {normalized(name): version for name, version in PINS.items()}
    assert library.specifier.contains(pins[normalized(library.name)])


def test_every_library_has_a_lowest_version() -> None:
    versions = script("lowest").lowest_versions()
    assert set(versions) == {library.name for library in LIBRARIES}
    assert all(re.fullmatch(r"\d+(\.\d+)*", version) for version in versions.values())


def test_a_library_without_a_lower_bound_is_refused(tmp_path: Path) -> None:
    project = tmp_path / "pyproject.toml"
    project.write_text('[project]\ndependencies = ["h11<1"]\n')
    with pytest.raises(ValueError, match="h11"):
        script("lowest").lowest_versions(project)


@pytest.mark.skipif(not ALL, reason="it takes minutes (DIAGNOSE_ALL)")
@pytest.mark.parametrize("libraries", ["lowest", "newest"])
def test_it_runs_with_other_libraries(libraries: str) -> None:
    assert suite(sys.executable, libraries) == 0


@pytest.mark.skipif(not ALL, reason="it takes minutes (DIAGNOSE_ALL)")
@pytest.mark.parametrize("libraries", ["lowest", "pinned"])
@pytest.mark.parametrize(
    "python",
    [path for minor, path in PYTHONS.items() if minor != sys.version_info.minor],
    ids=lambda path: Path(path).name,
)
def test_it_runs_on_another_python(python: str, libraries: str) -> None:
    if not Path(python).is_absolute():
        pytest.skip(f"*** {python} is not on this machine")
    assert suite(python, libraries) == 0


def suite(python: str, libraries: str) -> int:
    argv = ["sh", str(PACKAGING / "suite.sh"), python, libraries, *SAMPLE]
    environment = {name: value for name, value in os.environ.items() if name != "DIAGNOSE_ALL"}
    result = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    sys.stdout.write(result.stdout[-3000:] + result.stderr[-3000:])
    return result.returncode
