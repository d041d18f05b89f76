"""Sends requests to applications with the curl of a server that is reached over SSH.

Our own code does not run there. curl's exit status is the same for every error of connect(2) and
its message gives no reason, so the reason is taken from its -v output.
"""

import shlex
from collections.abc import Collection, Iterable
from dataclasses import replace

from diagnose.machine import AcceptsInput, CommandResult, Machine
from diagnose.machine.script_files import read_script
from diagnose.model import Failure
from diagnose.model.frozen import frozen
from diagnose.parsers import curl_output
from diagnose.parsers.request_fields import MASKED
from diagnose.parsers.sanitize import clean
from diagnose.parsers.secrets import is_secret_name
from diagnose.parsers.set_cookie import secure_cookie

#: Timeout in seconds.
PATIENCE = 1

UNTIL_ANSWERED = read_script(__file__, "curl_until_answered.sh")

#: Maximum number of characters of a body.
MAX_TEXT = 16384

#: The key and accept value of the example in RFC 6455 section 1.3.
KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
UPGRADE_FIELDS = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    f"Sec-WebSocket-Key: {KEY}",
)


@frozen
class CurlResponse:
    """The result of a curl request.

    `status` is the response's status, None without one. `accepted` is True for a WebSocket with
    the correct Sec-WebSocket-Accept. `connected` is True if the connection opened, for https with
    TLS; a failure then comes from the application itself. `stayed_open` is whether `held_open` had
    to end the connection itself. `media_type` is the response's type, "" if unknown; `location` is
    where a redirect leads to. `software` are the fields in which a server names itself, and
    `head_bytes` is the size of the status line and the fields. `secure_cookies` are the names of
    the cookies with the attribute Secure, `coding` is its Content-Encoding, and `text` is the
    beginning of the body as it came.
    """

    argv: tuple[str, ...]
    took: float
    status: int | None = None
    accepted: bool = False
    body: str = ""
    failure: Failure | None = None
    connected: bool = False
    stayed_open: bool = False
    media_type: str = ""
    location: str = ""
    software: tuple[tuple[str, str], ...] = ()
    head_bytes: int = 0
    secure_cookies: tuple[str, ...] = ()
    text: str = ""
    coding: str = ""

    @property
    def equivalent(self) -> str:
        return shown_command(self.argv)


def shown_command(argv: Iterable[str], hidden: Collection[str] = ()) -> str:
    """Return a curl command as it is printed. The values of fields with a name that holds a secret,
    as of nginx's `proxy_set_header Authorization`, and of `hidden` ones (in lower case) are
    masked."""
    words = list(argv)
    for index, option in enumerate(words[:-1]):
        name, colon, _ = words[index + 1].partition(":")
        if option == "-H" and colon and (name.lower() in hidden or is_secret_name(name)):
            words[index + 1] = f"{name}: {MASKED}"
    return shlex.join(words)


async def run_curl(
    machine: Machine, argv: Iterable[str], timeout: float, wrapper: tuple[str, ...] = ()
) -> CommandResult:
    """Run curl (`argv`) on the server, by the command `wrapper` if there is one.

    curl reads the fields and the URL from its standard input (curl(1), --config): they may hold
    secrets, as of nginx's `proxy_set_header Authorization`, and every user of the server sees the
    arguments of its processes.
    """
    words = list(argv)
    if not isinstance(machine, AcceptsInput):  # a recording
        return await machine.run(*wrapper, *words, timeout=timeout)
    public, lines = _split_config(words)
    command = (*wrapper, *public, "-K", "-")
    return await machine.run_with_input(lines, *command, timeout=timeout)


def _split_config(words: list[str]) -> tuple[list[str], str]:
    """Return the arguments that everybody may see, and the lines of a configuration for curl: the
    fields and the URL, which comes last."""
    public, lines = [], []
    arguments = iter(words[:-1])
    for word in arguments:
        if word == "-H":
            lines.append(f'header = "{_config_text(next(arguments, ""))}"\n')
        else:
            public.append(word)
    return public, "".join((*lines, f'url = "{_config_text(words[-1])}"\n'))


def _config_text(text: str) -> str:
    """Return a text as it stands between quotation marks (curl(1), --config)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return escaped.replace("\t", "\\t").replace("\r", "\\r").replace("\n", "\\n")


def _request_words(
    output: str, url: str, fields: tuple[str, ...], options: tuple[str, ...], patience: int
) -> list[str]:
    headers = (word for field in fields for word in ("-H", field))
    return ["curl", "-sSkv", "-o", output, "-m", str(patience), *options, *headers, url]


async def curl(
    machine: Machine,
    url: str,
    fields: tuple[str, ...],
    version: str = "1.1",
    options: tuple[str, ...] = (),
    patience: int = PATIENCE,
) -> CurlResponse | None:
    """Send one request from the server; return None if it has no curl. `patience` in seconds."""
    argv = _request_words("-", url, fields, (f"--http{version}", *options), patience)
    wrapper = ("sh", "-c", UNTIL_ANSWERED, "sh")
    result = await run_curl(machine, argv, patience + 4.0, wrapper)
    return (
        None
        if result.status is None or "curl: not found" in result.err
        else parse_curl(tuple(argv), result)
    )


async def held_open(
    machine: Machine,
    url: str,
    fields: tuple[str, ...],
    version: str = "1.1",
    options: tuple[str, ...] = (),
    patience: int = PATIENCE,
) -> CurlResponse | None:
    """Do the same, and hold an accepted WebSocket open for `patience` seconds: curl then ends it
    with the status 28."""
    argv = _request_words("/dev/null", url, fields, (f"--http{version}", *options), patience)
    result = await run_curl(machine, argv, patience + 4.0)
    if result.status is None or result.status == 127:
        return None
    return replace(parse_curl(tuple(argv), result), stayed_open=result.status == 28)


def parse_curl(argv: tuple[str, ...], result: CommandResult) -> CurlResponse:
    """Parse curl's output: the body from stdout, the -v lines from stderr."""
    attempt = curl_output.parse_attempt(result.err)
    accepted = attempt.status == 101 and ("sec-websocket-accept", ACCEPT) in attempt.fields
    return CurlResponse(
        argv,
        result.took,
        attempt.status,
        accepted,
        clean(result.out, 500) if attempt.status else "",
        attempt.failure,
        attempt.connected and (attempt.secured or not argv[-1].startswith("https:")),
        media_type=_media_type(attempt.fields),
        location=clean(dict(attempt.fields).get("location", ""), 1000),
        coding=clean(dict(attempt.fields).get("content-encoding", ""), 20),
        software=tuple(
            (name, clean(value, 100))
            for name, value in attempt.fields
            if name in {"server", "x-powered-by"}
        ),
        head_bytes=sum(len(line) for line in result.err.splitlines() if line.startswith("< ")),
        secure_cookies=tuple(
            name
            for field, value in attempt.fields
            if field == "set-cookie" and (name := secure_cookie(value))
        ),
        text=result.out[:MAX_TEXT] if attempt.status else "",
    )


def _media_type(fields: Iterable[tuple[str, str]]) -> str:
    types = (value for name, value in fields if name == "content-type")
    return clean(next(types, "").partition(";")[0].strip().lower(), 100)
