"""The Ansible module: run by ansible-core on this machine."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.tools import PACKAGING
from tests.support.effort import ALL

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("ansible") is None,
        reason="*** ansible-core is not installed here (make test-all installs it)"),
    pytest.mark.skipif(not ALL, reason="each run of Ansible takes seconds (DIAGNOSE_ALL)"),
]  # fmt: skip

BIN = Path(sys.executable).parent
SITE = "https://127.0.0.1:4430/"

#: Stands for a server with a fault that diagnose can mend: `fix` makes a file, and all is well.
MENDED_BY_FIX = """#!/bin/sh
cd "$(dirname "$0")" || exit 70
echo "$@" >>log
if [ "$1" = fix ]; then : >mended; exit 0; fi
if [ -e mended ]; then cat well.json; else cat broken.json; exit 2; fi
"""
CAUSE = {
    "check": "firewall.port-closed",
    "about": "443/tcp",
    "root_cause": True,
    "remedy": {"applicability": "automatic", "steps": [{"shell": "firewall-cmd --reload"}]},
}


class Ansible:
    """Runs the module with arguments, each time as an ad-hoc command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        names = folder / "collections" / "ansible_collections" / "diagnose_https"
        names.mkdir(parents=True)
        (names / "diagnose").symlink_to(PACKAGING / "ansible")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE")},
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_COLLECTIONS_PATH": str(folder / "collections"),
            "ANSIBLE_LOCALHOST_WARNING": "False",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "LC_ALL": "C.UTF-8",
        }

    def run(self, program: str, *words: str) -> str:
        result = subprocess.run(
            [BIN / program, *words], env=self.environment, cwd=self.folder,
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert result.stdout, result.stderr
        return result.stdout

    def module(self, *words: str, **arguments: Any) -> dict[str, Any]:
        text = json.dumps({"executable": str(BIN / "diagnose"), "target": SITE, **arguments})
        name = "diagnose_https.diagnose.site"
        stdout = self.run("ansible", "localhost", "-m", name, "-a", text, *words)
        result: dict[str, Any] = json.loads(stdout.partition(" => ")[2])
        return result


@pytest.fixture
def ansible(tmp_path: Path) -> Ansible:
    return Ansible(tmp_path)


@pytest.fixture
def mendable(tmp_path: Path) -> dict[str, Any]:
    """The arguments for a site that `fix` puts right."""
    broken = {"findings": [CAUSE], "verdict": {"status": "critical", "summary": "closed"}}
    well = {"findings": [], "verdict": {"status": "ok", "summary": "well"}}
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    (tmp_path / "well.json").write_text(json.dumps(well))
    program = tmp_path / "program"
    program.write_text(MENDED_BY_FIX)
    program.chmod(0o755)
    return {"executable": str(program), "target": "shop.example.com"}


def test_a_broken_site_fails_with_its_cause(ansible: Ansible) -> None:
    result = ansible.module()
    assert result["status"] == "critical"
    assert result["changed"] is False
    assert "4430" in result["msg"]
    assert result["report"]["schema_version"] == "1.0"


def test_it_reports_alone_if_told_so(ansible: Ansible) -> None:
    result = ansible.module(fail_on="never", arguments=["--outside", "--only", "tcp"])
    assert (result["status"], "msg" in result) == ("critical", False)


def test_words_of_the_target_are_no_options(ansible: Ansible) -> None:
    result = ansible.module(target="--version")
    assert "did not judge" in result["msg"]


def test_without_fix_nothing_is_changed(ansible: Ansible, mendable: dict[str, Any]) -> None:
    result = ansible.module(**mendable)
    assert (result["msg"], result["changed"]) == ("closed", False)
    assert "fix" not in (ansible.folder / "log").read_text()


def test_check_mode_names_the_commands(ansible: Ansible, mendable: dict[str, Any]) -> None:
    result = ansible.module("--check", **mendable, fix=True)
    assert result["changed"] is True
    assert result["commands"] == ["firewall-cmd --reload"]
    assert not (ansible.folder / "mended").exists()


def test_fix_mends_once(ansible: Ansible, mendable: dict[str, Any]) -> None:
    first, second = (ansible.module(**mendable, fix=True) for _ in range(2))
    assert (first["changed"], first["status"]) == (True, "ok")
    assert (second["changed"], second["commands"]) == (False, [])
    lines = (ansible.folder / "log").read_text().splitlines()
    assert lines.count("fix --yes --timeout=15 -- shop.example.com") == 1


def test_its_page_is_shown(ansible: Ansible) -> None:
    page = ansible.run("ansible-doc", "-t", "module", "diagnose_https.diagnose.site")
    for word in ("websockets", "fail_on", "EXAMPLES", "RETURN VALUES"):
        assert word in page


def test_ansible_lint_has_nothing_against_it(ansible: Ansible) -> None:
    copy = ansible.folder / "copy"
    shutil.copytree(PACKAGING / "ansible", copy)
    result = subprocess.run(
        [BIN / "ansible-lint", "--offline", "--nocolor", "--profile", "production"],
        env=ansible.environment, cwd=copy, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
