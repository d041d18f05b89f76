"""Whether Apache may follow symbolic links in a folder (core, "Options")."""

from collections.abc import Iterator, Sequence

from checks.server import ServerView
from diagnose.parsers.apache.config import Directive, parse


def forbids_links(view: ServerView, folder: str) -> bool:
    """Return whether sections of the configuration take FollowSymLinks away from a folder. A
    section for a longer path counts more; an .htaccess is not looked at."""
    files = view.config.files if view.config else ()
    sections = [
        (path, line)
        for file in files
        for section in _sections(parse(file.text, file.path))
        if (path := "".join(section.args[:1]).rstrip("/")) is not None
        if f"{folder.rstrip('/')}/".startswith(f"{path}/")
        for line in section.block or ()
        if line.name == "options"
    ]
    allowed = True  # Apache's own default
    for _, line in sorted(sections, key=lambda each: len(each[0])):
        words = [word.lower() for word in line.args]
        if any(word[:1] in {"+", "-"} for word in words):
            allowed = (allowed or "+followsymlinks" in words) and "-followsymlinks" not in words
        else:
            allowed = bool({"followsymlinks", "all"} & set(words))
    return not allowed


def _sections(parts: Sequence[Directive]) -> Iterator[Directive]:
    """Yield the sections of folders without a pattern, in virtual hosts too."""
    for part in parts:
        if part.name == "directory":
            if not any(mark in "".join(part.args) for mark in "~*?["):
                yield part
        elif part.block is not None:
            yield from _sections(part.block)
