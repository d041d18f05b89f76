"""What a person adds to the requests: header fields, a cookie, an Origin, subprotocols. No I/O.

All of it may be secret. It is sent only to the target's own origin (RFC 6454). If a server repeats
any of it, it is masked before it becomes evidence.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from diagnose.model import Target
from diagnose.model.frozen import frozen
from diagnose.model.target import TLS_SCHEMES
from diagnose.parsers.lazy_pattern import lazy_pattern

MASKED = "***"

#: RFC 9110 section 5.6.2.
_TOKEN = lazy_pattern(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
_MAX_VALUE = 8192

#: Fields of the connection (RFC 9110 section 7.6.1) and of the message's framing. They decide how
#: the request is parsed, so a wrong one would cause a fault of its own.
_FORBIDDEN = {
    *("connection", "content-length", "expect", "host", "http2-settings", "keep-alive"),
    *("proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
    *("sec-websocket-accept", "sec-websocket-extensions", "sec-websocket-key"),
    "sec-websocket-version",
}

#: Schemes of RFC 9110 section 11, as they are registered, that are shown.
_SCHEMES = {"basic": "Basic ", "bearer": "Bearer ", "digest": "Digest ", "negotiate": "Negotiate "}

#: Fields with an option of their own.
_OPTION = {"origin": "--origin", "sec-websocket-protocol": "--subprotocol"}

#: Shortest text that is masked, in characters. Shorter texts occur by chance in a server's text.
_MIN_SECRET = 4

#: Fields of a preflight: names of fields and of a method, and no secrets (Fetch standard).
_PLAIN_FIELDS = {"access-control-request-headers", "access-control-request-method"}

#: The origin that is sent where a browser's message names none: no site has this name (RFC 2606).
UNKNOWN_ORIGIN = "https://another-site.invalid"

#: Fields of a request in the command that shows it (curl -H, quoted where that is needed).
_SHOWN_ORIGIN = lazy_pattern(r"-H '?Origin: ([^'\s]{1,300})")
_SHOWN_METHOD = lazy_pattern(r"-H '?Access-Control-Request-Method: ([A-Za-z]{1,20})")
_SHOWN_FIELDS = lazy_pattern(
    r"-H '?Access-Control-Request-Headers: ([\w-]{1,60}(?:, ?[\w-]{1,60}){0,20})"
)

#: Longest subprotocol that counts as a name; some clients send a token there instead.
_MAX_SUBPROTOCOL = 32


def _scheme(name: str, value: str) -> str:
    scheme = value.partition(" ")[0].lower()
    return _SCHEMES.get(scheme, "") if name.lower() == "authorization" else ""


@frozen
class RequestFields:
    """What is added to requests for the page and for WebSockets. `headers` holds names and values
    in order; `origin` replaces the site's own. `method` is that of the request for the page."""

    headers: tuple[tuple[str, str], ...] = ()
    cookie: str = ""
    origin: str | None = None
    subprotocols: tuple[str, ...] = ()
    method: str = "GET"

    @property
    def has_secrets(self) -> bool:
        """Whether there is anything that only the target may receive."""
        return bool(self.headers or self.cookie or any(map(_is_token, self.subprotocols)))

    def fields(self, cookie: str = "") -> dict[str, str]:
        """Return the fields to send; `cookie` holds the cookies that the site has set."""
        cookies = "; ".join(filter(None, (self.cookie, cookie)))
        sent = dict(self.headers)
        return {**sent, "Cookie": cookies} if cookies else sent

    def masked_fields(self) -> list[str]:
        """Return the fields for a printed command, with masked values. The scheme of an
        Authorization is no secret, and servers decide by it (RFC 9110 section 11.4)."""
        fields = [*self.headers, *([("Cookie", self.cookie)] if self.cookie else [])]
        return [
            f"{name}: {value if name.lower() in _PLAIN_FIELDS else _scheme(name, value) + MASKED}"
            for name, value in fields
        ]

    def arguments(self) -> list[str]:
        """Return the same request as command line arguments, with secrets masked."""
        arguments = [
            argument for name, _ in self.headers for argument in ("--header", f"{name}: {MASKED}")
        ]
        arguments += ["--cookie", MASKED] if self.cookie else []
        arguments += ["--origin", self.origin] if self.origin else []
        for name in self.subprotocols:
            arguments += ["--subprotocol", masked_subprotocol(name)]
        arguments += ["--method", self.method] if self.method != "GET" else []
        return arguments

    def mask_secrets(self, text: str) -> str:
        """Return a server's text with every repeated secret masked."""
        for secret in sorted(set(self._secrets()), key=len, reverse=True):
            if len(secret) >= _MIN_SECRET:
                text = text.replace(secret, MASKED)
        return text

    def _secrets(self) -> Iterator[str]:
        for name, value in self.headers:
            if name.lower() in _PLAIN_FIELDS:
                continue
            yield value
            scheme, _, credentials = value.partition(" ")
            yield credentials.strip()
            if scheme.lower() == "basic":
                yield from _basic_credentials(credentials.strip())
        yield self.cookie
        for pair in self.cookie.split(";"):
            yield pair.partition("=")[2].strip().strip('"')
        yield from filter(_is_token, self.subprotocols)


def is_header_token(text: str) -> bool:
    """Whether a text is one token of a header field (RFC 9110 section 5.6.2), of 200 bytes at
    most."""
    return _TOKEN.fullmatch(text) is not None


def masked_subprotocol(name: str) -> str:
    return MASKED if _is_token(name) else name


def header_field(text: str) -> tuple[str, str]:
    """Parse `NAME: VALUE`. The message of a ValueError explains the mistake without the value."""
    name, colon, value = text.partition(":")
    name, value = name.strip(), value.strip(" \t")
    if not colon or not is_header_token(name):
        raise ValueError('takes "NAME: VALUE"')
    if option := _OPTION.get(name.lower()):
        raise ValueError(f"does not set {name}: use {option}")
    if name.lower() in _FORBIDDEN:
        raise ValueError(f"cannot set {name}: the connection itself needs it")
    return name, _checked_value(value, f"the value of {name}")


def cookie(text: str) -> str:
    """Check `NAME=VALUE; …` (RFC 6265 section 4.2.1)."""
    if "=" not in text:
        raise ValueError('takes "NAME=VALUE"')
    return _checked_value(text.strip().removeprefix("Cookie:").strip(), "the cookie")


def origin(text: str) -> str:
    """Normalize scheme://host[:port] (RFC 6454 section 6.2), or accept "null"."""
    if text == "null":
        return text
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("takes scheme://host[:port]") from None
    plain = not (parts.query or parts.fragment or "@" in parts.netloc) and parts.path in {"", "/"}
    if not (parts.scheme and parts.hostname and plain and text.isascii() and text.isprintable()):
        raise ValueError("takes scheme://host[:port]")
    if " " in text:
        raise ValueError("takes scheme://host[:port]")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default_port = {"http": 80, "https": 443}.get(parts.scheme.lower())
    return f"{parts.scheme.lower()}://{host}" + (
        f":{port}" if port and port != default_port else ""
    )


#: Methods that change nothing by themselves, and POST, without a body.
METHODS = ("GET", "HEAD", "OPTIONS", "POST")


def method(text: str) -> str:
    """Check that a method is one of `METHODS` (RFC 9110 section 9.1; case counts there)."""
    if text.upper() not in METHODS:
        raise ValueError(f"takes {', '.join(METHODS[:-1])} or {METHODS[-1]}")
    return text.upper()


def subprotocol(text: str) -> str:
    """Check that a subprotocol is one token (RFC 6455 section 4.1)."""
    if not is_header_token(text):
        raise ValueError("takes one name without spaces or commas")
    return text


def is_own_origin(target: Target, url: str) -> bool:
    """Return whether a URL has the target's scheme, host and port; ws counts as http, wss as
    https."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    secure = parts.scheme in TLS_SCHEMES
    same_scheme = secure == target.uses_tls
    url_authority = ((parts.hostname or "").lower(), port or (443 if secure else 80))
    return same_scheme and url_authority == (target.host.lower(), target.port)


def shown_origin(command: str) -> str:
    """Return the Origin of the request that a command of curl makes; "" if it sends none."""
    match = _SHOWN_ORIGIN.search(command)
    return match[1] if match else ""


def shown_preflight_method(command: str) -> str:
    """Return the method for which a preflight asks, in capitals; "" for another request."""
    match = _SHOWN_METHOD.search(command)
    return match[1].upper() if match else ""


def shown_preflight_fields(command: str) -> str:
    """Return the header fields for which a preflight asks, with commas between them; "" for another
    request."""
    match = _SHOWN_FIELDS.search(command)
    return match[1] if match else ""


def merge_fields(fields: Mapping[str, str], overrides: Mapping[str, str]) -> dict[str, str]:
    """Return the fields with overrides in place of equal names (case-insensitive)."""
    names = {name.lower() for name in overrides}
    return {
        **{name: value for name, value in fields.items() if name.lower() not in names},
        **overrides,
    }


def _checked_value(value: str, label: str) -> str:
    """Check a value: visible characters, spaces and tabs (RFC 9110 section 5.5)."""
    if len(value) > _MAX_VALUE:
        raise ValueError(f"takes at most {_MAX_VALUE} characters for {label}")
    if any(not (32 <= ord(char) < 127 or char == "\t") for char in value):
        raise ValueError(f"takes printable ASCII on one line for {label}")
    return value


def _is_token(subprotocol: str) -> bool:
    return len(subprotocol) > _MAX_SUBPROTOCOL


def _basic_credentials(encoded: str) -> Iterator[str]:
    """Yield user and password together, then the password (RFC 7617 section 2)."""
    import base64
    import binascii

    try:
        text = base64.b64decode(encoded, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return
    yield text
    yield text.partition(":")[2]
