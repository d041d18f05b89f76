"""Who may pass a rule of HAProxy's that asks for a password: the users of a `userlist`
(Configuration Manual, section 12.2). No I/O."""

import re
from itertools import islice

from diagnose.model.frozen import frozen
from diagnose.parsers.haproxy.config import Configuration, Line, Proxy

#: Maximum number of users and of userlists that are named.
MAX_USERS, MAX_LISTS = 8, 5

#: What crypt(3) makes of a password: with its method in front, or 13 characters of DES.
_HASH = re.compile(r"\$[0-9A-Za-z]{1,10}\$\S{1,300}|[./0-9A-Za-z]{13}")
_FETCH = re.compile(r"http_auth(?:_group)?\(\s*([^\s,()]{1,100})")


@frozen
class AskedLogin:
    """The userlist of a rule, its users, and the userlists that no line names. `everywhere` is True
    if the rule's condition is about the password alone. `unhashed` are the users whose password is
    written in clear behind "password", which takes a hash: nobody can give one that fits."""

    userlist: str
    users: tuple[str, ...]
    unused: tuple[str, ...] = ()
    everywhere: bool = False
    unhashed: tuple[str, ...] = ()


def asked_login(config: Configuration, proxies: tuple[Proxy, ...], rule: Line) -> AskedLogin | None:
    """Return who may pass a rule `http-request auth` of one of the proxies; None if its condition
    names no userlist, or more than one."""
    if rule.words[:2] != ("http-request", "auth"):
        return None
    proxy = next((proxy for proxy in proxies if rule in proxy.lines), None)
    names = _names(_with_acls(rule, proxy)) if proxy else set()
    lists = {section.name: section for section in config.sections if section.kind == "userlist"}
    if len(names) != 1 or not names <= set(lists):
        return None
    (name,) = names
    lines = [line for line in lists[name].lines_with("user") if len(line.words) > 1]
    users = (line.words[1] for line in lines)
    used = {each for proxy in config.proxies for line in proxy.lines for each in _names(line.words)}
    return AskedLogin(
        name,
        tuple(islice(users, MAX_USERS)),
        tuple(islice((each for each in lists if each not in used), MAX_LISTS)),
        everywhere=_is_alone(rule, proxy),
        unhashed=tuple(islice((line.words[1] for line in lines if _is_clear(line)), MAX_USERS)),
    )


def _is_clear(line: Line) -> bool:
    """Return whether a user's password is in clear where its hash is wanted."""
    value = line.after("password")
    return bool(value) and not line.variable and not _HASH.fullmatch(value)


def _names(words: tuple[str, ...]) -> set[str]:
    return {match[1] for word in words if (match := _FETCH.search(word))}


def _with_acls(rule: Line, proxy: Proxy) -> tuple[str, ...]:
    """Return the words of a rule, and of the ACLs that it names."""
    own = {word.lstrip("!") for word in rule.words}
    acls = (line for line in proxy.own("acl") if line.words[1:2] and line.words[1] in own)
    return (*rule.words, *(word for line in acls for word in line.words))


def _is_alone(rule: Line, proxy: Proxy | None) -> bool:
    """Return whether the condition of a rule has no other part than the password."""
    words = [word.lstrip("!") for word in rule.words]
    start = next(
        (index for index, word in enumerate(words) if word in {"if", "unless"}), len(words)
    )
    parts = [word for word in words[start + 1 :] if word not in {"", "{", "}"}]
    acls = proxy.own("acl") if proxy else ()
    of_login = {line.words[1] for line in acls if len(line.words) > 2 and _names(line.words)}
    return len(parts) == 1 and (bool(_names((parts[0],))) or parts[0] in of_login)
