"""Masks addresses, names and secrets. Each gets the same stand-in wherever it occurs.

A stand-in keeps what the checks look at (private or public, IPv4 or IPv6, which name is in which
domain), so the checks reach the same findings from masked evidence.
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
from diagnose.recording.codec import Recording, encode
from diagnose.recording.redaction_addresses import Addresses
from diagnose.recording.redaction_http import kept_body, kept_headers, kept_message
from diagnose.recording.redaction_nginx import ArgumentMask, masked_configuration
from diagnose.recording.redaction_secrets import HIDDEN, SECRET_OPTIONS, Tokens, hide_secrets

#: Replaces the host name of the probing machine.
MASKED = "masked"

#: Fields with messages of nginx or of programs behind it.
_MESSAGES = {("LogLine", "text"), ("TestMessage", "text")}
#: Fields filled by remote servers and other programs: only the marks that checks look for are kept.
_FOREIGN_TEXTS = {
    ("Upgrade", "close_reason"),
    ("NginxStart", "line"),
    ("RenewalFailure", "message"),
}
#: Observations of files in which people write comments.
_COMMENTED = {"HostsEntry", "ResolverConfig", "RulesFile", "Ruleset", "Firewalld", "Zone", "Policy"}

Value = TypeVar("Value")
Judge = Callable[[Evidence, tuple[Crash, ...]], Report]

_NAME_SUFFIX = re.compile(r"[_-](?=[a-z]{3}$|\d)")
#: The longest host name in characters (RFC 1035 section 2.3.4).
_LONGEST_NAME = 255
_WORD = re.compile(r"[\w.*-]+")
_SERVER_NAME = re.compile(r"\bserver_name\s")
_HOST_IN_URL = re.compile(r"://(?:[^/\s\"'@]{0,200}@)?([\w.-]{1,253})")
_ENDPOINT = re.compile(
    r"(?:^|[\s;{}])(?:upstream|server|\w{1,20}_pass)\s+([\w.-]{1,253})(?=[;{\s]|:(?!//))"
)
#: Fields of an observation that contain the hosts of upstreams, redirects and servers.
_HOST_FIELDS = ("host", "sent", "target", "upstream", "url", "redirected_from", "via", "server")
_GENERATED_MARK = re.compile(r"(?i)generated|managed|overwritten|do not edit|not edit this file")
#: A comment on a rule or an address, after the word that introduces it.
_RULE_COMMENT = re.compile(
    r"(--comment |\"comment\": |\bcomment[ =](?!--))(\"[^\"\n]*\"?|[^\s\"]+)"
)
# A line that begins with ";", or the rest of a line after "#"; ufw's "###" lines are data.
_LINE_COMMENT = re.compile(
    r"(?m)^(?:\#!|\#\#\# (?:tuple|RULES|END|LOGGING|RATE))[^\n]*|(^;|(?:^|(?<=[ \t]))\#)[^\n]*"
)

#: Words of the outputs themselves: a machine with such a name keeps it.
_RESERVED_WORDS = {
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


def masked_report(original: Report, view: View, conclude: Judge) -> tuple[Report, View]:
    """Mask a report and its view. The checks judge the masked evidence again."""
    return _mask_report(mask_for(original.evidence), original, view, conclude)


def masked_recording(evidence: Evidence, privileged: bool) -> str:
    """Encode a masked recording of the evidence (see `diagnose.recording.codec`)."""
    return encode(Recording(mask_for(evidence).mask_value(evidence), MASKED, privileged))


def sink(view: View, make_sink: Callable[[View], Sink], conclude: Judge) -> Sink:
    """Return a sink for one run that passes masked events to the sink from `make_sink`. Events are
    held back until the end of the run, because only then is it known what to mask."""
    held_events: list[Event] = []

    def receive(event: Event) -> None:
        held_events.append(event)
        if isinstance(event, Concluded):
            mask = mask_for(event.report.evidence)
            report, masked_view = _mask_report(mask, event.report, view, conclude)
            forward = make_sink(masked_view)
            for held_event in held_events[:-1]:
                forward(mask.mask_value(held_event))
            forward(Concluded(report))

    return receive


def _mask_report(
    mask: "Mask", original: Report, view: View, conclude: Judge
) -> tuple[Report, View]:
    evidence, crashes = mask.mask_value((original.evidence, original.crashes))
    rejudged = conclude(evidence, crashes)
    report = replace(rejudged, duration=original.duration, interrupted=original.interrupted)
    return report, replace(view, hostname=MASKED, again=mask.mask_words(view.again))


def host_names(evidence: Evidence) -> Iterator[str]:
    """Yield every host name in the evidence."""
    yield evidence.target.host
    for observation in evidence.observations:
        for field in ("name", "hostname", "server_name"):
            value = getattr(observation, field, None)
            if isinstance(value, str) and (field == "hostname" or "." in value):
                yield value
        for field in ("aliases", "names"):
            yield from (name for name in getattr(observation, field, ()) if "." in name)
        for certificate in getattr(observation, "chain", ())[:1]:
            yield from certificate.dns_names
        for file in getattr(observation, "files", ()):
            yield from _server_names(file.text)


def upstream_hosts(evidence: Evidence) -> Iterator[str]:
    """Yield every host of an upstream, a redirect or a server in the evidence. A host without a dot
    ("app") may be an ordinary word, so it is masked only where a host can be."""
    for observation in evidence.observations:
        for field in _HOST_FIELDS:
            value = getattr(observation, field, None)
            if isinstance(value, str):
                yield from _hosts_in(value, bare=field in {"host", "sent", "server"})
        for name, value in getattr(observation, "headers", ()):
            if name.lower() in {"location", "content-location", "origin"}:
                yield from _hosts_in(value)
        for mention in getattr(observation, "mentions", ()):
            yield from _hosts_in(mention)
        for file in getattr(observation, "files", ()):
            yield from _hosts_in(file.text)
            yield from (match[1] for match in _ENDPOINT.finditer(file.text))


def _hosts_in(text: str, bare: bool = False) -> Iterator[str]:
    yield from (match[1] for match in _HOST_IN_URL.finditer(text))
    if bare and re.fullmatch(r"[\w-]+(?:\.[\w-]+)*(?::\d+)?", text):
        yield text.partition(":")[0]


def mask_for(evidence: Evidence) -> "Mask":
    """Return a mask that knows every name in the evidence."""
    return Mask(host_names(evidence), upstream_hosts(evidence))


def _server_names(text: str) -> Iterator[str]:
    """Yield the names in an nginx file, without a parsed tree."""
    for statement in re.split(r"[;{}]", text):
        directive = _SERVER_NAME.search(statement)
        words = statement[directive.end() :].split() if directive else ()
        yield from (name for name in words if re.fullmatch(r"[\w.*-]+", name))


class Mask:
    """Replaces names, addresses and secrets, and remembers their stand-ins."""

    def __init__(self, host_names: Iterable[str], upstream_hosts: Iterable[str] = ()) -> None:
        self.labels: dict[str, str] = {}
        self.addresses = Addresses()
        self.tokens = Tokens()
        hosts = {name.strip(".").lower() for name in upstream_hosts}
        dotted = (name for name in hosts if name.count("."))
        self.domains, self.unusual_domains = _split_domains([*host_names, *sorted(dotted)])
        single = {name for name in hosts if name and "." not in name and not name.isdigit()}
        self.hosts = _single_label_pattern(single - _RESERVED_WORDS - {"unix", "_"} - self.domains)

    def mask_text(self, text: str) -> str:
        text = self.tokens.hide(hide_secrets(text))
        text = self.addresses.hide(text)
        if self.unusual_domains is not None:
            text = self.unusual_domains.sub(
                lambda match: self.label_stand_in(match[0].lower()), text
            )
        if self.hosts is not None:
            text = self.hosts.sub(lambda match: self.label_stand_in(match[0].lower()), text)
        return _WORD.sub(self.mask_word, text) if self.domains else text

    def mask_words(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """Mask the words of a command. The argument of an option that takes a secret is hidden."""
        before = ("", *words)
        return tuple(
            HIDDEN if option in SECRET_OPTIONS else self.mask_text(argument)
            for option, argument in zip(before, words, strict=False)
        )

    def mask_value(self, value: Value) -> Value:
        """Mask everything in a value of the model."""
        masked: Any = self._mask_value(value)
        return masked  # type: ignore[no-any-return]

    def _mask_value(self, value: Any) -> Any:
        if isinstance(value, str):
            return value if isinstance(value, Enum) else self.mask_text(value)
        if isinstance(value, tuple):
            return tuple(self._mask_value(item) for item in value)
        if hasattr(value, "main") and hasattr(value, "files"):
            return masked_configuration(value, self.mask_text, self._mask_value)
        if is_dataclass(value) and not isinstance(value, type):
            field_values = {field.name: getattr(value, field.name) for field in fields(value)}
            masked = {
                name: self._mask_field(value, name, field_value)
                for name, field_value in field_values.items()
            }
            return type(value)(**masked)
        return value

    def _mask_field(self, holder: object, name: str, value: Any) -> Any:
        """Mask a field. Texts written by remote servers and applications are reduced to known
        parts."""
        kind = type(holder).__name__
        if not value or isinstance(value, Enum):
            return self._mask_value(value)
        if name == "headers":
            return kept_headers(value, self.mask_text)
        if (kind, name) in _MESSAGES:
            return kept_message(value, self.mask_text)
        if (kind, name) in _FOREIGN_TEXTS or name == "body":
            return kept_body(value)
        if (kind, name) == ("NginxProcess", "arguments"):
            return self._mask_options(value)
        if (kind, name) == ("Handshake", "received"):
            return self._mask_received(value)
        if kind in _COMMENTED:
            return self._mask_value(self._without_comments(value))
        return self._mask_value(value)

    def _mask_options(self, options: tuple[str, ...]) -> tuple[str, ...]:
        """Mask nginx's own options; the directives in -g are masked like those in a file."""
        argument_mask = ArgumentMask(self.mask_text)
        masked_options = list(self._mask_value(options))
        for index in range(1, len(options)):
            if options[index - 1] == "-g":
                directives = parse(options[index], "-g")
                statements = (
                    " ".join(
                        (
                            directive.name,
                            *argument_mask.mask_all(directive.name, "", directive.args),
                        )
                    )
                    for directive in directives
                )
                masked_options[index] = " ".join(f"{statement};" for statement in statements)
        return tuple(masked_options)

    def _mask_received(self, text: str) -> str:
        if not text.startswith("HTTP/"):
            return self.mask_text(text)
        return f"{self.mask_text(text.split(chr(10), 1)[0][:60].rstrip())} {kept_body(text)}"

    def _without_comments(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(self._without_comments(item) for item in value)
        if not isinstance(value, str) or isinstance(value, Enum):
            return value
        value = _RULE_COMMENT.sub(_hide_comment, value)
        # nft's list is JSON.
        return value if value.startswith("{") else _LINE_COMMENT.sub(_hide_line_comment, value)

    def mask_word(self, match: re.Match[str]) -> str:
        """Mask a word up to the last domain in it. A suffix of the last label
        ("shop.example.com-0001", "shop.example.com_ecc") is kept."""
        word = match[0]
        if word.lower().endswith(_CDN):
            suffix_start = -len(next(suffix for suffix in _CDN if word.lower().endswith(suffix)))
            return self._mask_customer(word[:suffix_start]) + word[suffix_start:]
        labels = word.split(".")
        lower = [label.lower() for label in labels]
        for end in range(len(labels), 0, -1):
            for last in dict.fromkeys((lower[end - 1], _NAME_SUFFIX.split(lower[end - 1])[0])):
                if ".".join([*lower[max(end - 2, 0) : end - 1], last]) in self.domains or (
                    last in self.domains
                ):
                    parents, suffix = lower[: end - 1], labels[end - 1][len(last) :]
                    masked_parents = [
                        label if label in {"*", "www", ""} else self.label_stand_in(label)
                        for label in parents
                    ]
                    top = last if parents else self.label_stand_in(last)
                    return ".".join([*masked_parents, f"{top}{suffix}", *labels[end:]])
        return word

    def _mask_customer(self, word: str) -> str:
        """Mask a customer's name under a CDN's domain."""
        masked = _WORD.sub(self.mask_word, word)
        return (
            masked
            if masked != word
            else ".".join(map(self.label_stand_in, word.lower().split(".")))
        )

    def label_stand_in(self, label: str) -> str:
        return self.labels.setdefault(label, f"name{len(self.labels) + 1}")


def _split_domains(names: Iterable[str]) -> tuple[frozenset[str], re.Pattern[str] | None]:
    """Return the domains of these names: their last two labels. Also return a pattern for domains
    with characters that `_WORD` does not match."""
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
            and name.lower() not in _RESERVED_WORDS
        ):
            domains.add(".".join(labels[-2:]))
    unusual = sorted(
        (domain for domain in domains if not _WORD.fullmatch(domain)), key=len, reverse=True
    )
    pattern = "|".join(map(re.escape, unusual))
    return frozenset(domains), re.compile(rf"(?i)(?<!\w)(?:{pattern})(?!\w)") if unusual else None


def _single_label_pattern(names: set[str]) -> re.Pattern[str] | None:
    """Return a pattern for single-label names where they are hosts: after "//" or a quote, or
    before a port."""
    if not names:
        return None
    alternatives = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.compile(
        rf"(?i)(?<=://)(?:{alternatives})(?![\w.-])|(?<=\")(?:{alternatives})(?=[\":])"
        rf"|(?<![\w./-])(?:{alternatives})(?=:\d)|\A(?:{alternatives})\Z"
    )


def _hide_comment(match: re.Match[str]) -> str:
    quote = '"' if match[2].startswith('"') else ""
    return f"{match[1]}{quote}{HIDDEN}{quote}"


def _hide_line_comment(match: re.Match[str]) -> str:
    """Hide a comment, but keep the mark that a program generates the file, because checks read
    it."""
    if not match[1]:
        return match[0]
    generated_mark = _GENERATED_MARK.search(match[0])
    return f"{match[1]} {HIDDEN}{f' {generated_mark[0]}' if generated_mark else ''}"
