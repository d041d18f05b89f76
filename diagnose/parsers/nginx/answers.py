"""By which directive of which location nginx answers a GET, where one answer is possible. No I/O.

https://nginx.org/en/docs/dev/development_guide.html#http_phases: rules of the server block and of
the location come first, then who may come in, then files, and the application last. What depends on
a file that may or may not be there, on the visitor, or on a condition, is not told.
"""

import posixpath

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.file_paths import UNPLAIN_NAME, served_file
from diagnose.parsers.nginx.final_requests import final_request, has_unknown_rules
from diagnose.parsers.nginx.locations import (
    PASS_DIRECTIVES,
    LocationMatch,
    match_location,
    merges_slashes,
    normalize_path,
)
from diagnose.parsers.nginx.rewrites import rewritten
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: What in an `if` changes which answer a request gets.
_DECIDING = frozenset({
    "return", "rewrite", "break", "root", "alias", "deny", "auth_basic", "try_files",
    *PASS_DIRECTIVES,
})  # fmt: skip
#: Conditions that do not hold for a GET over TLS.
_METHOD = "$request_method"
#: Modules that answer by themselves, with neither a file nor an application.
_HANDLERS = frozenset({
    "api", "echo", "empty_gif", "hls", "js_content", "perl", "random_index", "status",
    "stub_status",
})  # fmt: skip
#: By what nginx asks who a visitor is.
_GUARDS = ("auth_request", "auth_basic", "auth_jwt", "auth_ldap")


@frozen
class Answer:
    """`location` is the location that answers, or the server block. `directive` is the line that
    does so, None if none is known. `path` is the path as the location has it, with the query.

    `passes` is True if an application gets a request whose first line is known. `file` is the
    file that nginx looks for first, "" for none.
    """

    location: LocationMatch
    directive: Directive | None
    path: str
    passes: bool = False
    file: str = ""


def answer_of(server: Server, path: str) -> Answer | None:
    """Return how a server block answers a GET over TLS for a path, with its query; None if several
    answers are possible."""
    outer = LocationMatch((server.http, server.block))
    if has_unknown_rules(server, path) or _has_condition(outer):
        return None
    rules = rewritten(outer, path)
    if rules.ends:
        return _ended(outer, rules.applied[-1], path)
    first = match_location(server, rules.path or path)
    location, final_path = final_request(server, path)
    steps = (first, location)
    if first.redirects or any(_has_condition(step) or _is_guarded(step) for step in steps):
        return None
    inner = rewritten(location, final_path) if location.block.name == "location" else rules
    if inner.ends:
        return _ended(location, inner.applied[-1], final_path)
    if refusal := _refusal(location):
        return Answer(location, refusal, final_path)
    passing = pass_directive_of(location)
    if passing and (inner.searches or children(location.block, "try_files")):
        return None
    if any(_depends_on_files(step, rules.path or path, final_path) for step in steps):
        return None
    if passing:
        chosen = {name for step in (outer, *steps) for name in _chosen_values(step)}
        if any(name in passing.args[0] for name in chosen):
            return None
        is_new = _bare(final_path) != _bare(path) or bool(inner.path)
        keeps_query = "?" not in path and rules.keeps_query and inner.keeps_query
        is_plain = _bare(path) in {normalize_path(path, merges_slashes(server)), ""}
        is_known = (keeps_query or not is_new) and is_plain
        sent = " ".join(word for field in location.directives("proxy_set_header")
                        for word in field.args[1:])  # fmt: skip
        is_known = is_known and not any(name in sent for name in chosen)
        return Answer(
            location, passing, final_path, is_known and not location.directive("proxy_method")
        )
    served = served_file(location, final_path)
    if served is None or any(children(location.block, name) for name in _HANDLERS):
        return Answer(location, None, final_path)
    index = next(iter(_indexes(location)), "")
    is_folder = _bare(final_path).endswith("/")
    if is_folder and UNPLAIN_NAME.search(index):
        return None
    file = posixpath.join(served.path, index) if is_folder else served.path
    return Answer(location, served.directive, final_path, file=file)


def _bare(path: str) -> str:
    return path.partition("?")[0]


def _ended(location: LocationMatch, rule: Directive, path: str) -> Answer | None:
    """Return the answer of a `return` or of a `rewrite` that redirects; None if a page of an error
    answers in its place."""
    pages = [page for page in location.directives("error_page") if rule.args[:1] and page.args]
    is_replaced = any(
        rule.args[0] in page.args[:-1]
        and (page.args[-1].startswith("@") or any(word.startswith("=") for word in page.args))
        for page in pages
    )
    return None if is_replaced else Answer(location, rule, path)


def _has_condition(location: LocationMatch) -> bool:
    """Return whether the answer depends on an `if` of this block. One about files says what is so
    for a path without a file, unless it chooses who answers (rewritten)."""
    return any(
        not _is_unmet(block.args) and not _is_about_files(block) and _decides(block)
        for block in children(location.block, "if")
    )


def _chosen_values(location: LocationMatch) -> set[str]:
    """Return the variables that an `if` of a block sets."""
    return {
        directive.args[0]
        for block in children(location.block, "if")
        for directive in children(block, "set")
        if directive.args
    }


def _decides(block: Directive) -> bool:
    return any(directive.name in _DECIDING for directive in block.block or ())


def _is_about_files(block: Directive) -> bool:
    names = {directive.name for directive in block.block or ()} & _DECIDING
    condition = " ".join(block.args).lstrip("( ")
    return condition.startswith(("!-f", "!-d", "!-e")) and names <= {"return", "rewrite", "break"}


def _is_unmet(args: tuple[str, ...]) -> bool:
    """Return whether a condition surely does not hold for a GET over TLS."""
    words = " ".join(args).strip("() ").split()
    if len(words) != 3 or words[1] != "=":
        return False
    value = words[2].strip("\"'")
    return (words[0] == _METHOD and value not in {"GET", ""}) or (words[0], value) in {
        ("$scheme", "http"), ("$https", ""), ("$server_port", "80"),
    }  # fmt: skip


def _is_guarded(location: LocationMatch) -> bool:
    """Return whether a visitor is asked who he is, or only nginx itself may come here."""
    asks = (location.directive(name) for name in _GUARDS)
    is_asked = any(guard is not None and guard.args[:1] != ("off",) for guard in asks)
    is_internal = bool(children(location.block, "internal"))
    rules = [*location.directives("deny"), *location.directives("allow")]
    return is_asked or is_internal or (bool(rules) and _refusal(location) is None)


def _refusal(location: LocationMatch) -> Directive | None:
    """Return the line that keeps everybody out, None if there is none."""
    denies = location.directives("deny")
    is_for_all = bool(denies) and denies[0].args == ("all",) and not location.directives("allow")
    satisfy = location.directive("satisfy")
    return denies[0] if is_for_all and (satisfy is None or satisfy.args != ("any",)) else None


def _indexes(location: LocationMatch) -> tuple[str, ...]:
    index = location.directive("index")
    return index.args if index else ("index.html",)


def _depends_on_files(location: LocationMatch, path: str, final_path: str) -> bool:
    """Return whether another answer is as likely, if a file or a folder is there. A path that has
    neither an ending nor a slash at its end is hardly a file's."""
    bare, try_files = _bare(path), location.directive("try_files")
    if try_files is None:
        # The index of a folder, which leads to a program.
        return len(_indexes(location)) > 1 and _bare(final_path).startswith(f"{bare}index")
    *tried, last = try_files.args or ("",)
    if any("$uri" not in name for name in tried):
        return True
    if last.startswith("="):
        return bool(pass_directive_of(location))
    if bare.endswith("/"):
        is_index = (_bare(final_path),) == tuple(f"{bare}{name}" for name in _indexes(location))
        return any(name.endswith("/") for name in tried) and not is_index
    return bool(posixpath.splitext(bare)[1])
