"""Reads which of Apache's rules answer the target's own paths, and a challenge of ACME: in its
configuration, and in the .htaccess of the site's folder where Apache reads it."""

import posixpath
from dataclasses import replace

from diagnose.model.renewal import ANY_CHALLENGE, WRITTEN_CHALLENGE
from diagnose.model.server_rules import AnsweringRule
from diagnose.model.web_servers import WebServerConfig, WebSite
from diagnose.parsers.apache.config import Directive
from diagnose.parsers.apache.loading import ConfigSource, LoadedConfig, load
from diagnose.parsers.apache.target_rules import site_rules
from diagnose.parsers.server_request import ServerRequest, requests_of
from diagnose.parsers.web_sites import answering_sites, takes
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
    for port, group in (
        (target.port, requests),
        # An authority asks at port 80 (RFC 8555 section 8.3), and follows redirects to https.
        (80, _challenges(target.host, 80)),
        (443, _challenges(target.host, 443)),
    ):
        for site in answering_sites(config, port, target.host)[:4]:
            own = await _own_directives(ctx, site, loaded)
            for request in group:
                is_elsewhere = any(takes(alias.prefix, request.path) for alias in site.aliases)
                rules += site_rules(loaded, site, request, () if is_elsewhere else own)
    return tuple(dict.fromkeys(rules))[:MAX_RULES]


def _challenges(host: str, port: int) -> list[ServerRequest]:
    """Return the request for any challenge, and for one whose file is there."""
    any_request = ServerRequest(ANY_CHALLENGE, "", host, port, port == 443)
    return [any_request, replace(any_request, path=WRITTEN_CHALLENGE, is_file=True)]


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
