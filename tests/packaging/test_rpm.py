"""The RPM: its files, what it requires, and its scripts, as rpm reads them; unpacked and run."""

import contextlib
import re
import subprocess
from pathlib import Path

import pytest

from tests.lab.lab import missing
from tests.lab.machines import Machine
from tests.packaging.tools import PYTHONS, built, need
from tests.support.effort import ALL

pytestmark = pytest.mark.skipif(not ALL, reason="it takes minutes (DIAGNOSE_ALL)")

LIBRARY = "/usr/lib64/diagnose-https"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need("rpmbuild", "rpm", "rpm2cpio", "cpio")
    return built("rpm", tmp_path_factory.mktemp("rpm"))


def query(package: Path, *words: str) -> list[str]:
    argv = ["rpm", "-qp", "--nosignature", *words, str(package)]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()


def test_its_files_lie_where_el9_has_them(package: Path) -> None:
    files = query(package, "-l")
    outside = {path for path in files if not path.startswith(LIBRARY)}
    assert {
        "/usr/bin/diagnose",
        "/usr/lib/systemd/system/diagnose-watch@.service",
        "/usr/share/bash-completion/completions/diagnose",
        "/usr/share/fish/vendor_completions.d/diagnose.fish",
        "/usr/share/man/man1/diagnose.1.gz",
        "/usr/share/zsh/site-functions/_diagnose",
    } <= outside
    assert all("diagnose" in path for path in outside), "folders of others are not ours"
    assert not [path for path in files if path.endswith((".pyc", "direct_url.json"))]


def test_it_requires_a_python_that_it_runs_on(package: Path) -> None:
    requires = query(package, "--requires")
    (pythons,) = (line for line in requires if "python" in line)
    assert pythons.strip("()").split(" or ")[0] == "/usr/bin/python3.14"
    assert "glibc >= 2.34" in requires
    assert not [line for line in requires if line.startswith("lib")], "a library outside"


def test_its_modules_need_no_newer_libc_than_el9s(package: Path, unpacked: Path) -> None:
    need("objdump")
    modules = sorted(str(path) for path in unpacked.rglob("*.so"))
    assert modules
    argv = ["objdump", "-T", *modules]
    symbols = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()
    versions = {word.strip("()")[6:] for word in symbols if word.startswith("(GLIBC_2")}
    assert max(int(version.split(".")[1]) for version in versions) <= 34


def test_its_scripts_are_understood_by_sh_and_end_what_they_began(package: Path) -> None:
    text = "\n".join(query(package, "--scripts"))
    assert "posttrans scriptlet" in text
    assert "compileall" in text.partition("posttrans scriptlet")[2]
    removal = text.partition("preuninstall scriptlet")[2].partition("postuninstall scriptlet")[0]
    assert "disable --quiet diagnose-watch@.timer" in removal
    assert "__pycache__" in removal
    for script in re.split(r"^\w+ scriptlet .*$", text, flags=re.MULTILINE):
        argv = ["sh", "-n"]
        result = subprocess.run(argv, input=script, capture_output=True, text=True, check=False)
        assert result.stderr == ""


@pytest.fixture(scope="module")
def unpacked(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    archive = subprocess.run(["rpm2cpio", str(package)], capture_output=True, check=True).stdout
    argv = ["cpio", "--extract", "--make-directories", "--quiet", "--no-absolute-filenames"]
    subprocess.run(argv, input=archive, cwd=folder, check=True)
    return folder


def test_it_runs_as_it_is_unpacked(unpacked: Path) -> None:
    program = unpacked / "usr/bin/diagnose"
    text = program.read_text("utf-8")
    assert f"-I {LIBRARY} " in text
    program.write_text(text.replace(LIBRARY, str(unpacked) + LIBRARY), "utf-8")
    for words, expected, status in (
        (["--version"], "diagnose ", 0),
        (["list", "--lang", "zh"], "证书", 0),
        (["demo", "--format", "text"], "websocket.not-upgraded", 0),
        (["--json", "https://127.0.0.1:4430/", "--outside"], "tcp.refused", 2),
    ):
        done = _run(program, *words)
        assert (done.returncode, done.stderr) == (status, "")
        assert expected in done.stdout


@pytest.mark.parametrize("python", PYTHONS.values(), ids=lambda path: Path(path).name)
def test_its_folder_runs_on_a_python(unpacked: Path, python: str) -> None:
    if not Path(python).is_absolute():
        pytest.skip(f"*** {python} is not on this machine")
    argv = [python, "-I", "-B", f"{unpacked}{LIBRARY}", "demo", "--format", "text"]
    result = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert (result.returncode, result.stderr) == (0, "")
    assert "websocket.not-upgraded" in result.stdout


def test_without_a_python_it_says_so(unpacked: Path, tmp_path: Path) -> None:
    text = (unpacked / "usr/bin/diagnose").read_text("utf-8")
    program = tmp_path / "diagnose"
    program.write_text(text.replace("/usr/bin/python3", "/nonexistent/python3"), "utf-8")
    program.chmod(0o755)
    done = _run(program, "--version")
    assert done.returncode == 70
    assert "Python 3.11 or newer is missing" in done.stderr


def test_rpm_installs_it_compiled_and_removes_all_of_it(package: Path) -> None:
    """Debian's rpm, on a server that systemd boots. It knows no package that it could require."""
    if lacking := missing():
        pytest.skip(f"The laboratory needs {', '.join(lacking)}.")
    with contextlib.closing(Machine("rpm")) as host:
        host.ready()
        host.write("/root/diagnose.rpm", package.read_bytes())
        paths = "find /etc /usr /run -xdev -path '*diagnose*'"
        before = host.sh(paths)
        host.run(["rpm", "--install", "--nodeps", "/root/diagnose.rpm"], check=True, timeout=120)
        host.sh(f"ls {LIBRARY}/diagnose/cli/__pycache__/main.*.pyc; test -d /run/diagnose-watch")
        assert host.run(["diagnose", "list"], check=True).stderr == ""
        host.systemctl("enable", "--now", "diagnose-watch@left.example.timer")
        host.run(["rpm", "--erase", "diagnose-https"], check=True, timeout=120)
        assert host.sh(paths) == before
        assert host.systemctl("list-units", "--all", "diagnose*", "--no-legend") == ""


def _run(program: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [program, *words], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
