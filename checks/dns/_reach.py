"""Whether this machine reaches any other: a resolver that is silent alone is to blame, one that is
as silent as everything else may not be."""

from checks.firewall._visitors import probes_from_the_server
from diagnose.model import Evidence, Vantage
from diagnose.model.addresses import LOCAL_ONLY, family_of, is_within
from diagnose.model.dns import DnsAnswer
from diagnose.model.server import server_interfaces
from diagnose.model.tcp import Connection


def reaches_others(evidence: Evidence) -> bool:
    """Return whether another machine answered this one in this run: a name server, or a server that
    accepted or refused a connection. On the server its own addresses prove nothing."""
    own: set[str] = set()
    if probes_from_the_server(evidence):
        own = {address for nic in server_interfaces(evidence) for address in nic.addresses}
    answered = any(not is_within(answer.server, LOCAL_ONLY) for answer in evidence.good(DnsAnswer))
    return answered or any(
        connection.vantage is Vantage.HERE
        and (connection.failure is None or connection.failure.kind == "refused")
        and connection.address not in own
        and not is_within(connection.address, LOCAL_ONLY)
        for connection in evidence.of(Connection)
    )


def unanswered_questions(evidence: Evidence, family: int) -> tuple[DnsAnswer, ...]:
    """Return the questions to other machines over this IP version that got no reply; () if any
    machine answered."""
    if reaches_others(evidence):
        return ()
    return tuple(
        answer
        for answer in evidence.of(DnsAnswer)
        if answer.failure is not None
        and answer.failure.kind == "timeout"
        and family_of(answer.server) == family
        and not is_within(answer.server, LOCAL_ONLY)
    )
