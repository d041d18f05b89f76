"""The lines of Caddy's files that are the target's: those of its sites, and of snippets outside of
all sites, each with the blocks in which it stands."""

from collections.abc import Iterator

from checks.server import ServerView, file_rows
from diagnose.model.frozen import frozen


@frozen
class CaddyLine:
    """A line of a file. `heads` are the first words of the blocks in which it stands, the outermost
    first; the brace that ends a block stands in it."""

    file: str
    number: int
    text: str
    heads: tuple[str, ...]


def own_lines(view: ServerView) -> Iterator[CaddyLine]:
    """Yield the lines of the target's sites, and those of no site."""
    config = view.config
    if config is None:
        return
    own = {(site.file, site.line) for site in view.answering_sites}
    for file in config.files:
        sites = [site for site in config.sites if site.file == file.path]
        heads: list[str] = []
        for number, text in enumerate(file_rows(view, file), 1):
            inside = [site for site in sites if site.line <= number <= site.end]
            if not inside or any((site.file, site.line) in own for site in inside):
                yield CaddyLine(file.path, number, text, tuple(heads))
            words = text.split()
            if words[-1:] == ["{"]:
                heads.append(words[0])
            elif words == ["}"]:
                heads = heads[:-1]
