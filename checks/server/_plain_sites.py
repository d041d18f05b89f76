"""A site of Caddy that is written for http alone (`http://shop.example.com`), while a site for many
names (`*.example.com`) answers its name by https: an address with a scheme is on that scheme's port
only (Caddyfile, "Addresses")."""

import re
from dataclasses import replace

from checks.server import ServerView, line_edit, line_text, place_text, reload_steps
from checks.server._sites_beside import exact_sites
from diagnose.model import Applicability, Claim, Fix, Subject
from diagnose.model.web_servers import WebSite


def plain_site(view: ServerView) -> WebSite | None:
    """Return the site of exactly the target's name that is on port 80 alone and has content, where
    a site for many names answers https; None if there is none."""
    target, config = view.evidence.target, view.config
    if view.server.product != "caddy" or config is None or not target.uses_tls:
        return None
    if not view.answering_sites or any(target.host in site.names for site in view.answering_sites):
        return None
    for site in exact_sites(config.sites, target.host):
        is_plain = all(socket.port == 80 and not socket.tls for socket in site.sockets)
        if is_plain and not site.redirects and (site.routes or site.root):
            return site
    return None


def with_plain_site(view: ServerView, site: WebSite, claim: Claim) -> Claim:
    """Return the claim about the site for many names with the site that is meant, and the edit that
    takes its scheme away: then Caddy serves it by https, and redirects http."""
    line, host = line_text(view, site.file, site.line), re.escape(view.evidence.target.host)
    address = re.compile(rf"(?<![^\s,])(?:http://({host})(?::80)?|({host}):80)(?=[\s,{{]|$)", re.I)
    found = address.findall(line)
    written = address.sub(lambda match: match[1] or match[2], line)
    edit = line_edit(view, site.file, {site.line: (written,)}) if len(found) == 1 else None
    fix = Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else claim.fix
    facts = {**claim.facts, "elsewhere": place_text(site.file, site.line), "plain": True}
    return replace(claim, facts=facts, fix=fix, covers=(*claim.covers, Subject(port=80)))
