"""A browser's message says that a header field or a method is not allowed by
Access-Control-Allow-Headers or -Methods, and a line of the site's web server lists what is, without
it (Fetch standard, "CORS-preflight fetch"). The message names neither the address nor the site that
asks, so the configuration is read; where a preflight was sent, its answer is judged instead.

Where several lines list such names, the one that lacks it counts if it is the only one.
"""

import re
from collections.abc import Iterator, Sequence

from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._edits import Changes, config_edits
from checks.server import ServerView, line_edit, place_text, reload_steps, server_on_port
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive
from diagnose.model.web_servers import ServerFile
from diagnose.parsers.cors_messages import refused_name
from diagnose.parsers.nginx.edits import replace_directive

#: A list of names; a variable may have any.
_LIST = re.compile(r"[\w ,*-]{1,400}", re.ASCII)
#: The line of Apache, Caddy or HAProxy: what is before the list, the list, and what is behind it.
_LINE = (
    r"(?i)(?P<head>[^#\"]{{0,300}}?[ \t]{field}[ \t]+)(?:\"(?P<quoted>[\w ,*-]{{0,400}})\""
    r"|(?P<bare>[\w,*-]{{1,400}}))(?P<tail>(?:[ \t].{{0,300}})?)"
)


@frozen(eq=False)
class _Listing:
    """A line that lists what is permitted, its list, and the edit that adds the name."""

    place: str
    value: str
    fix: Fix


@check(severity=Severity.WARNING, needs=[Exchange], needs_message=True)
def cors_not_listed(evidence: Evidence) -> Iterator[Claim]:
    symptom, pages = evidence.target.symptom, page_exchanges(evidence)
    if symptom is None or symptom.kind != "cors" or not pages:
        return
    field, name = refused_name(symptom.text)
    if not name or any(page.method == "OPTIONS" for page in pages):
        return
    listing = _nginx_listing(evidence, field, name) or _server_listing(evidence, field, name)
    if listing is None:
        return
    port, path = evidence.target.port, evidence.target.path
    yield Claim(
        about=Subject(port=port, path=path),
        covers=(NO_PORT, Subject(port=port)),
        because=tuple(pages[:1]),
        confidence=Confidence.LIKELY,
        facts={
            "name": name,
            "field": field,
            "place": listing.place,
            "list": listing.value,
            "method": field.endswith("Methods"),
        },
        fix=listing.fix,
        is_reported=True,
    )


def _lacks(value: str, name: str) -> bool:
    names = {part.strip().lower() for part in value.split(",")}
    is_any = any(not each.strip("*") for each in names if each)
    return not is_any and name.lower() not in names


def _nginx_listing(evidence: Evidence, field: str, name: str) -> _Listing | None:
    nginx = Nginx.of(evidence)
    servers = {id(match.blocks[1]): match.blocks[1] for match in nginx.location_matches("/")}
    lines = [
        line
        for server in servers.values()
        for line in _added(server)
        if len(line.args) > 1 and line.args[0].lower() == field.lower()
        if _LIST.fullmatch(line.args[1])
    ]
    lacking = [line for line in lines if _lacks(line.args[1], name)]
    if not lacking or (len(lacking) < len(lines) and len(lacking) > 1):
        return None
    changes: Changes = {}
    for line in lacking:
        words = " ".join((line.name, line.args[0], f'"{line.args[1]}, {name}"', *line.args[2:]))
        changes.setdefault(line.file, []).append(replace_directive(line, f"{words};"))
    edits = config_edits(nginx, changes)
    from checks.nginx._commands import reload_steps as nginx_steps

    fix = _by_hand()
    if edits:
        fix = Fix((*edits, *nginx_steps(nginx)), Applicability.REVIEW)
    return _Listing(file_line(lacking[0]), lacking[0].args[1], fix)


def _added(block: Directive) -> Iterator[Directive]:
    """Yield the lines of a block and of those in it that add a field."""
    for directive in block.block or ():
        if directive.name == "add_header":
            yield directive
        elif directive.name in {"location", "if", "limit_except"}:
            yield from _added(directive)


def _server_listing(evidence: Evidence, field: str, name: str) -> _Listing | None:
    view = server_on_port(evidence)
    if view is None or view.config is None:
        return None
    pattern = re.compile(_LINE.format(field=re.escape(field)))
    listing = [
        (file, number, match)
        for file, numbers in _own_rows(view)
        for number, row in enumerate(file.text.split("\n"), 1)
        if number in numbers and (match := pattern.fullmatch(row.rstrip("\r")[:1500]))
    ]
    lacking = [each for each in listing if _lacks(_value(each[2]), name)]
    if not lacking or (len(lacking) < len(listing) and len(lacking) > 1):
        return None
    first = lacking[0]
    changes = {
        number: (_with_name(match, name),) for file, number, match in lacking if file is first[0]
    }
    edit = line_edit(view, first[0].path, changes)
    fix = Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else _by_hand()
    return _Listing(place_text(first[0].path, first[1]), _value(first[2]), fix)


def _own_rows(view: ServerView) -> Iterator[tuple[ServerFile, Sequence[int]]]:
    """Yield the files with the rows that are for the site: HAProxy's sections are shared."""
    files = view.config.files if view.config else ()
    for file in files:
        sites = [site for site in view.answering_sites if site.file == file.path and site.end]
        is_shared = view.server.product == "haproxy" or file.path.endswith("/.htaccess")
        if is_shared:
            yield file, range(1, 20_000)
        for site in () if is_shared else sites[:1]:
            yield file, range(site.line, site.end + 1)


def _value(match: re.Match[str]) -> str:
    return str(match["bare"] if match["quoted"] is None else match["quoted"])


def _with_name(match: re.Match[str], name: str) -> str:
    value = f'"{match["quoted"]}, {name}"' if match["bare"] is None else f"{match['bare']},{name}"
    return f"{match['head']}{value}{match['tail']}"


def _by_hand() -> Fix:
    return Fix((Manual("add-the-name", Where.SERVER),), Applicability.MANUAL)
