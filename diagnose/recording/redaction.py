"""Addresses, names and secrets, masked: each by the same stand-in wherever it occurs.

A stand-in keeps what the checks look at (private or public, IPv4 or IPv6, which name lies in
which domain), so that masked evidence, put to the checks, leads to the same findings.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from diagnose.model import Crash, Evidence, Report
from diagnose.model.events import Concluded, Event, Sink
from diagnose.model.view import View
from diagnose.parsers.cdn import ALIASES
from diagnose.parsers.nginx.config import parse
from diagnose.recording.codec import Recorded, encode
from diagnose.recording.redaction_addresses import Addresses
from diagnose.recording.redaction_http import kept_body, kept_headers, kept_message
from diagnose.recording.redaction_nginx import Arguments, masked_configuration
from diagnose.recording.redaction_secrets import HIDDEN, SECRET_OPTIONS, Tokens, hide_secrets

#: In the place of the name of the machine that looks.
MASKED = "masked"

#: Fields that hold messages of nginx, or of programs behind it.
_MESSAGES = {("LogLine", "text"), ("TestMessage", "text")}
#: Fields that strangers and other programs fill: only the marks that checks look for stay.
_STRANGERS = {
    ("Upgrade", "close_reason"),
    ("NginxStart", "line"),
    ("RenewalFailure", "message"),
}
#: Observations of files in which people leave remarks.
_REMARKED = {"HostsEntry", "ResolverConfig", "RulesFile", "Ruleset", "Firewalld", "Zone", "Policy"}

Value = TypeVar("Value")
Conclude = Callable[[Evidence, tuple[Crash, ...]], Report]

_BEHIND = re.compile(r"[_-](?=[a-z]{3}$|\d)")
#: Of a host name (RFC 1035 section 2.3.4). What is longer is none.
_LONGEST_NAME = 255
_WORD = re.compile(r"[\w.*-]+")
_SERVER_NAME = re.compile(r"\bserver_name\s")
_HOST_IN_URL = re.compile(r"://(?:[^/\s\"'@]{0,200}@)?([\w.-]{1,253})")
_ENDPOINT = re.compile(
    r"(?:^|[\s;{}])(?:upstream|server|\w{1,20}_pass)\s+([\w.-]{1,253})(?=[;{\s]|:(?!//))"
)
#: Fields of an observation that hold the hosts of upstreams, redirects and doors.
_HOST_FIELDS = ("host", "sent", "target", "upstream", "url", "redirected_from", "via", "server")
_WRITTEN_BY = re.compile(r"(?i)generated|managed|overwritten|do not edit|not edit this file")
#: What a person wrote beside a rule or an address, and the words that mark it.
_REMARK = re.compile(r"(--comment |\"comment\": |\bcomment[ =](?!--))(\"[^\"\n]*\"?|[^\s\"]+)")
# A line that begins with ";", or the rest of one behind "#"; what ufw marks with "###" is read.
_LINE_REMARK = re.compile(
    r"(?m)^(?:\#!|\#\#\# (?:tuple|RULES|END|LOGGING|RATE))[^\n]*|(^;|(?:^|(?<=[ \t]))\#)[^\n]*"
)

#: Words of the outputs themselves: a machine that is called so keeps its name.
_WORDS = {
    "application",
    "client",
    "here",
    "host",
    "local",
    "localhost",
    "nginx",
    "server",
    "target",
}

_CDN = tuple(end for end, _ in ALIASES)


def report(whole: Report, view: View, conclude: Conclude) -> tuple[Report, View]:
    """A report masked through and through, that is, the masked evidence judged again, and the
    view of it masked alike."""
    return _masked(mask_for(whole.evidence), whole, view, conclude)


def recorded(evidence: Evidence, privileged: bool) -> str:
    """A recording of the evidence, masked (see `diagnose.recording.codec`)."""
    return encode(Recorded(mask_for(evidence).value(evidence), MASKED, privileged))


def sink(view: View, made: Callable[[View], Sink], conclude: Conclude) -> Sink:
    """A sink of one run that passes all on masked to the one that is `made`. What is to be
    masked is known only at the end of a run; until then everything is held back."""
    held: list[Event] = []

    def masked(event: Event) -> None:
        held.append(event)
        if isinstance(event, Concluded):
            mask = mask_for(event.report.evidence)
            told, seen_by = _masked(mask, event.report, view, conclude)
            passed_on = made(seen_by)
            for one in held[:-1]:
                passed_on(mask.value(one))
            passed_on(Concluded(told))

    return masked


def _masked(mask: "Mask", whole: Report, view: View, conclude: Conclude) -> tuple[Report, View]:
    evidence, crashes = mask.value((whole.evidence, whole.crashes))
    again = conclude(evidence, crashes)
    told = replace(again, duration=whole.duration, interrupted=whole.interrupted)
    return told, replace(view, hostname=MASKED, again=mask.words(view.again))


def names(evidence: Evidence) -> Iterator[str]:
    """Every host name that the evidence holds."""
    yield evidence.target.host
    for seen in evidence.observations:
        for field in ("name", "hostname", "server_name"):
            value = getattr(seen, field, None)
            if isinstance(value, str) and (field == "hostname" or "." in value):
                yield value
        for field in ("aliases", "names"):
            yield from (name for name in getattr(seen, field, ()) if "." in name)
        for certificate in getattr(seen, "chain", ())[:1]:
            yield from certificate.dns_names
        for file in getattr(seen, "files", ()):
            yield from _served(file.text)


def endpoints(evidence: Evidence) -> Iterator[str]:
    """Every host of an upstream, a redirect or a door that the evidence holds. One of a single
    word may be any word elsewhere ("app"): it is a name only where a host can stand."""
    for seen in evidence.observations:
        for field in _HOST_FIELDS:
            value = getattr(seen, field, None)
            if isinstance(value, str):
                yield from _hosts(value, bare=field in {"host", "sent", "server"})
        for name, value in getattr(seen, "headers", ()):
            if name.lower() in {"location", "content-location", "origin"}:
                yield from _hosts(value)
        for mention in getattr(seen, "mentions", ()):
            yield from _hosts(mention)
        for file in getattr(seen, "files", ()):
            yield from _hosts(file.text)
            yield from (match[1] for match in _ENDPOINT.finditer(file.text))


def _hosts(text: str, bare: bool = False) -> Iterator[str]:
    yield from (match[1] for match in _HOST_IN_URL.finditer(text))
    if bare and re.fullmatch(r"[\w-]+(?:\.[\w-]+)*(?::\d+)?", text):
        yield text.partition(":")[0]


def mask_for(evidence: Evidence) -> "Mask":
    """A mask that knows every name in the evidence."""
    return Mask(names(evidence), endpoints(evidence))


def _served(text: str) -> Iterator[str]:
    """The names in a file of nginx's, as far as they can be read without its tree."""
    for statement in re.split(r"[;{}]", text):
        directive = _SERVER_NAME.search(statement)
        words = statement[directive.end() :].split() if directive else ()
        yield from (name for name in words if re.fullmatch(r"[\w.*-]+", name))


class Mask:
    """Remembers the stand-in of everything it has masked."""

    def __init__(self, names: Iterable[str], endpoints: Iterable[str] = ()) -> None:
        self.labels: dict[str, str] = {}
        self.addresses = Addresses()
        self.tokens = Tokens()
        hosts = {name.strip(".").lower() for name in endpoints}
        dotted = (name for name in hosts if name.count("."))
        self.domains, self.odd = _domains([*names, *sorted(dotted)])
        single = {name for name in hosts if name and "." not in name and not name.isdigit()}
        self.hosts = _hosts_of_a_word(single - _WORDS - {"unix", "_"} - self.domains)

    def text(self, text: str) -> str:
        text = self.tokens.hide(hide_secrets(text))
        text = self.addresses.hide(text)
        if self.odd is not None:
            text = self.odd.sub(lambda match: self.label(match[0].lower()), text)
        if self.hosts is not None:
            text = self.hosts.sub(lambda match: self.label(match[0].lower()), text)
        return _WORD.sub(self.name, text) if self.domains else text

    def words(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """A command's words: what follows an option that takes a secret is hidden."""
        before = ("", *words)
        return tuple(
            HIDDEN if option in SECRET_OPTIONS else self.text(word)
            for option, word in zip(before, words, strict=False)
        )

    def value(self, value: Value) -> Value:
        """A value of the model, everything in it masked."""
        masked: Any = self._value(value)
        return masked  # type: ignore[no-any-return]

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return value if isinstance(value, Enum) else self.text(value)
        if isinstance(value, tuple):
            return tuple(self._value(item) for item in value)
        if hasattr(value, "main") and hasattr(value, "files"):
            return masked_configuration(value, self.text, self._value)
        if is_dataclass(value) and not isinstance(value, type):
            given = {field.name: getattr(value, field.name) for field in fields(value)}
            masked = {name: self._field(value, name, one) for name, one in given.items()}
            return type(value)(**masked)
        return value

    def _field(self, holder: object, name: str, value: Any) -> Any:
        """A field of a value: what strangers and applications wrote stays only as far as it is
        known."""
        kind = type(holder).__name__
        if not value or isinstance(value, Enum):
            return self._value(value)
        if name == "headers":
            return kept_headers(value, self.text)
        if (kind, name) in _MESSAGES:
            return kept_message(value, self.text)
        if (kind, name) in _STRANGERS or name == "body":
            return kept_body(value)
        if (kind, name) == ("NginxProcess", "arguments"):
            return self._options(value)
        if (kind, name) == ("Handshake", "received"):
            return self._received(value)
        if kind in _REMARKED:
            return self._value(self._without_remarks(value))
        return self._value(value)

    def _options(self, options: tuple[str, ...]) -> tuple[str, ...]:
        """nginx's own options; the directives of -g are masked as those of a file."""
        masked = Arguments(self.text)
        made = list(self._value(options))
        for at in range(1, len(options)):
            if options[at - 1] == "-g":
                given = parse(options[at], "-g")
                whole = (
                    " ".join((one.name, *masked.mask(one.name, "", one.args))) for one in given
                )
                made[at] = " ".join(f"{one};" for one in whole)
        return tuple(made)

    def _received(self, text: str) -> str:
        if not text.startswith("HTTP/"):
            return self.text(text)
        return f"{self.text(text.split(chr(10), 1)[0][:60].rstrip())} {kept_body(text)}"

    def _without_remarks(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(self._without_remarks(item) for item in value)
        if not isinstance(value, str) or isinstance(value, Enum):
            return value
        value = _REMARK.sub(_remark, value)
        # A list of nft's is JSON.
        return value if value.startswith("{") else _LINE_REMARK.sub(_line_remark, value)

    def name(self, match: re.Match[str]) -> str:
        """A word, masked up to the last of the domains in it. What follows in the last label
        ("shop.example.com-0001", "shop.example.com_ecc") stays."""
        word = match[0]
        if word.lower().endswith(_CDN):
            at = -len(next(suffix for suffix in _CDN if word.lower().endswith(suffix)))
            return self._under(word[:at]) + word[at:]
        labels = word.split(".")
        lower = [label.lower() for label in labels]
        for end in range(len(labels), 0, -1):
            for last in dict.fromkeys((lower[end - 1], _BEHIND.split(lower[end - 1])[0])):
                if ".".join([*lower[max(end - 2, 0) : end - 1], last]) in self.domains or (
                    last in self.domains
                ):
                    before, rest = lower[: end - 1], labels[end - 1][len(last) :]
                    masked = [one if one in {"*", "www", ""} else self.label(one) for one in before]
                    top = last if before else self.label(last)
                    return ".".join([*masked, f"{top}{rest}", *labels[end:]])
        return word

    def _under(self, word: str) -> str:
        """What a customer is called below a CDN's name."""
        masked = _WORD.sub(self.name, word)
        return masked if masked != word else ".".join(map(self.label, word.lower().split(".")))

    def label(self, label: str) -> str:
        return self.labels.setdefault(label, f"name{len(self.labels) + 1}")


def _domains(names: Iterable[str]) -> tuple[frozenset[str], re.Pattern[str] | None]:
    """In which domains these names lie: the last two labels are the domain. And a pattern for
    those that are not made of the characters of names."""
    domains = set()
    for name in names:
        labels = name.lower().strip(".").removeprefix("*.").split(".")
        is_address = ":" in name or labels[-1].isdigit()
        is_cdn = name.lower().rstrip(".").endswith(_CDN)
        if (
            len(name) <= _LONGEST_NAME
            and any(map(str.isalnum, labels[-1]))
            and not is_address
            and not is_cdn
            and name.lower() not in _WORDS
        ):
            domains.add(".".join(labels[-2:]))
    odd = sorted((one for one in domains if not _WORD.fullmatch(one)), key=len, reverse=True)
    pattern = "|".join(map(re.escape, odd))
    return frozenset(domains), re.compile(rf"(?i)(?<!\w)(?:{pattern})(?!\w)") if odd else None


def _hosts_of_a_word(names: set[str]) -> re.Pattern[str] | None:
    """Where a name of one word is a host: after "//" or a quote, or before a port."""
    if not names:
        return None
    either = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.compile(
        rf"(?i)(?<=://)(?:{either})(?![\w.-])|(?<=\")(?:{either})(?=[\":])"
        rf"|(?<![\w./-])(?:{either})(?=:\d)|\A(?:{either})\Z"
    )


def _remark(match: re.Match[str]) -> str:
    quote = '"' if match[2].startswith('"') else ""
    return f"{match[1]}{quote}{HIDDEN}{quote}"


def _line_remark(match: re.Match[str]) -> str:
    """Whether a program writes the file, is read by checks."""
    if not match[1]:
        return match[0]
    written = _WRITTEN_BY.search(match[0])
    return f"{match[1]} {HIDDEN}{f' {written[0]}' if written else ''}"
