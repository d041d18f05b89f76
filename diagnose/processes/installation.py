"""How this program was installed, and so how the libraries of an extra are added to it.

The program is on no index: no command names it as something to download.
"""

import shlex
import sys
from importlib.metadata import PackageNotFoundError, requires
from importlib.util import find_spec
from pathlib import Path

DISTRIBUTION = "diagnose-https"


def extra_command(extra: str) -> str:
    """Return the command that adds an extra's libraries to the environment that this program runs
    in. A package of a distribution and the single file have none: for them it is how a checkout is
    installed: CHECKOUT stands for its folder."""
    prefix, libraries = Path(sys.prefix), _libraries(extra)
    if sys.prefix == sys.base_prefix or not libraries:
        return f"cd CHECKOUT && pipx install {shlex.quote(f'.[{extra}]')}"
    if (prefix / "pipx_metadata.json").exists():
        return shlex.join(["pipx", "inject", DISTRIBUTION, *libraries])
    python = str(prefix / "bin" / "python")
    if find_spec("pip") is None:  # `uv tool install`, `uv venv`
        return shlex.join(["uv", "pip", "install", "--python", python, *libraries])
    return shlex.join([python, "-m", "pip", "install", *libraries])


def _libraries(extra: str) -> list[str]:
    """Return the requirements of an extra, as pip takes them."""
    try:
        requirements = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return []
    marked = (requirement.partition(";") for requirement in requirements)
    return [
        library.strip()
        for library, _, marker in marked
        if marker.replace("'", '"').strip() == f'extra == "{extra}"'
    ]
