"""Why PHP stopped at a page, by its own message: in the error output that a web server logs, or in
the page. No I/O.

main/main.c (php_error_cb), Zend/zend_alloc.c ("Allowed memory size of"), Zend/zend_execute_API.c
("Maximum execution time of"), main/fopen_wrappers.c (php_message_handler_for_zend, "Failed opening
required"), and Composer's vendor/composer/platform_check.php.
"""

import re
from typing import Literal

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean

#: "memory" and "time" are PHP's limits. "extension": a part of PHP that is not installed, "driver":
#: one of PDO's for a database that the message does not name.
#: "removed": a function that this PHP has no more. "version": the program wants another PHP.
#: "syntax": the file is no PHP that this version understands. "packages": Composer's were not
#: installed.
PhpFailureKind = Literal[
    "memory", "time", "extension", "driver", "removed", "version", "syntax", "packages"
]


@frozen
class PhpFailure:
    """Why PHP stopped. `amount` is the limit, in bytes or seconds. `name` is the function or class,
    or the version that is wanted; `packages` are the names of the packages of Debian that have it,
    behind "php8.2-", and `extensions` those of PHP. `running` is the version of PHP that runs."""

    kind: PhpFailureKind
    words: str
    script: str = ""
    line: str = ""
    amount: int = 0
    name: str = ""
    extensions: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    running: str = ""
    folder: str = ""


#: Characters that are looked at, at the start and at the end of a page, and that are quoted.
_LOOKED_AT, _MAX_WORDS = 8192, 240

#: What PHP logs. A message ends before the next one of the same request.
_LOGGED = lazy_pattern(
    r"PHP (?:Fatal|Parse|Recoverable fatal) error: {1,3}(.{1,4000}?)"
    r"(?:; PHP message: |\" while |$)",
    re.DOTALL,
)
#: What PHP writes into a page, which ends there.
_SHOWN = lazy_pattern(
    r"(?:<br />\s{0,3})?<b>(?:Fatal|Parse|Recoverable fatal) error</b>: {1,3}"
    r"([^<]{1,4000} in <b>/[^<\n]{1,255}</b> on line <b>\d{1,7}</b>)<br />\s{0,9}\Z"
    r"|(?:^|\n)(?:PHP )?(?:Fatal|Parse) error: {1,3}"
    r"([^<]{1,4000} in /[^<\n]{1,255} on line \d{1,7})\s{0,9}\Z"
)
_PLACE = lazy_pattern(r" in (?:<b>)?(/[^\n<]{1,255}?)(?:</b>)?(?: on line (?:<b>)?|:)(\d{1,7})\b")
_MEMORY = lazy_pattern(r"Allowed memory size of (\d{1,15}) bytes exhausted")
_TIME = lazy_pattern(r"Maximum execution time of (\d{1,7}) seconds? exceeded")
_FUNCTION = lazy_pattern(r"Call to undefined function (?:[\w\\]{1,200}\\)?(\w{1,80})\(\)")
_CLASS = lazy_pattern(r"(?:Class|Interface) [\"']\\?(\w{1,80})[\"'] not found")
_DRIVER = lazy_pattern(r"could not find driver")
_DATABASE = lazy_pattern(r"\b(mysql|pgsql|sqlite)\b ?[:,]|PDO\('(mysql|pgsql|sqlite):")
_SYNTAX = lazy_pattern(r"syntax error, ")
_AUTOLOAD = lazy_pattern(r"Failed opening required '(/[^'\n]{1,255})/vendor/autoload\.php'")
_VERSION = lazy_pattern(
    r"Composer dependencies require a PHP version \"([<>=^~ .,|\d]{1,60})\"\. You are running "
    r"(\d{1,2}\.\d{1,2}\.\d{1,3})"
)
_MISSING = lazy_pattern(
    r"Composer dependencies require the following PHP extensions to be installed: "
    r"([a-z\d_, ]{1,300})"
)
#: The page of WordPress without a driver (wp-includes/load.php, wp_check_php_mysql_versions).
_WORDPRESS = lazy_pattern(
    r"PHP installation appears to be missing the MySQL extension which is required by WordPress"
)

#: Extensions by the beginning of a function, and by a class: those that the packages of Debian and
#: Fedora leave out of the first installation.
_FUNCTIONS = {
    "mysqli_": "mysqli", "mb_": "mbstring", "curl_": "curl", "simplexml_": "simplexml",
    "xml_": "xml", "dom_": "dom", "xmlwriter_": "xmlwriter", "bc": "bcmath", "gmp_": "gmp",
    "normalizer_": "intl", "idn_": "intl", "grapheme_": "intl", "intl_": "intl",
    "numfmt_": "intl", "datefmt_": "intl", "pg_": "pgsql", "ldap_": "ldap", "imap_": "imap",
    "apcu_": "apcu", "ssh2_": "ssh2", "bzopen": "bz2", "imagecreate": "gd", "imagecopy": "gd",
    "imagejpeg": "gd", "imagepng": "gd", "imagettf": "gd", "gd_info": "gd", "snmp": "snmp",
    "tidy_": "tidy", "utf8_": "xml", "enchant_": "enchant", "odbc_": "odbc", "sodium_": "sodium",
}  # fmt: skip
_BC = re.compile(r"bc(?:add|sub|mul|div|mod|pow|powmod|sqrt|comp|scale)")
_CLASSES = {
    "mysqli": "mysqli", "ZipArchive": "zip", "SoapClient": "soap", "SoapServer": "soap",
    "DOMDocument": "dom", "SimpleXMLElement": "simplexml", "XMLReader": "xmlreader",
    "XMLWriter": "xmlwriter", "IntlDateFormatter": "intl", "NumberFormatter": "intl",
    "Collator": "intl", "Normalizer": "intl", "Locale": "intl", "MessageFormatter": "intl",
    "Redis": "redis", "Memcached": "memcached", "Imagick": "imagick", "SQLite3": "sqlite3",
    "tidy": "tidy", "XSLTProcessor": "xsl",
}  # fmt: skip
#: Debian's packages of extensions that have another name.
_PACKAGES = {
    "mysqli": "mysql", "pdo_mysql": "mysql", "pdo_pgsql": "pgsql", "pdo_sqlite": "sqlite3",
    "dom": "xml", "simplexml": "xml", "xmlreader": "xml", "xmlwriter": "xml", "xsl": "xml",
    "sodium": "common", "pdo": "common", "fileinfo": "common", "ctype": "common",
    "iconv": "common", "tokenizer": "common", "exif": "common",
}  # fmt: skip
#: Functions that PHP has no more, by the version that left them out.
_REMOVED = (
    (
        re.compile(r"mysql_\w+|eregi?(?:_replace)?|spliti?|set_magic_quotes_runtime"),
        "7.0",
    ),
    (re.compile(r"mcrypt_\w+"), "7.2"),
    (
        re.compile(
            r"create_function|each|money_format|get_magic_quotes_(?:gpc|runtime)|is_real"
            r"|restore_include_path|ezmlm_hash|hebrevc|convert_cyr_string"
        ),
        "8.0",
    ),
)  # fmt: skip


def logged_failure(text: str) -> PhpFailure | None:
    """Return why PHP stopped, by the message of a line of a log; None for other lines, and for
    reasons that are not understood."""
    failure = None
    for match in _LOGGED.finditer(text[: 2 * _LOOKED_AT]):
        failure = _failure(match[1]) or failure
    return None if failure is None or _is_closed(failure, text) else failure


def shown_failure(body: str) -> PhpFailure | None:
    """Return why PHP stopped, by the page, which ends with its message; None for a page that shows
    such words and goes on."""
    end = body[-_LOOKED_AT:]
    match = _SHOWN.search(end) if "atal error" in end or "Parse error" in end else None
    if match:
        failure = _failure(match[1] or match[2])
        return None if failure is None or _is_closed(failure, end) else failure
    start = body[:_LOOKED_AT]
    if len(body) < _LOOKED_AT and (match := _WORDPRESS.search(start)):
        return _extension("mysqli", "mysqli", match[0])
    is_composer = start.lstrip().startswith("Composer detected issues in your platform:")
    return _composer(start) if is_composer else None


def _is_closed(failure: PhpFailure, text: str) -> bool:
    """Return whether the packages are there, as far as is known, and PHP may not open them."""
    file = f"File({failure.folder}/vendor/autoload.php)"
    return failure.kind == "packages" and f"open_basedir restriction in effect. {file}" in text


def _failure(text: str) -> PhpFailure | None:
    place = _PLACE.search(text)
    reason = _reason(text)
    if reason is None:
        return None
    return PhpFailure(
        reason.kind, reason.words or _quoted(text), clean(place[1]) if place else "",
        place[2] if place else "", reason.amount, reason.name, reason.extensions, reason.packages,
        reason.running, reason.folder,
    )  # fmt: skip


def _reason(text: str) -> PhpFailure | None:
    if match := _MEMORY.search(text):
        return PhpFailure("memory", "", amount=int(match[1]))
    if match := _TIME.search(text):
        return PhpFailure("time", "", amount=int(match[1]))
    if match := _FUNCTION.search(text):
        return _of_function(match[1])
    if match := _CLASS.search(text):
        extension = _CLASSES.get(match[1], "")
        return _extension(extension, match[1]) if extension else None
    if _DRIVER.search(text):
        database = _DATABASE.search(text)
        name = f"pdo_{database[1] or database[2]}" if database else ""
        return _extension(name, name) if name else PhpFailure("driver", "")
    if match := _AUTOLOAD.search(text):
        return PhpFailure("packages", "", folder=clean(match[1]))
    if "Composer dependencies require" in text:
        return _composer(text)
    return PhpFailure("syntax", "") if _SYNTAX.match(text) else None


def _of_function(name: str) -> PhpFailure | None:
    lower = name.lower()
    for pattern, version in _REMOVED:
        if pattern.fullmatch(lower):
            return PhpFailure("removed", "", name=clean(name), running=version)
    for start, extension in _FUNCTIONS.items():
        is_one = _BC.fullmatch(lower) if start == "bc" else lower.startswith(start)
        if is_one:
            return _extension(extension, name)
    return None


def _extension(extension: str, name: str, words: str = "") -> PhpFailure:
    package = _PACKAGES.get(extension, extension)
    return PhpFailure(
        "extension", words, name=clean(name), extensions=(extension,), packages=(package,)
    )


def _composer(text: str) -> PhpFailure | None:
    if match := _VERSION.search(text):
        return PhpFailure("version", _quoted(match[0]), name=match[1].strip(), running=match[2])
    match = _MISSING.search(text)
    names = re.findall(r"(?:^|,)\s*(\w+)", match[1]) if match else []
    names = [name for name in names if re.fullmatch(r"[a-z][a-z\d_]{1,30}", name)][:12]
    if not match or not names:
        return None
    packages = tuple(dict.fromkeys(_PACKAGES.get(name, name) for name in names))
    return PhpFailure(
        "extension", _quoted(match[0]), name=", ".join(names), extensions=tuple(names),
        packages=packages,
    )  # fmt: skip


def _quoted(text: str) -> str:
    text = re.sub(r"</?b>", "", text).partition("Stack trace:")[0]
    return clean(" ".join(text.split()), _MAX_WORDS)


#: The version of PHP in the name of its socket, its program or a file of its packages.
_IN_NAME = re.compile(r"php(?:/|-fpm)?(\d\.\d)(?:[-./]|$)")


def php_version(text: str) -> str:
    """Return the version that a path names ("/run/php/php8.2-fpm.sock"), or ""."""
    match = _IN_NAME.search(text)
    return match[1] if match else ""
