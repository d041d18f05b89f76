"""The prints of a run: what may change under a site, each thing a short readable text.

Two runs whose prints are the same met the same site. Nothing here says what is right. A key is
its kind, then what of that kind it is: "file /etc/nginx/nginx.conf". An empty text stands for what
was there and could not be seen whole. Of texts only a digest is kept, and nothing of any key.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from diagnose.model import Host, Report, Unseen, Vantage
from diagnose.model.dns import ADDRESS_TYPES, Resolution, final_answers
from diagnose.model.firewall import Firewalld, IpSet, Policy, PortRange, Zone
from diagnose.model.netfilter import Ruleset
from diagnose.model.nginx import (
    CertificateFile,
    ConfigFile,
    NginxConfig,
    NginxState,
    UpstreamTry,
)
from diagnose.model.server import Listener, Listeners
from diagnose.model.tls import Certificate, Handshake
from diagnose.parsers.sanitize import clean

#: Longer than this is no text and no key.
LONGEST = 300

#: From here on the kernel gives ports to whoever wants any (ip-sysctl, ip_local_port_range).
EPHEMERAL = 32768

Prints = Iterator[tuple[str, str]]


def prints(report: Report) -> Mapping[str, str]:
    """What was seen, the most telling first."""
    found: dict[str, str] = {}
    for make in _KINDS:
        for key, text in make(report):
            found.setdefault(clean(key, LONGEST), clean(text, LONGEST))
    return found


def looked(report: Report) -> frozenset[str]:
    """The kinds of which all there is was looked at: what has no print is not there."""
    evidence = report.evidence
    states = {zone.permanent for zone in evidence.good(Zone)}
    rulesets, hidden = evidence.of(Ruleset), evidence.of(Unseen)
    unruly = any(one.failure for one in rulesets) or any("rules" in one.what for one in hidden)
    kinds = {
        "file": any(evidence.good(NginxConfig)),
        "certificate-file": any(evidence.good(CertificateFile)),
        "rules": bool(rulesets) and not unruly,
        "listener": any(evidence.good(Listeners)),
        "application": any(evidence.of(UpstreamTry)),
    }
    found = {kind for kind, seen in kinds.items() if seen}
    return frozenset(found | {f"{one} {_kept(p)}" for p in states for one in ("zone", "policy")})


def kind_of(key: str) -> str:
    """The kind of a print: "file", "zone (running)"."""
    word = key.partition(" ")[0]
    if word in {"zone", "policy", "set"}:
        return f"{'policy' if word == 'policy' else 'zone'} {key.rpartition(' ')[2]}"
    return "certificate-file" if key.startswith("certificate in ") else word


# From outside


def _addresses(report: Report) -> Prints:
    """As DNS has them; as the system has them where DNS itself could not be asked."""
    answers = final_answers(report.evidence)
    for family, rdtype in ADDRESS_TYPES.items():
        answer = answers.get(rdtype)
        if answer and not answer.failure and answer.rcode in {"NOERROR", "NXDOMAIN"}:
            yield f"address (IPv{family})", _listed(answer.records)
    for seen in report.evidence.good(Resolution):
        if seen.via in {"system", "dns"}:
            yield f"address (IPv{seen.family})", _listed(seen.addresses)


def _served(report: Report) -> Prints:
    leaves = {
        _certificate(seen.chain[0])
        for seen in report.evidence.good(Handshake)
        if seen.as_a_visitor and seen.chain and seen.vantage is Vantage.HERE
    }
    if leaves:
        yield "certificate", "; ".join(sorted(leaves))


# nginx


def _server(report: Report) -> Prints:
    for seen in report.evidence.good(Host):
        if seen.vantage is Vantage.SERVER:
            yield "server", seen.hostname


def _loaded(report: Report) -> Prints:
    for seen in report.evidence.good(NginxState):
        master = next((one for one in seen.masters if not one.foreign), None)
        if master is not None:
            yield "nginx loaded", time(master.loaded or master.started)
        elif seen.installed and not seen.masters:
            yield "nginx loaded", "not running"


def _on_disk(report: Report) -> Prints:
    for seen in report.evidence.good(CertificateFile):
        text = _certificate(seen.chain[0]) if seen.chain else f"sha256 {seen.sha256[:12]}"
        yield f"certificate in {seen.path}", text


def _applications(report: Report) -> Prints:
    found: dict[str, set[str]] = {}
    for seen in report.evidence.of(UpstreamTry):
        found.setdefault(seen.end, set()).add(seen.failure.kind if seen.failure else "open")
    for end, outcomes in found.items():
        yield f"application {end}", _listed(outcomes)


def _files(report: Report) -> Prints:
    """Those that speak of the target first."""
    host = report.evidence.target.host
    for seen in report.evidence.good(NginxConfig):
        for file in sorted(seen.files, key=lambda one: host not in one.text):
            yield f"file {file.path}", _file(file)


def _file(file: ConfigFile) -> str:
    return f"{_digest(file.text)} {time(file.changed)}".rstrip()


# Listening


def _own_listeners(report: Report) -> Prints:
    for one in _sockets(report):
        if one.port == report.evidence.target.port:
            yield _listener(one)


def _other_listeners(report: Report) -> Prints:
    for one in _sockets(report):
        if one.port < EPHEMERAL:
            yield _listener(one)


def _sockets(report: Report) -> Iterable[Listener]:
    return (one for seen in report.evidence.good(Listeners) for one in seen.sockets)


def _listener(one: Listener) -> tuple[str, str]:
    address = f"[{one.address}]" if ":" in one.address else one.address
    return f"listener {address}:{one.port}", one.process or ""


# The firewall


def _daemon(report: Report) -> Prints:
    for seen in report.evidence.good(Firewalld):
        parts = ["running" if seen.running else "not running"]
        parts += [f"default zone {seen.default_zone}"] * bool(seen.default_zone)
        parts += ["panic mode"] * seen.panic
        parts += [f"direct rule {one}" for one in seen.direct]
        yield "firewalld", _joined(parts)


def _zones(report: Report) -> Prints:
    for seen in report.evidence.good(Zone):
        bound = [
            *(f"interface {one}" for one in sorted(seen.interfaces)),
            *(f"source {one}" for one in sorted(seen.sources)),
        ]
        yield f"zone {seen.name} {_kept(seen.permanent)}", _joined([*bound, *_passes(seen)])


def _policies(report: Report) -> Prints:
    for seen in report.evidence.good(Policy):
        ways = [
            *(f"from {one}" for one in sorted(seen.ingress)),
            *(f"to {one}" for one in sorted(seen.egress)),
        ]
        yield f"policy {seen.name} {_kept(seen.permanent)}", _joined([*ways, *_passes(seen)])


def _sets(report: Report) -> Prints:
    for seen in report.evidence.good(IpSet):
        if seen.whole:
            parts = [f"entry {one}" for one in sorted(seen.entries)]
            yield f"set {seen.name} {_kept(seen.permanent)}", _joined(parts) or "empty"


def _passes(seen: Zone | Policy) -> Iterator[str]:
    yield f"target {seen.target}"
    if seen.priority != (-1 if isinstance(seen, Policy) else 0):
        yield f"priority {seen.priority}"
    yield from (f"service {one}" for one in sorted(seen.services))
    yield from sorted(f"port {_port(one)}" for one in seen.ports)
    yield from (f"rich {one}" for one in sorted(seen.rich_rules))
    yield from (f"forward {one}" for one in sorted(seen.forward_ports))


def _port(one: PortRange) -> str:
    last = "" if one.high == one.low else f"-{one.high}"
    return f"{one.low}{last}/{one.protocol}"


def _kept(permanent: bool) -> str:
    return "(permanent)" if permanent else "(running)"


# The packet filter


def _rules(report: Report) -> Prints:
    for seen in report.evidence.good(Ruleset):
        lines = _nft(seen.text) if seen.tool == "nft" else _saved(seen.text)
        count = sum(1 for one in lines if one.startswith(("-A ", '{"rule"')))
        shown = f"{count} rules, " if seen.tool != "ipset" else ""
        yield f"rules {seen.tool}", f"{shown}sha256 {_digest(chr(10).join(lines))}"


#: What differs from one look to the next though nobody has touched the rules.
_PASSING = {"handle", "packets", "bytes", "expires", "used", "index"}


def _nft(text: str) -> list[str]:
    """The objects that nft printed, without what counts and numbers them (libnftables-json(5)).
    In one that cannot be read nothing can be told apart."""
    try:
        objects = json.loads(text)["nftables"]
        kept = (one for one in objects if "metainfo" not in one and not _is_a_ban(one))
        return [json.dumps(_lasting(one), sort_keys=True) for one in kept]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [text]


def _is_a_ban(one: dict[str, Any]) -> bool:
    """A rule with which fail2ban locks somebody out, for a while."""
    return "rule" in one and str(one["rule"].get("chain", "")).startswith("f2b-")


def _lasting(value: Any) -> Any:
    if isinstance(value, list):
        return [_lasting(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _lasting(one) for key, one in value.items() if key not in _PASSING}
    for kind in ("set", "map"):
        if isinstance(one := kept.get(kind), dict) and isinstance(one.get("elem"), list):
            kept[kind] = _lasting_set(one)
    return kept


def _lasting_set(one: dict[str, Any]) -> dict[str, Any]:
    """A set without the elements that rules or programs put into it, the others in one order."""
    flags = one.get("flags") or ()
    passing = {"dynamic", "timeout"}.intersection((flags,) if isinstance(flags, str) else flags)
    if passing or str(one.get("table", "")).startswith("f2b"):
        return {key: value for key, value in one.items() if key != "elem"}
    return {**one, "elem": sorted(map(json.dumps, one["elem"]))}


def _saved(text: str) -> list[str]:
    """What iptables-save or `ipset save` printed, without comments and counters, whom fail2ban
    has locked out, and how long an entry of a set will last."""
    lines = (re.sub(r"^\[\d+:\d+\] | \[\d+:\d+\]$", "", one) for one in text.splitlines())
    lines = (_set_line(one) if one.startswith(("add ", "create ")) else one for one in lines)
    kept = [one for one in lines if one and not one.startswith(("#", "-A f2b-", "add f2b-"))]
    entries = sorted(one for one in kept if one.startswith("add ") and " timeout " not in one)
    return [one for one in kept if not one.startswith("add ")] + entries


def _set_line(text: str) -> str:
    """Without what counts, and what the kernel chose itself (ipset(8))."""
    return re.sub(r" (?:packets|bytes|initval|hashsize) \S+", "", text)


# How it is written


def time(seconds: float | None) -> str:
    """RFC 3339 to the second, "" for none."""
    try:
        moment = datetime.fromtimestamp(seconds or 0, UTC)
    except (OverflowError, OSError, ValueError):
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else ""


def _certificate(leaf: Certificate) -> str:
    until = f", until {leaf.not_after:%Y-%m-%d %H:%M} UTC" if leaf.not_after else ""
    return f"serial {leaf.serial[:40]}{until}"


def _listed(values: Iterable[str]) -> str:
    return ", ".join(sorted(set(values))) or "none"


def _joined(parts: Iterable[str]) -> str:
    """Parts that can be told apart again; where they are too long, with a digest of all first."""
    whole = "; ".join(one.replace(";", ",") for one in parts)
    return whole if len(whole) <= LONGEST else f"sha256 {_digest(whole)}; {whole}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


_KINDS = (
    _server, _addresses, _served, _loaded, _on_disk, _daemon, _zones, _policies, _sets, _rules,
    _applications, _own_listeners, _files, _other_listeners,
)  # fmt: skip
