"""Edits for mistakes for which HAProxy refuses its configuration, known by its own messages."""

import difflib
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping

from checks.server import ServerView, indentation, line_edit, line_text
from diagnose.model import Command, Edit
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import WebServerTest
from diagnose.parsers.haproxy.addresses import servers_of
from diagnose.parsers.haproxy.config import Configuration, Line, Section
from diagnose.parsers.haproxy.removed_words import is_removed, modern
from diagnose.parsers.haproxy.view import parsed, target_proxies

#: By file, the lines that take the place of others; a number counts from 1.
Changes = dict[str, dict[int, tuple[str, ...]]]


@frozen
class Correction:
    """Steps that correct a mistake, with the fact that says what they do ("newline"), and its value
    for the page: a name, or True if there is none to tell."""

    fact: str
    value: str | bool
    edits: tuple[Edit | Command, ...]


def correction(view: ServerView, test: WebServerTest) -> Correction | None:
    """Return the edits for the mistake that HAProxy names first; None if it is not known, or if the
    right text is known to a person only."""
    if view.config is None or view.server.product != "haproxy":
        return None
    config = parsed(view.config)
    for fact, pattern, change in _MISTAKES:
        match = re.search(pattern, test.message)
        changes = change(_Mistake(view, test, config, match)) if match else None
        if changes is None:
            continue
        value, lines = changes
        edits = [line_edit(view, path, by_number) for path, by_number in lines.items()]
        kept_edits = tuple(edit for edit in edits if edit is not None)
        return Correction(fact, value, kept_edits) if kept_edits else None
    return None


@frozen
class _Mistake:
    """A message of HAProxy's test with what it matched."""

    view: ServerView
    test: WebServerTest
    config: Configuration
    match: re.Match[str]

    def text(self, line: Line) -> str:
        return line_text(self.view, line.file, line.number)

    def indented(self, line: Line, text: str) -> str:
        """Return a text with the indentation of a line."""
        own = self.text(line)
        return indentation(own) + text

    def below_head(self, section: Section, text: str) -> tuple[int, tuple[str, ...]]:
        """Return the change that adds a text below the first line of a section."""
        head = line_text(self.view, section.file, section.line)
        added = self.indented(section.lines[0], text) if section.lines else f"    {text}"
        return section.line, (head, added)

    def section_at_line(self) -> Section | None:
        """Return the section of the line that the message names."""
        return next(
            (
                section
                for section in self.config.sections
                if section.file == self.test.file and section.line <= self.test.line <= section.end
            ),
            None,
        )


_Changed = tuple[str | bool, Changes] | None


def _removed(mistake: _Mistake) -> _Changed:
    """Every line with a directive that was taken away, in the words of today."""
    changes: Changes = {}
    for section in mistake.config.sections:
        for line in section.lines:
            if not is_removed(list(line.words)):
                continue
            text = modern(line.words)
            is_rule = bool(text) and text is not None and text.startswith("http-re")
            if text is None or not mistake.text(line) or (section.kind == "defaults" and is_rule):
                return None
            new = (mistake.indented(line, text),) if text else ()
            changes.setdefault(line.file, {})[line.number] = new
    is_named = mistake.test.line in changes.get(mistake.test.file, {})
    return (True, changes) if is_named else None


def _unresolved(mistake: _Mistake) -> _Changed:
    """HAProxy starts without the servers whose names have no address ("init-addr"), except where
    the site itself has no other."""
    backend = mistake.config.backend(mistake.match[1])
    target = mistake.view.evidence.target
    own = target_proxies(mistake.config, target)
    if backend is None or not own or not own.is_decided:
        return None
    messages = "\n".join([mistake.test.message, *mistake.test.warnings])
    lost = {(name, server) for name, server, _ in re.findall(_NO_ADDRESS, messages)}
    own_servers = servers_of(own.backend) if own.backend else ()
    if own_servers and all((server.backend, server.name) in lost for server in own_servers):
        return None
    word = "init-addr last,libc,none"
    if backend.defaults:
        number, lines = mistake.below_head(backend.defaults[0], f"default-server {word}")
        return mistake.match[3], {backend.defaults[0].file: {number: lines}}
    servers = [server for server in servers_of(backend) if (backend.name, server.name) in lost]
    texts = {server.line.number: mistake.text(server.line) for server in servers}
    if not servers or any("#" in text or not text for text in texts.values()):
        return None
    lines_by_number: dict[int, tuple[str, ...]] = {
        number: (f"{text.rstrip()} {word}",) for number, text in texts.items()
    }
    return mistake.match[3], {servers[0].line.file: lines_by_number}


_NO_ADDRESS = r"'server ([^'/]+)/([^']+)' : could not resolve address '([^']{1,255})'"


def _unverified(mistake: _Mistake) -> _Changed:
    """For each server with TLS and without a word about its certificate: the system's authorities
    for a name, and no verification on this machine and in private networks, as HAProxy says."""
    changes: Changes = {}
    for proxy in mistake.config.proxies:
        for server in servers_of(proxy):
            if not server.tls or not server.verify or "ca-file" in server.options:
                continue
            text = mistake.text(server.line)
            if not text or "#" in text:
                return None
            is_asked = "required" in server.options
            if _is_private(server.host):
                text = re.sub(r"\s+verify\s+required\b", "", text) if is_asked else text
                words = "verify none"
            else:
                words = f"{'' if is_asked else 'verify required '}ca-file @system-ca"
                is_name = re.fullmatch(r"[A-Za-z0-9_.-]+", server.host) and not server.sni
                words += f" sni str({server.host}) verifyhost {server.host}" if is_name else ""
            lines = changes.setdefault(server.line.file, {})
            lines[server.line.number] = (f"{text.rstrip()} {words}",)
    return (mistake.match[1], changes) if changes else None


def _is_private(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost"


def _mode(mistake: _Mistake) -> _Changed:
    """The backends of the frontend speak HTTP too, unless they are there for TLS as it is."""
    frontend = next((p for p in mistake.config.frontends if p.name == mistake.match[1]), None)
    messages = "\n".join([mistake.test.message, *mistake.test.warnings])
    names = re.findall(_OTHER_MODE, messages)
    changes: Changes = {}
    for frontend_name, backend_name in names:
        backend = mistake.config.backend(backend_name)
        if frontend is None or frontend_name != frontend.name or backend is None:
            return None
        servers = servers_of(backend)
        if any(not server.tls and server.port in {443, 8443, 6443} for server in servers):
            return None
        lines = changes.setdefault(backend.section.file, {})
        own = backend.own("mode")
        if own:
            lines.update({line.number: (mistake.indented(line, "mode http"),) for line in own})
        else:
            number, new = mistake.below_head(backend.section, "mode http")
            lines[number] = new
    return (mistake.match[2], changes) if changes else None


_OTHER_MODE = r"http frontend '([^']+)' [^']{0,300}incompatible tcp backend '([^']+)'"


def _pages(mistake: _Mistake) -> _Changed:
    """The lines whose pages are not there go."""
    messages = "\n".join([mistake.test.message, *mistake.test.warnings])
    missing_files = set(re.findall(_NO_PAGE, messages))
    changes: Changes = {}
    for section in mistake.config.sections:
        for line in section.lines_with("errorfile"):
            if len(line.words) > 2 and line.words[2] in missing_files:
                changes.setdefault(line.file, {})[line.number] = ()
    return (True, changes) if changes else None


_NO_PAGE = r"errorfile : error opening file '([^']{1,400})'"


def _backend_name(mistake: _Mistake) -> _Changed:
    """The name of the one backend that is written alike, or that no rule names."""
    frontend = next((p for p in mistake.config.proxies if p.name == mistake.match[1]), None)
    wrong = mistake.match[3]
    names = [p.name for p in mistake.config.proxies if p.section.kind in {"backend", "listen"}]
    right = _similar_name(wrong, names) or _unnamed(mistake.config, wrong)
    if frontend is None or not right:
        return None
    lines = [
        line
        for line in (*frontend.own("use_backend"), *frontend.own("default_backend"))
        if line.words[1:2] == (wrong,)
    ]
    word = rf"(?<=\s){re.escape(wrong)}(?=\s|$)"
    return right, _replaced(mistake, lines, word, right)


def _similar_name(wrong: str, names: list[str]) -> str:
    """Return the one name that is written like another one, "" if there is none or more."""
    close = difflib.get_close_matches(wrong[:100], names[:300], n=2, cutoff=0.8)
    return close[0] if len(close) == 1 else ""


def _unnamed(config: Configuration, wrong: str) -> str:
    """Return the one backend that no rule names, if `wrong` is the one name that no backend has."""
    rules = [
        line
        for proxy in config.proxies
        for line in (*proxy.own("use_backend"), *proxy.own("default_backend"))
    ]
    wanted = {word for line in rules for word in line.words[1:2]}
    backends = {p.name for p in config.proxies if p.section.kind == "backend"}
    own = {p.name for p in config.proxies if p.section.kind == "listen"}
    if any("%[" in word for word in wanted) or wanted - backends - own != {wrong}:
        return ""
    unnamed = sorted(backends - wanted)
    return unnamed[0] if len(unnamed) == 1 else ""


def _replaced(mistake: _Mistake, lines: list[Line], pattern: str, new: str) -> Changes:
    changes: Changes = {}
    for line in lines:
        text = re.sub(pattern, lambda _: new, mistake.text(line), count=1)
        changes.setdefault(line.file, {})[line.number] = (text,)
    return changes


def _acl(mistake: _Mistake) -> _Changed:
    """The ACL's lines above the rule: from below it, or as they are in another section; or the name
    that is written alike; or blanks around the braces."""
    section, name, number = mistake.section_at_line(), mistake.match[1], mistake.test.line
    text = line_text(mistake.view, mistake.test.file, number)
    if section is None or not text:
        return None
    if name.startswith("{") and name != "{" and not {"%{", "${"} & set(re.findall(r".\{", text)):
        spaced = re.sub(r"\{(?=\S)", "{ ", re.sub(r"(?<=\S)\}", " }", text))
        return "{ … }", {section.file: {number: (spaced,)}}
    acls = [line for line in section.lines_with("acl") if line.words[1:2] == (name,)]
    below = [line for line in acls if line.number > number]
    if below and all(mistake.text(line) for line in below):
        moved = tuple(mistake.text(line) for line in below)
        lines: dict[int, tuple[str, ...]] = {line.number: () for line in below}
        return name, {section.file: {**lines, number: (*moved, text)}}
    others = list(_acls_elsewhere(mistake, name))
    if others:
        first = [line for line in others if line.file == others[0].file]
        copied = tuple(mistake.text(line).strip() for line in first)
        indent = indentation(text)
        above = tuple(f"{indent}{own}" for own in copied if own)
        return (name, {section.file: {number: (*above, text)}}) if all(copied) else None
    return _near_acl(section, name, number, text) or _websocket_acl(section, name, number, text)


def _near_acl(section: Section, name: str, number: int, text: str) -> _Changed:
    """The name above that is written alike. One that the rule has already is no slip: the ACL that
    is meant is gone, and the rule would lose its condition."""
    used = {word.lstrip("!") for word in text.split()}
    names = [line.words[1] for line in section.lines_with("acl") if line.number < number]
    right = _similar_name(name, list(dict.fromkeys(each for each in names if each not in used)))
    word = rf"(?<=[\s!]){re.escape(name)}(?=\s|$)"
    changed = re.sub(word, lambda _: right, text)
    return (right, {section.file: {number: (changed,)}}) if right and changed != text else None


def _websocket_acl(section: Section, name: str, number: int, text: str) -> _Changed:
    """The line of HAProxy's guide for the name that says that a request opens a WebSocket."""
    if not _WEBSOCKET_ACL.fullmatch(name):
        return None
    line = f"{indentation(text)}acl {name} hdr(Upgrade) -i websocket"
    return name, {section.file: {number: (line, text)}}


#: "is_websocket", "hdr_upgrade_websocket": not "is_websocket_url", which is of the path, and not
#: "hdr_connection_upgrade", which is of another field.
_WEBSOCKET_ACL = re.compile(
    r"(?:is_|hdr_)?(?:(?:header_)?upgrade_)?(?:websockets?|ws)(?:_upgrade|_request)?", re.IGNORECASE
)


def _acls_elsewhere(mistake: _Mistake, name: str) -> Iterator[Line]:
    """Yield the lines of an ACL of the first other section that declares it."""
    for section in mistake.config.sections:
        lines = [line for line in section.lines_with("acl") if line.words[1:2] == (name,)]
        if lines:
            yield from lines
            return


def _quotes(mistake: _Mistake) -> _Changed:
    """A field's value of several words between quotes, on each line that sets one."""
    changes: Changes = {}
    for section in mistake.config.sections:
        for line in section.lines:
            text = mistake.text(line)
            match = _VALUE.fullmatch(text) if line.keyword.startswith("http-") else None
            if match and " " in match[2].strip():
                new = f'{match[1]}"{match[2].strip()}"{match[3] or ""}'
                changes.setdefault(line.file, {})[line.number] = (new,)
    is_named = mistake.test.line in changes.get(mistake.test.file, {})
    return (True, changes) if is_named else None


#: A line that sets a field: what stands before the value, the value, and the condition. Quotes,
#: comments and sample expressions with blanks are left to a person.
_VALUE = re.compile(
    r"(\s*http-(?:request|response|after-response)\s+(?:set|add)-header\s+\S{1,200}\s+)"
    r"([^\"'#\\${}]{1,2000}?)(\s+(?:if|unless)\s[^\n]{1,1000})?"
)


def _account(mistake: _Mistake) -> _Changed:
    """HAProxy's packages make the account `haproxy`, for its user and its group."""
    kind, name = mistake.match[1], mistake.match[2]
    lines = [
        line
        for section in mistake.config.sections
        for line in section.lines_with(kind)
        if section.kind == "global" and line.words[1:] == (name,)
    ]
    if len(lines) != 1 or name == "haproxy" or not mistake.text(lines[0]):
        return None
    new = mistake.indented(lines[0], f"{kind} haproxy")
    return "haproxy", {lines[0].file: {lines[0].number: (new,)}}


def _newline(mistake: _Mistake) -> _Changed:
    text = line_text(mistake.view, mistake.test.file, mistake.test.line)
    return (True, {mistake.test.file: {mistake.test.line: (text, "")}}) if text else None


_Change = Callable[[_Mistake], _Changed]

#: Each with the fact of its sentence, and HAProxy's words.
_MISTAKES: tuple[tuple[str, str, _Change], ...] = (
    (
        "removed",
        r"not supported any ?more|doesn't exist anymore|unknown option 'http-use-htx'",
        _removed,
    ),
    ("unresolved", _NO_ADDRESS, _unresolved),
    ("unverified", r"'server ([^']+)' : verify is enabled by default but no CA file", _unverified),
    ("other_mode", _OTHER_MODE, _mode),
    ("pages", _NO_PAGE, _pages),
    ("right_name", r"Proxy '([^']+)': unable to find required (\w+): '([^']+)'", _backend_name),
    ("acl", r"no such ACL : '([^']+)'", _acl),
    (
        "quotes",
        r"-header' expects either 'if' or 'unless' followed by a condition but found",
        _quotes,
    ),
    ("account", r"cannot find (user|group) id for '([^']{1,60})'", _account),
    ("newline", r"Missing LF on last line", _newline),
)

#: The facts of all sentences, none of them given.
NO_CORRECTION: Mapping[str, str] = {fact: "" for fact, _, _ in _MISTAKES}
