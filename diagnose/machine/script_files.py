"""Reads the shell scripts that are sent to servers from files: `shell/NAME` beside a module.

They are POSIX sh, for dash, busybox ash and bash; `make check` runs shellcheck over them.
"""

from pathlib import Path


def read_script(module_file: str, name: str) -> str:
    """Return the text of `shell/NAME` in the folder of a module (its `__file__`).

    Empty lines and lines that hold only a comment are left out: servers do not need them.
    """
    text = Path(module_file).with_name("shell").joinpath(name).read_text("utf-8")
    return "\n".join(
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    )
