"""Parse the target of an iptables rule: `-j` and `-g` (iptables-extensions(8), "Target
Extensions"). No I/O."""

import re
from itertools import pairwise

from diagnose.parsers.netfilter.rules import (
    Assign,
    Nat,
    Opaque,
    Reject,
    Step,
    Untrack,
    Verdict,
    address_span,
)
from diagnose.parsers.netfilter.statements import SHORT_LIFE

#: Targets that do not affect the packet's path; the next rule runs.
_HARMLESS = {
    "AUDIT", "CHECKSUM", "CLASSIFY", "CONNSECMARK", "CT", "DSCP", "ECN", "HMARK",
    "IDLETIMER", "LED", "LOG", "NFLOG", "RATEEST", "SECMARK", "SET", "TCPMSS", "TCPOPTSTRIP",
    "TEE", "TOS", "TRACE", "ULOG",
}  # fmt: skip
#: Targets that take the packet out of the rules, where it cannot be followed.
_OPAQUE_TARGETS = {
    "NFQUEUE",
    "QUEUE",
    "TPROXY",
    "TARPIT",
    "SYNPROXY",
    "NETMAP",
    "CLUSTERIP",
    "DNPT",
    "SNPT",
}
_REJECT_TYPES = {
    "net-unreachable": "net-unreachable",
    "host-unreachable": "host-unreachable",
    "port-unreachable": "port-unreachable",
    "proto-unreachable": "prot-unreachable",
    "net-prohibited": "net-prohibited",
    "host-prohibited": "host-prohibited",
    "admin-prohibited": "admin-prohibited",
    "adm-prohibited": "admin-prohibited",
    "no-route": "no-route",
    "addr-unreachable": "addr-unreachable",
    "policy-fail": "policy-fail",
    "reject-route": "reject-route",
}


def target_steps(jump: str, words: tuple[str, ...], family: str) -> tuple[Step, ...]:
    """Return the steps of a target. `jump` is "-j" or "-g"; `words` are the target and its
    options."""
    if not words:
        return ()
    target, options = words[0], words[1:]
    if jump == "-g":
        return (Verdict("goto", target),)
    match target:
        case "ACCEPT":
            return (Verdict("accept"),)
        case "DROP":
            return (Verdict("drop"),)
        case "RETURN":
            return (Verdict("return"),)
        case "REJECT":
            return (_reject(options, family),)
        case "DNAT" | "REDIRECT" | "SNAT" | "MASQUERADE":
            return (_nat(target, options),)
        case "MARK" | "CONNMARK":
            return _marks(target, options)
        case "TTL" | "HL":
            return _life(target, options)
        case "NOTRACK":
            return (Untrack(),)
        case "CT" if "--notrack" in options:
            return (Untrack(),)
        case "NFQUEUE" if "--queue-bypass" in options:
            # Without a program that reads the queue it accepts. One that reads lets most pass.
            return (Verdict("accept"),)
        case _ if target in _HARMLESS:
            return ()
        case _ if target in _OPAQUE_TARGETS:
            return (Opaque(target),)
    return (Verdict("jump", target),)


def _option(options: tuple[str, ...], *names: str) -> str:
    values = (value for name, value in pairwise(options) if name in names)
    return next(values, "")


def _reject(options: tuple[str, ...], family: str) -> Reject:
    reject_type = _option(options, "--reject-with") or "port-unreachable"
    if reject_type in {"tcp-reset", "tcp-rst"}:
        return Reject("tcp reset")
    code = re.sub(r"^icmp6?-", "", reject_type)
    return Reject("icmpv6" if family == "ip6" else "icmp", _REJECT_TYPES.get(code, code))


def _nat(target: str, options: tuple[str, ...]) -> Step:
    kinds = {"DNAT": "dnat", "REDIRECT": "redirect", "SNAT": "snat", "MASQUERADE": "masquerade"}
    to_address = _option(options, "--to-destination", "--to-source", "--to-ports")
    ports_only = target in {"REDIRECT", "MASQUERADE"}
    match = re.fullmatch(
        r"(?:\[([^\]]+)\]|([^\[\]]*:[^\[\]]*:[^\[\]]*|[^:\[\]]+))?(?::(\S+))?", to_address
    )
    if ports_only:
        hosts, ports = "", to_address
    elif match:
        hosts, ports = match[1] or match[2] or "", match[3] or ""
    else:
        return Opaque(f"{target} {to_address}")
    try:
        return Nat(kinds[target], address_span(hosts) if hosts else None, _ports(ports))  # type: ignore[arg-type]
    except ValueError:
        return Opaque(f"{target} {to_address}")


def _life(target: str, options: tuple[str, ...]) -> tuple[Step, ...]:
    """Parse TTL or HL. A packet that is let live for few hops may not reach its visitor."""
    hops = _option(options, "--ttl-set", "--hl-set")
    if hops.isdigit() and int(hops) < SHORT_LIFE:
        return (Opaque(f"{target} {' '.join(options)}", leaving=True),)
    return ()


def _ports(text: str) -> tuple[int, int] | None:
    low, _, high = text.partition("/")[0].partition("-")
    return (int(low), int(high or low)) if low else None


def _marks(target: str, options: tuple[str, ...]) -> tuple[Step, ...]:
    """Parse MARK (the packet's mark) or CONNMARK (the connection's), given as value and mask."""
    mark_key = "meta mark" if target == "MARK" else "ct mark"
    if "--restore-mark" in options:
        return (Assign("meta mark", 0, "ct mark"),)
    if "--save-mark" in options:
        return (Assign("ct mark", 0, "meta mark"),)
    mark = _option(options, "--set-xmark", "--set-mark")
    value, _, mask = mark.partition("/")
    try:
        bits, keep = int(value, 0), int(mask, 0) if mask else 0xFFFFFFFF
    except ValueError:
        return (Assign(mark_key, None),)
    return (Assign(mark_key, bits, mark_key, ~keep & 0xFFFFFFFF),)
