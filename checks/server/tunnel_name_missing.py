"""Visitors come through a tunnel of frp's or ngrok's, whose own page says that no client is there
for the name: the client on this machine runs for other names only.

The tunnel's server chooses the client by the Host of the request (frp, `customDomains`). A client
of another machine may be for the name, and be down: it is certain only where the client of this one
leads to a web server that has the name.
"""

from collections.abc import Iterator

from checks.server._tunnel_pages import (
    TUNNEL_SYMPTOMS,
    failed_visits,
    is_for_name,
    tunnel_programs,
    visit_subjects,
)
from checks.server._tunnel_ports import plain_server_ports
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    commands,
)
from diagnose.model.processes import TunnelClient


@check(severity=Severity.ERROR, needs=[TunnelClient], explains=TUNNEL_SYMPTOMS)
def tunnel_name_missing(evidence: Evidence) -> Iterator[Claim]:
    visits = failed_visits(evidence)
    for program in sorted(tunnel_programs(visits) & {"frpc", "ngrok"}):
        clients = [
            client
            for client in evidence.good(TunnelClient)
            if client.program == program and client.protocol != "tcp"
        ]
        names = tuple(dict.fromkeys(name for client in clients for name in client.names))
        is_known = all(client.names for client in clients)
        if not clients or not is_known or is_for_name(names, evidence):
            continue
        first, own_ports = clients[0], plain_server_ports(evidence)
        is_here = any(client.port in own_ports for client in clients)
        is_certain = program == "frpc" and is_here
        yield Claim(
            about=visit_subjects(evidence)[0],
            covers=visit_subjects(evidence),
            because=(*clients, *visits),
            confidence=Confidence.CERTAIN if is_certain else Confidence.LIKELY,
            facts={
                "program": program,
                "pid": first.pid,
                "name": evidence.target.host,
                "names": names[:6],
                "file": first.file,
                "unit": first.unit.removesuffix(".service"),
                "frp": program == "frpc",
                "command": first.equivalent,
            },
            fix=_fix(clients, evidence.target.host, is_here),
        )
        return


def _fix(clients: list[TunnelClient], host: str, is_here: bool) -> Fix:
    """Return the fix that adds the name to the only list of names, and restarts the client. The
    application of another name would get the visitors of this one: its list is a person's."""
    client = clients[0]
    is_own = is_here or any(_are_of_a_site(name.lower(), host.lower()) for name in client.names)
    if len(clients) > 1 or not is_own or not client.names_line or not client.unit:
        return Fix((Manual("add-the-name", Where.SERVER),), Applicability.MANUAL)
    is_ini = client.file.endswith(".ini")
    script = f"s/[[:space:]]*$/,{host}/" if is_ini else f's/ *]/, "{host}"]/'
    change = commands.rewrite(client.file, (f"{client.names_line}{script}",))
    return Fix((change, commands.restart_service(client.unit)), Applicability.REVIEW)


def _are_of_a_site(name: str, other: str) -> bool:
    """Return whether one name is below the other: shop.example.com and www.shop.example.com."""
    return name.endswith(f".{other}") or other.endswith(f".{name}")
