"""Parse ufw's rules and settings from its files (ufw(8), ufw-framework(8)), and write rules as
arguments of `ufw`. No I/O.

In user.rules a comment before the iptables lines keeps each rule:

    ### tuple ### allow tcp 443 0.0.0.0/0 any 0.0.0.0/0 in

The fields are action, protocol, port, destination, source port, source, optionally the names of two
application profiles, and the direction with an interface.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

RULES, RULES6 = "/etc/ufw/user.rules", "/etc/ufw/user6.rules"
CONF, DEFAULTS = "/etc/ufw/ufw.conf", "/etc/default/ufw"

ANY = {"0.0.0.0/0", "::/0", "any"}
#: Most rules that are read.
MAX_RULES = 2000


@frozen
class UfwRule:
    """One rule. `ports` is "443", "80,443", "8000:8010" or "any"; `application` is the name of the
    profile that it was made from, or ""."""

    action: str
    protocol: str
    ports: str
    destination: str
    source_ports: str
    source: str
    application: str = ""
    interface: str = ""
    direction: str = "in"
    forwarded: bool = False

    def concerns(self, port: int, interface: str = "") -> bool:
        """Return whether the rule is about incoming TCP connections to a port."""
        return (
            not self.forwarded
            and self.direction == "in"
            and self.protocol in {"tcp", "any"}
            and (not interface or not self.interface or self.interface == interface)
            and self.source_ports == "any"
            and self.names_port(port)
        )

    def names_port(self, port: int) -> bool:
        if self.ports == "any":
            return True
        spans = (port_range.partition(":") for port_range in self.ports.split(","))
        return any(
            low.isdigit() and int(low) <= port <= int(high or low)
            for low, colon, high in spans
            if not colon or high.isdigit()
        )

    @property
    def for_everyone(self) -> bool:
        return self.source in ANY and self.destination in ANY and not self.interface

    def arguments(self) -> tuple[str, ...]:
        """Return the rule as arguments of `ufw`, beginning with the action."""
        simple = self.for_everyone and self.source_ports == "any"
        if simple and self.application:
            return (self.action, self.application)
        if simple and self.ports != "any":
            tail = "" if self.protocol == "any" else f"/{self.protocol}"
            return (self.action, f"{self.ports}{tail}")
        return (self.action, *self._full_arguments())

    def _full_arguments(self) -> Iterator[str]:
        if self.interface:
            yield from (self.direction, "on", self.interface)
        if self.protocol != "any" and not self.application:
            yield from ("proto", self.protocol)
        yield from ("from", "any" if self.source in ANY else self.source)
        if self.source_ports != "any":
            yield from ("port", self.source_ports)
        yield from ("to", "any" if self.destination in ANY else self.destination)
        if self.application:
            yield from ("app", self.application)
        elif self.ports != "any":
            yield from ("port", self.ports)


@frozen
class Ufw:
    """ufw's settings: whether it is enabled at boot and has IPv6 rules, and its policy for
    `incoming` traffic that no rule names ("drop", "reject", "accept")."""

    enabled: bool
    ipv6: bool
    incoming: str
    rules: tuple[UfwRule, ...]
    rules6: tuple[UfwRule, ...]


def parse_ufw(files: Mapping[str, str]) -> Ufw | None:
    """Parse ufw's files, given by path; None if ufw is not installed."""
    if CONF not in files:
        return None
    defaults = settings(files.get(DEFAULTS, ""))
    return Ufw(
        enabled=settings(files[CONF]).get("ENABLED", "").lower() == "yes",
        ipv6=defaults.get("IPV6", "yes").lower() == "yes",
        incoming=defaults.get("DEFAULT_INPUT_POLICY", "drop").lower(),
        rules=rules(files.get(RULES, "")),
        rules6=rules(files.get(RULES6, "")),
    )


def settings(text: str) -> dict[str, str]:
    """Parse NAME=value lines as a shell does; the last value of a name counts."""
    pairs = re.findall(r"^[ \t]*(\w+)=[\"']?([^\"'\s#]*)", text, re.MULTILINE)
    return dict(pairs)


def rules(text: str) -> tuple[UfwRule, ...]:
    lines = re.findall(r"^### tuple ### (.+)$", text, re.MULTILINE)[:MAX_RULES]
    return tuple(rule for line in lines if (rule := _rule(line)))


def _rule(line: str) -> UfwRule | None:
    fields = [
        clean(unquote(field), 120) for field in line.split() if not field.startswith("comment=")
    ]
    if len(fields) not in {7, 9}:
        return None
    action, protocol, ports, destination, source_ports, source = fields[:6]
    application = fields[6] if len(fields) == 9 and fields[6] != "-" else ""
    direction, _, interface = fields[-1].partition("_")
    head, _, kind = action.rpartition(":")
    return UfwRule(
        action=kind.partition("_")[0],
        protocol=protocol,
        ports=ports,
        destination=destination,
        source_ports=source_ports,
        source=source,
        application=application,
        interface=interface,
        direction=direction,
        forwarded=head == "route",
    )


def deciding_rule(rules: Iterable[UfwRule], port: int) -> UfwRule | None:
    """Return the first rule that decides everybody's connections to a port, or None."""
    return next((rule for rule in rules if rule.concerns(port) and rule.for_everyone), None)
