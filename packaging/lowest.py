"""Constraints for pip: every library at the lowest version that pyproject.toml allows.

`python packaging/lowest.py >FILE`, then `pip install -c FILE`. What these libraries need themselves
is not named: pip takes the newest that fits.
"""

import sys
import tomllib
from pathlib import Path

# The library of that name, not the folder that this file is in.
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent

#: The extras whose libraries are tools of developers.
_TOOLS = {"cloud-test", "dev", "docs", "package-test"}


def lowest_versions(project: Path = ROOT / "pyproject.toml") -> dict[str, str]:
    """Return each library's name and its lower bound, those of the extras too. Raise ValueError if
    it has none."""
    table = tomllib.loads(project.read_text("utf-8"))["project"]
    extras = table.get("optional-dependencies", {})
    texts = [
        *table["dependencies"],
        *(text for name, added in extras.items() if name not in _TOOLS for text in added),
    ]
    return {requirement.name: _lower_bound(requirement) for requirement in map(Requirement, texts)}


def _lower_bound(requirement: Requirement) -> str:
    bounds = [each.version for each in requirement.specifier if each.operator in {">=", "~=", "=="}]
    if len(bounds) != 1:
        raise ValueError(f"{requirement}: not one lower bound")
    return bounds[0]


def main() -> None:
    """Print the constraints."""
    lines = [f"{name}=={version}\n" for name, version in lowest_versions().items()]
    sys.stdout.write("".join(lines))


if __name__ == "__main__":
    main()
