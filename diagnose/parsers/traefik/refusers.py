"""The middlewares of a router that may refuse a request. Source: Traefik's documentation,
"IPAllowList", "IPWhiteList", "RateLimit", "InFlightReq", "Buffering", "Chain". No I/O.
"""

from collections.abc import Mapping

from diagnose.model.frozen import frozen
from diagnose.model.traefik import Refuser
from diagnose.parsers.caddy.document import dictionary, texts
from diagnose.parsers.sanitize import clean

#: Maximum number of middlewares that are looked at, with those of chains.
MAX_MIDDLEWARES = 50


@frozen
class _Kind:
    name: str
    setting: str
    status: int


_KINDS = {
    kind.name.lower(): kind
    for kind in (
        _Kind("ipAllowList", "sourceRange", 403),
        _Kind("ipWhiteList", "sourceRange", 403),
        _Kind("rateLimit", "average", 429),
        _Kind("inFlightReq", "amount", 429),
        _Kind("buffering", "maxRequestBodyBytes", 413),
    )
}


def refusers_of(
    router: Mapping[str, object], middlewares: Mapping[str, object], provider: str
) -> tuple[Refuser, ...]:
    """Return the middlewares of a router that may refuse, with those of its chains."""
    refusers: list[Refuser] = []
    names = texts(router.get("middlewares"))[:MAX_MIDDLEWARES]
    seen = set[str]()
    while names and len(seen) < MAX_MIDDLEWARES:
        name = names.pop(0)
        if name in seen:
            continue
        seen.add(name)
        value = middlewares.get(name) or middlewares.get(f"{name}@{provider}")
        value = value or middlewares.get(name.partition("@")[0])
        for key, settings in dictionary(value).items():
            if key.lower() == "chain":
                names += texts(_value(settings, "middlewares"))[:MAX_MIDDLEWARES]
            kind = _KINDS.get(key.lower())
            if kind is not None:
                refusers.append(_refuser(name, kind, settings))
    return tuple(refusers)


def _refuser(name: str, kind: _Kind, settings: object) -> Refuser:
    value = _value(settings, kind.setting)
    text = ", ".join(texts(value)) if isinstance(value, list) else value
    shown = clean(str(text), 200) if isinstance(text, str | int) else ""
    return Refuser(clean(name, 200), kind.name, kind.setting, shown, kind.status)


def _value(settings: object, name: str) -> object:
    """Return a setting, whose name is compared without case."""
    items = dictionary(settings).items()
    return next((value for key, value in items if key.lower() == name.lower()), None)
