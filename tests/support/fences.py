"""The fenced commands of the documentation, and what their marks say.

Above each fence of the kind `console` stands a comment:

    <!-- run -->                    run it; its status must be 0
    <!-- run: 2 -->                 run it; its status must be 2
    <!-- not run: the reason -->    it cannot be run here
"""

import re
from dataclasses import dataclass

_FENCE = re.compile(
    r"^(?:<!-- (?P<mark>(?:not )?run\b[^\n]*?) -->\n)?```console\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Fence:
    """The commands of a fence in their order, and its mark ("" if there is none)."""

    commands: tuple[str, ...]
    mark: str

    @property
    def status(self) -> int | None:
        """The status with which it must end, None if it is not run."""
        name, _, status = self.mark.partition(": ")
        return int(status or "0") if name == "run" else None

    @property
    def reason(self) -> str:
        """Why it is not run, "" if it is."""
        name, _, reason = self.mark.partition(": ")
        return reason.strip() if name == "not run" else ""


def fences(page: str) -> list[Fence]:
    """Return the fences of a page. A command begins with "$ " at the left; the rest is output."""
    return [
        Fence(tuple(re.findall(r"^\$ (.*)$", match["body"], re.MULTILINE)), match["mark"] or "")
        for match in _FENCE.finditer(page)
    ]
