"""The program and its libraries in one folder, for every Python of which there are wheels.

`python packaging/libraries.py FOLDER` fills FOLDER, as docs/adr/0036-packages-with-libraries.md
says. The libraries are those of constraints.txt. `python FOLDER` is then `diagnose`.
"""

import argparse
import platform
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent

#: The minor versions of Python 3 that a package may meet, from the one that builds it.
MINORS = range(sys.version_info.minor, 15)

#: EL9 has glibc 2.34: no wheel may need a newer one.
_GLIBC_MINORS = (34, 31, 28, 26, 24, 17)

_MAIN = '''\
"""`python3 -I FOLDER`: what /usr/bin/diagnose runs."""

from diagnose.__main__ import main

main()
'''

#: What pip notes for itself. It names paths of the machine that builds.
_NOTES_OF_PIP = {"RECORD", "REQUESTED", "INSTALLER", "direct_url.json"}


def fill(folder: Path) -> None:
    """Install the program and its libraries into an empty folder, without compiling them."""
    with tempfile.TemporaryDirectory() as work:
        wheel = build_wheel(Path(work))
        _install(folder, MINORS[0], "-c", str(ROOT / "constraints.txt"), str(wheel))
    compiled = _compiled_distributions(folder, MINORS[0])
    for minor in MINORS[1:]:
        _add_compiled(folder, minor, compiled)
    _remove_extras(folder)
    (folder / "__main__.py").write_text(_MAIN, "utf-8")


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this checkout in a folder and return its path."""
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


def installed(folder: Path) -> list[Distribution]:
    """Return the distributions in a folder, sorted by name."""
    return sorted(distributions(path=[str(folder)]), key=lambda each: each.name.lower())


def _install(folder: Path, minor: int, *words: str) -> None:
    tags = [f"manylinux_2_{glibc}_{platform.machine()}" for glibc in _GLIBC_MINORS]
    tags += [f"manylinux2014_{platform.machine()}"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--root-user-action=ignore", "--no-compile", "--only-binary=:all:",
         f"--python-version=3.{minor}", *(f"--platform={tag}" for tag in tags),
         "--target", str(folder), *words],
        check=True,
    )  # fmt: skip


def _compiled_distributions(folder: Path, minor: int) -> list[str]:
    """Return as requirements what has modules for one version of Python only."""
    return [
        f"{each.name}=={each.version}"
        for each in installed(folder)
        if any(f".cpython-3{minor}-" in str(path) for path in each.files or ())
    ]


def _add_compiled(folder: Path, minor: int, requirements: list[str]) -> None:
    """Add modules for another version of Python. Their names differ, so that they lie side by
    side (PEP 3149)."""
    with tempfile.TemporaryDirectory() as work:
        _install(Path(work), minor, "--no-deps", *requirements)
        for module in Path(work).rglob(f"*.cpython-3{minor}-*.so"):
            shutil.copy2(module, folder / module.relative_to(work))


def _remove_extras(folder: Path) -> None:
    """Remove scripts, manual pages and pip's notes."""
    for name in ("bin", "share"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for path in folder.glob("*.dist-info/*"):
        if path.name in _NOTES_OF_PIP:
            path.unlink()


def main() -> None:
    """Fill the folder that is named on the command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    fill(options.parse_args(sys.argv[1:]).folder)


if __name__ == "__main__":
    main()
