"""Parsers of the values of options. Each raises `UsageError` with a suggestion."""

import contextlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from diagnose.model import LAYERS, Ignore
from diagnose.outputs import FORMATS
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.target import UsageError, suggestion

if TYPE_CHECKING:
    from diagnose.model.threshold import Level, Threshold

_SSH = lazy_pattern(r"ssh://(?:\w[\w.+-]*@)?(?:\[[0-9a-fA-F:.]+\]|\w[\w.-]*)(?::(\d{1,5}))?/?")


def choice(option: str, *choices: str) -> Callable[[str], str]:
    """Return a parser of an option that takes one of several words, in any case."""

    def parse_choice(text: str) -> str:
        if text.lower() not in choices:
            hint = suggestion(text.lower(), choices)
            raise UsageError(f"{option} takes {', '.join(choices)}, not {text!r}.{hint}")
        return text.lower()

    return parse_choice


def request_field(option: str) -> Callable[[str], object]:
    """Return the parser of an option for the page request. Its errors never repeat the value, which
    may be a secret."""

    def parse_field(text: str) -> object:
        from diagnose.parsers import request_fields

        parsers: dict[str, Callable[[str], object]] = {
            "header": request_fields.header_field,
            "cookie": request_fields.cookie,
            "origin": request_fields.origin,
            "subprotocol": request_fields.subprotocol,
            "method": request_fields.method,
        }
        try:
            return parsers[option](text)
        except ValueError as error:
            raise UsageError(f"--{option} {error}.") from None

    return parse_field


def output_format(text: str) -> str:
    return choice("--format", *FORMATS)(text)


def layers(text: str) -> tuple[str, ...]:
    names = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    for name in names:
        if name not in LAYERS:
            hint = suggestion(name, LAYERS) or f" There are {', '.join(LAYERS)}."
            raise UsageError(f"There is no layer {name!r}.{hint}")
    if not names:
        raise UsageError(f"Name a layer: {', '.join(LAYERS)}.")
    return names


def timeout(text: str) -> float:
    """Parse seconds, with or without the unit "s"."""
    from diagnose.probes import MAX_TIMEOUT

    with contextlib.suppress(ValueError):
        seconds = float(text.removesuffix("s"))
        if 0 < seconds <= MAX_TIMEOUT:
            return seconds
    raise UsageError(
        f"--timeout takes seconds, more than 0 and at most {MAX_TIMEOUT:g}, not {text!r}."
    )


#: The longest silence, in seconds: nobody waits longer for a command.
_MAX_IDLE = 3600.0


def idle(text: str) -> float:
    """Parse the seconds of silence, with or without the unit "s"."""
    with contextlib.suppress(ValueError):
        seconds = float(text.removesuffix("s"))
        if 1 <= seconds <= _MAX_IDLE:
            return seconds
    raise UsageError(
        f"--idle takes seconds, at least 1 and at most {_MAX_IDLE:g}, not {text!r}."
        " A usual limit is 60: try --idle 70."
    )


_IGNORE = lazy_pattern(r"([^@=]+)(?:@([^=]*))?(?:=(.*))?", re.DOTALL)
_MAX_REASON = 500


def ignore(text: str) -> Ignore:
    """Parse CHECK[@YYYY-MM-DD][=REASON]."""
    from datetime import date

    match = _IGNORE.fullmatch(text)
    if match is None:
        raise UsageError(f"--ignore takes CHECK[@YYYY-MM-DD][=REASON], not {text!r}.")
    check_id, day, reason = match[1].strip(), match[2], (match[3] or "").strip()
    _check_exists(check_id)
    if len(reason) > _MAX_REASON:
        raise UsageError(
            f"--ignore {check_id}: the reason is longer than {_MAX_REASON} characters."
        )
    try:
        until = None if day is None else date.fromisoformat(_dashed(day))
    except ValueError:
        raise UsageError(
            f"--ignore {check_id}: {day!r} is no day; it is written YYYY-MM-DD."
        ) from None
    return Ignore(check_id, until, reason)


def _dashed(day: str) -> str:
    """Return the day. Raise ValueError for the other forms of ISO 8601, such as 2026W01."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day):
        raise ValueError
    return day


def _check_exists(check_id: str) -> None:
    from diagnose.checking.registry import check_ids

    if check_id not in check_ids():
        hint = suggestion(check_id, check_ids()) or " See diagnose list."
        raise UsageError(f"There is no check {check_id!r}.{hint}")


#: Targets of a fleet that begin in a second: some 200 packets, which nobody's network notices.
DEFAULT_RATE, _MAX_RATE = 20.0, 10_000.0
_MAX_CONCURRENCY = 10_000


def rate(text: str) -> float:
    """Parse how many targets begin in a second."""
    with contextlib.suppress(ValueError):
        number = float(text.removesuffix("/s"))
        if 0.001 <= number <= _MAX_RATE:
            return number
    raise UsageError(f"--rate takes targets per second, from 0.001 to {_MAX_RATE:g}, not {text!r}.")


def concurrency(text: str) -> int:
    """Parse how many targets are at work at the same time."""
    with contextlib.suppress(ValueError):
        number = int(text)
        if 1 <= number <= _MAX_CONCURRENCY:
            return number
    raise UsageError(f"--concurrency takes a number from 1 to {_MAX_CONCURRENCY}, not {text!r}.")


#: Seconds between two pulses of a target, and for which a whole diagnosis holds.
WATCH_INTERVAL, FULL_INTERVAL = 10.0, 300.0

_DURATION = lazy_pattern(r"(\d+(?:\.\d+)?)(s|m|h)?")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600}
_MAX_WAIT = 24 * 3600.0


def wait(text: str) -> float:
    """Parse a duration, such as "90", "90s", "5m" or "1h", into seconds."""
    return duration("--wait")(text)


def duration(option: str) -> Callable[[str], float]:
    """Return a parser of an option that takes a duration of at most a day."""

    def parse_duration(text: str) -> float:
        if match := _DURATION.fullmatch(text):
            number = float(match[1]) * _UNIT_SECONDS[match[2] or "s"]
            if 0 < number <= _MAX_WAIT:
                return number
        raise UsageError(
            f"{option} takes a duration of at most a day, such as 90, 90s, 5m or 1h, not {text!r}."
        )

    return parse_duration


_NATS_URL = lazy_pattern(r"(nats|tls)://(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?/?")


def nats_url(text: str) -> str:
    """Parse the URL of a NATS server. What may be a password is not repeated."""
    from diagnose.model.addresses import is_loopback

    match = _NATS_URL.fullmatch(text)
    if match is None and "@" in text:
        raise UsageError(
            "--nats takes no user name or password, which other users could read in the list of"
            " processes: put them in a file, --nats-creds FILE."
        )
    if match is None or int(match[3] or 0) > 65535:
        raise UsageError("--nats takes tls://HOST:PORT, or nats://HOST:PORT on this machine.")
    host = match[2].strip("[]").lower()
    if match[1] == "nats" and host != "localhost" and not is_loopback(host):
        raise UsageError(
            "--nats: nats:// does not encrypt, and is for this machine only: tls://HOST:PORT."
        )
    return text.rstrip("/")


def vantage_name(text: str) -> str:
    from diagnose.fleet.jetstream.messages import VANTAGE_NAME

    if VANTAGE_NAME.fullmatch(text) is None:
        raise UsageError(f"--vantage-name takes up to 32 letters, digits, _ and -, not {text!r}.")
    return text


def port(text: str) -> int:
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    raise UsageError(f"--port takes a number from 0 to 65535, not {text!r}.")


def address(text: str) -> str:
    """Parse an IP address; an IPv6 address may be in brackets."""
    from ipaddress import ip_address

    try:
        return str(ip_address(text.strip("[]")))
    except ValueError:
        raise UsageError(f"{text!r} is no IP address.") from None


def proxy(text: str) -> str:
    """Return the value of --proxy: a URL, or "none". Raise UsageError for a scheme that no proxy
    has."""
    from diagnose.parsers.proxy_url import PORTS, parse_proxy_url

    if text == "none":
        return text
    try:
        is_supported = parse_proxy_url(text).scheme in PORTS
    except ValueError:
        is_supported = False
    if not is_supported:
        # Do not repeat the text: it may contain a password.
        raise UsageError("--proxy takes http://HOST:PORT, socks5://HOST:PORT or none.")
    return text


def visitor(text: str) -> str:
    """Parse a visitor's address; an IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) becomes IPv4."""
    from ipaddress import IPv6Address, ip_address

    bare = text.strip().removeprefix("[").removesuffix("]").partition("%")[0]
    if "/" in bare:
        raise UsageError(f"--from takes one address, not a network: {text!r}.")
    try:
        address = ip_address(bare)
    except ValueError:
        raise UsageError(f"--from takes an IPv4 or IPv6 address, not {text!r}.") from None
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_unspecified or address.is_multicast or address.is_loopback:
        raise UsageError(f"--from: no visitor comes from {address}.")
    return str(address)


def readable_file(text: str) -> str:
    """Return the absolute path of a file that can be read."""
    try:
        with Path(text).open("rb") as file:
            file.read(1)
    except OSError as error:
        raise UsageError(f"{text}: {error.strerror}.") from None
    return str(Path(text).absolute())


#: The measurements that a threshold can be about: the labels of the performance data.
MEASUREMENTS = (
    "response_time", "certificate_days", "time", "resolve", "connect", "tls", "processing",
)  # fmt: skip


def threshold(level: "Level") -> "Callable[[str], Threshold]":
    """Return the parser of -w or -c: [NAME=]RANGE, where a range alone is of `response_time`."""
    option = f"--{level}"

    def parse_threshold(text: str) -> "Threshold":
        from diagnose.model.threshold import Threshold
        from diagnose.parsers.plugin_range import parse_range

        name, _, range_text = text.rpartition("=")
        label = name or MEASUREMENTS[0]
        if label not in MEASUREMENTS:
            hint = suggestion(label, MEASUREMENTS) or f" There are {', '.join(MEASUREMENTS)}."
            raise UsageError(f"{option}: there is no measurement {label!r}.{hint}")
        try:
            return Threshold(level, label, parse_range(range_text))
        except ValueError:
            raise UsageError(
                f"{option} takes a range such as 2, 14:, ~:5, 1:3 or @1:3, not {range_text!r}."
            ) from None

    return parse_threshold


def output_file(text: str) -> str:
    """Return the path of a file that can be written, as far as its folder shows; "-" is stdout."""
    path = Path(text)
    if text == "-":
        return text
    if path.is_dir():
        raise UsageError(f"--output {text}: it is a folder.")
    if not path.parent.is_dir():
        raise UsageError(f"--output {text}: there is no folder {path.parent}.")
    return str(path.absolute())


def server_url(text: str) -> str:
    """Parse ssh://[user@]host[:port]; user@host is accepted too."""
    return _ssh_url(text) or _refuse(f"--server takes ssh://[user@]host[:port], not {text!r}.")


def vantage(text: str) -> str:
    """Parse a place that visits the target: ssh://[user@]host[:port], user@host, or globalping."""
    if text.lower() == "globalping":
        return "globalping"
    hint = suggestion(text.lower(), ("globalping",)) if "@" not in text and ":" not in text else ""
    takes = "--vantage takes ssh://[user@]host[:port] or globalping"
    return (_ssh_url(text) if not hint else "") or _refuse(f"{takes}, not {text!r}.{hint}")


def _ssh_url(text: str) -> str:
    """Return the URL, or "" if it is none that ssh can take."""
    url = text if "://" in text else f"ssh://{text}"
    match = _SSH.fullmatch(url)
    return url if match and 1 <= int(match[1] or 22) <= 65535 else ""


def _refuse(message: str) -> NoReturn:
    raise UsageError(message)


def seconds(option: str) -> Callable[[str], float]:
    """Return a parser of an option that takes a number of seconds, 0 or more."""

    def parse_seconds(text: str) -> float:
        with contextlib.suppress(ValueError):
            if 0 <= (number := float(text)) <= 3600:
                return number
        raise UsageError(f"{option} takes seconds from 0 to 3600, not {text!r}.")

    return parse_seconds


def count(option: str) -> Callable[[str], int]:
    """Return a parser of an option that takes a number from 1."""

    def parse_count(text: str) -> int:
        if text.isascii() and text.isdigit() and 0 < len(text) < 8 and int(text):
            return int(text)
        raise UsageError(f"{option} takes a number from 1, not {text!r}.")

    return parse_count
