"""Visitors come through a tunnel that passes TLS on as it is (frp of type https or tcp, `ssh -R`),
and its client leads to a port of this machine at which a web server speaks plain HTTP. Browsers get
the web server's answer in place of a handshake ("wrong version number", ERR_SSL_PROTOCOL_ERROR).
"""

from collections.abc import Iterator

from checks.server._tunnel_pages import (
    TUNNEL_SYMPTOMS,
    failed_visits,
    is_for_name,
    visit_subjects,
)
from checks.server._tunnel_ports import plain_server_ports, port_fix, tls_port
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.addresses import is_local_host
from diagnose.model.processes import TunnelClient
from diagnose.model.tls import Handshake, speaks_plain_http


@check(
    severity=Severity.ERROR,
    needs=[TunnelClient, Handshake],
    needs_fault=[Handshake],
    explains=TUNNEL_SYMPTOMS,
)
def tunnel_to_plain_http(evidence: Evidence) -> Iterator[Claim]:
    visits = failed_visits(evidence)
    is_plain = visits and all(
        isinstance(visit, Handshake) and speaks_plain_http(visit) for visit in visits
    )
    clients = [
        client
        for client in evidence.good(TunnelClient)
        if client.protocol != "http" and (not client.names or is_for_name(client.names, evidence))
        if is_local_host(client.host) and client.port in plain_server_ports(evidence)
    ]
    for client in clients if is_plain and len(clients) == 1 else ():
        wanted = tls_port(evidence)
        yield Claim(
            about=visit_subjects(evidence)[0],
            covers=visit_subjects(evidence),
            because=(client, *visits),
            confidence=Confidence.CERTAIN if client.names else Confidence.LIKELY,
            facts={
                "program": client.program,
                "pid": client.pid,
                "application": str(Subject(address=client.host, port=client.port)),
                "file": client.file,
                "wanted": wanted or "",
                "frp": client.program == "frpc",
                "name": evidence.target.host,
                "port": client.port,
                "command": client.equivalent,
            },
            fix=port_fix(client, wanted, "lead-to-tls"),
        )
