"""Sends one DNS query and records the answer."""

import shlex
from dataclasses import replace

from diagnose.model import Failure
from diagnose.model.dns import Answer, DnsAnswer, QueryPurpose, Transport
from diagnose.model.frozen import frozen
from diagnose.net.error_mapping import failure_of
from diagnose.probes import ProbeContext
from diagnose.processes import parser_process

# Importing dnspython takes a large part of a short run, so it is done in the parser process.
ENCODE, _READ = "diagnose.parsers.dns:query", "diagnose.parsers.dns:parse_answer"

#: Seconds to wait for an answer that a finding may depend on.
PATIENCE = 3.0


@frozen
class Query:
    """A query: the name and type, the server ("address" or "address#port"), and why it is sent.

    Without `validate`, the resolver is asked not to check signatures (RFC 4035 section 3.2.2, CD).
    `timeout` is in seconds.
    """

    name: str
    rdtype: str
    server: str
    purpose: QueryPurpose = "target"
    validate: bool = True
    edns: bool = True
    timeout: float = PATIENCE

    def unanswered(self, at: float, transport: Transport) -> DnsAnswer:
        """Return the observation of this query, without its answer."""
        return DnsAnswer(
            at=at,
            equivalent=self.dig_command(transport),
            name=self.name,
            rdtype=self.rdtype,
            server=self.server,
            checking_disabled=not self.validate,
            purpose=self.purpose,
            transport=transport,
        )

    def dig_command(self, transport: Transport) -> str:
        """Return the equivalent command (dig(1))."""
        server, _, port = self.server.partition("#")
        words = ["dig", f"@{server}", *(["-p", port] if port else []), self.name, self.rdtype]
        words += ["+dnssec"] if self.edns else ["+noedns"]
        words += [] if self.validate else ["+cd"]
        words += ["+tcp"] if transport == "tcp" else []
        return shlex.join(words)


async def ask(ctx: ProbeContext, query: Query) -> DnsAnswer:
    """Send a query and emit the answer; repeat a truncated one over TCP."""
    answer = await _send(ctx, query, "udp")
    return await _send(ctx, query, "tcp") if answer.truncated else answer


async def _send(ctx: ProbeContext, query: Query, transport: Transport) -> DnsAnswer:
    blank = query.unanswered(ctx.elapsed(), transport)
    data = await parser_process.call(
        ENCODE, query.name, query.rdtype, validate=query.validate, edns=query.edns
    )
    try:
        reply = await ctx.net.ask(query.server, data, timeout=query.timeout, tcp=transport == "tcp")
        answer = await parser_process.call(_READ, reply, query.name, query.rdtype)
    except (OSError, TimeoutError, EOFError) as error:
        return ctx.emit(_failed_answer(ctx, blank, failure_of(error)))
    except ValueError as error:
        return ctx.emit(_failed_answer(ctx, blank, Failure("protocol", str(error))))
    return ctx.emit(_complete_answer(ctx, blank, answer))


def _failed_answer(ctx: ProbeContext, blank: DnsAnswer, failure: Failure) -> DnsAnswer:
    return replace(blank, took=ctx.elapsed() - blank.at, failure=failure)


def _complete_answer(ctx: ProbeContext, blank: DnsAnswer, answer: Answer) -> DnsAnswer:
    return replace(
        blank,
        took=ctx.elapsed() - blank.at,
        rcode=answer.rcode,
        aliases=answer.aliases,
        records=answer.records,
        ttl=answer.ttl,
        authoritative=answer.authoritative,
        authenticated=answer.authenticated,
        extended=answer.extended,
        zone=answer.zone,
        truncated=answer.truncated,
    )
