"""Reads which of Apache's rules answer the target's own paths: in its configuration, and in the
.htaccess of the site's folder where Apache reads it."""

import posixpath

from diagnose.model.server_rules import AnsweringRule
from diagnose.model.web_servers import WebServerConfig, WebSite
from diagnose.parsers.apache.config import Directive
from diagnose.parsers.apache.loading import ConfigSource, LoadedConfig, load
from diagnose.parsers.apache.target_rules import site_rules
from diagnose.parsers.server_request import requests_of
from diagnose.parsers.web_sites import answering_sites
from diagnose.probes import ProbeContext

#: Maximum number of bytes of an .htaccess, and of rules.
MAX_BYTES, MAX_RULES = 1 << 16, 20


async def target_rules(
    ctx: ProbeContext, loaded: LoadedConfig, config: WebServerConfig
) -> tuple[AnsweringRule, ...]:
    """Return the rules that answer the target's page and WebSockets, or may."""
    rules: list[AnsweringRule] = []
    for site in answering_sites(config, ctx.target.port, ctx.target.host)[:4]:
        own = await _own_directives(ctx, site, loaded)
        for request in requests_of(ctx.target, ctx.options.request.method):
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
