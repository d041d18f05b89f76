"""Writes the output of recorded runs into README.md, as the tool prints it today.

    python -m docs.generator.readme

In README.md a comment `<!-- replay: NAME -->` stands above a block of code. Its first line, the
command, stays.
"""

import re

from docs.generator.pages import ROOT
from docs.generator.replay import replayed

README = ROOT / "README.md"

_BLOCK = re.compile(
    r"(<!-- replay: ([\w-]+) -->\n```\n\$ [^\n]*\n).*?^```$", re.MULTILINE | re.DOTALL
)


def updated(text: str) -> str:
    """Return the text with the output of today."""
    return _BLOCK.sub(
        lambda match: f"{match[1]}{replayed(match[2], 'en', '--format', 'text')}```", text
    )


if __name__ == "__main__":
    README.write_text(updated(README.read_text("utf-8")), "utf-8")
