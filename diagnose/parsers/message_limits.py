"""The largest message that a WebSocket library takes, in the script of the program that uses it: a
larger one ends the connection with code 1009 (RFC 6455 section 7.4.1). No I/O.

Sources of the names and defaults, in bytes: websockets (Python) "serve", ws "WebSocketServer",
Socket.IO "Server options", python-socketio "AsyncServer", aiohttp "WebSocketResponse", Tornado
"websocket_max_message_size", uvicorn "Settings", WebSocket-Node "WebSocketServer".
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from diagnose.model.frozen import frozen
from diagnose.model.symptom import Symptom
from diagnose.parsers.header_sizes import SizeLine
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.quoted_secrets import hide_values

#: Scripts of these names are read.
SCRIPTS = (".js", ".mjs", ".cjs", ".ts", ".py")
#: The close code for a message that is too large.
MESSAGE_TOO_BIG = 1009
#: Bytes. A limit as large as this one is hardly the cause, and is what is proposed.
WIDE = 16 << 20
_MAX_LINES, _MAX_LINE, _MAX_CALL, _MAX_CALLS = 4000, 400, 20, 8
#: A comment, or the line that defines what has the call's name.
_NO_CALL = re.compile(r"\s{0,80}(?://|#|\*|/\*|(?:async\s{1,4})?def\s|class\s)")
_TOLD = lazy_pattern(
    r"(?i)message (?:is )?too big|max payload size exceeded|\bPayloadTooBig\b"
    r"|frame (?:size )?exceeds (?:size )?limit|read limit exceeded"
    # aiohttp, Jetty, Netty, Tomcat, Go, SignalR
    r"|message size \d{1,12} exceeds limit|\bMessageTooLarge|\b(?:text|binary) message too large"
    r"|max(?:imum)? frame length of \d{1,12} has been exceeded|read limited at \d{1,12} bytes"
    r"|decoded (?:text|binary) message was too big|maximum message size of \d{1,12}B was exceeded"
)


#: Words of somebody whose WebSocket ends with a picture, a file or a message that is large.
_LARGE = lazy_pattern(
    r"(?i)\b(?:large|larger|big|bigger|huge)\b (?:\w{1,12} )?"
    r"(?:messages?|payloads?|files?|images?|pictures?|photos?|frames?|attachments?|screenshots?)\b"
    r"|\bmessages? (?:is |are )?(?:larger|bigger|more) than\b"
    r"|\b(?:send|sends|sending|sent|paste|pastes|pasting|pasted|attach|attaches|attaching|drop"
    r"|share|shares|sharing) (?:\w{1,12} ){0,2}(?:images?|pictures?|photos?|screenshots?|files?)\b"
    r"|(?:发送?|粘贴|上传|贴)(?:了|一张|一个|较?大的?)?(?:图片?|照片|截图|文件)"
    r"|大(?:图片?|照片|文件|消息|数据包)|消息(?:太|过)大"
    r"|\bgro(?:ß|ss)e[nrs]? (?:Datei|Bild|Nachricht|Foto)"
    r"|\b(?:Foto|Bild)(?:er|s|es)? (?:send|schick|einfüg)"
    r"|\bgros(?:se)?s? (?:image|fichier|message|photo)|\benvo\w{1,6} une (?:image|photo)"
    r"|\b(?:imagen|archivo|mensaje|foto|imagem|arquivo|mensagem)(?:es|s)? (?:muy |muito )?grande"
    r"|\benvi\w{1,4} (?:una? |uma )(?:imagen|imagem|foto)"
    r"|больш\w{1,4} (?:сообщени|файл|картин|фото|изображени)"
    r"|отправ\w{1,6} (?:картинк|фото|изображени)"
    r"|大き[いな](?:画像|ファイル|メッセージ|写真|データ)|(?:画像|写真)を(?:送|貼)"
)
#: The same of what may be larger than a picture.
_BULK = lazy_pattern(
    r"(?i)\b(?:large|larger|big|bigger|huge)\b (?:\w{1,12} )?"
    r"(?:results?|outputs?|responses?|answers?|data|data ?sets?|batch(?:es)?|models?|videos?"
    r"|exports?|canvas|documents?|tables?|queries|query)\b"
    r"|大(?:结果|数据|视频|模型|表)|(?:结果|数据)(?:量)?(?:太|过|很|较)大"
    r"|\bgro(?:ß|ss)e[nrs]? (?:Ergebnis|Daten|Antwort|Ausgabe|Video)"
    r"|\bgros(?:se)?s? (?:résultat|donnée|réponse|vidéo)"
    r"|\b(?:resultado|respuesta|resposta|dato|dado|v[ií]deo)s? (?:muy |muito )?grande"
    r"|больш\w{1,4} (?:результат|ответ|данн|видео)|大き[いな](?:結果|応答|動画)"
)
#: The same of a text, which is much smaller than a picture.
_LONG = lazy_pattern(
    r"(?i)\blong(?:er)? (?:\w{1,12} )?(?:texts?|messages?|prompts?)\b|长(?:文本|消息|文字)"
    r"|\blange[nrs]? (?:Text|Nachricht)|\b(?:longs?|largos?) (?:textes?|messages?)\b"
    r"|\b(?:texto|mensaje)s? (?:muy )?largo"
)
_ENDS = lazy_pattern(
    r"(?i)disconnect|\bclos(?:e|es|ed|ing)\b|\bdrop(?:s|ped)?\b|\bdies\b|\bdied\b|reconnect"
    r"|\bends\b|\bkill(?:s|ed)\b|\bcrash|\bgone\b|\blost\b|\bcut\b|断开|断了|断线|关闭"
)
#: What has another cause: a time, or a large message that passes.
_OTHER = lazy_pattern(
    r"(?i)\b(?:after|every) (?:about |around |exactly )?\d{1,4} ?"
    r"(?:s|sec|m|min|h)(?:onds?|utes?|ours?)?\b"
    r"|\bidle\b|\b(?:even|also) (?:without|when (?:I|we) (?:don|do not))"
    r"|(?<!small )(?<!smaller )(?<!short )(?<!tiny )"
    r"\b(?:images?|pictures?|photos?|files?|messages?) (?:work|pass|arrive|are fine)"
    r"|\b(?:not|never) (?:\w{1,10} ){0,4}(?:large|big)\b|\d ?(?:秒|分钟)"
)
#: Bytes of what a program makes, of a picture of a telephone, and of a text that is long for a
#: person.
_DATA, _PICTURE, _TEXT = 8 << 20, 2 << 20, 64 << 10


def tells_of_message_size(symptom: Symptom | None) -> bool:
    """Return whether a message says that a WebSocket ended because a message was too large."""
    if symptom is None or not symptom.kind.startswith("websocket"):
        return False
    return symptom.number == MESSAGE_TOO_BIG or _TOLD.search(symptom.text) is not None


def suspected_limit(symptom: Symptom | None) -> int:
    """Return the bytes below which a limit may have ended the WebSocket of which a person writes, 0
    if nothing tells of a large message. A picture is smaller than what a library may refuse, and a
    text smaller still."""
    if tells_of_message_size(symptom):
        return WIDE
    if symptom is None or not symptom.kind.startswith("websocket") or symptom.number:
        return 0
    text = symptom.text
    if symptom.kind != "websocket-closed" and not _ENDS.search(text):
        return 0
    if _OTHER.search(text):
        return 0
    sizes = ((_BULK, _DATA), (_LARGE, _PICTURE), (_LONG, _TEXT))
    return next((size for pattern, size in sizes if pattern.search(text)), 0)


@frozen
class _Library:
    """`imports` is the pattern of the line that loads it, `call` that of the call with the option
    `key`, up to where the option's object may begin; `default` are the bytes without it. Where
    `is_common` is True, other calls have an option of this name too. What `others` matches gives
    the call's name another meaning. `client` is the pattern of the call by which a relay connects
    to the program behind it: that end has the same option."""

    imports: str
    call: str
    key: str
    default: int
    is_common: bool = False
    others: str = r"(?!)"
    client: str = ""


_PYTHON = (
    _Library(
        r"(?m)^\s{0,8}(?:import websockets\b|from websockets\b)",
        r"(?<![\w.])(?:websockets\.(?:\w{1,20}\.){0,3})?serve\(",
        "max_size",
        1 << 20,
        is_common=True,
        client=r"(?<![\w.])(?:websockets\.(?:\w{1,20}\.){0,3})connect\(",
        others=r"(?m)^\s{0,8}from (?!websockets\b)[\w.]{1,80} import [^\n]{0,200}\bserve\b",
    ),
    _Library(
        r"(?m)^\s{0,8}import socketio\b",
        r"(?<![\w.])socketio\.(?:Async)?Server\(",
        "max_http_buffer_size",
        1_000_000,
    ),
    _Library(
        r"(?m)^\s{0,8}(?:from flask_socketio import|import flask_socketio)\b",
        r"(?<!\w)SocketIO\(",
        "max_http_buffer_size",
        1_000_000,
    ),
    _Library(
        r"(?m)^\s{0,8}(?:from aiohttp\b|import aiohttp\b)",
        r"(?<!\w)WebSocketResponse\(",
        "max_msg_size",
        4 << 20,
        is_common=True,
        client=r"(?<!\w)ws_connect\(",
    ),
    _Library(
        r"(?m)^\s{0,8}(?:from tornado\b|import tornado\b)",
        r"(?<!\w)Application\(",
        "websocket_max_message_size",
        10 << 20,
    ),
    _Library(r"(?m)^\s{0,8}import uvicorn\b", r"(?<!\w)uvicorn\.run\(", "ws_max_size", WIDE),
)
_NODE = (
    _Library(
        r"(?:require\(\s?|from\s{1,4})[\"'`]socket\.io[\"'`]",
        r"(?:new (?:socketio\.|io\.)?Server|require\([\"'`]socket\.io[\"'`]\)"
        r"|(?<![\w.])socketio)\(",
        "maxHttpBufferSize",
        1_000_000,
        others=r"\bServer\b[^\n;]{0,200}[\"'`](?:node:)?(?:https?|net|tls)[\"'`]",
    ),
    _Library(
        r"(?:require\(\s?|from\s{1,4})[\"'`]ws[\"'`]",
        r"new (?:WebSocket\.|ws\.|WS\.)?(?:WebSocket)?Server\(",
        "maxPayload",
        100 << 20,
    ),
    _Library(
        r"(?:require\(\s?|from\s{1,4})[\"'`]websocket[\"'`]",
        r"new (?:\w{1,20}\.)?(?:WebSocketServer|server)\(",
        "maxReceivedMessageSize",
        1 << 20,
    ),
)
_NUMBER = re.compile(r"(?:0x[0-9a-fA-F][0-9a-fA-F_]{0,9}|\d[\d_]{0,14}(?:\.\d{1,3})?(?:e\d{1,2})?)")
_VALUE = r"(?P<value>\d[\d_ .xa-fA-F*<]{0,40})(?=\s{0,8}(?:[,)}#;]|//|$))"
_NAME = re.compile(r"([A-Za-z_$][\w$]{0,60})(?=\s{0,8}(?:[,)}#;]|//|$))")
_SOLE = re.compile(r"\s{0,4}[\w.]{1,60}\s{0,4}(?=\))")


def message_limits(text: str, name: str, below: int = WIDE) -> tuple[SizeLine, ...]:
    """Return the line of a script that limits the messages of its WebSockets to less than so many
    bytes, with a wide limit in it; () if there is none, or several, or if it has a secret. Of a
    relay also the line by which it connects to the program behind it. `name` is the script's."""
    lines = text.split("\n")
    if len(lines) > _MAX_LINES or not name.endswith(SCRIPTS):
        return ()
    is_python = name.endswith(".py")
    libraries = _PYTHON if is_python else _NODE
    code = [
        "" if len(line) > _MAX_LINE or _NO_CALL.match(line) else line.rstrip("\r") for line in lines
    ]
    for library in libraries:
        if re.search(library.imports, text):
            if re.search(library.others, text):
                return ()
            ends = [library, replace(library, call=library.client)] if library.client else [library]
            called = "\n".join(code)
            is_relay = len(ends) > 1 and all(re.search(end.call, called) for end in ends)
            limits = list[SizeLine]()
            for end in ends if is_relay else ends[:1]:
                own = list(islice(_limits(code, end, is_python, below), 2))
                # A line may be shown as it is.
                if len(own) > 1 or any(
                    each.line not in lines or hide_values(each.line) != each.line for each in own
                ):
                    return ()
                limits += own
            return tuple(limits) if len({limit.number for limit in limits}) == len(limits) else ()
    return ()


def _limits(code: list[str], library: _Library, is_python: bool, below: int) -> Iterator[SizeLine]:
    mark = "=" if is_python else ":"
    written = re.compile(rf"(?<![\w.]){library.key}[\"'`]?\s{{0,4}}{mark}\s{{0,4}}(?:{_VALUE})?")
    wide = "16 * 2 ** 20" if is_python else "16 * 1024 * 1024"
    is_set = False
    own = _lines_of_calls(code, library) if library.is_common else range(1, len(code) + 1)
    for number in own:
        line = code[number - 1]
        if match := written.search(line):
            is_set = True
            limit = _product(match["value"] or "")
            if match["value"] is None:
                yield from _constant(code, line[match.end() :], library.key, wide, below)
            # Zero is no limit for ws and aiohttp.
            if limit and limit < below:
                end = match.start("value") + len(match["value"].rstrip())
                new = f"{line[: match.start('value')]}{wide}{line[end:]}"
                yield SizeLine(library.key, number, line, new)
        elif library.key in line:
            # A shorthand, or a value that is made elsewhere.
            is_set = True
    if is_set or library.default >= below:
        return
    for number, line in enumerate(code, 1):
        if match := re.search(library.call, line):
            add = _with_keyword if is_python else _with_option
            if changed := add(code, number, match.end(), f"{library.key}{mark} {wide}"):
                yield SizeLine(library.key, *changed)


def _lines_of_calls(code: list[str], library: _Library) -> list[int]:
    """Return the numbers of the lines of the library's calls."""
    calls = (
        (number, match.end())
        for number, line in enumerate(code, 1)
        if (match := re.search(library.call, line))
    )
    numbers: dict[int, None] = {}
    for number, place in islice(calls, _MAX_CALLS):
        end = _end_of_call(code, number, place)
        numbers |= dict.fromkeys(range(number, (end[0] + 1 if end else number) + 1))
    return list(numbers)


def _constant(code: list[str], rest: str, key: str, wide: str, below: int) -> Iterator[SizeLine]:
    """Yield the line that sets the constant by whose name the limit is given, if it is the only one
    and nothing else can set it."""
    name = _NAME.match(rest)
    if name is None:
        return
    written = re.compile(
        rf"\s{{0,8}}(?:export )?(?:(?:const|let|var) )?{re.escape(name[1])}\s{{0,4}}=\s{{0,4}}"
        rf"(?:{_VALUE})?"
    )
    lines = [(number, line, written.match(line)) for number, line in enumerate(code, 1)]
    settings = [(number, line, match) for number, line, match in lines if match]
    if len(settings) != 1:
        return
    number, line, match = settings[0]
    limit = _product(match["value"] or "")
    if limit and limit < below:
        end = match.start("value") + len(match["value"].rstrip())
        new = f"{line[: match.start('value')]}{wide}{line[end:]}"
        yield SizeLine(key, number, line, new)


def _product(text: str) -> int | None:
    """Return the value of a number, or of a product of numbers and powers; None for any other."""
    text = text.replace(" ", "").strip("()")
    shifted = text.split("<<")
    factors = re.split(r"\*(?!\*)(?<!\*\*)", shifted[0]) if shifted[0] else []
    product = 1
    for factor in factors:
        base, _, power = factor.partition("**")
        values = [_number(base), _number(power) if power else 1]
        if values[0] is None or values[1] is None or values[1] > 40:
            return None
        product *= values[0] ** values[1]
    shift = _number(shifted[1]) if len(shifted) == 2 else 0
    if not factors or len(shifted) > 2 or shift is None or shift > 40:
        return None
    return product << shift


def _number(text: str) -> int | None:
    if not _NUMBER.fullmatch(text):
        return None
    plain = text.replace("_", "")
    return int(plain, 16) if plain.startswith("0x") else int(float(plain))


def _with_option(
    code: list[str], number: int, end: int, option: str
) -> tuple[int, str, str] | None:
    """Return a line of a call of Node.js with an option more: in its object, or in one that is
    added behind its only argument."""
    line = code[number - 1]
    head, rest = line[:end], line[end:]
    opened = re.match(r"\s{0,4}(?:[\w.]{1,60}\s{0,4},\s{0,4})?\{", rest)
    if opened is not None:
        behind = rest[opened.end() :]
        comma = "" if not behind.strip(" ") and number == len(code) else ","
        if behind.strip().startswith("}"):
            comma = " "
        return number, line, f"{head}{opened[0]} {option}{comma}{behind}"
    sole = _SOLE.match(rest)
    if sole is None:
        return None
    return number, line, f"{head}{sole[0]}, {{ {option} }}{rest[sole.end() :]}"


def _with_keyword(
    code: list[str], number: int, end: int, option: str
) -> tuple[int, str, str] | None:
    """Return the last line of a call of Python's arguments, with one more by its name."""
    closed = _end_of_call(code, number, end)
    return _before(code, number, end, *closed, option.replace("= ", "=", 1)) if closed else None


def _end_of_call(code: list[str], number: int, end: int) -> tuple[int, int] | None:
    """Return the line (from 0) and the place of the parenthesis that closes a call of Python, whose
    arguments begin at `end` of line `number` (from 1)."""
    depth, quote, start = 1, "", end
    for at in range(number - 1, min(number - 1 + _MAX_CALL, len(code))):
        for place in range(start, len(code[at])):
            letter = code[at][place]
            if quote:
                quote = "" if letter == quote else quote
            elif letter in "\"'":
                quote = letter
            elif letter == "#":
                break
            elif letter in "([{":
                depth += 1
            elif letter in ")]}":
                depth -= 1
                if not depth:
                    return at, place
        if quote:
            return None
        start = 0
    return None


def _before(
    code: list[str], number: int, end: int, at: int, place: int, option: str
) -> tuple[int, str, str] | None:
    """Return the line with the last argument before a parenthesis in line `at` (from 0)."""
    line = code[at]
    is_first = at == number - 1
    if line[end if is_first else 0 : place].strip():
        comma = " " if line[:place].rstrip().endswith(",") else ", "
        return at + 1, line, f"{line[:place].rstrip()}{comma}{option}{line[place:]}"
    if is_first:
        return number, line, f"{line[:place]}{option}{line[place:]}"
    before = code[at - 1]
    if "#" in before or not before.strip() or before.rstrip().endswith("("):
        return None
    comma = "" if before.rstrip().endswith(",") else ","
    return at, before, f"{before.rstrip()}{comma} {option},"
