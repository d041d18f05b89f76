"""Whether nginx lets a visitor from one address in: `allow` and `deny`, `geo`, `map`, and what
`if`, `return` and `rewrite` make of them, in the phases in which nginx asks them.

nginx.org: ngx_http_access_module, ngx_http_geo_module, ngx_http_map_module,
ngx_http_rewrite_module, ngx_http_realip_module; `satisfy` and `limit_except` of the core. Held to
the real program by tests/parsers/nginx/test_access_rules.py. Pure.
"""

import ipaddress
import re
from collections.abc import Iterator
from typing import Literal, TypeAlias

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.geo import Network, geo_values, network
from diagnose.parsers.nginx.server_blocks import Place, Server, children

Verdict = Literal["passes", "denied", "unknown"]

#: So often may the way part because of what is not known.
MOST_UNKNOWN = 6
#: So many directives of the rewrite module are followed.
MOST_STEPS = 5_000

#: The values of variables; None: nobody knows. One that is not there is looked up.
Variables: TypeAlias = dict[str, str | None]


@frozen
class Asked:
    """A visitor's request. `address` is "" where nginx does not see it; `mapped` says that an IPv4
    address comes in by a socket of IPv6, and is written so."""

    address: str
    host: str
    path: str = "/"
    scheme: str = "https"
    port: int = 443
    method: str = "GET"
    mapped: bool = False


@frozen
class Answer:
    """What nginx does with it. `by` decides; `status` is 0 where an error_page may change it.
    `personal`: with another address it may be otherwise. `unknown` is what it hangs on."""

    verdict: Verdict
    status: int = 0
    by: Directive | None = None
    personal: bool = False
    unknown: tuple[str, ...] = ()


PASSES = Answer("passes")


def answer(server: Server, asked: Asked) -> Answer:
    """What a server block answers. Never fails; what is not understood is unknown."""
    if trusted := _trusted(server, asked.address):
        own = answer_of(server, asked)
        return Answer("unknown", unknown=(trusted,), by=own.by) if own.personal else own
    return answer_of(server, asked)


def answer_of(server: Server, asked: Asked) -> Answer:
    """The same, for an address that nginx does not take for a proxy's."""
    return _joined(list(_Request(server, asked).answers()))


def _joined(found: list[Answer]) -> Answer:
    """Where all ways come to the same, what is unknown does not matter."""
    verdicts = {(one.verdict, one.status) for one in found}
    if len(verdicts) == 1:
        return found[0]
    texts = tuple(dict.fromkeys(text for one in found for text in one.unknown))
    personal = any(one.personal for one in found)
    return Answer("unknown", personal=personal, unknown=texts or ("?",))


def _trusted(server: Server, address: str) -> str:
    """The directive by which nginx takes this address for a proxy's, and the visitor's from a
    field of the request; "" where it does not."""
    place = Place((server.http, server.block))
    for one in place.all("set_real_ip_from"):
        among = network(one.args[0]) if one.args else None
        if among and address and _within(address, among):
            header = place.one("real_ip_header")
            name = header.args[0] if header and header.args else "X-Real-IP"
            return f"set_real_ip_from {one.args[0]}; real_ip_header {name}"
    return ""


def _within(address: str, among: Network) -> bool:
    one = ipaddress.ip_address(address)
    return one.version == among.version and one in among


# Allow and deny


def rules(place: Place, method: str = "GET") -> tuple[Directive, ...]:
    """The allow and deny in force, in order: those of the innermost block that has any."""
    for block in (*_limits(place, method), *reversed(place.blocks)):
        own = tuple(one for one in block.block or () if one.name in {"allow", "deny"} and one.args)
        if own:
            return own
    return ()


def _limits(place: Place, method: str) -> Iterator[Directive]:
    """limit_except, for other methods than it names; GET stands for HEAD too."""
    for one in children(place.location, "limit_except"):
        if method not in one.args:
            yield one


def deciding(found: tuple[Directive, ...], address: str) -> Directive | None:
    """The first of these rules that is about an address; None where none is."""
    for one in found:
        among = network(one.args[0])
        if one.args[0] == "all" or (among and _within(address, among)):
            return one
    return None


def _authenticates(place: Place) -> bool:
    """Whether there is another way in than by the address."""
    names = ("auth_basic", "auth_request", "auth_jwt")
    given = [found for name in names if (found := place.one(name))]
    return any(one.args[:1] != ("off",) for one in given)


def _accessed(place: Place, asked: Asked) -> Answer:
    found = rules(place, asked.method)
    if not found:
        return PASSES
    if not asked.address:
        return Answer("unknown", personal=True, unknown=(_shown(found[0]),))
    by = deciding(found, asked.address)
    personal = bool(by) or any(one.args[0] != "all" for one in found)
    if by is None or by.name == "allow":
        return Answer("passes", by=by, personal=personal)
    satisfy = place.one("satisfy")
    if satisfy and satisfy.args[:1] == ("any",) and _authenticates(place):
        return Answer("unknown", by=by, personal=True, unknown=("satisfy any",))
    hidden = any("403" in one.args[:-1] for one in place.all("error_page"))
    return Answer("denied", 0 if hidden else 403, by, personal=True)


# Variables


def _known(asked: Asked) -> dict[str, str]:
    """The variables of a request, as far as they are known whoever makes it."""
    path, _, query = asked.path.partition("?")
    return {
        "scheme": asked.scheme,
        "https": "on" if asked.scheme == "https" else "",
        "host": asked.host,
        "request_method": asked.method,
        "request_uri": asked.path,
        "uri": path,
        "document_uri": path,
        "args": query,
        "query_string": query,
        "is_args": "?" if query else "",
        "server_port": str(asked.port),
        "http_host": asked.host if asked.port in {80, 443} else f"{asked.host}:{asked.port}",
    }


def _of_address(asked: Asked) -> dict[str, str]:
    if not asked.address:
        return {}
    text = f"::ffff:{asked.address}" if asked.mapped else asked.address
    return {"remote_addr": text, "realip_remote_addr": text}


# The phases


class _Request:
    """A request on its way. `env` are the variables with the visitor's address, `plain` those
    that are known without it: what is told apart by them alone is personal."""

    def __init__(self, server: Server, asked: Asked) -> None:
        self.server, self.asked = server, asked
        place = Place((server.http, server.block))
        unset = dict.fromkeys(_names(server.block), "")
        self.plain: Variables = {**_known(asked), **unset}
        self.env: Variables = {**self.plain, **_of_address(asked)}
        used = frozenset(_used(server))
        self.env |= geo_values(place, self.env, used)
        self.plain |= geo_values(place, self.plain, used)
        self.changed = self.stays = False  # what the last rewrite says of the location
        self.uri = server_blocks.normal(asked.path, server_blocks.merges(server)) or "/"
        self.personal = False
        self.unknown: tuple[str, ...] = ()
        self.left = MOST_STEPS

    def copy(self) -> "_Request":
        other = object.__new__(_Request)
        other.__dict__.update(self.__dict__)
        other.env, other.plain = dict(self.env), dict(self.plain)
        return other

    def answers(self) -> Iterator[Answer]:
        place = Place((self.server.http, self.server.block))
        for one, ended in self._rewritten(place):
            yield from [ended] if ended else one._found()

    def _found(self, hops: int = 0) -> Iterator[Answer]:
        """The location's own directives, then its allow and deny."""
        place = server_blocks.located(self.server, self.uri)
        self.changed = self.stays = False
        if place.redirects:
            yield self._ends(PASSES)
            return
        for one, ended in self._rewritten(place) if self._rewrites(place) else [(self, None)]:
            if ended:
                yield ended
            elif one.changed and not one.stays:
                yield from one._again(hops)
            else:
                yield from one._accessed(place, hops)

    def _accessed(self, place: Place, hops: int) -> Iterator[Answer]:
        """Its allow and deny, then those of the location to which try_files leads."""
        found = _accessed(place, self.asked)
        named = server_blocks.fallback(self.server, place) if found.verdict == "passes" else None
        if named is None:
            yield self._ends(found)
            return
        self.personal |= found.personal
        for one, ended in self._rewritten(named) if self._rewrites(named) else [(self, None)]:
            if ended:
                yield ended
            elif one.changed and not one.stays:
                yield from one._again(hops)
            else:
                yield one._ends(_accessed(named, self.asked))

    def _ends(self, found: Answer) -> Answer:
        personal = self.personal or found.personal
        unknown = tuple(dict.fromkeys((*self.unknown, *found.unknown)))
        return Answer(found.verdict, found.status, found.by, personal, unknown)

    def _again(self, hops: int) -> Iterator[Answer]:
        """A rewritten path finds its own location, but not for ever."""
        if hops < server_blocks.HOPS:
            yield from self._found(hops + 1)
        else:
            yield self._ends(Answer("denied", 500))

    # The rewrite module

    def _rewrites(self, place: Place) -> bool:
        """Whether the location has directives of its own, other than the server block's, and they
        count: in a limit_except that applies none of them does (it is a location without a name,
        and ngx_http_rewrite_module inherits nothing)."""
        return len(place.blocks) > 2 and not any(_limits(place, self.asked.method))

    def _rewritten(self, place: Place) -> Iterator[tuple["_Request", Answer | None]]:
        self.changed = self.stays = False
        todo = list(reversed(place.location.block or ()))
        yield from self._run(place, todo)

    def _run(
        self, place: Place, todo: list[Directive]
    ) -> Iterator[tuple["_Request", Answer | None]]:
        """The directives that are left, the next one last; each way that they may take."""
        while todo:
            one = todo.pop()
            self.left -= 1
            if self.left < 0:
                yield self, self._ends(Answer("unknown", unknown=("too many directives",)))
                return
            match one.name:
                case "set" if len(one.args) > 1:
                    self._set(place, one.args[0].lstrip("$"), one.args[1])
                case "break":
                    break
                case "return" if one.args:
                    yield self, self._returned(one)
                    return
                case "rewrite" if len(one.args) > 1:
                    done = self._rewrite(place, one)
                    if done is not None:
                        if isinstance(done, Answer):
                            yield self, done
                            return
                        break
                case "if":
                    true = self._true(place, one)
                    if true is None and len(self.unknown) >= MOST_UNKNOWN:
                        yield self, self._ends(Answer("unknown", unknown=(_shown(one),)))
                        return
                    if true is None:
                        self.unknown = (*self.unknown, _shown(one))
                        both = [*todo, *reversed(one.block or ())]
                        yield from self.copy()._run(place, both)
                    elif true:
                        todo += reversed(one.block or ())
        yield self, None

    def _set(self, place: Place, name: str, text: str) -> None:
        for env in (self.env, self.plain):
            env[name] = server_blocks.value(place, text, env)

    def _returned(self, one: Directive) -> Answer:
        status = int(one.args[0]) if one.args[0].isdecimal() and len(one.args[0]) == 3 else 302
        if status >= 400:
            return self._ends(Answer("denied", status, one))
        return self._ends(Answer("passes", by=one))

    def _rewrite(self, place: Place, one: Directive) -> Answer | Literal["ends"] | None:
        """An answer, the end of these directives, or None to go on."""
        pattern, to, flag = one.args[0], one.args[1], one.args[2] if len(one.args) > 2 else ""
        if not server_blocks.understood(pattern):
            return self._ends(Answer("unknown", unknown=(_shown(one),)))
        found = server_blocks.captured(pattern, self.uri, False)
        if found is None:
            return None
        if flag in {"redirect", "permanent"} or to.startswith(("http://", "https://", "$scheme")):
            return self._ends(Answer("passes", by=one))
        groups = {str(at): text or "" for at, text in enumerate(found.groups(), 1)}
        uri = server_blocks.value(place, to.partition("?")[0], {**self.env, **groups})
        if uri is None:
            return self._ends(Answer("unknown", unknown=(_shown(one),)))
        self.uri = uri
        for env in (self.env, self.plain):
            env["uri"] = env["document_uri"] = uri
        self.changed, self.stays = True, flag == "break"
        return "ends" if flag in {"last", "break"} else None

    def _true(self, place: Place, one: Directive) -> bool | None:
        known = _condition(place, one, self.env)
        if known is not None and _condition(place, one, self.plain) is None:
            self.personal = True
        return known


def _names(block: Directive) -> Iterator[str]:
    """The variables that `set` makes: empty until then."""
    for one in block.block or ():
        if one.name == "set" and one.args:
            yield one.args[0].lstrip("$")
        elif one.block is not None:
            yield from _names(one)


_VARIABLE = re.compile(r"\$\{?(\w+)")


def _used(server: Server) -> Iterator[str]:
    """The variables that a server block names, or a map: of a list of all the world's networks
    nothing is read that nobody asks."""
    for one in walk((server.block, *(children(server.http, "map")))):
        for text in (one.name, *one.args):
            yield from _VARIABLE.findall(text)


def _condition(place: Place, one: Directive, env: Variables) -> bool | None:
    """Whether the condition of an `if` holds; None where nobody knows."""
    words = list(one.args)
    if not words or not words[0].startswith("("):
        return None
    words[0] = words[0][1:]
    words[-1] = words[-1].removesuffix(")")
    words = [word for at, word in enumerate(words) if word or at == 2]
    if len(words) == 1:
        found = server_blocks.value(place, words[0], env)
        return None if found is None else found not in {"", "0"}
    if len(words) != 3 or not words[0].startswith("$"):
        return None
    left = server_blocks.value(place, words[0], env)
    if left is None:
        return None
    operator, right = words[1], words[2]
    if operator in {"=", "!="}:
        given = server_blocks.value(place, right, env)
        return None if given is None else (left == given) is (operator == "=")
    bare = operator.removeprefix("!")
    if bare not in {"~", "~*"} or not server_blocks.understood(right):
        return None
    return server_blocks.matches(right, left, bare == "~*") is (bare == operator)


def _shown(one: Directive) -> str:
    return re.sub(r"\s+", " ", " ".join((one.name, *one.args)))[:120]
