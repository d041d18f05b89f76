"""Judge whether a Content Security Policy lets a page open a WebSocket, run its own scripts, load
what it shows, and send its forms. No I/O.

W3C Content Security Policy Level 3, sections 2.2 (parsing), 6.1.2 (connect-src) and 6.7.2 (URL
matching). Chromium was asked about each row of the test, and agrees.
"""

import re
from collections.abc import Iterable, Iterator

from diagnose.model.frozen import frozen
from diagnose.model.pages import FileKind, UseKind
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.target import PORTS
from diagnose.parsers.urls import Url, parse_url

#: Bounds for texts from outside: policies, directives in a policy, sources in a directive.
MAX_POLICIES, MAX_DIRECTIVES, MAX_SOURCES = 16, 64, 256

#: The directives that decide, by what is asked for: of those that a policy has the first counts
#: (sections 6.1 and 6.7.1, "directive fallback list"; 6.3 for the document).
DIRECTIVES: dict[FileKind | UseKind, tuple[str, ...]] = {
    "stylesheet": ("style-src-elem", "style-src", "default-src"),
    "style": ("style-src-elem", "style-src", "default-src"),
    "script": ("script-src-elem", "script-src", "default-src"),
    "module": ("script-src-elem", "script-src", "default-src"),
    "worker": ("worker-src", "child-src", "script-src", "default-src"),
    "manifest": ("manifest-src", "default-src"),
    "description": ("connect-src", "default-src"),
    "image": ("img-src", "default-src"),
    "font": ("font-src", "default-src"),
    "media": ("media-src", "default-src"),
    "frame": ("frame-src", "child-src", "default-src"),
    "object": ("object-src", "default-src"),
    "request": ("connect-src", "default-src"),
    "form": ("form-action",),
    "base": ("base-uri",),
}
#: What else may allow a script or a style sheet, whatever its address is.
_PROOFS = ("'nonce-", "'sha256-", "'sha384-", "'sha512-", "'strict-dynamic'")
_PROVED = {"stylesheet", "script", "module", "worker"}

_HOST_SOURCE = lazy_pattern(
    r"(?:([a-z][a-z0-9+.-]*)://)?(\*|(?:\*\.)?[a-z0-9_.-]+|\[[0-9a-f:]+\])(?::(\d{1,5}|\*))?(/\S*)?",
    re.IGNORECASE,
)
_SCHEME_SOURCE = lazy_pattern(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_ANCESTORS = lazy_pattern(r"frame-ancestors\s+([^;,]{1,500})", re.IGNORECASE)
_META = lazy_pattern(
    r"<meta\s[^>]{0,200}http-equiv\s{0,9}=\s{0,9}[\"']?content-security-policy[\"']?[^>]{0,4000}>",
    re.IGNORECASE,
)
_META_CONTENT = lazy_pattern(r"\bcontent\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)


@frozen
class Blocked:
    """The directive that blocks a connection: its name and its sources, as written.

    `without_scheme` is True if a source names the WebSocket's host, but not `wss:`. By the standard
    such a source has the page's scheme; some browsers let it pass.
    """

    directive: str
    sources: tuple[str, ...]
    without_scheme: bool = False

    @property
    def text(self) -> str:
        return " ".join((self.directive, *self.sources))


def policies(header_values: Iterable[str], body: str) -> tuple[str, ...]:
    """Return the policies of a page: of its header fields, each possibly with several separated by
    commas, and of its meta elements."""
    from_headers = [policy for value in header_values for policy in value.split(",")]
    contents = (match for meta in _META.findall(body) if (match := _META_CONTENT.search(meta)))
    from_meta = [match[1] or match[2] or "" for match in contents]
    stripped = (policy.strip() for policy in (*from_headers, *from_meta))
    return tuple(policy for policy in stripped if policy)[:MAX_POLICIES]


def blocked_by(
    page_policies: Iterable[str], page: Url, socket: Url, *, by_self: bool = True
) -> Blocked | None:
    """Return the directive that blocks a WebSocket of this page, or None. Every policy must allow
    it. Browsers of the Content Security Policy's Level 2 do not count wss: as `'self'` (not
    `by_self`)."""
    for policy in page_policies:
        directives = _directives(policy)
        name = "connect-src" if "connect-src" in directives else "default-src"
        sources = directives.get(name)
        counted = [word for word in sources or () if by_self or word.lower() != "'self'"]
        if sources is not None and not any(_allows(source, page, socket) for source in counted):
            without_scheme = any(_allows(f"wss://{source}", page, socket) for source in sources)
            return Blocked(name, sources, without_scheme)
    return None


def inline_scripts_blocked_by(page_policies: Iterable[str]) -> Blocked | None:
    """Return the directive that blocks all scripts that stand in the page itself, or None (section
    6.7.3.2). A nonce or a hash allows some of them, so nothing is known then."""
    allowing = ("'unsafe-inline'", "'nonce-", "'sha256-", "'sha384-", "'sha512-")
    for directive in script_directives(page_policies):
        if not any(source.lower().startswith(allowing) for source in directive.sources):
            return directive
    return None


def script_directives(page_policies: Iterable[str]) -> Iterator[Blocked]:
    """Yield the directive of each policy that decides about the scripts in the page itself."""
    for policy in page_policies:
        directives = _directives(policy)
        names = ("script-src-elem", "script-src", "default-src")
        name = next((name for name in names if name in directives), "")
        if name:
            yield Blocked(name, directives[name])


def evaluation_blocked_by(page_policies: Iterable[str], *, of_wasm: bool = False) -> Blocked | None:
    """Return the directive that keeps scripts from running texts (`eval`, `new Function`), or
    programs for WebAssembly (`of_wasm`), or None (section 4.4)."""
    allowed = {"'unsafe-eval'", *(("'wasm-unsafe-eval'",) if of_wasm else ())}
    for policy in page_policies:
        directives = _directives(policy)
        name = next((name for name in ("script-src", "default-src") if name in directives), "")
        sources = directives.get(name, ())
        allowing = allowed & {source.lower() for source in sources}
        if name and not allowing and not any("***" in source for source in sources):
            return Blocked(name, sources)
    return None


def blocking_directive(
    page_policies: Iterable[str], page: Url, address: str, kind: FileKind | UseKind
) -> Blocked | None:
    """Return the directive that blocks what a page asks for, or None (section 6.7.2.4). Of a script
    or a style sheet nothing is known where a nonce or a hash may allow it whatever its address is.

    `address` is "data:" or "blob:" for content that is written in the page itself.
    """
    for policy in page_policies:
        directives = _directives(policy)
        names = DIRECTIVES.get(kind, ())
        name = next((name for name in names if name in directives), "")
        sources = directives.get(name, ())
        if name and not _is_open(kind, sources) and not _matches(sources, page, address, kind):
            return Blocked(name, sources)
    return None


def sandboxed_by(header_values: Iterable[str]) -> tuple[str, ...] | None:
    """Return the words of the directive `sandbox` of a page, None without one: what it allows all
    the same (section 6.4.1). That of a meta element does not count."""
    for value in header_values:
        for policy in value.split(",")[:MAX_POLICIES]:
            if (words := _directives(policy).get("sandbox")) is not None:
                return tuple(word.lower() for word in words)
    return None


def frame_ancestors(header_value: str) -> str:
    """Return the sources of `frame-ancestors` as a field has them, "" without (CSP level 3, section
    6.4.2)."""
    match = _ANCESTORS.search(header_value)
    return match[1].strip() if match else ""


def with_directive(value: str, directive: str) -> str:
    """Return a policy with this directive in the place of its own of that name, or at its end; ""
    if the value holds several policies."""
    if "," in value:
        return ""
    name = directive.partition(" ")[0].lower()
    texts = [text.strip() for text in value.split(";") if text.strip()]
    names = [text.partition(" ")[0].lower() for text in texts]
    if name in names:
        texts[names.index(name)] = directive
    else:
        texts.append(directive)
    return "; ".join(texts)


def _is_open(kind: FileKind | UseKind, sources: tuple[str, ...]) -> bool:
    """Return whether something else than an address may allow it."""
    lower = [source.lower() for source in sources]
    if any("***" in source for source in lower):
        return True  # masked
    if kind == "style":
        return any(source.startswith((*_PROOFS, "'unsafe-inline'")) for source in lower)
    return kind in _PROVED and any(source.startswith(_PROOFS) for source in lower)


def _matches(sources: tuple[str, ...], page: Url, address: str, kind: FileKind | UseKind) -> bool:
    if kind == "style":
        return False
    url = parse_url(address)
    if url is None:
        scheme = address.partition(":")[0].lower()
        return any(source.lower() == f"{scheme}:" for source in sources)
    return any(_allows(source, page, url) for source in sources)


def _directives(policy: str) -> dict[str, tuple[str, ...]]:
    """Return the sources of each directive. Of directives with one name the first counts."""
    directives: dict[str, tuple[str, ...]] = {}
    for text in policy.split(";")[:MAX_DIRECTIVES]:
        words = text.split()
        if words:
            directives.setdefault(words[0].lower(), tuple(words[1 : MAX_SOURCES + 1]))
    return directives


def _allows(source: str, page: Url, socket: Url) -> bool:
    """Return whether a source expression matches the WebSocket's URL (section 6.7.2.8)."""
    if source == "*":
        return True
    if source.startswith("'"):
        return source.lower() == "'self'" and _is_same_origin(page, socket)
    if match := _SCHEME_SOURCE.fullmatch(source):
        return _scheme_matches(match[1].lower(), socket.scheme)
    match = _HOST_SOURCE.fullmatch(source)
    if match is None:
        return False
    scheme, host, port, path = match.groups()
    return (
        _scheme_matches((scheme or page.scheme).lower(), socket.scheme)
        and _host_matches(host.lower(), socket.host)
        and _port_matches(port, scheme, socket)
        and _path_matches(path or "", socket.path)
    )


def _is_same_origin(page: Url, socket: Url) -> bool:
    same_port = page.port == socket.port
    both_default = page.port == PORTS.get(page.scheme) and socket.port == PORTS[socket.scheme]
    secure_enough = socket.scheme in {"wss", "https"} or page.scheme == "http"
    return page.host == socket.host and (same_port or both_default) and secure_enough


def _scheme_matches(allowed: str, scheme: str) -> bool:
    """Return whether a scheme is the allowed one or its secure form (section 6.7.2.9): https does
    not allow wss."""
    return allowed == scheme or (allowed, scheme) in {("ws", "wss"), ("http", "https")}


def _host_matches(pattern: str, host: str) -> bool:
    if pattern == "*":
        return True
    if pattern.startswith("*."):
        return host.endswith(pattern[1:])
    return pattern.strip("[]") == host


def _port_matches(port: str | None, scheme: str | None, socket: Url) -> bool:
    if port == "*":
        return True
    if port is None:
        return socket.port in {PORTS[socket.scheme], PORTS.get((scheme or "").lower())}
    upgraded = int(port) == 80 and socket.port == 443
    return int(port) == socket.port or upgraded


def _path_matches(pattern: str, path: str) -> bool:
    path = path.partition("?")[0]
    if pattern in {"", "/"}:
        return True
    return path.startswith(pattern) if pattern.endswith("/") else path == pattern
