"""What Traefik makes of a request on its way to a service: the path after the middlewares of its
router, and the Host. Source: Traefik's documentation, "StripPrefix", "AddPrefix", "ReplacePath",
"Pass Host Header". No I/O.
"""

import re
from collections.abc import Mapping

from diagnose.model.frozen import frozen
from diagnose.parsers.caddy.document import at, dictionary, text_of, texts
from diagnose.parsers.sanitize import clean

_PREFIX = re.compile(r"\bPathPrefix\(\s*[`\"](/[^`\"{}]{0,200})[`\"]\s*\)")
_PATH_WORDS = re.compile(r"\bPath(?:Prefix|Regexp)?\(|!|\|\|")


@frozen
class Passing:
    """The beginning of the paths that a router takes ("/" for all, or if that is not known), and
    what its application gets in the place of it; `fixed` if that is the whole path."""

    path: str = "/"
    inner: str = "/"
    fixed: bool = False


def passing_of(
    rule: str, router: Mapping[str, object], middlewares: Mapping[str, object], provider: str
) -> Passing:
    """Return what the middlewares of a router make of the path. One that is not known here, such as
    a regular expression, leaves the path as it is."""
    prefixes = _PREFIX.findall(rule)
    is_one = len(prefixes) == 1 and len(_PATH_WORDS.findall(rule)) == 1
    path = clean(prefixes[0].rstrip("/"), 300) if is_one else ""
    inner, fixed = path, False
    for name in texts(router.get("middlewares"))[:20]:
        value = middlewares.get(name) or middlewares.get(f"{name}@{provider}")
        value = value or middlewares.get(name.partition("@")[0])
        stripped = texts(at(value, "stripPrefix", "prefixes"))
        taken = [each.rstrip("/") for each in stripped if _begins(inner, each.rstrip("/"))]
        inner = inner[len(taken[0]) :] if taken and not fixed else inner
        added = text_of(at(value, "addPrefix", "prefix")).rstrip("/")
        inner = f"{added}{inner}" if added.startswith("/") and not fixed else inner
        replaced = text_of(at(value, "replacePath", "path"))
        if replaced.startswith("/"):
            inner, fixed = replaced, True
    if inner == path and not fixed:
        return Passing(path or "/", path or "/")
    if not path:
        return Passing("/", clean(inner if fixed else f"{inner}/", 300), fixed)
    return Passing(path, clean(inner, 300), fixed)


def _begins(path: str, prefix: str) -> bool:
    return bool(prefix) and (path == prefix or path.startswith(f"{prefix}/"))


def keeps_host(service: object) -> bool:
    """Return whether a service passes the visitor's Host on, as it does by default."""
    value = at(service, "loadBalancer", "passHostHeader")
    return str(value).lower() != "false"


def router_of(parts: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Return a router of the configuration by its name, with its provider or without."""
    routers = dictionary(parts.get("routers"))
    return dictionary(routers.get(name) or routers.get(name.partition("@")[0]))
