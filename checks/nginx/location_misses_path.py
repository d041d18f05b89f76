"""A location is meant for a path and does not get it (ngx_http_core_module, "location"): it stands
in another server block of the same name, mostly that of port 80; or its first word is another
spelling of the path's ("/apis/" and "/api/").

Visitors get nginx's own 404 there, or, where the location is in another block, whatever the block
has that they reach. What the other location closes on purpose stays closed.
"""

import re
from collections.abc import Iterator
from typing import Literal

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.nginx._failed_requests import current_failures
from checks.nginx._location_edits import location_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.final_requests import final_location, has_unknown_rules
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, match_location
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of

_Reason = Literal["block", "spelling"]
_REFUSALS = frozenset({404, 405})
_PREFIXES = frozenset({"", "^~"})
#: Directives that close a location to some visitors.
_CLOSING = ("allow", "deny", "auth_basic", "auth_request", "internal", "return", "satisfy")
_ANSWERING = ("alias", "root", "try_files")
#: Letters below which two words are too short to be taken for one.
_SHORTEST = 3


@frozen(eq=False)
class _Miss:
    """A path that a location does not get, why, and what shows that the path is not answered."""

    path: str
    because: Observation
    match: LocationMatch
    server: Server
    reason: _Reason


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    needs_fault=[Exchange],
    explains=[
        "nginx.method-not-allowed", "nginx.other-requests-failed", "nginx.own-answer",
        "nginx.target-not-found", "nginx.page-file-not-found", "websocket.no-location",
        "http.page-refused", "http.no-redirect",
    ],
)  # fmt: skip
def location_misses_path(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    all_misses = list(_all_misses(nginx))
    if not all_misses:
        return
    first = all_misses[0]
    misses = [miss for miss in all_misses if miss.match.block is first.match.block]
    pages = [miss.because for miss in misses if isinstance(miss.because, Exchange)]
    subjects, port = endpoint_subjects(pages), evidence.target.port
    paths = tuple(dict.fromkeys(miss.path for miss in misses))
    own = tuple(Subject(port=port, path=path) for path in paths)
    pattern = location_pattern(first.match.block)
    passing = pass_directive_of(first.match)
    outer = first.match.blocks[-2]
    yield Claim(
        about=merge_subjects(subjects) if subjects else own[0],
        covers=(*subjects, *own),
        because=(*(miss.because for miss in misses), *nginx.configs),
        confidence=Confidence.LIKELY,
        severity=None if pages else Severity.WARNING,
        location=nginx.location(first.match.block),
        facts={
            "path": first.path,
            "paths": paths[1:5],
            "location": first.match.block.text,
            "place": file_line(first.match.block),
            "application": passing.args[0] if passing and passing.args else "",
            "written": pattern.text if pattern else "",
            "right": _right(first),
            "block": first.reason == "block",
            "spelling": first.reason == "spelling",
            "listen": " ".join(children(outer, "listen")[0].args)
            if children(outer, "listen")
            else "80",
            "server": file_line(first.server.block),
        },
        fix=_fix(nginx, first),
    )


def _all_misses(nginx: Nginx) -> Iterator[_Miss]:
    """Yield what is refused: the target, then what pages of the site asked for."""
    evidence = nginx.evidence
    path = evidence.target.path_without_query
    for page in page_exchanges(evidence):
        if page.status in _REFUSALS:
            yield from _misses(nginx, path, page, is_own=proxy_page(page.body) == "nginx")
    for failure in current_failures(evidence, _REFUSALS):
        if failure.is_from_page:
            yield from _misses(nginx, failure.path, failure, is_own=True)


def _misses(nginx: Nginx, path: str, because: Observation, *, is_own: bool) -> Iterator[_Miss]:
    for selected in () if nginx.is_refused else nginx.answering_servers():
        server = selected.server
        if has_unknown_rules(server, path):
            continue
        if match := _in_other_block(nginx, server, path):
            yield _Miss(path, because, match, server, "block")
            return
        passes = pass_directive_of(final_location(server, path)) is not None
        if is_own and not passes and (similar := _similar(server, path)):
            yield _Miss(path, because, similar, server, "spelling")
            return


def _in_other_block(nginx: Nginx, server: Server, path: str) -> LocationMatch | None:
    """Return the location for a path in another server block of the name, if that one is open to
    visitors and the block which answers has none for the path."""
    answering = location_pattern(match_location(server, path).block)
    own = answering.text if answering and answering.modifier in _PREFIXES else ""
    if answering and answering.modifier not in _PREFIXES:
        return None
    for candidate in nginx.servers:
        is_of_name = nginx.evidence.target.host in candidate.names
        is_open = any(
            listen.port in {80, 443} and not listen.address.startswith(("127.", "::1"))
            for listen in candidate.listens
        )
        # Who asks for http, and finds the page by https alone, needs a redirect.
        is_secure = any(listen.ssl for listen in candidate.listens)
        is_elsewhere = is_secure and not nginx.evidence.target.uses_tls
        if candidate.block is server.block or not is_of_name or not is_open or is_elsewhere:
            continue
        match = match_location(candidate, path)
        pattern = location_pattern(match.block) if match.block.name == "location" else None
        is_longer = (
            pattern is not None
            and pattern.modifier in _PREFIXES
            and len(pattern.text.strip("/")) > len(own.strip("/"))
        )
        if is_longer and len(match.blocks) == 3 and _is_open(match):
            return match
    return None


def _is_open(match: LocationMatch) -> bool:
    """Return whether a location answers by itself, and every visitor."""
    is_closed = any(match.directive(name) for name in _CLOSING if name != "return")
    has_answer = pass_directive_of(match) is not None or any(
        children(match.block, name) for name in _ANSWERING
    )
    return has_answer and not is_closed and not children(match.block, "return")


def _similar(server: Server, path: str) -> LocationMatch | None:
    """Return a location that passes requests on, with another spelling of the path."""
    for block in children(server.block, "location"):
        pattern, match = location_pattern(block), LocationMatch((server.http, server.block, block))
        if (
            pattern is not None
            and pattern.modifier in _PREFIXES
            and _is_other_spelling(_first(pattern.text), _first(path))
            and pass_directive_of(match) is not None
        ):
            return match
    return None


def _first(path: str) -> str:
    return path.lstrip("/").partition("/")[0]


def _is_other_spelling(written: str, asked: str) -> bool:
    """Return whether two words differ by signs between words, a plural, a doubled letter, or two
    letters that changed places: more would be another word ("/app/" and "/api/")."""
    if written == asked or min(len(written), len(asked)) < _SHORTEST:
        return False
    if _skeleton(written) == _skeleton(asked):
        return written.lower() != asked.lower()  # the case alone is nginx.location-case
    if len(written) != len(asked):
        return False
    places = [number for number, (a, b) in enumerate(zip(written, asked, strict=True)) if a != b]
    return (
        len(places) == 2
        and places[1] == places[0] + 1
        and written[places[0]] == asked[places[1]]
        and written[places[1]] == asked[places[0]]
    )


def _skeleton(word: str) -> str:
    plain = re.sub(r"[-_.]", "", word.lower())
    return re.sub(r"(.)\1+", r"\1", plain.removesuffix("s"))


def _right(missed: _Miss) -> str:
    """Return the path of the location as it has to be."""
    pattern = location_pattern(missed.match.block)
    if pattern is None or missed.reason != "spelling":
        return pattern.text if pattern else ""
    return pattern.text.replace(_first(pattern.text), _first(missed.path), 1)


def _fix(nginx: Nginx, missed: _Miss) -> Fix:
    block, file = missed.match.block, nginx.file(missed.match.block)
    pattern, right = location_pattern(block), _right(missed)
    is_plain = bool(re.fullmatch(r"/[\w./~-]*", right))
    if file is None or pattern is None or not is_plain or block.opened is None:
        return _by_hand()
    if missed.reason == "block":
        return _copy(nginx, missed, file.text) or _by_hand()
    change = TextEdit(
        block.start, block.opened, f"location {_modifier(pattern.modifier)}{right} {{"
    )
    file_edits = config_edits(nginx, {file.path: [change]})
    return location_fix(nginx, missed.match, file_edits, sure=False) if file_edits else _by_hand()


def _copy(nginx: Nginx, missed: _Miss, text: str) -> Fix | None:
    """Write the location into the block that visitors reach, as it is in the other. If that one
    redirects the rest to https, the location is moved."""
    block, server = missed.match.block, missed.server.block
    file = nginx.file(server)
    if file is None or block.opened is None:
        return None
    lines = [line.strip() for line in text[block.opened : block.stop - 1].strip().splitlines()]
    # A block in the location would lose its shape, and a folder may be that of the other block.
    is_whole = all(directive.block is None for directive in block.block or ())
    has_own = pass_directive_of(missed.match) is not None or any(
        children(block, name) for name in ("alias", "root")
    )
    if not is_whole or not has_own:
        return None
    head = text[block.start : block.opened].rstrip("{ \n")
    changes: Changes = {file.path: [edits.insert_location(file.text, server, head, lines)]}
    if _redirects_the_rest(missed.match.blocks[-2]):
        # Visitors of http are redirected then, as for all other paths.
        changes.setdefault(block.file, []).append(edits.remove_directive(text, block))
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return None
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW)


def _modifier(modifier: str) -> str:
    return "^~ " if modifier == "^~" else ""


def _redirects_the_rest(server: Directive) -> bool:
    """Return whether a block redirects to https what has no other location."""
    places = (server, *(child for child in children(server, "location") if child.args == ("/",)))
    returns = (line for place in places for line in children(place, "return"))
    return any(line.args[-1].startswith("https://") for line in returns if line.args)


def _by_hand() -> Fix:
    return Fix((Manual("give-it-the-path", Where.SERVER),), Applicability.MANUAL)
