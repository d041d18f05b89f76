"""The edits for a named location that is not there: an `error_page` that leads to it goes, or the
location is written, for the only application that the server block knows."""

from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._edits import config_edit
from checks.nginx._only_application import only_application, opens_program
from checks.nginx._page_errors import page_directive
from diagnose.model import Edit
from diagnose.model.nginx import Directive
from diagnose.model.steps import Risk
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.edits import insert_location, remove_directive
from diagnose.parsers.nginx.locations import LocationMatch

_MISSING = {"404", "405"}


def without_error_page(nginx: Nginx, use: Directive) -> Edit | None:
    """Take the `error_page` away, so that nginx's own page comes with the error's own status. None
    where it changes the status, or where a `return` with its code leads there on purpose."""
    file, codes = nginx.file(use), use.args[:-1]
    returned = {
        line.args[0]
        for server in nginx.servers
        for line in walk(server.block.block or ())
        if line.name == "return" and line.args
    }
    is_plain = use.name == "error_page" and all(code.isdecimal() for code in codes)
    if file is None or not is_plain or returned & {*codes}:
        return None
    return config_edit(nginx, file.path, remove_directive(file.text, use))


def written_location(nginx: Nginx, use: Directive, name: str, path: str) -> Edit | None:
    """Write the location that `try_files`, or an `error_page` of what is not there, leads to; None
    where no application or more than one is known. That of a refusal (401, 403) would lead visitors
    to the application who have not signed in."""
    match = next(iter(nginx.location_matches(path)), None)
    codes = {word for word in use.args[:-1] if not word.startswith("=")}
    is_of_missing = use.name == "try_files" or (use.name == "error_page" and codes <= _MISSING)
    if match is None or len(match.blocks) < 2 or use.args[-1] != name or not is_of_missing:
        return None
    server = match.blocks[1]
    file, lines = nginx.file(server), _lines(nginx, match)
    if file is None or not lines:
        return None
    change = insert_location(file.text, server, f"location {name}", lines)
    edit = config_edit(nginx, file.path, change)
    is_opening = lines[0].startswith("proxy_pass") and opens_program(nginx, match)
    return replace(edit, risk=Risk.OPENS_TO_ALL) if edit and is_opening else edit


def _lines(nginx: Nginx, match: LocationMatch) -> list[str]:
    index = page_directive(nginx, "index")
    if _has_scripts(match.blocks[1].block or ()):
        is_script = index is not None and "index.php" in index.args
        return ["rewrite ^ /index.php last;"] if is_script else []
    application = only_application(nginx, match)
    if not application:
        return []
    return [
        f"proxy_pass {application};",
        "proxy_set_header Host $host;",
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
    ]


def _has_scripts(directives: tuple[Directive, ...]) -> bool:
    """Return whether a location of the block passes .php files on."""
    return any(
        location.name == "location" and "php" in location.args[-1]
        for location in walk(directives)
        if location.args and children(location, "fastcgi_pass")
    )
