"""Masks addresses, names and secrets. Each gets the same stand-in wherever it occurs.

A stand-in keeps what the checks look at (private or public, IPv4 or IPv6, which name is in which
domain), so the checks reach the same findings from masked evidence.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from difflib import get_close_matches
from itertools import count
from typing import Any, TypeVar

from diagnose.model import Crash, Evidence, Report
from diagnose.model.events import Concluded, Event, Sink, Waiting
from diagnose.model.view import View
from diagnose.parsers.cdn import ALIASES, BALANCERS
from diagnose.parsers.misspellings import is_typing_error
from diagnose.parsers.secrets import HIDDEN, SECRET_OPTIONS, Tokens, hide_secrets
from diagnose.recording.codec import Recording, encode
from diagnose.recording.redaction_addresses import Addresses
from diagnose.recording.redaction_fields import FieldMask
from diagnose.recording.redaction_names import host_names, upstream_hosts

#: Replaces the host name of the probing machine.
MASKED = "masked"

Value = TypeVar("Value")
Judge = Callable[[Evidence, tuple[Crash, ...]], Report]

_NAME_SUFFIX = re.compile(r"[_-](?=[a-z]{3}$|\d)")
#: How similar two labels are (0 to 1) if one is the other mistyped: "shpo" for "shop".
_MISTYPED = 0.75
#: The longest host name in characters (RFC 1035 section 2.3.4).
_LONGEST_NAME = 255
_WORD = re.compile(r"[\w.*-]+")
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

_CDN = tuple(end for end, _ in (*ALIASES, *BALANCERS))


def masked_report(
    original: Report, view: View, conclude: Judge, keeps_target: bool = False
) -> tuple[Report, View]:
    """Mask a report and its view. The checks judge the masked evidence again. `keeps_target`: the
    host of the target stays, because the reader wrote it."""
    kept_hosts = (original.evidence.target.host,) if keeps_target else ()
    return _mask_report(mask_for(original.evidence, kept_hosts), original, view, conclude)


def masked_recording(evidence: Evidence, privileged: bool) -> str:
    """Encode a masked recording of the evidence (see `diagnose.recording.codec`)."""
    return encode(Recording(mask_for(evidence).mask_value(evidence), MASKED, privileged))


def sink(view: View, make_sink: Callable[[View], Sink], conclude: Judge) -> Sink:
    """Return a sink for one run that passes masked events to the sink from `make_sink`. Events are
    held back until the end of the run, because only then is it known what to mask."""
    held_events: list[Event] = []

    def receive(event: Event) -> None:
        if not isinstance(event, Waiting):  # at the end, nothing is waited for
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
    report = replace(
        _with_masked_reasons(rejudged, mask),
        duration=original.duration,
        interrupted=original.interrupted,
    )
    return report, replace(view, hostname=MASKED, again=mask.mask_words(view.again))


def _with_masked_reasons(report: Report, mask: "Mask") -> Report:
    """Mask the reasons of the report's ignores: a person wrote them, perhaps with names."""
    masked = {
        ignore: replace(ignore, reason=mask.mask_text(ignore.reason)) for ignore in report.ignores
    }
    findings = tuple(
        replace(finding, suppressed_by=masked[finding.suppressed_by])
        if finding.suppressed_by
        else finding
        for finding in report.findings
    )
    return replace(report, findings=findings, ignores=tuple(masked.values()))


def mask_for(evidence: Evidence, kept: Iterable[str] = ()) -> "Mask":
    """Return a mask that knows every name in the evidence. It keeps the hosts `kept`."""
    return Mask(host_names(evidence), upstream_hosts(evidence), kept)


class Mask:
    """Replaces names, addresses and secrets, and remembers their stand-ins. The labels of the hosts
    `kept` stay, so that names of their domain stay recognizable as such, and so do labels that are
    one of them mistyped."""

    def __init__(
        self,
        host_names: Iterable[str],
        upstream_hosts: Iterable[str] = (),
        kept: Iterable[str] = (),
    ) -> None:
        kept = tuple(host.strip(".").lower() for host in kept)
        self._kept = [label for host in kept for label in _kept_labels(host)]
        self.labels = {label: label for label in self._kept}
        self._names = (f"name{number}" for number in count(1))
        self.addresses = Addresses(kept)
        self.tokens = Tokens()
        hosts = {name.strip(".").lower() for name in upstream_hosts}
        dotted = (name for name in hosts if name.count("."))
        self.domains, self.unusual_domains = _split_domains([*host_names, *sorted(dotted)])
        single = {name for name in hosts if name and "." not in name and not name.isdigit()}
        self.hosts = _single_label_pattern(single - _RESERVED_WORDS - {"unix", "_"} - self.domains)

    def mask_text(self, text: str) -> str:
        """Mask the names, addresses and secrets in a text."""
        text = self._mask_known(text)
        if self.hosts is not None:
            text = self.hosts.sub(lambda match: self.label_stand_in(match[0].lower()), text)
        return _WORD.sub(self.mask_word, text) if self.domains else text

    def mask_public_word(self, text: str) -> str:
        """Mask a text where a host of one label would be an ordinary word."""
        text = self._mask_known(text)
        return _WORD.sub(self.mask_word, text) if self.domains else text

    def _mask_known(self, text: str) -> str:
        text = self.tokens.hide(hide_secrets(text))
        text = self.addresses.hide(text)
        if self.unusual_domains is not None:
            text = self.unusual_domains.sub(
                lambda match: self.label_stand_in(match[0].lower()), text
            )
        return text

    def mask_words(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """Mask the words of a command. The argument of an option that takes a secret is hidden."""
        before = ("", *words)
        return tuple(
            HIDDEN if option in SECRET_OPTIONS else self.mask_text(argument)
            for option, argument in zip(before, words, strict=False)
        )

    def mask_value(self, value: Value) -> Value:
        """Mask everything in a value of the model."""
        masked: Any = FieldMask(self.mask_text, self.mask_public_word).masked(value)
        return masked  # type: ignore[no-any-return]

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
        if label not in self.labels:
            is_mistyped = get_close_matches(label, self._kept, n=1, cutoff=_MISTYPED)
            self.labels[label] = label if is_mistyped else self._new_name(label)
        return self.labels[label]

    def _new_name(self, label: str) -> str:
        """Return a stand-in. That of a label mistyped has its letters exchanged, so that the checks
        see the mistake: "nmae1" for "name1"."""
        for known, name in self.labels.items():
            if name != known and is_typing_error(label, known):
                mistyped = f"{name[0]}{name[2]}{name[1]}{name[3:]}"
                if mistyped != name and mistyped not in self.labels.values():
                    return mistyped
        return next(name for name in self._names if name not in self.labels)


def _kept_labels(host: str) -> tuple[str, ...]:
    """Return what a host that is kept has instead of labels with stand-ins: its labels, and its
    domain, which has one stand-in if it holds unusual characters. An address has no labels."""
    labels = tuple(host.split("."))
    if ":" in host or labels[-1].isdigit():
        return ()
    return (*labels, ".".join(labels[-2:]))


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
