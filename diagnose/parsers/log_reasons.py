"""Why a request failed, in an application's own words: a setting that its log names, a file that it
may not use or does not find, another program that it does not reach. No I/O.

No program is listed: the sentences are those of many ("Hint: Set the X environment variable", "use
--allow-x=NAME", "add 'NAME' to X", "Permission denied: PATH", "ECONNREFUSED HOST:PORT").
"""

import re
from collections.abc import Iterator
from typing import Literal

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import UNSAFE, clean
from diagnose.parsers.whole_numbers import whole_number

#: Longest line, most lines of a log, longest text that is kept, and most reasons.
MAX_LINE, MAX_LINES, MAX_TEXT, MAX_REASONS = 2000, 600, 400, 4

#: "variable" is one of the environment, "option" an argument of the program, "list" a setting whose
#: place is not known; "denied" and "absent" are about a path, "unreached" about an address.
Kind = Literal["variable", "option", "list", "denied", "absent", "unreached"]


@frozen
class LogReason:
    """A line that says why. `name` is the setting and `value` what the line gives it; `path` is an
    absolute one; `host` and `port` are where nobody took the connection."""

    kind: Kind
    text: str
    name: str = ""
    value: str = ""
    path: str = ""
    host: str = ""
    port: int = 0


_COLOURS = lazy_pattern(r"\x1b\[[0-9;]{0,20}m")
#: A name as environments have it, beside the words "environment variable" or with a value to set.
_VARIABLE = lazy_pattern(
    r"(?:\b[Ee]nv(?:ironment)? var(?:iable)?s?:? [`'\"]?([A-Z][A-Z0-9]{0,30}_[A-Z0-9_]{1,50})\b"
    r"|\b([A-Z][A-Z0-9]{0,30}_[A-Z0-9_]{1,50})[`'\"]? (?:as an? )?[Ee]nv(?:ironment)? var"
    r"|\b(?:[Ss]et(?:ting)?|SET|export|define) (?:the )?[`'\"]?"
    r"([A-Z][A-Z0-9]{0,30}_[A-Z0-9_]{1,50})=([^\s`'\";,]{1,200}))"
)
_OPTION = lazy_pattern(
    r"\b(?:[Uu]se|[Pp]ass|[Ss]tart with|[Rr]un with|[Ss]et|[Ss]pecify|[Aa]dd|with|try) (?:the )?"
    r"(?:flag |option |argument )?[`'\"]?(--[a-z][a-z0-9-]{2,60})(?:[= ]([^\s`'\";,]{1,200}))?"
)
#: "You may need to add 'NAME' to X"; "NAME is not in the list of X", "X does not contain NAME".
_ADD = lazy_pattern(
    r"\badd(?:ing)?\b.{0,12}?(?P<host>[\w.:-]{1,253})[`'\"]? to (?:the |your )?[`'\"]?"
    r"(?P<name>[A-Za-z][\w.]{2,80})",
    re.IGNORECASE,
)
_NOT_IN_LIST = lazy_pattern(
    r"\b(?:is|are|was)(?: not|n't) (?:an? )?(?:in (?:the )?(?:list|allow)|allowed|trusted|permitted"
    r"|whitelisted|allowlisted|a? ?(?:known|valid|recogni[sz]ed) (?:host|domain|origin))"
    r"|\b(?:untrusted|disallowed|blocked|unrecogni[sz]ed|unknown) (?:host|domain|origin)\b"
    r"|\b(?:host|domain|origin) validation failed|\b(?:blocked|rejected|refus(?:ed|ing)) .{0,40}?"
    r"\b(?:host|origin|domain)\b",
    re.IGNORECASE,
)
_DENIED = lazy_pattern(
    r"\bEACCES\b(?:: permission denied)?|\bEPERM\b|Errno 13\b(?:\] Permission denied)?"
    r"|[Pp]ermission denied|AccessDeniedException|UnauthorizedAccessException: Access to the path"
    r"|not writ(?:e|a)able"
    r"|(?:[Cc]an(?:no|')t|[Uu]nable to|[Ff]ailed to|[Cc]ould not) create (?:the )?"
    r"(?:directory|folder)"
)
#: Where the path stands behind these words: "permission denied, open '/a'".
_FOLLOWS = re.compile(r"(?:,? \w{2,12})?(?: is denied)?:? ?['\"(]?/")
_SOURCE = re.compile(r"\.(?:py|rb|js|php|java|go)$")
_ABSENT = lazy_pattern(
    r"\bENOENT\b|Errno 2\]|No such file or directory|NoSuchFileException"
    r"|FileNotFoundException|Could not find a part of the path"
)
#: An absolute path, where a word may begin.
_PATH = lazy_pattern(
    r"(?:^|(?<=[\s'\"`(\[=:]))(?:(?<=')(/[^'\n]{1,300})(?=')|(?<=\")(/[^\"\n]{1,300})(?=\")"
    r"|(/[^\s'\"`()\[\]<>|;,:*?]{1,300}))"
)
_REFUSED = lazy_pattern(
    r"ECONNREFUSED (?P<a>[\w.\[\]:-]{1,253}):(?P<ap>\d{1,5})(?![\d:])"
    r"|dial tcp (?P<b>[\w.\[\]:-]{1,253}?):(?P<bp>\d{1,5}): connect(?:ex)?: connection refused"
    r"|connect(?:ion)? to (?:server at )?[`'\"]?(?P<c>[\w.-]{1,253})[`'\"]?"
    r"(?: \([\w.:]{2,60}\))?,? (?:on )?port (?P<cp>\d{1,5}) (?:failed: Connection refused|refused)"
    r"|(?:connecting|connect|connection) (?:to|for) [`'\"]?(?P<d>[\w.-]{1,253}):(?P<dp>\d{1,5})\b"
    r".{0,60}?(?i:refused)"
    r"|(?i:connection refused).{0,60}?[ /(](?P<e>[\w.-]{1,253}):(?P<ep>\d{1,5})\b"
    # asyncio, PyMySQL
    r"|Connect call failed \('(?P<f>[\w.:-]{1,253})', (?P<fp>\d{1,5})\b"
    r"|connect to MySQL server on '(?P<g>[\w.-]{1,253}):(?P<gp>\d{1,5})' \((?:111|\[Errno 111\])"
)
#: A connection that was refused, by a line without its address.
_NAMELESS = lazy_pattern(
    r"\bECONNREFUSED\b|\bErrno 111\b|\b(?:connection|connect)\b.{0,20}?\brefused\b"
    r"|\bactively refused\b|downstream server",
    re.IGNORECASE,
)
#: What the kernel keeps is no file of the program's own.
_NO_PATH = ("/proc/", "/dev/", "/sys/")


#: Calls and words that only read, and those that write: mkdir(2), rename(2), PHP's functions.
_READS = lazy_pattern(
    r"\b(?:scandir|opendir|readdir|readlink|readFile|file_get_contents|readfile|parse_ini_file"
    r"|include(?:_once)?|require(?:_once)?|(?:read|load)ing)\b"
    r"|\b(?:read|load) (?:the )?[\w. -]{0,40}?(?:file|key|certificate|config)"
    r"|(?:not|un)[ -]?readable|[Ff]ailed opening required"
    r"|(?:to|not|n't) (?:read|load|include)\b"
)
_WRITES = lazy_pattern(
    r"\b(?:mkdir|mkdtemp|rename|unlink|rmdir|symlink|copyfile|chmod|chown|utime|touch|truncate"
    r"|file_put_contents|move_uploaded_file|fwrite|writeFile|tempnam|(?:writ|sav|creat|delet|remov"
    r"|upload)(?:e|es|ing|able)|save)\b",
    re.IGNORECASE,
)


def denied_access(text: str) -> Literal["write", "read", "open"]:
    """Return what a program wanted of the path that it may not use; "open" if the line does not
    tell: open(2) is for both."""
    if _WRITES.search(text):
        return "write"
    return "read" if _READS.search(text) else "open"


def log_reasons(text: str, host: str) -> tuple[LogReason, ...]:
    """Return why requests for a host failed, the last line of each reason, a setting first. A line
    about a setting counts if it names the host: others are about other names, such as those with
    which this program asks."""
    reason_lines: dict[tuple[Kind, str, str, int], LogReason] = {}
    for raw in text.split("\n")[-MAX_LINES:]:
        line = _COLOURS.sub("", raw[:MAX_LINE]).strip()
        for reason in _reasons(line, host.lower()) if line else ():
            key = reason.kind, reason.name or reason.path, reason.host, reason.port
            reason_lines.pop(key, None)
            reason_lines[key] = reason
    order = ("variable", "option", "list", "denied", "unreached", "absent")
    # Of one line several sentences may be understood: the surest name of a setting counts.
    latest = [*reason_lines.values()][::-1]
    ordered = sorted(latest, key=lambda reason: order.index(reason.kind))
    texts, reasons = set[str](), list[LogReason]()
    for reason in ordered:
        if reason.text not in texts:
            texts.add(reason.text)
            reasons.append(reason)
    return tuple(reasons[:MAX_REASONS])


def nameless_refusal(text: str) -> LogReason | None:
    """Return the last line that says that a connection was refused, and names no address; None for
    none."""
    for raw in reversed(text.split("\n")[-MAX_LINES:]):
        line = _COLOURS.sub("", raw[:MAX_LINE]).strip()
        if _NAMELESS.search(line) and not _REFUSED.search(line):
            return LogReason("unreached", clean(line, MAX_TEXT))
    return None


def _reasons(line: str, host: str) -> Iterator[LogReason]:
    text = clean(line, MAX_TEXT)
    if host and re.search(rf"(?<![\w.-]){re.escape(host)}(?![\w-]|\.\w)", line.lower()):
        yield from _settings(line, text, host)
    if match := _DENIED.search(line):
        yield from (LogReason("denied", text, path=path) for path in _denied(line, match))
    elif _ABSENT.search(line):
        yield from (LogReason("absent", text, path=path) for path in _paths(line))
    if match := _REFUSED.search(line):
        at = next(name for name in "abcdefg" if match[name])
        port = whole_number(match[f"{at}p"])
        if port is not None and 0 < port < 65536:
            yield LogReason("unreached", text, host=match[at].strip("[]"), port=port)


def _settings(line: str, text: str, host: str) -> Iterator[LogReason]:
    is_refusal = bool(_NOT_IN_LIST.search(line))
    for match in _VARIABLE.finditer(line):
        name = match[1] or match[2] or match[3]
        value = match[4] or ""
        if is_refusal or host in value.lower():
            yield LogReason("variable", text, clean(name), _value(value, host))
    if option := _OPTION.search(line):
        value = option[2] or ""
        if is_refusal or host in value.lower():
            yield LogReason("option", text, clean(option[1]), _value(value, host))
    added = _ADD.search(line)
    if added and host in added["host"].lower():
        yield LogReason("list", text, clean(added["name"].rstrip(".")), host)
    elif is_refusal:
        yield LogReason("list", text, "", host)


def _value(value: str, host: str) -> str:
    """Return the value that the line gives, or the host."""
    return clean(value.rstrip(".)"), 200) if host in value.lower() else host


def _denied(line: str, match: re.Match[str]) -> list[str]:
    """Return the path that may not be used: it stands behind the words that say so, or else before
    them; the place in the program's source, and what follows of a stack, are others."""
    before, after = line[: match.start()], line[match.end() :]
    behind = [path for path in _all_paths(after) if not _SOURCE.search(path)][:1]
    if behind and _FOLLOWS.match(after):
        return behind
    own = [path for path in _all_paths(before) if not _SOURCE.search(path)][-1:]
    return own or behind or [*_paths(line)]


def _paths(line: str) -> Iterator[str]:
    """Yield the last absolute path of a line, which is mostly that of the file."""
    paths = _all_paths(line)
    named = [path for path in paths if not _SOURCE.search(path)]
    yield from (named or paths)[-1:]


def _all_paths(text: str) -> list[str]:
    """Return the absolute paths of files in a text, without those of the kernel."""
    paths = [(match[1] or match[2] or match[3]).rstrip("./") for match in _PATH.finditer(text)]
    return [
        path
        for path in paths
        if path.count("/") > 1 and not path.startswith(_NO_PATH) and not UNSAFE.search(path)
    ]
