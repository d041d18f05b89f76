"""Read what an error message, or a person's question, says is wrong. No I/O."""

import re
from collections.abc import Mapping
from dataclasses import replace

from diagnose.model.applications import Topic
from diagnose.model.symptom import Symptom, SymptomKind
from diagnose.parsers.clauses import (
    contrast,
    failing_part,
    failing_site,
    is_foreign,
    works_elsewhere,
)
from diagnose.parsers.complaints import says_page_is_missing, says_password_is_asked_again
from diagnose.parsers.cut_connections import says_connection_is_cut, says_idle_connection_is_cut
from diagnose.parsers.denied_faults import without_denied
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.pasted_text import MAX_LENGTH, condensed
from diagnose.parsers.sanitize import clean
from diagnose.parsers.secrets import hide_secrets
from diagnose.parsers.solved_words import is_solved
from diagnose.parsers.store_messages import unreached_store
from diagnose.parsers.symptom_patterns import SYMPTOM_PATTERNS
from diagnose.parsers.told_now import told_now
from diagnose.parsers.usual_spelling import usual_spelling
from diagnose.parsers.visible_faults import visible_fault

#: Longest text of a symptom that is shown, in characters.
_MAX_SHOWN = 120

#: A URL's host and path are no words of a message. A challenge's path is (RFC 8555 section 8.3).
_URL = re.compile(
    r"(?<![A-Za-z0-9])(https?|wss?)://(?![^\s\"']{0,300}acme-challenge)"
    r"[^\s\"'<>`，。；！？、（）【】“”「」\u3400-\u9fff]+",
    re.IGNORECASE,
)

#: A program by the address and the port of the machine: who says that it works there compares it.
_PROGRAM_ADDRESS = lazy_pattern(
    r"(?i)\bhttps?://(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]{2,45}\])"
    r":(?!(?:80|443)(?!\d))(\d{2,5})(?![\w.-])/?(?=[\s,;，。)]|$)"
)

#: The scheme and the host of a URL.
_HOST = lazy_pattern(r"(?i)\b(https?)://([^\s/:?#\"'<>，。；、\u3400-\u9fff]{1,253})")

#: A host's name is no word of a message either ("slow.example.com").
_NAME = re.compile(
    r"(?<![A-Za-z0-9.-])(www\.)?(?!socket\.io\b|acme\.sh\b|req(?:uest)?\.body\b)(?:[A-Za-z0-9-]{1,63}\.){1,10}"
    r"(?!(?:html?|php|jsp?|css|conf|mp4|json|txt|service)\b)[A-Za-z]{2,24}(?![A-Za-z0-9-])",
    re.ASCII,
)

#: A letter of Chinese is no letter of a word beside it ("显示disconnected"): ASCII.
_COMPILED = tuple(
    (kind, re.compile(pattern, re.IGNORECASE | re.ASCII)) for kind, pattern in SYMPTOM_PATTERNS
)

#: The words in which a message names a status.
_STATUS = [pattern for kind, pattern in _COMPILED if kind == "status"][-1]

#: Kinds of which somebody's own words may say more, and what they may be: anything if () is given.
_VAGUE: Mapping[SymptomKind, tuple[SymptomKind, ...]] = {
    "unusable": (),
    "not-connected": (),
    "cached": ("certificate-outdated",),
    "sometimes": ("mixed-content",),
}

#: A redirect that lacks the port leads to another site: its status is that site's.
_LOST_PORT = lazy_pattern(
    r"端口.{0,4}?(?:丢|没了|不见)|(?:loses?|lost|drops?) (?:the |its )?port\b", re.IGNORECASE
)

#: Kinds that a WebSocket which ends after a time is told as, too.
_MAY_BE_CUT = frozenset({"closed", "reset", "websocket", "unusable", "stream"})
_NAMES_WEBSOCKET = lazy_pattern(
    r"(?i)(?<![A-Za-z])wss?(?![A-Za-z])|web ?sockets?|socket\.io|signalr|\bmqtt|长连接"
    # What lives on one: the page says no more than that it was disconnected
    r"|(?<![a-z])(?:shiny|streamlit|gradio|blazor|live ?view|jupyter\w{0,4}|no ?vnc"
    r"|guacamole|code-server|livewire|reverb)(?![a-z])"
)

#: Kinds of which a contrast says more: from which side the site fails for some, or at all.
_MAY_BE_CONTRAST = frozenset({"unusable", "some-visitors"})

#: What Chrome's message of mixed content says before the address that it blocked, far behind its
#: beginning.
_BLOCKED = "insecure "

#: Kinds that say less than the status of a server's error: of a timeout, a proxy waited and not
#: the visitor; the old version that was updated is no old page.
_BESIDE_A_STATUS = frozenset({"timeout", "cached"})
_ONLY_STATUS: tuple[SymptomKind, ...] = ("status",)
#: The status that an authority got for the file of a challenge is not that of a page.
_ONLY_CHALLENGE: tuple[SymptomKind, ...] = ("acme",)
#: What names the file of a challenge beside a status, whatever program and site it names.
_CHALLENGE = lazy_pattern(
    r"(?i)acme-challenge|(?<![a-z])(?:acme|certbot|let'?s ?encrypt)(?![a-z]).{0,60}?"
    r"(?:(?<![a-z])challenge|挑战|质询)|(?<![a-z])challenges?(?![a-z]).{0,60}?"
    r"(?<![a-z])(?:acme|certbot|let'?s ?encrypt)(?![a-z])"
)

#: Kinds of which the message of an application may say more.
_SAY_LITTLE = frozenset({"unusable", "not-connected"})
#: Kinds of what is wrong now that may be told by what was before.
_SAY_NO_MORE = frozenset({"unusable", "not-connected", "other", "sometimes", "some-visitors"})
#: Kinds beside which words may say that a page is missing.
_MAY_BE_MISSING = frozenset({"unusable", "not-connected", "cookie", "websocket"})
#: nginx's question to a login service (ngx_http_auth_request_module): visitors get 500, whatever
#: the service answered. So do those of a script that PHP could not run (main/main.c).
_IS_500 = re.compile(
    r"auth request unexpected status: [1-5]\d\d|PHP (?:Fatal|Parse|Recoverable fatal) error: "
    r"|(?<!\w)Fatal error: Uncaught ",
    re.IGNORECASE,
)
#: A file of a server: its folders are no words of a message ("/var/www/public").
_FILE = lazy_pattern(
    # A unit of systemd: its name is no word ("shop-login.service"), but for that of a web server.
    r"(?<![\w.:/@-])(?!(?:nginx|httpd|apache2?|caddy|haproxy|traefik)\.)[\w.@-]{1,80}\.service\b|"
    r"(?<![\w.:/])/(?:var|etc|usr|srv|opt|home|root|app|data|mnt|www|run|tmp)/[\w.@+-]{1,80}"
    r"(?:/[\w.@+-]{1,80}){0,16}"
)

#: How a line of a program begins: a time, a level, a class, the fields of a log. Nobody compares in
#: it what works and what does not.
_OF_PROGRAM = lazy_pattern(
    r"\W{0,4}(?:\d{4}[-/]\d\d[-/]\d\d[T ]|\d\d:\d\d:\d\d\b"
    r"|[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d"
    r"|[A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}\d{1,2} \d\d:|[IWEF]\d{4} \d\d:|time=|level=|\{\"|ts=\d"
    r"|(?:ERROR|WARN(?:ING)?|INFO|DEBUG|CRITICAL|FATAL|SEVERE)\b[\s:\]|]"
    r"|(?:\w{1,40}(?:\.|::|\\)){1,8}[A-Z]\w{0,60}(?:Error|Exception)\b"
    r"|[A-Z]\w{2,60}(?:Error|Exception): "
    r"|error:[0-9A-F]{8}:|http: |remote error: |curl: \(|wget: |Traceback |Caused by: |panic: "
    r"|Uncaught )"
)

#: Words that people write in sentences, and programs seldom in lines.
_IS_SENTENCE = lazy_pattern(
    r"(?i)\b(?:i|my|we|our|it|its|is|are|was|when|after|but|and|any|all|some|every|since|now|still"
    r"|keeps?|if)\b"
    r"|[\u3400-\u9fff]"
)

#: Words of a part of a program, of which the site as a whole says nothing: what is served, and is
#: not what a program expects.
_SAYS_MORE = lazy_pattern(
    r"(?i)\breturns? (?:the |an? )?(?:html|xml|json|wrong|empty)"
    r"|\b(?:federation|(?:web|cal|card)-?dav)\b"
)
#: What an application's message is, by what its file says that it means.
_BY_TOPIC: dict[Topic, SymptomKind] = {
    "websocket": "websocket",
    "upload": "body-size",
    "allowed_origin": "csrf",
}


def symptom_of(text: str, *, of_websocket: bool = False) -> Symptom | None:
    """Return what a message, or somebody's own words, say is wrong; None if nothing of it is
    known. `of_websocket`: a WebSocket is what the words are about, whether they say so or not."""
    line = clean(condensed(text), MAX_LENGTH)
    if is_solved(line):
        return None
    now = told_now(line)
    if now and (fault := _fault_of(now, now, of_websocket)) and fault.kind not in _SAY_NO_MORE:
        return replace(fault, text=hide_secrets(line))
    left = without_denied(line)
    if left and (fault := _fault_of(left, left, of_websocket)):
        return replace(fault, text=hide_secrets(line))
    return _fault_of(text, line, of_websocket)


def _fault_of(text: str, line: str, of_websocket: bool) -> Symptom | None:
    symptom = _symptom_of(text, line, of_websocket)
    is_status = symptom is not None and symptom.kind == "status"
    if is_status and (file := _CHALLENGE.search(_URL.sub(" ", line))):
        return _symptom("acme-response", line, file[0])
    if symptom is not None and symptom.kind not in {"unusable", "websocket"}:
        return symptom
    # Imported late: what is understood so far needs no other language.
    from diagnose.parsers.foreign_words import cut_websocket, foreign_fault
    from diagnose.parsers.hidden_files import named_hidden_file
    from diagnose.parsers.reported_sizes import oversized_upload

    if symptom is not None and symptom.kind == "websocket":
        cut = cut_websocket(_NAME.sub(" ", _URL.sub(" ", line)))
        return _symptom("websocket-closed", line, cut) if cut else symptom
    if size := oversized_upload(line):
        return _symptom("upload", line, size)
    if path := named_hidden_file(line):
        return _symptom("hidden-file", line, path.lstrip("/"))
    fault = foreign_fault(_NAME.sub(" ", _URL.sub(_plain_mark, line)))
    if fault is None or fault.kind in _SAY_LITTLE:
        from diagnose.parsers.foreign_contrasts import foreign_contrast
        from diagnose.parsers.mobile_networks import works_over_mobile

        fault = foreign_contrast(line) or works_over_mobile(line) or fault
    if fault:
        return _symptom(fault.kind, line, fault.words, fault.number)
    if symptom is None and not _OF_PROGRAM.match(line) and _IS_SENTENCE.search(line):
        words = _FILE.sub("…", _NAME.sub("…", _URL.sub("…", usual_spelling(line))))
        if site := failing_site(words):
            return _symptom(site.kind, line, site.words)
    return None if symptom and _SAYS_MORE.search(line) else symptom


def _plain_mark(url: re.Match[str]) -> str:
    """Return what stands for an address in words of other languages: one with http is told from
    the others."""
    return "http://x" if url[1].lower() == "http" else " "


def _symptom_of(text: str, line: str, of_websocket: bool) -> Symptom | None:
    symptom = message_symptom(text)
    usual = _PROGRAM_ADDRESS.sub(r"port \1", usual_spelling(line))
    words = _FILE.sub("…", _NAME.sub(r"\1…", _URL.sub(r"\1://…", usual)))
    if symptom is None or symptom.kind in _MAY_BE_CUT:
        cut = says_connection_is_cut(words)
        is_named = of_websocket or _NAMES_WEBSOCKET.search(words)
        if cut and (is_named or says_idle_connection_is_cut(words)):
            return _symptom("websocket-closed", line, cut)
        seen = _seen_fault(symptom, line, words)
        if cut and seen and seen.kind == "websocket":
            return _symptom("websocket-closed", line, cut)
        return seen
    return _seen_fault(symptom, line, words)


def _seen_fault(symptom: Symptom | None, line: str, words: str) -> Symptom | None:
    """Return the symptom, or what a visitor sees, where the words tell that and no more is known
    of them than the symptom says."""
    kinds: tuple[SymptomKind, ...] | None = _VAGUE.get(symptom.kind) if symptom else ()
    if _LOST_PORT.search(words) and (symptom is None or symptom.kind == "status"):
        kinds = ("wrong-address",)
    if symptom is not None and symptom.kind == "status" and (symptom.number or 0) < 500:
        kinds = kinds or _ONLY_CHALLENGE
    if kinds is None:
        return symptom
    if not kinds and is_foreign(words):
        return None
    fault = visible_fault(words, kinds)
    is_told = not _OF_PROGRAM.match(line)
    if not kinds and (fault is None or fault.kind in _MAY_BE_CONTRAST):
        # A program that did not connect says nothing of a part, and names https for its address.
        is_read = (fault is None or fault.kind == "unusable") and (
            symptom is None or symptom.kind == "unusable"
        )
        part = failing_part(words)
        # "无法连接终端": what does not connect is a WebSocket.
        if part and not is_read and not (fault is None and part.kind == "websocket"):
            part = None
        reading = part or (contrast(words, is_alone=is_read) if is_told else None)
        if is_told and reading is None and len({match[2] for match in _HOST.finditer(line)}) == 1:
            # The schemes alone differ: "http://… works, https://… does not".
            reading = contrast(words.replace("://…", " "), is_alone=False)
        if reading:
            return _symptom(reading.kind, line, reading.words)
    if is_told and fault is None and symptom is None and (reading := works_elsewhere(words)):
        return _symptom(reading.kind, line, reading.words)
    return _symptom(fault.kind, line, fault.words, fault.number) if fault else symptom


def message_symptom(text: str) -> Symptom | None:
    """Return what the message of a program, or a complaint of a kind of its own, says is wrong;
    None if it is neither."""
    line = clean(condensed(text), MAX_LENGTH)
    words = _URL.sub(r"\1://…", usual_spelling(line))
    if failed := _IS_500.search(words):
        return _symptom("status", line, failed[0], 500)
    if store := unreached_store(words):
        return _symptom("outgoing", line, store)
    for kind, pattern in _COMPILED:
        if match := pattern.search(words):
            if kind in _BESIDE_A_STATUS and (status := _server_error(line, words)):
                return status
            vague = _application_symptom(line) if kind in _SAY_LITTLE else None
            if kind in _MAY_BE_MISSING:
                vague = vague or _status(line, words)
            shown = _BLOCKED if kind == "mixed-content" and _BLOCKED in line else match[0]
            return vague or _symptom(kind, line, shown, _number(pattern, words))
    return _application_symptom(line) or _status(line, words)


def _server_error(line: str, words: str) -> Symptom | None:
    """Return the status of a server's error that a message names besides something vaguer."""
    if match := _STATUS.search(words):
        number = _number(_STATUS, words)
        return _symptom("status", line, match[0], number) if (number or 0) >= 500 else None
    fault = visible_fault(words, _ONLY_STATUS)
    if fault is None or (fault.number or 0) < 500:
        return None
    return _symptom("status", line, fault.words, fault.number)


def _status(line: str, words: str) -> Symptom | None:
    """Return the status of a page that is said to be missing, or to ask for a password again and
    again, in words without it."""
    if complaint := says_password_is_asked_again(words):
        return _symptom("status", line, complaint, 401)
    complaint = says_page_is_missing(words)
    return _symptom("status", line, complaint, 404) if complaint else None


def _application_symptom(line: str) -> Symptom | None:
    """Return what the message of a known application says is wrong; None if it is none."""
    from diagnose.parsers.applications import message_of

    message = message_of(line)
    if message is None:
        return None
    return _symptom(_BY_TOPIC.get(message.means, "application"), line, message.text)


def other_symptom(text: str) -> Symptom:
    """Return the symptom of words of which nothing is known, to be shown as they are."""
    line = hide_secrets(clean(condensed(text), MAX_LENGTH))
    if len(line) <= _MAX_SHOWN:
        return Symptom("other", line)
    return Symptom("other", line, excerpt=f"{line[:_MAX_SHOWN]}…")


def _number(pattern: re.Pattern[str], words: str) -> int | None:
    """Return the first number in a message: other words may say the same before it."""
    if not pattern.groups:
        return None
    groups = (group for match in pattern.finditer(words) for group in match.groups())
    number = next(filter(None, groups), None)
    return None if number is None else int(number)


def _symptom(kind: SymptomKind, line: str, recognized: str, number: int | None = None) -> Symptom:
    """Return a symptom whose text is the message without its secrets; of a long one the part around
    what was recognized is shown."""
    hidden = hide_secrets(line)
    if len(hidden) <= _MAX_SHOWN:
        return Symptom(kind, hidden, number)
    lower = hidden.lower()
    # Words that were typed in another way are found by their beginning.
    places = (lower.find(recognized[:length].lower()) for length in (40, 12))
    start = next((place for place in places if place >= 0), 0)
    start = max(min(start - 20, len(hidden) - _MAX_SHOWN), 0)
    start, stop = _whole_addresses(hidden, start, start + _MAX_SHOWN)
    shown = f"{'…' if start else ''}{hidden[start:stop]}{'…' if stop < len(hidden) else ''}"
    return Symptom(kind, hidden, number, shown)


def _whole_addresses(text: str, start: int, stop: int) -> tuple[int, int]:
    """Return where to cut a text, in place of `start` and `stop`: before and behind an address
    that would be cut in two, unless it is too long."""
    for match in _URL.finditer(text, max(start - _MAX_SHOWN, 0), stop + _MAX_SHOWN):
        first, end = match.span()
        if first < start < end:
            start = first
        if first < stop < end < stop + _MAX_SHOWN:
            stop = end
    return start, stop
