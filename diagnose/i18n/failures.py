"""The messages of failures that the program words itself. Those of the system, of OpenSSL, curl,
ssh and other programs are shown as they are."""

import re
from functools import cache

from diagnose.i18n import SOURCE_LANGUAGE
from diagnose.i18n.messages import Message, Messages

MESSAGES = Messages(
    Message("failure.timeout", "timed out"),
    Message("failure.closed", "connection closed"),
    Message("failure.cut", "connection closed in the middle of an answer"),
    Message("failure.unanswered", "the connection was closed without an answer"),
    Message("failure.no-answer", "no answer"),
    Message("failure.no-http", "no HTTP answer"),
    Message("failure.not-http", "no HTTP answer came, but {what}"),
    Message("failure.line-ends", "chunks end in a bare line feed"),
    Message("failure.no-connection", "no connection"),
    Message("failure.no-handshake", "no handshake"),
    Message("failure.no-tls", "no TLS handshake"),
    Message("failure.no-hello", "no ServerHello came"),
    Message("failure.endless-handshake", "no end after {number} bytes of handshake"),
    Message("failure.wrong-name", "the certificate is not for {host}"),
    Message("failure.no-address", "no address"),
    Message("failure.no-address-there", "the name has no address there"),
    Message("failure.no-key", "no key"),
    Message("failure.special-file", "not a regular file"),
    Message("failure.late", "did not end within {seconds} s"),
    Message("failure.program-late", "{program} did not end in time"),
    Message("failure.exit", "exit status {number}"),
    Message("failure.bytes", "more than {number} bytes"),
    Message("failure.lines", "more than {number} lines"),
    Message("failure.nothing-sent", "the server sent nothing of it"),
    Message("failure.lost", "the connection to the server was lost"),
    Message("failure.no-login", "ssh: no login within {seconds} s"),
    Message(
        "failure.no-shell",
        "ssh: logged in, but the user's shell does not answer (a start-up file that hangs?)",
    ),
    Message("failure.no-words", "ssh ended without a word"),
    Message("failure.proxy", "proxy {proxy}: {message}"),
    Message("failure.itself", "it is the server itself, and its way to itself is no visitor's"),
    Message("failure.no-curl", "curl is not installed there"),
    Message("failure.probe", "the probe failed: {message}"),
    Message("failure.globalping-silent", "Globalping did not answer in time"),
    Message("failure.globalping-late", "Globalping had no result in time: try --timeout 60"),
    Message("failure.globalping-long", "too much was answered"),
    Message("failure.globalping-status", "Globalping answered {status}"),
    Message("failure.globalping-strange", "Globalping answered nothing that is documented"),
    Message("failure.unread", "not read: {what}"),
    Message("failure.cut-at-end", "the connection was closed"),
)


def text(message: str, lang: str) -> str:
    """Return the message of a failure in a language, unchanged if it is not one of ours."""
    if lang == SOURCE_LANGUAGE:
        return message
    for pattern, key in _patterns():
        if found := pattern.fullmatch(message):
            facts = {name: text(fact, lang) for name, fact in found.groupdict().items()}
            return MESSAGES.translate(key, lang, **facts)
    return message


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return [
        (
            re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(template.text))),
            template.key,
        )
        for template in MESSAGES
        if isinstance(template, Message)
    ]
