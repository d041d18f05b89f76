"""Parse what a person types or pastes into a target, and report how it was understood.

Accepts a name, a name with a port, a URL of http, https, ws or wss, an address, a line that
contains a URL, or an error message or a question that names a site; in capitals, in quotes, with a
trailing dot, with a password, in any script. Other input raises `UsageError` before any check runs.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from diagnose.model import Symptom, Target
from diagnose.model.symptom import MESSAGE_MARKS
from diagnose.model.target import WEBSOCKET_SCHEMES
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.urls import polled_socketio_path

if TYPE_CHECKING:
    from diagnose.parsers.message_sites import NoSite

PORTS = {"https": 443, "http": 80, "wss": 443, "ws": 80}

_SCHEME = re.compile(r"([a-z][a-z0-9+-]*)(?::/+|:(?=[^/\d]))", re.IGNORECASE)
#: One label of a host name in lower case. "_" is in use, although RFC 1123 section 2.1 has no such.
LABEL = lazy_pattern(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
#: What stands around a site or a message that was pasted.
_QUOTES = "\"'`<>“”‘’「」『』《》"
#: The code of an error in a browser, in OpenSSL or in errno(3). No host is written so. Chromium's
#: may have a reason behind a dot: "net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin".
_ERROR_CODE = re.compile(
    r"(?:net::|NET::)?[A-Z][A-Z0-9]{0,20}(?:_[A-Z0-9]{1,30}){1,12}(?:\.[A-Z][A-Za-z]{1,80})?"
    r"|E(?:CONN|HOST|TIMED|NET|PROTO|AI|NOT)[A-Z]{2,12}"
    # The class of an exception: Java, .NET, Python, Ruby, PHP
    r"|(?:\w{1,40}(?:\.|::|\\)){1,8}[A-Z]\w{0,60}(?:Error|Exception|Timeout|Token)"
)
#: Only a host's name.
_NAME_ALONE = re.compile(
    r"(?:[\w-]{1,63}\.){1,10}(?:[A-Za-z]{2,63}|中国|中國|公司|网络|网站|网址|在线|商城|香港|台湾)"
)
#: A sentence of a script without blanks: no name of that length has no dot.
_UNSPACED_SENTENCE = re.compile(
    r"[^\s./:@。．｡]{0,20}[\u0e01-\u0edf\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
    r"[^\s./:@。．｡]{7,2000}"
)
#: A shorter one: words that ask, deny or tell. A host whose only label is in such a script is none.
_ASKING = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]*(?:[吗呢吧么没不无啥怎]|打开|访问|正常|故障|报错|错误|了$"
    r"|です|ます|ません|ない|エラー|습니|나요|안[돼되]|오류)[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]*[?？!！。]?"
)
#: The site in the command that an error shows.
EXAMPLE_URL = "https://example.com/"
#: The longest message that is kept as the input, in characters.
_MAX_INPUT = 500
#: Dots of Chinese input methods (NFKC maps the other full-width characters).
_DOTS = str.maketrans("。｡．", "...")


class UsageError(Exception):
    """A user's mistake: one line of text, with a suggestion if there is one."""


class NamelessMessageError(UsageError):
    """An error message that names no site. `symptom` is what it says, None if that is unknown."""

    def __init__(self, text: str, symptom: Symptom | None) -> None:
        super().__init__(text)
        self.symptom = symptom

    def with_example(self, url: str) -> str:
        """Return the text with another site in the command that it shows; "" if it shows none."""
        before, example, after = str(self).rpartition(EXAMPLE_URL)
        return before + url + after if example else ""


@dataclass(slots=True)
class _TargetInput:
    """A text while it is parsed into a target. Each note is the key of its text, and its facts."""

    text: str
    display_text: str
    lang: str
    notes: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    is_message: bool = False
    symptom: Symptom | None = None

    def note(self, key: str, **facts: str) -> None:
        self.notes.append((key, facts))


def parse_target(text: str, websockets: tuple[str, ...] = (), lang: str = "en") -> Target:
    """Return the target that a text names. `websockets` are further paths to check (--ws)."""
    target_input = _TargetInput(text.strip(), text.strip(), lang)
    _unwrap(target_input)
    scheme, remainder = _scheme(target_input)
    if scheme is None and remainder.startswith(("/", "./", "../", "~/")):
        raise UsageError(
            f"{_quoted_input(remainder)} is a path and no site. Try: diagnose https://example.com/"
            ', or for a message in a file: diagnose "$(cat FILE)"'
        )
    if remainder == "-":
        raise UsageError(
            "A message is given in quotes, and nothing is read from standard input. Try:"
            ' diagnose "$(cat FILE)"'
        )
    authority, path = _split_path(remainder)
    authority = _without_credentials(target_input, authority)
    path = _without_secrets(target_input, path)
    host, port = _host_and_port(target_input, authority)
    if scheme is None and port is None and path != "/":
        from diagnose.parsers.target_slips import is_network

        if is_network(f"{host}{path}"):
            raise UsageError(f"{_quoted_input(text)} is a network. Give one of its addresses.")
    if scheme is None:
        scheme = "http" if port == 80 else "https"
        if port == 80:
            target_input.note("port")
    if _blocks_a_file(target_input.symptom, scheme):
        scheme, port, path = "https", None if port == 80 else port, "/"
    named_path = _reported_websocket(text, path, target_input.symptom)
    own_paths = (path,) if scheme in WEBSOCKET_SCHEMES else (named_path,) if named_path else ()
    paths = own_paths + tuple(map(socket_path, websockets))
    target = Target(
        input=target_input.display_text,
        scheme=scheme,
        host=host,
        port=PORTS[scheme] if port is None else port,
        path=path,
        websockets=tuple(dict.fromkeys(paths)),
        symptom=target_input.symptom,
    )
    return _with_read_as(target, target_input.notes, lang)


def _reported_websocket(text: str, path: str, symptom: Symptom | None) -> str:
    """Return the path of the WebSocket that a text tells of by an https: address, or ""."""
    if symptom is not None:
        from diagnose.parsers.websocket_messages import names_websocket

        if polled_path := polled_socketio_path(path) or (path if names_websocket(text) else ""):
            return polled_path
        if "transport=polling" in symptom.text:
            # Imported late: few messages are about Socket.IO.
            from diagnose.parsers.websocket_addresses import polled_path_in

            if polled_path := polled_path_in(symptom.text):
                return polled_path
    if path == "/":
        return ""
    # Imported late: few addresses have a path.
    from diagnose.parsers.websocket_addresses import websocket_path

    return websocket_path(path)


def _blocks_a_file(symptom: Symptom | None, scheme: str) -> bool:
    """Return whether the URL of a message is that of a file which browsers block on a page over
    https (Firefox: "Blocked loading mixed active content"). The page itself is not named."""
    return symptom is not None and symptom.kind == "mixed-content" and scheme == "http"


def socket_path(text: str) -> str:
    """Return the path of a WebSocket given by --ws; "ws" and "/ws" are the same."""
    text = text.strip()
    if not text:
        raise UsageError("--ws needs a path, such as /ws.")
    if match := _SCHEME.match(text):
        raise UsageError(f"--ws takes a path, not a URL. Give the URL as the target: {match[0]}…")
    return _percent_encoded(text if text.startswith("/") else f"/{text}")


def suggestion(text: str, choices: tuple[str, ...]) -> str:
    """Return " Did you mean …?", or ""."""
    from difflib import get_close_matches

    # Two letters that changed places are as close as one that is missing.
    exchanged = [choice for choice in choices if text == "wws" and choice == "wss"]
    close_matches = exchanged or get_close_matches(text, choices, n=1, cutoff=0.6)
    return f" Did you mean {close_matches[0]}?" if close_matches else ""


def _unwrap(target_input: _TargetInput) -> None:
    """Remove quotes and other text that was pasted with the target."""
    text = target_input.text.strip(_QUOTES + " \t\r\n").rstrip(",;，；。")
    if re.search(r"\s", text) or _is_sentence(text):
        text = _site_in_message(target_input)
    if not text:
        raise UsageError("The target is empty. Try: diagnose https://example.com/")
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise UsageError("There is a control character in the target.")
    target_input.text = text.replace("\\", "/")


def _site_in_message(target_input: _TargetInput) -> str:
    """Return the site in a pasted line. What the line says is wrong becomes the symptom."""
    from diagnose.parsers.message_sites import NoSite, site_and_its_status, site_in_message
    from diagnose.parsers.sanitize import clean
    from diagnose.parsers.secrets import hide_secrets
    from diagnose.parsers.target_slips import has_blank_in_name

    text = target_input.text
    if has_blank_in_name(text):
        raise UsageError(f"There is a blank in the name of {_quoted_input(text)}.")
    site = site_and_its_status(text.strip(_QUOTES)) or site_in_message(text)
    if isinstance(site, NoSite):
        raise _nameless(text, site, target_input.lang)
    target_input.notes += site.notes
    if site.symptom is not None:
        target_input.is_message, target_input.symptom = True, site.symptom
        target_input.display_text = hide_secrets(clean(text, _MAX_INPUT))
    return site.target


def _nameless(text: str, site: "NoSite", lang: str) -> UsageError:
    """Return why a line is no target, with what was understood in words of `lang`."""
    quoted = _quoted_input(text)
    if site.names:
        sites = ", ".join(site.names[:5])
        return NamelessMessageError(
            f"{quoted} names several sites: {sites}. Give the URL of one.", site.symptom
        )
    if site.symptom:
        from diagnose.i18n.symptoms import symptom_name

        return NamelessMessageError(
            f"{quoted} names no site. It was understood as: {symptom_name(site.symptom, lang)}. "
            f"Give its address as well: diagnose {EXAMPLE_URL} 'MESSAGE'",
            site.symptom,
        )
    if site.is_message:
        return NamelessMessageError(
            f"{quoted} names no site. Give its address as well: diagnose {EXAMPLE_URL} 'MESSAGE'",
            None,
        )
    hint = f"{quoted} is no target: there is a blank in it. Give each target as a word of its own."
    return UsageError(hint) if site.is_slip else NamelessMessageError(hint, None)


def _is_sentence(text: str) -> bool:
    """Return whether a text without blanks is a message: a sentence in Chinese, the code of an
    error alone, or JSON."""
    if text.isascii() and not _ERROR_CODE.fullmatch(text) and not MESSAGE_MARKS & set(text):
        return False
    from diagnose.parsers.symptoms import message_symptom, symptom_of

    if _UNSPACED_SENTENCE.fullmatch(text) or _ASKING.fullmatch(text):
        return True
    if text.startswith(("net::ERR_", "ERR_")) or message_symptom(text) is not None:
        return True
    # A name may be made of words that somebody would complain with.
    return _NAME_ALONE.fullmatch(text) is None and symptom_of(text) is not None


def _scheme(target_input: _TargetInput) -> tuple[str | None, str]:
    text = target_input.text
    if not text.isascii():
        head, slash, tail = text.partition("/")
        text = f"{head.replace('：', ':')}{slash}{tail}".replace(":／／", "://")
    if text.startswith("//"):
        return None, text.lstrip("/")
    match = _SCHEME.match(text)
    if match is None and "//" in text:
        from diagnose.parsers.target_slips import SLIPPED_SCHEME

        match = SLIPPED_SCHEME.match(text)
    if match is None or ("/" not in match[0] and match[1].lower() not in PORTS):
        return None, text
    scheme = match[1].lower()
    if scheme == "ssh":
        raise UsageError("Where to look inside is an option: --server ssh://… beside the site.")
    if scheme not in PORTS:
        raise UsageError(
            f"{scheme}:// cannot be diagnosed: http, https, ws and wss can."
            + suggestion(scheme, tuple(PORTS))
        )
    return scheme, text[match.end() :]


def _split_path(remainder: str) -> tuple[str, str]:
    """Split into authority and path with query; the fragment is not sent (RFC 3986, 3.5)."""
    match = re.search(r"[/?#]", remainder)
    if match is None:
        return remainder, "/"
    path = remainder[match.start() :].partition("#")[0]
    return remainder[: match.start()], _percent_encoded(
        path if path.startswith("/") else f"/{path}"
    )


def _percent_encoded(path: str) -> str:
    """Return a path as it is sent: non-ASCII characters percent-encoded (RFC 3987 section 3.1)."""
    if path.isascii() and " " not in path:
        return path
    from urllib.parse import quote

    # Bytes of the command line that are not UTF-8 arrive as lone surrogates (PEP 383).
    return quote(path, safe="/?&=%:@!$'()*+,;~-._[]", errors="surrogatepass")


def _without_credentials(target_input: _TargetInput, authority: str) -> str:
    credentials, at, host = authority.rpartition("@")
    if at:
        target_input.display_text = target_input.display_text.replace(f"{credentials}@", "")
        target_input.note("credentials")
    return host


def _without_secrets(target_input: _TargetInput, path: str) -> str:
    """Leave the secrets out of the query of a URL in a message: a token that was pasted by the way
    is not sent."""
    if not target_input.is_message:
        return path
    from diagnose.parsers.secrets import path_without_secrets

    safe_path = path_without_secrets(path)
    if safe_path != path:
        target_input.note("secrets")
    return safe_path


def _host_and_port(target_input: _TargetInput, authority: str) -> tuple[str, int | None]:
    if authority.startswith("["):
        address, bracket, suffix = authority[1:].partition("]")
        if not bracket or (suffix and not suffix.startswith(":")):
            raise UsageError(
                f"{_quoted_input(authority)} is no address: it should read [ADDRESS]:PORT."
            )
        return _ipv6(address), _port(suffix[1:])
    if authority.count(":") > 1:
        target_input.note("ipv6")
        return _ipv6(authority), None
    host, _, port = authority.partition(":")
    return _host(target_input, host), _port(port)


def _port(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise UsageError(f"{_quoted_input(text)} is no port. A port is a number from 1 to 65535.")
    if len(text) > 5 or not 1 <= int(text) <= 65535:
        raise UsageError(f"Port {_quoted_input(text)} is out of range: ports go from 1 to 65535.")
    return int(text)


def _ipv6(text: str) -> str:
    from ipaddress import IPv6Address

    try:
        return str(IPv6Address(text))
    except ValueError:
        raise UsageError(
            f"{_quoted_input(text)} is no IPv6 address. With a port it reads [2001:db8::1]:443."
        ) from None


def _host(target_input: _TargetInput, text: str) -> str:
    name = text.translate(_DOTS)
    if not name.isascii():
        name = _ascii(name)
        target_input.note("idn")
    name = name.lower().removesuffix(".")
    labels = name.split(".")
    if not name:
        raise UsageError("The target has no host. Try: diagnose https://example.com/")
    if labels[0] == "*":
        raise UsageError(
            f"{_quoted_input(name)} stands for many names. "
            f"Give one, such as www.{'.'.join(labels[1:])}."
        )
    if re.fullmatch(r"\d+|0x[0-9a-f]*", labels[-1]):
        return _ipv4(name)
    if len(name) > 253 or not all(map(LABEL.fullmatch, labels)):
        raise UsageError(f"{_quoted_input(name)} is no host name.{_correction(name)}")
    return name


def _ascii(name: str) -> str:
    """Convert U-labels to A-labels (RFC 5891), after the mapping that browsers use (UTS 46)."""
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise UsageError(
            f"{_quoted_input(name)} is no host name in any script (IDNA 2008)."
        ) from None


def _ipv4(text: str) -> str:
    from ipaddress import IPv4Address

    try:
        return str(IPv4Address(text))
    except ValueError:
        raise UsageError(
            f"{_quoted_input(text)} is no IPv4 address: that is four numbers from 0 to 255."
        ) from None


def _correction(name: str) -> str:
    corrected = re.sub(r"\.\.+", ".", re.sub(r"[,;]", ".", name)).strip(".-")
    if corrected != name and all(map(LABEL.fullmatch, corrected.split("."))):
        return f" Did you mean {corrected}?"
    return " Names are made of letters, digits, hyphens and dots."


def _quoted_input(text: str) -> str:
    """Return an input quoted safely for one line of a terminal, without its secrets."""
    from diagnose.parsers.secrets import hide_secrets

    text = hide_secrets(text[:400])
    return repr(text if len(text) <= 60 else text[:59] + "…")


def _with_read_as(target: Target, notes: list[tuple[str, dict[str, str]]], lang: str) -> Target:
    from dataclasses import replace

    from diagnose.i18n.reports import translate  # --help and mistakes do not need it

    host = f"[{target.host}]" if ":" in target.host else target.host
    read_as = f"{target.scheme}://{host}:{target.port}{target.path}"
    if notes:
        note_texts = (translate(f"read-as.{key}", lang, **facts) for key, facts in notes)
        remark = translate("join.phrases", lang).join(note_texts)
        read_as += translate("join.remark", lang, remark=remark)
    return replace(target, read_as=read_as)
