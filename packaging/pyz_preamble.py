"""Says at the start of diagnose.pyz that it was built for another Python, if so.

shiv runs this file before the program, with `archive`, the path of diagnose.pyz, and
`site_packages`, the folder into which it was unpacked. Libraries that were compiled for another
version are not found by name (PEP 3149); without this the program would fail in the middle, with
the name of one of them.
"""

import re
import sys
from pathlib import Path

_COMPILED = re.compile(r"\.cpython-3(\d+)-")


def built_for(folder: Path) -> int | None:
    """Return the minor version of the Python 3 that the libraries in a folder were compiled for."""
    matches = (_COMPILED.search(path.name) for path in folder.glob("*.so"))
    return next((int(match[1]) for match in matches if match), None)


def complaint(built: int | None, running: int, name: str) -> str | None:
    """Return what to tell the user; None if both are the same, or nothing is known."""
    if built in {None, running}:
        return None
    return (
        f"diagnose: {name} was built for Python 3.{built}, and this is Python 3.{running}."
        f" Run it with the other one: python3.{built} {name}."
        f" Or build it for this one: make PYTHON=python3.{running} pyz."
    )


if __name__ == "__main__":
    given = globals()
    built = built_for(Path(given["site_packages"]))
    text = complaint(built, sys.version_info[1], given["archive"])
    if text:
        print(text, file=sys.stderr)
        sys.exit(70)
