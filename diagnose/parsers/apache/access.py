"""Who may see a path, by a virtual host's sections: Require (mod_authz_core), and Order, Allow and
Deny (mod_access_compat). No I/O.

Of the sections that apply, the last one with such lines decides (core, "How the sections are
merged"; "AuthMerging" is Off by default). What an address, a password or an expression decides is
unknown.
"""

from collections.abc import Callable, Iterator, Sequence

from diagnose.model.frozen import frozen
from diagnose.model.server_rules import Question
from diagnose.parsers.apache.config import Directive
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.sanitize import clean
from diagnose.parsers.server_request import ServerRequest, Truth, all_of, any_of, negated
from diagnose.parsers.web_sites import takes

#: Maximum number of sections that are looked at, and depth of sections in a section.
MAX_SECTIONS, MAX_DEPTH = 300, 8

_GROUPS: dict[str, Callable[[list[Truth]], Truth]] = {
    "requireall": all_of,
    "requireany": any_of,
    "requirenone": lambda truths: negated(any_of(truths)),
}
_ADDRESSES = {"ip", "host", "local", "forward-dns"}
_LOGINS = {"valid-user", "user", "group", "ldap-user", "ldap-group", "dbm-group", "file-owner"}
_COMPAT = {"order", "allow", "deny"}


@frozen
class Decision:
    """What the deciding section says: whether the request is let in, and its lines. `questions` are
    what it asks for that is not known; a password is asked for with 401."""

    allowed: Truth
    section: Directive
    lines: tuple[Directive, ...]
    questions: tuple[Question, ...]


def decision_of(
    sections: Sequence[Directive], request: ServerRequest, folder: str, url: str = ""
) -> Decision | None:
    """Return what decides over a request; None if no section does. `folder` is the path of the
    requested file, "" if an application answers it: then no section about files applies, and those
    about `url`, the address at the application, do (mod_proxy, "<Proxy>")."""
    chosen: Decision | None = None
    for truth, section in _applicable(sections, request, folder, url):
        decision = _section_decision(section, request)
        if decision is None:
            continue
        if truth is None:
            decision = Decision(None, section, decision.lines, ("other",))
        chosen = decision
    return chosen


def _applicable(
    sections: Sequence[Directive], request: ServerRequest, folder: str, url: str
) -> Iterator[tuple[Truth, Directive]]:
    """Return the sections that apply, or may, in the order in which they are merged."""
    own = list(sections)[:MAX_SECTIONS]
    folders = [
        section for section in own if section.name in {"directory", "directorymatch"} and folder
    ]
    plain = sorted(folders, key=lambda folder: (_is_pattern(folder), len(_argument(folder))))
    files = [section for section in own if section.name in {"files", "filesmatch"}]
    places = [section for section in own if section.name in {"location", "locationmatch"}]
    last = [section for section in own if section.name == "if"]
    proxied = [section for section in own if section.name in {"proxy", "proxymatch"} and url]
    for section in (*proxied, *plain, *files, *places, *last):
        truth = (
            _takes_url(section, url) if section in proxied else _applies(section, request, folder)
        )
        if truth is not False:
            yield truth, section


def _argument(section: Directive) -> str:
    return next((arg for arg in section.args if arg != "~"), "")


def _is_pattern(section: Directive) -> bool:
    return section.name.endswith("match") or "~" in section.args


def _applies(section: Directive, request: ServerRequest, folder: str) -> Truth:
    own = _argument(section)
    text = {"d": folder, "f": request.path.rpartition("/")[2]}.get(section.name[0], request.path)
    if section.name == "if" or (any(mark in own for mark in "*?[") and not _is_pattern(section)):
        return None
    if _is_pattern(section):
        return pcre_search(own, text, False) is not None if is_supported_pcre(own) else None
    if section.name == "files":
        return own == text
    return own == "/" or takes(own.rstrip("/") if section.name == "directory" else own, text)


def _takes_url(section: Directive, url: str) -> Truth:
    """Return whether a section about proxied addresses takes one: "*" stands for all of them."""
    own = _argument(section)
    if _is_pattern(section):
        return pcre_search(own, url, False) is not None if is_supported_pcre(own) else None
    if own == "*":
        return True
    return None if any(mark in own for mark in "*?[") else url.startswith(own)


def _section_decision(section: Directive, request: ServerRequest) -> Decision | None:
    lines = [*_access_lines(section.block or (), request, 0)]
    requires = [line for line in lines if line.name not in _COMPAT]
    compat = [line for line in lines if line.name in _COMPAT]
    if not lines:
        return None
    truths = [any_of([_truth(require, request, 0) for require in requires])] if requires else []
    truths += [_compat_truth(compat)] if compat else []
    questions = tuple(dict.fromkeys(q for line in lines for q in _questions(line, 0)))
    names = {line.name: "".join(line.args[:1]).lower() for line in section.block or ()}
    if "authmerging" in names:
        # It is merged with the sections before, which is not followed here.
        return Decision(None, section, tuple(lines), ("other",))
    allowed = any_of(truths) if names.get("satisfy") == "any" else all_of(truths)
    if "login" in questions and allowed is None and set(questions) == {"login"}:
        # This run sends no password.
        allowed = False
    return Decision(allowed, section, tuple(lines), questions)


def _access_lines(
    block: Sequence[Directive], request: ServerRequest, depth: int
) -> Iterator[Directive]:
    """Return the lines about access, also those in <Limit> that are about this method."""
    for line in block if depth < MAX_DEPTH else ():
        is_own = request.method in {word.upper() for word in line.args}
        if (line.name, is_own) in {("limit", True), ("limitexcept", False)}:
            yield from _access_lines(line.block or (), request, depth + 1)
        elif line.name == "require" or line.name in _GROUPS or line.name in _COMPAT:
            yield line


def _truth(line: Directive, request: ServerRequest, depth: int) -> Truth:
    """Return whether a Require line, or a group of them, lets the request in."""
    if line.name in _GROUPS:
        inner = line.block or ()
        members = [line for line in inner if line.name == "require" or line.name in _GROUPS]
        if depth > MAX_DEPTH or not members:
            return None
        return _GROUPS[line.name]([_truth(member, request, depth + 1) for member in members])
    words = [word.lower() for word in line.args]
    if words[:1] == ["not"]:
        return negated(_require(words[1:], request))
    return _require(words, request)


def _require(words: list[str], request: ServerRequest) -> Truth:
    match words:
        case ["all", value, *_]:
            return value == "granted"
        case ["method", *methods]:
            return request.method.lower() in methods
    return None


def _questions(line: Directive, depth: int) -> Iterator[Question]:
    if line.name in _GROUPS and depth <= MAX_DEPTH:
        for inner in line.block or ():
            yield from _questions(inner, depth + 1)
        return
    words = [word.lower() for word in line.args if word.lower() != "not"]
    kind = "".join(words[:1])
    if line.name in _COMPAT:
        hosts = words[1:] if line.name != "order" else []
        if any(word.startswith("env=") for word in hosts):
            yield "other"
        elif any(word != "all" for word in hosts):
            yield "address"
    elif kind in _ADDRESSES:
        yield "address"
    elif kind in _LOGINS:
        yield "login"
    elif kind not in {"all", "method"}:
        yield "other"


def _compat_truth(lines: Sequence[Directive]) -> Truth:
    """Return what Order, Allow and Deny say. The default order is "deny,allow"."""
    order = [line.args for line in lines if line.name == "order" and line.args]
    allow, deny = (any_of(_matches(lines, name)) for name in ("allow", "deny"))
    if order and "".join(order[-1]).lower().replace(" ", "").startswith("allow,deny"):
        return all_of((allow, negated(deny)))
    return any_of((allow, negated(deny)))


def _matches(lines: Sequence[Directive], name: str) -> Iterator[Truth]:
    for line in lines:
        words = [word.lower() for word in line.args[1:]]
        if line.name == name and words:
            yield True if "all" in words else None


def words_of(line: Directive) -> str:
    """Return a directive as it is written, shortened."""
    name = line.name if line.block is None else f"<{line.name}"
    closing = "" if line.block is None else ">"
    return clean(" ".join((_NAMES.get(line.name, name), *line.args)) + closing, 300)


#: Names as the documentation writes them.
_NAMES = {
    "require": "Require", "order": "Order", "allow": "Allow", "deny": "Deny",
    "requireall": "<RequireAll", "requireany": "<RequireAny", "requirenone": "<RequireNone",
    "location": "<Location", "locationmatch": "<LocationMatch", "directory": "<Directory",
    "directorymatch": "<DirectoryMatch", "files": "<Files", "filesmatch": "<FilesMatch",
    "proxy": "<Proxy", "proxymatch": "<ProxyMatch",
    "rewritecond": "RewriteCond", "rewriterule": "RewriteRule", "redirect": "Redirect",
    "redirectmatch": "RedirectMatch", "if": "<If",
}  # fmt: skip
