"""What has to be typed for an extra, by how the program was installed."""

import sys
from importlib import metadata
from pathlib import Path

import pytest

from diagnose.processes import installation
from diagnose.processes.installation import extra_command

REQUIRES = [
    "dnspython>=2.7",
    "textual-serve~=1.1.3; extra == 'web'",
    'nats-py[nkeys]<3,>=2.16 ; extra == "fleet"',
]


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(installation, "requires", lambda name: REQUIRES)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "base_prefix", "/usr")


def test_in_an_environment_its_own_pip_is_used(tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python"
    assert extra_command("web") == f"{python} -m pip install 'textual-serve~=1.1.3'"
    assert extra_command("fleet") == f"{python} -m pip install 'nats-py[nkeys]<3,>=2.16'"


def test_pipx_adds_to_its_environment(tmp_path: Path) -> None:
    (tmp_path / "pipx_metadata.json").touch()
    assert extra_command("web") == "pipx inject diagnose-https 'textual-serve~=1.1.3'"


def test_an_environment_of_uv_has_no_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "find_spec", lambda name: None)
    command = f"uv pip install --python {tmp_path}/bin/python 'textual-serve~=1.1.3'"
    assert extra_command("web") == command


def test_a_package_or_the_single_file_takes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", "/usr")
    assert extra_command("web") == "cd CHECKOUT && pipx install '.[web]'"


def test_without_metadata_a_checkout_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(installation, "requires", missing)
    assert extra_command("mcp") == "cd CHECKOUT && pipx install '.[mcp]'"
