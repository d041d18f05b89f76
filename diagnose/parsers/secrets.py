"""Hides secrets in any text: values with a revealing name, credentials in URLs and commands, values
of queries, and words that look random. Each pattern takes time proportional to the text's
length."""

import re

#: Replaces every secret.
HIDDEN = "***"

# A name and the separator before its value. The value is matched separately.
_NAME = re.compile(r"(?<![\w-])([\w-]{1,64})([\"']?[ \t]{0,4}[:=][ \t]{0,4})")
_SECRET_NAME = re.compile(
    r"(?i)authorization|cookie|token|secret|passw|pwd|api[_-]?key|apikey|access[_-]?key|"
    r"auth[_-]?key|private[_-]?key|session[_-]?id|credential|signature|^x-auth|^auth$|^sid$|"
    r"^sig$|^dsn$|^code$|^session$|^key$"
)
#: Names that are secret only in a query or a form; `code: 5` in prose is not.
_ONLY_AFTER_EQUALS = re.compile(r"(?i)^(?:auth|sid|sig|code|session|key|dsn)$")
#: A negative number of an error ("NSURLErrorDomain Code=-1200") is none, nor is a name of gRPC's
#: status codes ("rpc error: code = Unavailable desc = …", google.golang.org/grpc/codes).
_ERROR_CODE = re.compile(
    r"-\d{1,5}(?![\w-])|OK|Canceled|Unknown|InvalidArgument|DeadlineExceeded|NotFound|AlreadyExists"
    r"|PermissionDenied|ResourceExhausted|FailedPrecondition|Aborted|OutOfRange|Unimplemented"
    r"|Internal|Unavailable|DataLoss|Unauthenticated"
)
#: What a switch is set to (`CSRF_COOKIE_SECURE = True`).
_SWITCHES = {"true", "false"}
_VALUE = re.compile(
    r"\"[^\"\n]*\"?|'[^'\n]*'?|(?:(?:Basic|Bearer|Digest|Token)[ \t]+)?[^\s\"'&;,<>]*"
)
# A header's value is the rest of the line, or ends at the quote around the header.
_FIELD_VALUE = re.compile(r"[^\"'\n\\]*")
_FIELD_NAME = re.compile(r"(?i)authorization|cookie")
#: An authorization of an ACME authority, of which a sentence tells ("domain authorization: Detail:
#: CAA record for …"), and what stands before it there. Any other value may be a password of words.
_SENTENCE = re.compile(
    r"(?:Detail|Type|Domain): |(?:the )?(?:server|client|CA|domain|challenge) (?:could|did|was)\b"
    r"|urn:ietf:params:acme:|CAA record\b"
)
_BEFORE = re.compile(r"(?i)\b(?:domain|name|acme|challenge|site|order|failed|new)[ \t]$")
#: certbot's words before what the authority said ("… lacks sufficient authorization :: Invalid
#: response from …"): two colons are no header field's.
_LACKS = "lacks sufficient "

_SCHEME = re.compile(r"(?i)\b(bearer|basic)([ \t]{1,4})(?!realm\b)[A-Za-z0-9._~+/=-]{6,}")
_USER = re.compile(r"://[^/\s\"'@?#]{1,200}(?=@)")
_JSON_TOKEN = re.compile(r"\beyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?")
# Options of curl and of diagnose that take a secret.
_OPTION = re.compile(
    r"(?<!\S)(--cookie|--user|--proxy-user|-b|-u|-U)([ =])('[^'\n]*'?|\"[^\"\n]*\"?|[^\s'\"]+)"
)
_FIELD_OPTION = re.compile(
    r"(?<!\S)((?:--header|-H)[ =][\"']?)(?!(?:accept|connection|content-type|host|origin|upgrade|"
    r"sec-websocket-\w+|user-agent|x-forwarded-(?:proto|port|ssl))\s*:)([\w-]{1,64}:\s*)([^\"'\n]*)",
    re.IGNORECASE,
)
#: The same options as words of a command.
SECRET_OPTIONS = {"--cookie", "--user", "--proxy-user", "--header", "-b", "-u", "-U", "-H"}
_QUERY = re.compile(r"([?&][\w.\[\]%~-]{1,64}=)([^&\s\"'`#\\;,<>(){}|]*)")
#: The path that the probes request to see whether a redirect keeps it.
_PROBE_PATH = re.compile(
    r"(?:https?%3A%2F%2F[\w.-]+)?(?:/|%2F)diagnose-\w+(?:(?:\?|%3F)q(?:=|%3D)1)?", re.I
)
#: Parameters that checks or readers need and that are not secret (Engine.IO, "Transports").
_HARMLESS_PARAMETERS = {"eio", "transport", "q"}

_TOKEN = re.compile(r"(?<![\w-])[A-Za-z0-9_-]{16,512}(?![\w-])")
_CLASS_CHANGE = re.compile(r"[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])")
#: Words of names whose values are never shown, also where they stand in the line of a setting.
REVEALING = re.compile(r"(?i)pass|pwd|secret|key|token|cred|salt|auth|://[^/@\s]{1,200}@")
#: Beginnings of keys of Stripe, OpenAI, GitHub and Slack.
_PREFIXED = re.compile(r"\b(?:[sr]k[-_]|gh[opsu]_|xox[abps]-)")
_HEX = re.compile(r"[0-9a-f-]+|[0-9A-F-]+")


def hide_secrets(text: str) -> str:
    """Replace every secret in a text by HIDDEN."""
    text = _hide_named(text)
    text = _SCHEME.sub(rf"\1\2{HIDDEN}", text)
    text = _USER.sub(_hide_user, text)
    text = _JSON_TOKEN.sub(HIDDEN, text)
    if "curl " in text or "diagnose " in text:
        text = _OPTION.sub(rf"\1\2{HIDDEN}", text)
        text = _FIELD_OPTION.sub(rf"\1\2{HIDDEN}", text)
    return _QUERY.sub(_hide_parameter, text)


def may_hold_secret(text: str) -> bool:
    """Return whether a line of a configuration or a command may hold a secret, by its words or by
    its look. It takes more for one than `hide_secrets` hides: such a line is not shown at all."""
    is_named = REVEALING.search(text) or _PREFIXED.search(text)
    return bool(is_named) or any(map(looks_random, _TOKEN.findall(text)))


def is_secret_name(name: str) -> bool:
    """Return True if a field, parameter or variable of this name holds a secret."""
    return _SECRET_NAME.search(name) is not None


def _hide_named(text: str) -> str:
    pieces, end = [], 0
    for match in _NAME.finditer(text):
        name, separator = match[1], match[2]
        if match.start() < end or not is_secret_name(name):
            continue
        if ":" in separator and _ONLY_AFTER_EQUALS.search(name):
            continue
        whole_line = ":" in separator and _FIELD_NAME.search(name)
        value = (_FIELD_VALUE if whole_line else _VALUE).match(text, match.end())
        if name.lower() in {"authorization", "authorizations"} and _is_sentence(text, match, value):
            continue
        if name.lower() == "code" and value and _ERROR_CODE.fullmatch(value[0]):
            continue
        if value is None or not value[0] or value[0].lstrip("\"'").startswith(("$", "//", HIDDEN)):
            continue
        if value[0].lower() in _SWITCHES:
            continue
        quote = value[0][0] if value[0][0] in "\"'" else ""
        pieces += [text[end : match.end()], f"{quote}{HIDDEN}{quote}"]
        end = value.end()
    return "".join([*pieces, text[end:]])


def _is_sentence(text: str, name: re.Match[str], value: re.Match[str] | None) -> bool:
    """Return whether the words around "authorization:" are those of a sentence."""
    before = text[max(0, name.start() - 30) : name.start()]
    if before.endswith(_LACKS) and value is not None and value[0].startswith(": "):
        return True
    return (
        value is not None
        and _BEFORE.search(before) is not None
        and _SENTENCE.match(value[0]) is not None
        and not any(looks_random(word) for word in _TOKEN.findall(value[0]))
    )


def _hide_user(match: re.Match[str]) -> str:
    return f"://{HIDDEN}"


def _hide_parameter(match: re.Match[str]) -> str:
    name = match[1][1:-1].lower()
    value = match[2]
    is_kept = name in _HARMLESS_PARAMETERS or value.startswith("$") or not value
    is_kept = is_kept or _PROBE_PATH.fullmatch(value) is not None
    return match[0] if is_kept else f"{match[1]}{HIDDEN}"


class Tokens:
    """Stand-ins for words that look random: keys, sessions, invitations in a path. A stand-in has
    the same length and kinds of characters as the word, so that patterns which matched still
    match."""

    def __init__(self) -> None:
        self.stand_ins: dict[str, str] = {}

    def hide(self, text: str) -> str:
        return _TOKEN.sub(self._stand_in, text)

    def _stand_in(self, match: re.Match[str]) -> str:
        token = match[0]
        if not looks_random(token):
            return token
        if token not in self.stand_ins:
            stand_in = _numbered_stand_in(token, len(self.stand_ins) // 2 + 1)
            # A stand-in maps to itself, so that masking twice changes nothing.
            self.stand_ins[token] = self.stand_ins[stand_in] = stand_in
        return self.stand_ins[token]


def looks_random(token: str) -> bool:
    """Return True if a person would not have written it: many changes between kinds of characters,
    or a long hexadecimal number."""
    if token.startswith(("diagnose-", "name")) or token.isdigit():
        return False
    if (
        _HEX.fullmatch(token)
        and any(c.isdigit() for c in token)
        and any(c.isalpha() for c in token)
    ):
        return True
    changes = len(_CLASS_CHANGE.findall(token))
    return changes >= 4 and any(c.isdigit() for c in token)


def _numbered_stand_in(token: str, number: int) -> str:
    digits = list(str(number))
    shape = []
    for character in reversed(token):
        if character.isdigit():
            shape.append(digits.pop() if digits else "0")
        elif character in "_-":
            shape.append(character)
        else:
            letter = "a" if character.lower() <= "f" else "x"
            shape.append(letter.upper() if character.isupper() else letter)
    return "".join(reversed(shape))


def path_without_secrets(path: str) -> str:
    """Return a path with the parameters of its query that are no secrets."""
    plain_path, mark, query = path.partition("?")
    if not mark:
        return path
    kept_parameters = [
        parameter
        for parameter in query.split("&")
        if not is_secret_name(parameter.partition("=")[0]) and hide_secrets(parameter) == parameter
    ]
    return f"{plain_path}?{'&'.join(kept_parameters)}" if kept_parameters else plain_path
