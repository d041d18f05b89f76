"""Addresses, names and secrets, masked: each by the same stand-in wherever it occurs.

A stand-in keeps what the checks look at (private or public, IPv4 or IPv6, which name lies in
which domain), so that masked evidence, put to the checks, leads to the same findings.
"""

import contextlib
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, TypeVar

from diagnose.events import Concluded, Event, Sink
from diagnose.model import Crash, Evidence, Report
from diagnose.model.nginx import ConfigFile, Directive, NginxConfig
from diagnose.outputs import View
from diagnose.record import Recorded, encode

#: In the place of the name of the machine that looks.
MASKED = "masked"

Value = TypeVar("Value")
Conclude = Callable[[Evidence, tuple[Crash, ...]], Report]

_V4 = re.compile(r"(?<!\d)(?<!\d\.)(?:\d{1,3}\.){3}\d{1,3}(?!\d|\.\d)")
# Nothing after its first colon can fail: what it takes is looked at as a whole (Mask.v6).
_V6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*")
#: Of a host name (RFC 1035 section 2.3.4). What is longer is none.
_LONGEST_NAME = 255
_WORD = re.compile(r"[\w.*-]+")
_SERVER_NAME = re.compile(r"\bserver_name\s")
#: The longest that an address can be in text (inet_ntop(3), INET6_ADDRSTRLEN).
_LONGEST_V6 = 45
_SECRET_FIELDS = {"authorization", "cookie", "proxy-authorization", "set-cookie", "x-api-key"}
_SECRETS = (
    re.compile(rf"(?i)\b((?:{'|'.join(_SECRET_FIELDS)})\s*:\s*)([^\"'\\\n]+)"),
    re.compile(
        rf"(?i)(proxy_set_header\s+(?:{'|'.join(_SECRET_FIELDS)})\s+)"
        r"(?!['\"]?\$)(\"[^\"]*\"|'[^']*'|[^;\s]+)"
    ),
    re.compile(
        r"(?i)([?&;](?:access_?token|token|key|api_?key|password|passwd|secret|sig|signature|"
        r"session|sid|auth|code)=)([^&\s\"'#\\]+)"
    ),
    re.compile(r"(?i)((?:https?|wss?|ssh)://)([^/\s\"'@:]*:[^/\s\"'@]*)(?=@)"),
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

#: The networks whose members stay what they are; a stand-in counts up from each base.
_NETWORKS = tuple(
    (ip_network(network), ip_network(base))
    for network, base in (
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("172.16.0.0/12", "172.16.0.0/12"),
        ("192.168.0.0/16", "192.168.0.0/16"),
        ("100.64.0.0/10", "100.64.0.0/10"),
        ("0.0.0.0/0", "192.0.2.0/24"),
        ("fc00::/7", "fd00::/64"),
        ("fe80::/10", "fe80::/64"),
        ("::/0", "2001:db8:0:ffff::/64"),
    )
)


def report(whole: Report, view: View, conclude: Conclude) -> tuple[Report, View]:
    """A report masked through and through, that is, the masked evidence judged again, and the
    view of it masked alike."""
    return _masked(Mask(names(whole.evidence)), whole, view, conclude)


def recorded(evidence: Evidence, privileged: bool) -> str:
    """A recording of the evidence, masked (see `diagnose.record`)."""
    return encode(Recorded(Mask(names(evidence)).value(evidence), MASKED, privileged))


def sink(view: View, made: Callable[[View], Sink], conclude: Conclude) -> Sink:
    """A sink of one run that passes all on masked to the one that is `made`. What is to be
    masked is known only at the end of a run; until then everything is held back."""
    held: list[Event] = []

    def masked(event: Event) -> None:
        held.append(event)
        if isinstance(event, Concluded):
            mask = Mask(names(event.report.evidence))
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
    return told, replace(view, hostname=MASKED, again=mask.value(view.again))


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


def _served(text: str) -> Iterator[str]:
    """The names in a file of nginx's, as far as they can be read without its tree."""
    for statement in re.split(r"[;{}]", text):
        directive = _SERVER_NAME.search(statement)
        words = statement[directive.end() :].split() if directive else ()
        yield from (name for name in words if re.fullmatch(r"[\w.*-]+", name))


class Mask:
    """Remembers the stand-in of everything it has masked."""

    def __init__(self, names: Iterable[str]) -> None:
        self.labels: dict[str, str] = {}
        self.addresses: dict[str, str] = {}
        self.counts: dict[object, int] = {}
        self.domains, self.odd = _domains(names)

    def text(self, text: str) -> str:
        for secret in _SECRETS:
            text = secret.sub(r"\1***", text)
        text = _V4.sub(self.address, text)
        text = _V6.sub(self.v6, text)
        if self.odd is not None:
            text = self.odd.sub(lambda match: self.label(match[0].lower()), text)
        return _WORD.sub(self.name, text) if self.domains else text

    def value(self, value: Value) -> Value:
        """A value of the model, everything in it masked."""
        masked: Any = self._value(value)
        return masked  # type: ignore[no-any-return]

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return value if isinstance(value, Enum) else self.text(value)
        if isinstance(value, tuple):
            if len(value) == 2 and str(value[0]).lower() in _SECRET_FIELDS:
                return (value[0], value[1] if str(value[1]).startswith("$") else "***")
            return tuple(self._value(item) for item in value)
        if isinstance(value, NginxConfig):
            return self._configuration(value)
        if is_dataclass(value) and not isinstance(value, type):
            given = {field.name: getattr(value, field.name) for field in fields(value)}
            return type(value)(**{name: self._value(one) for name, one in given.items()})
        return value

    def _configuration(self, config: NginxConfig) -> NginxConfig:
        """Where a directive stands in its file moves with what is masked before it."""
        marks = {file.path: {0, len(file.text)} for file in config.files}
        for directive in _all(config.main):
            if directive.file in marks:
                marks[directive.file].update(_offsets(directive))
        moved: dict[str, dict[int, int]] = {}
        files = []
        for file in config.files:
            text, moved[file.path] = self._pieces(file, sorted(marks[file.path]))
            files.append(replace(file, path=self.text(file.path), text=text))
        ends = {
            one.path: [end.start() for end in re.finditer("\n", masked.text)]
            for one, masked in zip(config.files, files, strict=True)
        }
        main = tuple(self._directive(one, moved, ends) for one in config.main)
        others = replace(config, main=(), files=())
        given = {field.name: getattr(others, field.name) for field in fields(others)}
        kept = {name: self._value(one) for name, one in given.items()}
        return NginxConfig(**{**kept, "main": main, "files": tuple(files)})

    def _pieces(self, file: ConfigFile, marks: list[int]) -> tuple[str, dict[int, int]]:
        """The file's text, masked from mark to mark, and where each mark is now."""
        text, moved = "", {}
        for begin, end in zip(marks, [*marks[1:], len(file.text)], strict=True):
            moved[begin] = len(text)
            text += self.text(file.text[begin:end])
        return text, moved

    def _directive(
        self, one: Directive, moved: dict[str, dict[int, int]], ends: dict[str, list[int]]
    ) -> Directive:
        """`ends` are the places of the line ends in each masked file."""
        there, lines = moved.get(one.file, {}), ends.get(one.file, [])
        start = there.get(one.start, one.start)
        row = bisect_left(lines, start)
        before = lines[row - 1] if row else -1
        inner = one.block and tuple(self._directive(other, moved, ends) for other in one.block)
        return replace(
            one,
            args=self._value(one.args),
            file=self.text(one.file),
            block=inner,
            column=start - before if one.file in moved else one.column,
            start=start,
            stop=there.get(one.stop, one.stop),
            opened=there.get(one.opened, one.opened),
        )

    def v6(self, match: re.Match[str]) -> str:
        """An address, and the punctuation behind it as it is: "2001:db8::1:" ends a clause."""
        written = match[0]
        for address in (written, written.rstrip(":.")):
            if 2 <= len(address) <= _LONGEST_V6:
                with contextlib.suppress(ValueError):
                    return self._shown(ip_address(address)) + written[len(address) :]
        return written

    def address(self, match: re.Match[str]) -> str:
        try:
            address = ip_address(match[0])
        except ValueError:
            return match[0]
        return self._shown(address)

    def _shown(self, address: IPv4Address | IPv6Address) -> str:
        if address.is_loopback or address.is_unspecified or address.is_multicast:
            return str(address)
        return self.addresses.setdefault(str(address), self.stand_in(address))

    def stand_in(self, address: IPv4Address | IPv6Address) -> str:
        if str(address) in self.addresses:
            return self.addresses[str(address)]
        base = next(base for network, base in _NETWORKS if address in network)
        self.counts[base] = self.counts.get(base, 0) + 1
        return str(base.network_address + self.counts[base])

    def name(self, match: re.Match[str]) -> str:
        """A word, masked up to the last of the domains in it."""
        labels = match[0].split(".")
        lower = [label.lower() for label in labels]
        for end in range(len(labels), 0, -1):
            if ".".join(lower[max(end - 2, 0) : end]) in self.domains or (
                lower[end - 1] in self.domains
            ):
                *before, top = lower[:end]
                masked = [one if one in {"*", "www", ""} else self.label(one) for one in before]
                return ".".join([*masked, top if before else self.label(top), *labels[end:]])
        return match[0]

    def label(self, label: str) -> str:
        return self.labels.setdefault(label, f"name{len(self.labels) + 1}")


def _domains(names: Iterable[str]) -> tuple[frozenset[str], re.Pattern[str] | None]:
    """In which domains these names lie: the last two labels are the domain. And a pattern for
    those that are not made of the characters of names."""
    domains = set()
    for name in names:
        labels = name.lower().strip(".").removeprefix("*.").split(".")
        is_address = ":" in name or labels[-1].isdigit()
        if 0 < len(name) <= _LONGEST_NAME and not is_address and name.lower() not in _WORDS:
            domains.add(".".join(labels[-2:]))
    odd = sorted((one for one in domains if not _WORD.fullmatch(one)), key=len, reverse=True)
    pattern = "|".join(map(re.escape, odd))
    return frozenset(domains), re.compile(rf"(?i)(?<!\w)(?:{pattern})(?!\w)") if odd else None


def _all(directives: tuple[Directive, ...]) -> Iterator[Directive]:
    for directive in directives:
        yield directive
        yield from _all(directive.block or ())


def _offsets(directive: Directive) -> tuple[int, int, int]:
    return directive.start, directive.stop, directive.opened
