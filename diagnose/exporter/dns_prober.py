"""The prober "dns": one question to the target, and rules for the answer.

Source: blackbox_exporter, prober/dns.go.
"""

import struct
import time
from collections.abc import Iterable

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from diagnose.exporter import client_tls
from diagnose.exporter.addresses import choose_address
from diagnose.exporter.modules import DnsModule, RecordRules
from diagnose.exporter.probe import Probe
from diagnose.exporter.probers import split_host_port
from diagnose.net.error_mapping import failure_of

#: Seconds; the whole probe has a deadline of its own.
_PATIENCE = 120.0
#: Maximum number of records that the rules are put to.
MAX_RECORDS = 2000

#: The sections of an answer: metric, help and the option of the module.
_SECTIONS = (
    ("probe_dns_answer_rrs", "Returns number of entries in the answer resource record list",
        "validate_answer_rrs"),
    ("probe_dns_authority_rrs", "Returns number of entries in the authority resource record list",
        "validate_authority_rrs"),
    ("probe_dns_additional_rrs", "Returns number of entries in the additional resource record list",
        "validate_additional_rrs"),
)  # fmt: skip


async def probe_dns(probe: Probe) -> bool:
    """Return whether the probe succeeded."""
    module = probe.module.dns
    _declare_metrics(probe)
    host, port = split_host_port(probe.target) or (
        probe.target,
        853 if module.dns_over_tls else 53,
    )
    if module.dns_over_tls and module.transport_protocol != "tcp":
        return probe.break_rule("transport_protocol", "DNS over TLS needs the protocol tcp")
    started = time.monotonic()
    address = await choose_address(
        probe, host, module.preferred_ip_protocol, module.ip_protocol_fallback
    )
    _set_phase(probe, "resolve", time.monotonic() - started)
    if not address:
        return False
    response = await _ask(probe, address, port, host)
    return response is not None and _judge(probe, module, response)


def _declare_metrics(probe: Probe) -> None:
    metrics = probe.metrics
    metrics.declare_labelled("probe_dns_duration_seconds", "Duration of DNS request by phase")
    for phase in ("resolve", "connect", "request"):
        _set_phase(probe, phase, 0)
    for name, help_text, _ in _SECTIONS:
        metrics.declare(name, help_text)
    metrics.declare(
        "probe_dns_query_succeeded", "Displays whether or not the query was executed successfully"
    )


def _set_phase(probe: Probe, phase: str, seconds: float) -> None:
    probe.metrics.set("probe_dns_duration_seconds", seconds, phase=phase)


async def _ask(probe: Probe, address: str, port: int, host: str) -> dns.message.Message | None:
    module = probe.module.dns
    query = dns.message.make_query(
        module.query_name,
        module.query_type or "ANY",
        module.query_class or "IN",
        use_edns=False,
        flags=dns.flags.RD if module.recursion_desired else 0,
    )
    started = time.monotonic()
    try:
        if module.dns_over_tls:
            data = await _ask_over_tls(probe, address, port, host, query.to_wire())
        else:
            is_tcp = module.transport_protocol == "tcp"
            data = await probe.net.ask(f"{address}#{port}", query.to_wire(), _PATIENCE, is_tcp)
        _set_phase(probe, "request", time.monotonic() - started)
        response = dns.message.from_wire(data, ignore_trailing=True) if data else None
    except (OSError, EOFError) as error:
        failure = failure_of(error)
        probe.fail("Error while sending a DNS query", failure.kind, err=failure.message)
        return None
    except dns.exception.DNSException as error:
        probe.fail("Error while sending a DNS query", "protocol", err=error)
        return None
    return response


async def _ask_over_tls(
    probe: Probe, address: str, port: int, host: str, query: bytes
) -> bytes | None:
    """Ask over TLS (RFC 7858). None if there is no TLS (logged)."""
    tls_config, started = probe.module.dns.tls_config, time.monotonic()
    result = await probe.net.connect(address, port, _PATIENCE)
    if result.stream is None:
        message = result.failure.message if result.failure else ""
        kind = result.failure.kind if result.failure else "other"
        probe.fail("Error while sending a DNS query", kind, err=message)
        return None
    name = tls_config.server_name or host
    handshake = await client_tls.handshake(probe, result.stream, tls_config, name, ("dot",))
    if handshake is None or handshake.stream is None:
        return None
    _set_phase(probe, "connect", time.monotonic() - started)
    stream, data = handshake.stream, b""
    try:
        await stream.write(struct.pack("!H", len(query)) + query, _PATIENCE)
        while len(data) < 2 or len(data) < 2 + struct.unpack("!H", data[:2])[0]:
            piece = await stream.read(timeout=_PATIENCE)
            if not piece:
                raise EOFError("connection closed in the middle of an answer")
            data += piece
    finally:
        stream.close()
    return data[2 : 2 + struct.unpack("!H", data[:2])[0]]


def _judge(probe: Probe, module: DnsModule, response: dns.message.Message) -> bool:
    metrics = probe.metrics
    metrics.set("probe_dns_query_succeeded", 1)
    sections = (response.answer, response.authority, response.additional)
    for (name, *_), sets in zip(_SECTIONS, sections, strict=True):
        metrics.set(name, sum(len(records) for records in sets))
    if module.query_type == "SOA":
        metrics.declare("probe_dns_serial", "Returns the serial number of the zone")
        for serial in _serials(response.answer):
            metrics.set("probe_dns_serial", serial)
    code = dns.rcode.to_text(response.rcode())
    if code not in (module.valid_rcodes or ["NOERROR"]):
        return probe.break_rule(
            "valid_rcodes", "Rcode is not one of the valid rcodes", string_rcode=code
        )
    return all(
        _check_records(probe, record_texts(sets), getattr(module, option), option)
        for (*_, option), sets in zip(_SECTIONS, sections, strict=True)
    )


def _serials(sets: Iterable[dns.rrset.RRset]) -> list[int]:
    return [
        record.serial
        for records in sets
        if records.rdtype == dns.rdatatype.SOA
        for record in records
    ]


def record_texts(sets: Iterable[dns.rrset.RRset]) -> list[str]:
    """Return each record on a line of its own, with tabs between its fields, as the rules expect:
    "example.com.<TAB>300<TAB>IN<TAB>A<TAB>192.0.2.1"."""
    return [
        "\t".join(
            (
                records.name.to_text(),
                str(records.ttl),
                dns.rdataclass.to_text(records.rdclass),
                dns.rdatatype.to_text(records.rdtype),
                record.to_text(),
            )
        )
        for records in sets
        for record in records
    ][:MAX_RECORDS]


def _check_records(probe: Probe, texts: list[str], rules: RecordRules, option: str) -> bool:
    lines = [text.encode() for text in texts]
    if any(rule.search(line) for rule in rules.fail_if_matches_regexp for line in lines):
        return probe.break_rule(option, "At least one RR matched regexp")
    if any(not rule.search(line) for rule in rules.fail_if_not_matches_regexp for line in lines):
        return probe.break_rule(option, "At least one RR did not match regexp")
    if not lines and (rules.fail_if_not_matches_regexp or rules.fail_if_none_matches_regexp):
        return probe.break_rule(option, "no RRs returned")
    none_rules, all_rules = rules.fail_if_none_matches_regexp, rules.fail_if_all_match_regexp
    if none_rules and not any(rule.search(line) for rule in none_rules for line in lines):
        return probe.break_rule(option, "None of the RRs did matched any regexp")
    # As in blackbox_exporter, whose condition is the other way round: it fails unless all match.
    if all_rules and not all(rule.search(line) for rule in all_rules for line in lines):
        return probe.break_rule(option, "Not all RRs matched regexp")
    return True
