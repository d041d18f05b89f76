"""The single file says that it was built for another Python before a library is missing."""

import sys
import zipfile
from pathlib import Path

import pytest

from tests.packaging.tools import PACKAGING, script
from tests.support.command_line import ROOT

PREAMBLE = PACKAGING / "pyz_preamble.py"


def test_the_version_is_read_from_the_compiled_libraries(tmp_path: Path) -> None:
    preamble = script("pyz_preamble")
    assert preamble.built_for(tmp_path) is None
    (tmp_path / "any.abi3.so").touch()
    assert preamble.built_for(tmp_path) is None
    (tmp_path / "_x.cpython-312-x86_64-linux-gnu.so").touch()
    assert preamble.built_for(tmp_path) == 12


def test_nothing_is_said_to_the_right_python() -> None:
    preamble = script("pyz_preamble")
    assert preamble.complaint(11, 11, "d.pyz") is None
    assert preamble.complaint(None, 11, "d.pyz") is None
    assert "python3.11 d.pyz" in preamble.complaint(11, 13, "d.pyz")


def test_the_file_ends_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As shiv runs it (shiv.bootstrap): with `site_packages`, before the program."""
    from shiv.bootstrap import bootstrap  # type: ignore[import-untyped]

    site_packages = tmp_path / "site-packages"
    (site_packages / "bin").mkdir(parents=True)
    (site_packages / "bin" / PREAMBLE.name).write_text(PREAMBLE.read_text("utf-8"), "utf-8")
    other = sys.version_info[1] + 1
    (site_packages / f"_x.cpython-3{other}-x86_64-linux-gnu.so").touch()
    archive = tmp_path / "diagnose.pyz"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("environment.json", environment(str(tmp_path)))
        for path in sorted(site_packages.rglob("*")):
            file.write(path, path.relative_to(tmp_path).as_posix())
    monkeypatch.setattr(sys, "argv", [str(archive)])
    monkeypatch.setenv("SHIV_ROOT", str(tmp_path / "root"))
    with pytest.raises(SystemExit) as ended:
        bootstrap()
    assert ended.value.code == 70
    assert f"diagnose: {archive} was built for Python 3.{other}" in capsys.readouterr().err


def environment(root: str) -> str:
    """Return the environment.json of an archive with our preamble."""
    from shiv.bootstrap.environment import Environment  # type: ignore[import-untyped]

    return str(
        Environment(
            built_at="2026-01-01 00:00:00", shiv_version="1.0.8", build_id="test",
            entry_point="os:getpid", preamble=PREAMBLE.name, root=root,
        ).to_json()
    )  # fmt: skip


def test_the_recipe_puts_the_preamble_in() -> None:
    recipe = (ROOT / "Makefile").read_text("utf-8").partition("\npyz:")[2].partition("\n\n")[0]
    assert f"--preamble packaging/{PREAMBLE.name}" in recipe
