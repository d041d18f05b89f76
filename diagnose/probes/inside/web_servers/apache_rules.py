"""Reads which of Apache's rules answer the target's own paths, and a challenge of ACME: in its
configuration, and in the .htaccess of the site's folder where Apache reads it."""

import posixpath

from diagnose.model.renewal import ANY_CHALLENGE
from diagnose.model.server_rules import AnsweringRule
from diagnose.model.web_servers import WebServerConfig, WebSite
from diagnose.parsers.apache.config import Directive
from diagnose.parsers.apache.loading import ConfigSource, LoadedConfig, load
from diagnose.parsers.apache.target_rules import site_rules
from diagnose.parsers.server_request import ServerRequest, requests_of
from diagnose.parsers.web_sites import answering_sites
from diagnose.probes import ProbeContext

#: Maximum number of bytes of an .htaccess, and of rules.
MAX_BYTES, MAX_RULES = 1 << 16, 20


async def target_rules(
    ctx: ProbeContext, loaded: LoadedConfig, config: WebServerConfig
) -> tuple[AnsweringRule, ...]:
    """Return the rules that answer the target's page and WebSockets, and a challenge of ACME, or
    may."""
    rules: list[AnsweringRule] = []
    target = ctx.target
    requests = list(requests_of(target, ctx.options.request.method))
    # An authority asks at port 80 (RFC 8555 section 8.3), and follows redirects to https.
    challenge = ServerRequest(ANY_CHALLENGE, "", target.host, 80, False)
    for port, group in ((target.port, requests), (80, [challenge])):
        for site in answering_sites(config, port, target.host)[:4]:
            own = await _own_directives(ctx, site, loaded)
            for request in group:
                rules += site_rules(loaded, site, request, own)
    return tuple(dict.fromkeys(rules))[:MAX_RULES]


async def _own_directives(
    ctx: ProbeContext, site: WebSite, loaded: LoadedConfig
) -> tuple[Directive, ...]:
    """Return the directives of the site's .htaccess that count with the loaded modules, () if
    Apache does not read it."""
    if not site.root.startswith("/") or site.reads_htaccess is not True:
        return ()
    path = posixpath.join(site.root, ".htaccess")
    content = await ctx.machine.read(path, MAX_BYTES)
    if content.failure:
        return ()
    return load(path, ConfigSource({path: content.text}, {}), site.root, {}, loaded.modules).main
