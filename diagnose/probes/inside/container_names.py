"""Looks up, as a container sees it, the names that nginx in that container could not resolve by its
log: with the name servers of the container's resolv.conf, as a control of nginx's own `resolver`.

The engines differ: Docker's server is 127.0.0.11, Podman's is the gateway of the network
(aardvark-dns).
"""

import re
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.addresses import bracketed
from diagnose.model.logs import LogLine
from diagnose.model.upstream import NameAnswer
from diagnose.parsers.hostnames import is_address, is_host
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.server_names import emit_server_names

#: Maximum number of names, and of addresses of one.
MAX_NAMES, MAX_ADDRESSES = 3, 8
PATIENCE = 3.0

#: ngx_resolver.c, ngx_http_upstream.c
_UNRESOLVED = re.compile(r"([\w.-]{1,253}) could not be resolved \(\d")


@probe(after=LogLine)
async def unresolved_name(ctx: ProbeContext, line: LogLine) -> None:
    if ctx.machine.via != "container" or not ctx.options.wants("upstream"):
        return
    match = _UNRESOLVED.match(line.text)
    name = match[1] if match else ""
    known = {answer.name for answer in ctx.observed(NameAnswer)}
    if not is_host(name) or is_address(name) or name in known or len(known) >= MAX_NAMES:
        return
    if not ctx.further_requests.begin(f"the name {name} in its container"):
        return
    own = await emit_server_names(ctx, [name])
    # A hosts file answers first, which nginx does not read.
    if not own.resolvers or name in own.written:
        return
    at, argv = ctx.elapsed(), ("getent", "ahostsv4", name)
    result = await ctx.machine.run(*argv, timeout=PATIENCE)
    words = (text.split()[:1] for text in result.out.splitlines()[: 8 * MAX_ADDRESSES])
    addresses = dict.fromkeys(word for address in words for word in address if is_address(word))
    answer = NameAnswer(
        vantage=Vantage.SERVER,
        at=at,
        took=ctx.elapsed() - at,
        equivalent=" ".join(argv),
        name=name,
        resolver=f"{bracketed(own.resolvers[0])}:53",
        rdtype="A",
        addresses=tuple(addresses)[:MAX_ADDRESSES],
        of_nginx=False,
    )
    ctx.emit(replace(answer, failure=result.failure, rcode="NOERROR" if addresses else ""))
