"""Puts the pages of one language together: what is written, and what is made from the code.

In a page, a line of its own is replaced:

    {{ replay NAME [OPTION …] }}       the output of a recorded run (docs/evidence)
    {{ replay NAME … | WORD }}         its lines that hold WORD
    {{ file PATH }}                    a file of the repository
    {{ made NAME }}                    a list that docs/generator/reference.py makes

A comment above a fence of the kind `console` says whether a test runs its commands
(tests/docs/test_commands.py); it is not part of the page.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from diagnose.checking import registry
from docs.generator import check_pages, reference
from docs.generator.replay import replayed

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

#: Pages that stand where they did before there was a site.
ELSEWHERE = {"explanation/security.md": {"en": "security.md", "zh": "security.zh.md"}}

_DIRECTIVE = re.compile(r"^\{\{ (replay|file|made) (.+?) \}\}$", re.MULTILINE)
_FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_CHINESE_END = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef”])\n(?=[\u3000-\u9fff\uff00-\uffef“])")
_MARK = re.compile(r"^<!-- (?:not )?run\b.*?-->\n", re.MULTILINE)


def sources(lang: str) -> dict[str, Path]:
    """Return the written pages of a language by their path in the site."""
    folder = DOCS / lang
    written = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.md"))}
    return written | {page: DOCS / files[lang] for page, files in ELSEWHERE.items()}


def pages(lang: str) -> Iterator[tuple[str, str]]:
    """Return the path and the Markdown of every page of a language."""
    for path, source in sources(lang).items():
        yield path, filled(source.read_text("utf-8"), lang)
    yield "checks/index.md", check_pages.index(lang)
    for check_id in registry.check_ids():
        yield f"checks/{check_id}.md", check_pages.page(check_id, lang)
    yield "reference/cli.md", reference.command_line(lang)
    yield "reference/json.md", reference.json_document(lang)
    yield "reference/json-lines.md", reference.json_lines(lang)
    yield "reference/metrics.md", reference.metrics(lang)
    yield "reference/exit-status.md", reference.exit_status(lang)


def filled(text: str, lang: str) -> str:
    """Return a written page with its directives replaced and its marks removed."""

    def replaced(match: re.Match[str]) -> str:
        return _content(match[1], match[2], lang).rstrip("\n")

    return _DIRECTIVE.sub(replaced, _joined(_MARK.sub("", text)))


def _joined(text: str) -> str:
    """Join lines of Chinese: a line's end would be shown as a space."""
    pieces = _FENCED.split(text)
    return "".join(piece if index % 2 else _CHINESE_END.sub("", piece)
                   for index, piece in enumerate(pieces))  # fmt: skip


def _content(directive: str, argument: str, lang: str) -> str:
    if directive == "file":
        return (ROOT / argument).read_text("utf-8")
    if directive == "made":
        return str(getattr(reference, argument)(lang))
    words, _, pattern = argument.partition(" | ")
    name, *options = shlex.split(words)
    output = replayed(name, lang, *(options or ("--format", "text")))
    return "\n".join(line for line in output.splitlines() if pattern in line)


def write(lang: str, folder: Path) -> None:
    """Write every page of a language below a folder."""
    for path, text in pages(lang):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
