"""A small name server for what dnsmasq will not do: it takes dnsmasq's place in the router.

    python nameserver.py ZONE.json ADDRESS…

The zone is `{name: {"A": [...], "CNAME": [...], "fault": "servfail"}}`; a name may also be
`*.example.com`. Faults: servfail, bogus (SERVFAIL unless the CD bit is set), refused, silence,
nxdomain, no-aaaa (no answer for AAAA), caa-servfail (SERVFAIL for CAA), truncated (UDP answers are
cut, TCP is whole), garbage.
`by_client` answers differently by the asker's network: `{"203.0.113.": {"A": [...]}}`.
"""

import contextlib
import json
import socket
import struct
import sys
import threading
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = dict[str, dict[str, Any]]
SOA = "ns.example.com. root.example.com. 1 3600 600 86400 60"
MAX_ALIASES = 8
FAULTS = {
    "servfail": dns.rcode.SERVFAIL,
    "refused": dns.rcode.REFUSED,
    "nxdomain": dns.rcode.NXDOMAIN,
}


def lookup(zone: Zone, name: str, client: str) -> dict[str, Any] | None:
    parent = "*." + name.partition(".")[2]
    entry = zone.get(name) or zone.get(parent)
    if entry is None and any(known.endswith("." + name) for known in zone):
        return {}  # an empty non-terminal exists
    for network, other in (entry or {}).get("by_client", {}).items():
        if client.startswith(network):
            return dict(other)
    return entry


def resolve(zone: Zone, query: dns.message.Message, client: str) -> dns.message.Message | None:
    response = dns.message.make_response(query, recursion_available=True)
    question = query.question[0]
    name, kind = question.name, dns.rdatatype.to_text(question.rdtype)
    for _ in range(MAX_ALIASES):
        if any(known.name == name for known in response.answer):
            break  # a loop: each alias once
        entry = lookup(zone, name.to_text(omit_final_dot=True).lower(), client)
        if entry is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
            break
        match entry.get("fault"):
            case "silence":
                return None
            case "no-aaaa" if kind == "AAAA":
                return None
            case "caa-servfail" if kind == "CAA":
                response.set_rcode(dns.rcode.SERVFAIL)
                return response
            case "bogus" if not query.flags & dns.flags.CD:
                response.set_rcode(dns.rcode.SERVFAIL)
                return response
            case str(fault) if fault in FAULTS:
                response.set_rcode(FAULTS[fault])
                break
        found = "CNAME" if "CNAME" in entry else kind
        values = entry.get(found, [])
        if values:
            response.answer.append(dns.rrset.from_text_list(name, 60, "IN", found, values))
        if found == kind or "CNAME" not in entry:
            break
        name = dns.name.from_text(values[0])
    if not response.answer or response.rcode() == dns.rcode.NXDOMAIN:
        response.authority.append(dns.rrset.from_text("example.com.", 60, "IN", "SOA", SOA))
    return response


def reply(zone: Zone, wire: bytes, client: str, udp: bool) -> bytes | None:
    query = dns.message.from_wire(wire)
    faults = {entry.get("fault") for entry in zone.values()}
    if "garbage" in faults:
        return wire[:2] + b"\x81\x80garbage"
    response = resolve(zone, query, client)
    if response is None:
        return None
    if udp and "truncated" in faults:
        response.answer.clear()
        response.flags |= dns.flags.TC
    return response.to_wire()


def serve_udp(zone: Zone, listening: socket.socket) -> None:
    while True:
        wire, peer = listening.recvfrom(4096)
        with contextlib.suppress(Exception):
            if answer := reply(zone, wire, peer[0], udp=True):
                listening.sendto(answer, peer)


def serve_tcp(zone: Zone, listening: socket.socket) -> None:
    def serve(connection: socket.socket, client: str) -> None:
        with connection, contextlib.suppress(Exception), connection.makefile("rwb") as stream:
            while size := stream.read(2):
                wire = stream.read(struct.unpack("!H", size)[0])
                if answer := reply(zone, wire, client, udp=False):
                    stream.write(struct.pack("!H", len(answer)) + answer)
                    stream.flush()

    while True:
        connection, peer = listening.accept()
        threading.Thread(target=serve, args=(connection, peer[0]), daemon=True).start()


def main(path: str, *addresses: str) -> None:
    zone: Zone = json.loads(Path(path).read_text())
    threads = []
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        udp = socket.socket(family, socket.SOCK_DGRAM)
        udp.bind((address, 53))
        tcp = socket.create_server((address, 53), family=family)
        threads += [threading.Thread(target=serve_udp, args=(zone, udp))]
        threads += [threading.Thread(target=serve_tcp, args=(zone, tcp))]
    for thread in threads:
        thread.start()


if __name__ == "__main__":
    main(*sys.argv[1:])
