"""The manual pages, made of the parsers and of manpages.toml: `make man`.

`python packaging/manpages.py FOLDER` writes diagnose.1 and a page for every command.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from argparse_manpage.manpage import Manpage

from diagnose._version import VERSION
from diagnose.cli.help_text import COMMANDS, DESCRIPTION, EXIT_STATUSES
from diagnose.cli.parser import build_parser

ROOT = Path(__file__).parent.parent
SECTIONS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))

#: Paragraphs of the help that follow its examples and its list of commands.
_BEHAVIOUR = (
    "On a terminal it opens full screen. The report stays when you quit. In a pipe, or with "
    "--format text, it prints the report alone.",
    "It changes nothing, except by diagnose-fix(1), and by the key a of the screen after a "
    "question. It sends data to the target, to where the target redirects, and to the name "
    "servers. On a cloud's machine whose port does not answer it also asks the metadata service, "
    "and with --cloud the API of the provider. With --vantage globalping the results become "
    "public.",
)


def manual_pages() -> dict[str, str]:
    """Return each page's file name and its text."""
    pages = {"diagnose.1": manual_page(None)}
    return pages | {f"diagnose-{name}.1": manual_page(name) for name in COMMANDS}


def manual_page(command: str | None) -> str:
    """Return the page of a command, or of `diagnose` itself, in the man(7) language."""
    parser = build_parser(command)
    page = Manpage(parser, {"project_name": "diagnose", "version": VERSION,
        "date": _release_date(), "manual_title": "diagnose",
        "description": _purpose(command)})  # fmt: skip
    page.prog = "diagnose" if command is None else f"diagnose-{command}"
    parser.description = parser.epilog = None
    for heading, content in _sections(command).items():
        page.add_section(heading, ">", content)
    return _without_blank_lines(str(page))


def _purpose(command: str | None) -> str:
    text = DESCRIPTION.partition("\n")[0] if command is None else COMMANDS[command].purpose
    return text.rstrip(".")


def _release_date() -> str:
    """Return the date of this version in the changelog, so that a page is the same on every day."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    release = re.search(rf"^## \[{re.escape(VERSION)}\] - (\S+)", changelog, re.MULTILINE)
    return release[1] if release else "unreleased"


def _sections(command: str | None) -> dict[str, str]:
    name = command or "diagnose"
    sections = {"synopsis": _synopsis(command), "description": _description(command)}
    sections["exit status"] = _definitions({str(k): v for k, v in EXIT_STATUSES.items()})
    sections["environment"] = _definitions(SECTIONS["environment"])
    sections["files"] = _definitions(SECTIONS["files"])
    sections["examples"] = _definitions(SECTIONS.get(name, {}).get("examples", {}))
    sections["see also"] = _see_also(command)
    return {heading: content for heading, content in sections.items() if content}


def _synopsis(command: str | None) -> str:
    usage = build_parser(command).format_usage().removeprefix("usage: ").strip()
    words = "diagnose" if command is None else f"diagnose {command}"
    return f".B {words}\n{_escape(usage.removeprefix(words).strip())}"


def _description(command: str | None) -> str:
    purpose = _escape(_purpose(command)) + "."
    if command is not None:
        return purpose
    commands = {f"diagnose-{name}(1)": command.purpose for name, command in COMMANDS.items()}
    paragraphs = [purpose, *map(_escape, _BEHAVIOUR), f"Other commands:\n{_definitions(commands)}"]
    return "\n.PP\n".join(paragraphs)


def _see_also(command: str | None) -> str:
    names = [None, *COMMANDS]
    others = [
        "diagnose" if name is None else f"diagnose-{name}" for name in names if name != command
    ]
    return ",\n".join(f"\\fB{_escape(name)}\\fR(1)" for name in others)


def _definitions(entries: Mapping[str, str]) -> str:
    return "\n".join(
        f".TP\n\\fB{_escape(term)}\\fR\n{_escape(text)}" for term, text in entries.items()
    )


def _escape(text: str) -> str:
    """Escape text for roff (groff_char(7)); no line may begin with a control character."""
    escaped = (
        text.replace("\\", "\\e").replace("-", "\\-").replace("~", "\\(ti").replace("^", "\\(ha")
    )
    return re.sub(r"^([.'])", r"\\&\1", escaped, flags=re.MULTILINE)


def _without_blank_lines(page: str) -> str:
    """Remove empty lines: in filled text they are errors of style (mandoc(1), -T lint)."""
    lines = (line for line in page.splitlines() if line.strip())
    return "\n".join(lines).replace("…", "\\[u2026]") + "\n"


def main() -> None:
    """Write the pages to the folder that is named on the command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    folder = options.parse_args(sys.argv[1:]).folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in manual_pages().items():
        (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
