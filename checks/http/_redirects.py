"""Redirects that nginx makes itself: found again in its configuration by what they lead to, and
what is to be changed in them. One that an application sends is none of these."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._location_edits import Changes
from diagnose.model import Applicability, Command, Edit, Fix, Manual, Target, Where
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.http import is_host, leads_to, read_url, same
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.server_blocks import Listen, Place, Server, Socket

#: Where everybody is to be led, and where a certificate's authority looks (RFC 8555 section 8.3).
SECURE = "https://$host$request_uri"
CHALLENGE = "/.well-known/acme-challenge/"

#: The variables and words that name a host in a redirect's target, and the rest of it.
_TARGET = re.compile(
    r"(https?|\$\{?scheme\}?)://"
    r"((?:\$\{?(?:host|http_host|server_name|hostname|server_addr|server_port)\}?|[^/$?#{}])+)"
    r"(.*)$"
)

#: A `rewrite` of every path there is.
_EVERY = {"^", "^/", "/", ".*", "^.*", "^.*$", "^/.*$", "(.*)", "^(.*)$", "^(.*)", "^/(.*)$"}


@frozen
class Made:
    """A redirect of nginx's own: where it stands, with which code, and its target's words."""

    server: Server
    place: Place
    given: Directive
    code: str
    target: str

    @property
    def parts(self) -> tuple[str, str, str] | None:
        """Scheme, host and the rest, as written."""
        found = _TARGET.match(self.target)
        return (found[1], found[2], found[3]) if found else None

    @property
    def whole(self) -> bool:
        """Whether a `return` may stand in its place."""
        return self.given.name == "return" or self.given.args[0] in _EVERY

    def words(self, target: str) -> str:
        return f"return {self.code} {target};"


# Which directive it was


def answering(
    nginx: Nginx, answer: Exchange
) -> tuple[tuple[Socket, Server, server_blocks.How], ...]:
    """What may have given an answer, socket by socket."""
    url = read_url(answer.url)
    if url is None:
        return ()
    found = server_blocks.reachable(nginx.listening(answer.port), [answer.address])
    return tuple((one, *server_blocks.choose(one, url.host)) for one in found)


def made(nginx: Nginx, answer: Exchange, conditions: bool = True) -> Made | None:
    """The one directive that leads where an answer did, with the same code. `conditions`: also
    one inside of an `if`."""
    url = read_url(answer.url)
    found: dict[int, Made] = {}
    for _, server, _ in answering(nginx, answer):
        path = url.path if url else "/"
        one = next((o for o in _candidates(server, path, conditions) if _is(o, answer)), None)
        if one is None:
            return None
        found[id(one.given)] = one
    return next(iter(found.values())) if len(found) == 1 else None


def _candidates(server: Server, path: str, conditions: bool) -> Iterator[Made]:
    """In the order in which nginx comes to them (ngx_http_rewrite_module)."""
    top = Place((server.http, server.block))
    inner = server_blocks.find(server, path)
    for place in (top, *([inner] if inner.location is not server.block else [])):
        for one in place.location.block or ():
            yield from _read(server, place, one)
            if one.name == "if" and conditions:
                for nested in one.block or ():
                    yield from _read(server, Place((*place.blocks, one)), nested)


def _read(server: Server, place: Place, one: Directive) -> Iterator[Made]:
    if one.name == "return" and len(one.args) == 2:
        yield Made(server, place, one, one.args[0], one.args[1])
    elif one.name == "return" and len(one.args) == 1 and "://" in one.args[0]:
        yield Made(server, place, one, "302", one.args[0])
    elif one.name == "rewrite" and len(one.args) > 1:
        permanent = one.args[2:] == ("permanent",)
        if permanent or one.args[2:] == ("redirect",) or "://" in one.args[1]:
            yield Made(server, place, one, "301" if permanent else "302", one.args[1])


def _is(one: Made, answer: Exchange) -> bool:
    url = read_url(answer.url)
    if url is None or one.code != str(answer.status):
        return False
    path, _, query = url.path.partition("?")
    known = {
        "host": url.host,
        "http_host": url.host if url.usual else f"{url.host}:{url.port}",
        "server_name": one.server.names[0] if one.server.names else "",
        "server_port": str(answer.port),
        "scheme": url.scheme,
        "request_uri": url.path,
        "uri": path,
        "document_uri": path,
        "args": query,
        "query_string": query,
        "is_args": "?" if query else "",
    }
    if one.given.name == "rewrite":
        if not server_blocks.matches(one.given.args[0], path, ignore_case=False):
            return False
        groups = re.search(one.given.args[0], path, re.ASCII)
        known |= {str(n): text or "" for n, text in enumerate(groups.groups() if groups else (), 1)}
    filled = server_blocks.value(one.place, one.target, known)
    return filled is not None and "://" in filled and same(filled) == leads_to(answer)


# What is changed


def instead(nginx: Nginx, one: Made, target: str, changes: Changes) -> None:
    """The same redirect to another target."""
    if one.whole:
        changes.setdefault(one.given.file, []).append(edits.instead(one.given, one.words(target)))


def let_in(nginx: Nginx, one: Made, path: str, changes: Changes) -> bool:
    """The redirect no longer sends those away who have come by TLS. In a block for both it is
    left to the others; else it is taken out, where something else is there to answer."""
    file = nginx.file(one.given)
    if file is None or not one.whole or one.place.location.name == "if":
        return False
    if any(not listen.ssl for listen in one.server.listens) and one.target.startswith("https:"):
        indent = edits.indentation(file.text, one.given)
        step = stepped(file.text, one.server.block, one.given)
        lines = condition("($scheme = http)", one.words(one.target), step)
        change = edits.instead(one.given, f"\n{indent}".join(lines))
    elif _answers_besides(one, path):
        change = edits.gone(file.text, one.given)
    else:
        return False
    changes.setdefault(one.given.file, []).append(change)
    return True


def condition(given: str, words: str, step: str) -> list[str]:
    return [f"if {given} {{", f"{step}{words}", "}"]


def stepped(text: str, block: Directive, inner: Directive) -> str:
    """The blanks by which a file goes in, as between a block and what stands in it."""
    within = edits.indentation(text, inner)
    step = within.removeprefix(edits.indentation(text, block))
    return step if block.file == inner.file and 0 < len(step) < len(within) + 1 else "    "


def _answers_besides(one: Made, path: str) -> bool:
    """Whether the block has an answer of its own for a path: an application, or files."""
    place = server_blocks.find(one.server, path)
    rest = (server_blocks.children(place.location, name) for name in ("return", "rewrite"))
    if any(given is not one.given for found in rest for given in found):
        return False
    passes = any(server_blocks.children(place.location, name) for name in server_blocks.PASSES)
    return passes or any(place.one(name) for name in ("root", "alias"))


def lead_on(nginx: Nginx, answers: list[Exchange], changes: Changes) -> bool:
    """Have port 80 redirect everybody who asks for the target's name. Where a block of its own
    serves pages there, these give way; where only a block for unknown names answered, or none,
    it gets one. Certificates' challenges are left where they were. Whether that is sure."""
    target = nginx.evidence.target
    if not is_host(target.host) or is_address(target.host):
        return False
    found = [one for answer in answers for one in answering(nginx, answer)]
    servers = list({id(server.block): server for _, server, _ in found}.values())
    if not servers or len(servers) > 1:
        return False
    if all(how == "exact" for _, _, how in found):
        return _gives_way(nginx, servers[0], changes)
    if any(how != "default" for _, _, how in found) or _dedicated(servers[0]):
        return False
    sockets = (socket.address for socket, _, _ in found)
    return added(nginx, tuple(dict.fromkeys(sockets)), _files(servers[0]), changes)


def _gives_way(nginx: Nginx, server: Server, changes: Changes) -> bool:
    """A block's pages make room for the redirect."""
    file = nginx.file(server.block)
    if file is None or not _all_by_tls(nginx, server):
        return False
    mixed = any(one.ssl for one in server.listens)
    locations = server_blocks.children(server.block, "location")
    general = next((one for one in locations if one.args == ("/",)), None)
    others = [one for one in locations if one is not general and not _is_challenges(one)]
    if general and not mixed and not others and general.file == file.path:
        indent = edits.indentation(file.text, general)
        step = stepped(file.text, server.block, general)
        body = f"\n{indent}{step}return 301 {SECURE};\n{indent}"
        change = edits.Change(general.opened or general.stop, general.stop - 1, body)
    else:
        given = "($scheme = http)" if mixed else rf'($request_uri !~ "^/\.{CHALLENGE[2:]}")'
        anchor = (*server_blocks.children(server.block, "server_name"), None)[0]
        step = stepped(file.text, server.block, (server.block.block or (server.block,))[0])
        lines = condition(given, f"return 301 {SECURE};", step)
        if anchor is None or anchor.file != file.path:
            change = edits.first(file.text, server.block, lines)
        else:
            change = edits.after(file.text, anchor, lines)
    changes.setdefault(file.path, []).append(change)
    return True


def _all_by_tls(nginx: Nginx, server: Server) -> bool:
    """Whether each name of a block is served by TLS, so that a redirect loses none of them."""
    sockets = [one for one in nginx.listening(443) if one.ssl]
    names = [one for one in server.names if is_host(one)]
    known = [
        server_blocks.choose(socket, name)[1] != "default" for socket in sockets for name in names
    ]
    return bool(known) and all(known) and len(names) == len(server.names)


def _is_challenges(location: Directive) -> bool:
    return any(one.startswith(("/.well-known", "^/\\.well-known")) for one in location.args)


def _dedicated(server: Server) -> bool:
    """Challenges are answered in some way of their own, which a new block would not have."""
    place = server_blocks.find(server, f"{CHALLENGE}x")
    own = _is_challenges(place.location) if place.location.name == "location" else False
    plain = server_blocks.children(place.location, "root") and len(place.location.block or ()) == 1
    return own and not plain


def _files(server: Server) -> str:
    """The folder in which a block looks for a challenge; "" where it does not look at all."""
    place = server_blocks.find(server, f"{CHALLENGE}x")
    otherwise = (*server_blocks.PASSES, "return", "alias")
    if any(server_blocks.children(place.location, one) for one in otherwise):
        return ""
    root = place.one("root")
    written = root.args[0] if root and root.args else ""
    return "" if re.search(r"[\s;{}\"'$]", written) else written


def added(nginx: Nginx, addresses: tuple[str, ...], files: str, changes: Changes) -> bool:
    """A block of its own for the target's name on port 80, behind the one that serves it by TLS."""
    target = nginx.evidence.target
    blocks = {id(one.server.block): one.server for one in nginx.answering() if one.how == "exact"}
    server = next(iter(blocks.values()), None)
    file = nginx.file(server.block) if server else None
    if server is None or file is None or len(blocks) > 1 or not _is_name(target):
        return False
    step = stepped(file.text, server.block, (server.block.block or (server.block,))[0])
    lines = ["", "server {"]
    lines += [f"{step}listen {_listen(one)};" for one in dict.fromkeys(addresses)]
    lines += [f"{step}server_name {target.host};", ""]
    if files:
        lines += [f"{step}location {CHALLENGE} {{", f"{step * 2}root {files};", f"{step}}}", ""]
    lines += [f"{step}location / {{", f"{step * 2}return 301 {SECURE};", f"{step}}}", "}"]
    change = edits.after(file.text, server.block, lines)
    text = re.sub(r"(?m)^[ \t]+$", "", change.text)
    changes.setdefault(file.path, []).append(edits.Change(change.start, change.stop, text))
    return True


def _is_name(target: Target) -> bool:
    return is_host(target.host) and not is_address(target.host)


def _listen(address: str) -> str:
    if address == "*":
        return "80"
    return f"[{address}]:80" if ":" in address else f"{address}:80"


def beside(listens: tuple[Listen, ...]) -> tuple[str, ...]:
    """The addresses of a block's sockets for TLS."""
    return tuple(dict.fromkeys(one.address for one in listens if one.ssl))


# The remedy


def fix(nginx: Nginx, changes: Changes, step: str, sure: bool = True) -> Fix:
    """These changes, and nginx takes them; a step by hand where there are none."""
    made_of = nginx.edited(changes)
    if not made_of:
        return by_hand(step)
    steps: tuple[Edit | Command, ...] = (*made_of, *nginx.taken())
    sure = sure and len(made_of) == 1
    return Fix(steps, Applicability.AUTOMATIC if sure else Applicability.REVIEW)


def by_hand(step: str) -> Fix:
    return Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)
