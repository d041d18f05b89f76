"""Files exported from the screen into the working directory."""

import itertools
import time
from pathlib import Path


def save(name: str, suffix: str, text: str) -> Path:
    """Write a new file without overwriting an existing one. Raise OSError if that fails."""
    stem = f"diagnose-{f'{name}-' if name else ''}{time.strftime('%Y%m%d-%H%M%S')}"
    for number in itertools.count(1):
        path = Path(f"{stem}{f'-{number}' if number > 1 else ''}.{suffix}").absolute()
        try:
            with path.open("x", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except FileExistsError:
            continue
        return path
    raise AssertionError("there is always another number")
