"""The request that a message tells of: a line of a log, a command line of curl, a line of a
browser's console or of an error log, or a sentence. No I/O.

What it does not tell is "" in the request. A value that was hidden as a secret is left out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.program_agents import named_agents
from diagnose.parsers.sanitize import clean
from diagnose.parsers.told_requests import MAX_AGENT, MAX_TEXT, ToldRequest, told_request
from diagnose.parsers.urls import parse_url

_METHODS = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|PROPFIND|REPORT|MKCOL|MOVE|COPY|LOCK|SEARCH"
#: A method before its address: a browser's console, a log, a sentence.
_REQUEST_LINE = lazy_pattern(
    rf"(?<![\w/-])(?P<method>{_METHODS})[ :]{{1,3}}[\"'`(]?(?:https?://[^/\s\"'`<>]{{1,255}})?"
    r"(?P<path>/[^\s\"'`<>,;)]{0,500})"
)
#: nginx's error log tells the request, and the page that sent it (`log_error`).
_REFERRER = lazy_pattern(r"referrer: \"(https?://[^\s\"]{1,500})\"")
#: A method in capitals among words about requests, in the languages that people type.
_SAID = (
    r"request|anfrage|aufruf|requ[êe]te|solicitud|petici[oó]n|requisi|richiest|запрос|żądani"
    r"|method|методо?м|méthode|método|methode|请求|方法|請求|リクエスト|メソッド|요청"
)
_SENTENCE = lazy_pattern(
    rf"(?<![\w/<-])(?P<before>{_METHODS})(?![\w/>])(?=.{{0,12}}?(?i:{_SAID}))"
    rf"|(?i:{_SAID}).{{0,12}}?(?<![\w/<-])(?P<behind>{_METHODS})(?![\w/>])"
)
_VERSION = lazy_pattern(r"(?i)(?<![\w\"])HTTP/(1\.0)(?![\w.])(?! [1-5]\d\d)")
_LOGGED_VERSION = lazy_pattern(r"[A-Z]{3,10} \S{1,2000} HTTP/(\d(?:\.\d)?)")

#: Languages by the words for them, whose browsers are told of.
_LANGUAGES: Mapping[str, str] = {
    "fr": r"french|französisch\w*|français\w*|francés|francês|francese|французск\w*|法语|法文",
    "de": r"german|deutsch\w*|allemand\w*|alemán|alemão|tedesco|немецк\w*|德语|德文|ドイツ語",
    "es": r"spanish|spanisch\w*|espagnol\w*|español\w*|espanhol|spagnolo|испанск\w*|西班牙语",
    "it": r"italian|italienisch\w*|italien\w*|italiano|итальянск\w*|意大利语",
    "pt": r"portuguese|portugiesisch\w*|portugais\w*|portugués|português|португальск\w*|葡萄牙语",
    "ru": r"russian|russisch\w*|russe|ruso|russo|русск\w*|俄语|ロシア語",
    "zh-CN": r"chinese|chinesisch\w*|chinois\w*|chino|chinês|cinese|китайск\w*|中文|汉语|中国語",
    "ja": r"japanese|japanisch\w*|japonais\w*|japonés|japonês|giapponese|японск\w*|日[语文]|日本語",
    "en": r"english|englisch\w*|anglais\w*|inglés|inglês|inglese|английск\w*|英语|英文|英語",
}
_BROWSER = (
    r"browser\w*|navigateur\w*|navegador\w*|браузер\w*|浏览器|ブラウザ|accept-language"
    r"|(?:browser|system|device|phone)?\s?language|sprache|langue|idioma|lingua|язык\w*|语言|言語"
)
_LANGUAGE_FIELD = lazy_pattern(r"(?i)accept-language['\"]?\s?[:=]\s?['\"]?([a-z]{2}(?:-[a-z]{2})?)")

#: Devices and browsers by what visitors call them, with their User-Agents.
_DEVICES: Mapping[str, str] = {
    r"\biphones?\b|苹果手机": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X)"
    " AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1",
    r"\bipads?\b": "Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X)"
    " AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1",
    r"\bandroid\b(?! (?:app|client|studio))|安卓|手机|\bsmartphones?\b|\bhandys?\b"
    r"|\bmóvil\b|\bcelular\b"
    r"|(?:\bon|\bfrom|\bwith)(?: my| the| a| any)? (?:mobiles?|phones?)\b(?! (?:data|network))"
    r"|\bmobile (?:browsers?|phones?|devices?|visitors?|users?)\b|телефон|смартфон|スマホ|휴대폰"
    r"|\btéléphone\b|\bcellulare\b": "Mozilla/5.0 (Linux; Android 10; K)"
    " AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
    r"\bfirefox\b": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0)"
    " Gecko/20100101 Firefox/133.0",
    r"\binternet explorer\b|\bIE ?(?:9|10|11)\b": "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0;"
    " rv:11.0) like Gecko",
    r"\bsafari\b": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/17.6 Safari/605.1.15",
}  # fmt: skip

_CURL = lazy_pattern(r"(?<![\w./-])curl(?:\.exe)?(?= )")
_WORD = lazy_pattern(r"(?:[^\s'\"\\]|\\.|'[^']{0,4000}'|\"(?:[^\"\\]|\\.){0,4000}\")+")
_QUOTES = lazy_pattern(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"|\\(.)")
_MAX_WORDS = 60
#: Options of curl with a value (curl(1)); a short one may have it without a blank.
_VALUED = frozenset(
    ["--request", "--header", "--data", "--data-raw", "--data-binary", "--data-ascii",
     "--data-urlencode", "--json", "--form", "--form-string", "--upload-file", "--user-agent",
     "--referer", "--cookie", "--cookie-jar", "--user", "--range", "--output", "--write-out",
     "--max-time", "--connect-timeout", "--resolve", "--connect-to", "--proxy", "--cacert",
     "--cert", "--key", "--retry", "--url", "--limit-rate", "--interface"]
)  # fmt: skip
_SHORT = {
    "X": "--request", "H": "--header", "d": "--data", "F": "--form", "T": "--upload-file",
    "A": "--user-agent", "e": "--referer", "b": "--cookie", "c": "--cookie-jar", "u": "--user",
    "r": "--range", "o": "--output", "w": "--write-out", "m": "--max-time", "x": "--proxy",
    "E": "--cert",
}  # fmt: skip
_BODY = frozenset(
    ["--data", "--data-raw", "--data-binary", "--data-ascii", "--data-urlencode", "--json",
     "--form", "--form-string"]
)  # fmt: skip
_FORM = frozenset({"--form", "--form-string"})
_HIDDEN = re.compile(r"\*{3}|…|\.\.\.")


def described_request(text: str) -> ToldRequest | None:
    """Return the request that a message tells of, None if it tells no part of one."""
    cut = text[:MAX_TEXT]
    if told := told_request(cut) or curl_request(cut):
        return told
    line, sentence = _REQUEST_LINE.search(cut), _SENTENCE.search(cut)
    method = line["method"] if line else ""
    if not line and sentence:
        method = sentence["before"] or sentence["behind"]
    version = _LOGGED_VERSION.search(cut) or _VERSION.search(cut)
    referrer, language = _REFERRER.search(cut), _language(cut)
    fields = (("accept-language", language),) if language else ()
    request = ToldRequest(
        method,
        clean(line["path"], 500) if line else "",
        0,
        clean(referrer[1], 500) if referrer else "",
        next((agent for _, agent in named_agents(cut)), "") or _device(cut),
        version[1] if version else "",
        fields,
    )
    return request if request != ToldRequest("", "") else None


def _device(text: str) -> str:
    """Return the User-Agent of the device or the browser that a message names."""
    for names, agent in _DEVICES.items():
        if re.search(f"(?i){names}", text[:2000]):
            return agent
    return ""


def _language(text: str) -> str:
    """Return the language of a visitor's browser, if a message tells it."""
    if field := _LANGUAGE_FIELD.search(text):
        return field[1]
    for code, names in _LANGUAGES.items():
        # Words of Chinese and Japanese have no blanks around them.
        name = rf"(?:(?<![a-zà-ÿа-я])(?:{names}))"
        if re.search(rf"(?i)(?:{_BROWSER}).{{0,24}}?{name}|{name}\s?(?:{_BROWSER})", text[:2000]):
            return code
    return ""


def curl_request(text: str) -> ToldRequest | None:
    """Return the request of the first command line of curl in a message; None without one that has
    an address (curl(1))."""
    start = _CURL.search(text)
    if start is None:
        return None
    options, address = _options(list(_words(text[start.end() :])))
    url = parse_url(address if "://" in address else f"http://{address}")
    if url is None:
        return None
    named = dict(_fields(options))
    agent = named.pop("user-agent", "") or "curl/8.5.0"
    referer = named.pop("referer", "")
    version = "1.0" if "--http1.0" in dict(options) else ""
    path = clean(url.path, 2000)
    return ToldRequest(
        _curl_method(options), path, 0, referer, agent, version, tuple(named.items())
    )


def curl_address(text: str, value: str) -> str:
    """Return the address of a command line of curl one of whose options has this value in it, as a
    field Origin has the page's address; "" for any other text."""
    start = _CURL.search(text[:MAX_TEXT])
    if start is None or not value:
        return ""
    options, address = _options(list(_words(text[start.end() : MAX_TEXT])))
    is_of_option = any(value in content for _, content in options)
    return address if "://" in address and is_of_option and value not in address else ""


def _words(text: str) -> Iterator[str]:
    """Yield the words of a command line as a shell reads them."""
    for count, word in enumerate(_WORD.finditer(text)):
        if count == _MAX_WORDS:
            return
        yield _QUOTES.sub(lambda quote: quote[1] or quote[2] or quote[3] or "", word[0])


def _options(words: Sequence[str]) -> tuple[list[tuple[str, str]], str]:
    """Return the options of a command line of curl with their values, and its address. What stands
    behind an address and is no option is what a person says of it."""
    options: list[tuple[str, str]] = []
    address, rest = "", list(words)
    while rest:
        word = rest.pop(0)
        if word.startswith("-") and len(word) > 1:
            name, value = _option(word)
            if name in _VALUED and not value:
                value = rest.pop(0) if rest else ""
            options.append((name, value))
            address = value if name == "--url" else address
        elif address:
            break
        elif "." in word or "://" in word or word.startswith("localhost"):
            address = word
        elif word not in {"\n", "\\"}:
            break
    return options, address


def _option(word: str) -> tuple[str, str]:
    """Return the long name of an option and the value that it holds itself. Of several short ones
    in a word the last may have a value."""
    if word.startswith("--"):
        return ("--head", "") if word == "--head" else (word, "")
    for place, letter in enumerate(word[1:], 2):
        if letter in _SHORT:
            return _SHORT[letter], word[place:]
    if "I" in word:
        return "--head", ""
    return ("--http1.0", "") if "0" in word else (word, "")


def _curl_method(options: Sequence[tuple[str, str]]) -> str:
    names = dict(options)
    if method := names.get("--request"):
        return method.upper()[:20]
    if "--head" in names:
        return "HEAD"
    if "--upload-file" in names:
        return "PUT"
    return "POST" if _BODY & set(names) and not {"-G", "--get"} & set(names) else "GET"


def _fields(options: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the header fields of a command line, and those that its options lead to."""
    names = dict(options)
    if "--json" in names:
        yield "content-type", "application/json"
    elif _FORM & set(names):
        yield "content-type", "multipart/form-data; boundary=diagnose"
    elif _BODY & set(names):
        yield "content-type", "application/x-www-form-urlencoded"
    for name, value in options:
        if name == "--header":
            field, colon, content = value.partition(":")
            yield from _shown(field.strip().lower(), content.strip() if colon else "")
        elif name in {"--user-agent", "--referer", "--range"}:
            content = f"bytes={value}" if name == "--range" else value
            yield from _shown(name[2:], content[:MAX_AGENT])


def _shown(name: str, value: str) -> Iterator[tuple[str, str]]:
    is_name = 0 < len(name) < 80 and re.fullmatch(r"[\w.-]+", name, re.ASCII) is not None
    if is_name and value and not _HIDDEN.search(value):
        yield name, clean(value, 1000)
