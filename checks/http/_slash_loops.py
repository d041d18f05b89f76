"""A rule of nginx about the slash at the end of a path, and a folder or program that undoes it:
a circle of two addresses."""

from checks.http import _redirect_edits
from checks.http._own_loops import own_redirect
from checks.nginx import Nginx, _inner_blocks, file_line
from checks.nginx._edits import Changes
from diagnose.model import Fix
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits, upstreams
from diagnose.parsers.urls import parse_url


@frozen(eq=False)
class SlashLoop:
    """nginx's line, and whether it takes the slash away; none without such a circle. `in_folder`:
    nginx answers the other address as well, and adds the slash for a folder of files. `block` is
    the block that holds nothing but the line."""

    directive: Directive | None = None
    block: Directive | None = None
    is_removing: bool = False
    in_folder: bool = False

    def facts(self, nginx: Nginx) -> dict[str, object]:
        line = self.directive
        return {
            "slash": _inner_blocks.written_line(nginx, line) if line else "",
            "slash_place": file_line(line) if line else "",
            "slash_removed": self.is_removing,
            "slash_folder": self.in_folder,
        }

    def fix(self, nginx: Nginx) -> Fix | None:
        """Take the rule away: pages need no such rule. A person confirms it."""
        gone = self.block or self.directive
        file = nginx.file(gone) if gone else None
        if gone is None or file is None:
            return None
        changes: Changes = {file.path: [edits.remove_directive(file.text, gone)]}
        return _redirect_edits.fix(nginx, changes, "find-the-rule", sure=False)


def slash_loop(nginx: Nginx, cycle: tuple[Exchange, ...]) -> SlashLoop:
    """Return the rule of a circle between a path and the same with a slash, if nginx makes one of
    the two redirects by a line of its own, and the other one not."""
    urls = [parse_url(step.url) for step in cycle]
    if len(cycle) != 2 or nginx.is_refused or not all(urls):
        return SlashLoop()
    parts = [(url.scheme, url.host, url.port) for url in urls if url]
    paths = [url.path.partition("?")[0] for url in urls if url]
    if parts[0] != parts[1] or f"{min(paths)}/" != max(paths):
        return SlashLoop()
    redirects = [own_redirect(nginx, step) for step in cycle]
    mine = [index for index, redirect in enumerate(redirects) if redirect]
    if len(mine) != 1:
        return SlashLoop()
    index = mine[0]
    redirect = redirects[index]
    assert redirect is not None
    holder = redirect.location_match.block
    passed = [
        upstreams.pass_directive_of(match) for match in nginx.location_matches(paths[1 - index])
    ]
    is_alone = holder.name in {"if", "location"} and len(holder.block or ()) == 1
    is_removing = paths[index].endswith("/")
    return SlashLoop(
        redirect.directive,
        holder if is_alone else None,
        is_removing,
        is_removing and bool(passed) and not any(passed),
    )
