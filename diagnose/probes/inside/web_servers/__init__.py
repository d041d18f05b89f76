"""Probes for web servers other than nginx.

They look only where there is a question: another server holds the target's port, or nobody does.
Then one script lists the servers, and each is read by its own reader (`readers`).
"""

import asyncio
import posixpath
import shlex
from collections.abc import Collection
from dataclasses import replace

from diagnose.model import Host, Unseen, Vantage
from diagnose.model.containers import CONTAINER_PROCESSES
from diagnose.model.http import Exchange
from diagnose.model.nginx import CertificateFile, UpstreamTry
from diagnose.model.pages import Page
from diagnose.model.server import Listeners
from diagnose.model.tls import Handshake, speaks_plain_http
from diagnose.model.web_servers import WebServer, WebServerConfig, WebServerTest, WebSite
from diagnose.parsers.hostnames import covers, is_address
from diagnose.parsers.redirects import REDIRECTS, leads_to_itself
from diagnose.parsers.sanitize import clean
from diagnose.parsers.stray_pages import is_default_page
from diagnose.parsers.web_sites import answering_sites, has_name
from diagnose.probes import ProbeContext, emit_not_observed, is_first, probe
from diagnose.probes.inside.nginx_certificates import observe_certificate_files
from diagnose.probes.inside.unanswered import emit_unanswered
from diagnose.probes.inside.web_servers.choice import candidates, stopped_servers
from diagnose.probes.inside.web_servers.processes import (
    LIST_SCRIPT,
    Candidate,
    InstalledServers,
    parse_servers,
)
from diagnose.probes.inside.web_servers.readers import (
    PRODUCTS,
    WEB_SERVERS,
    Reader,
    reader_of,
    test_subject,
)

#: The command that lists the servers.
LIST_COMMAND = ("sh", "-c", LIST_SCRIPT, "sh", *PRODUCTS)

#: What is not known without an answer to that command.
_LIST_SUBJECT = "the web servers other than nginx"

#: Maximum number of servers that are read.
MAX_READ = 3

#: Maximum number of certificates of other sites on the target's port that are read.
_MAX_OTHER_CERTIFICATES = 10

#: nginx and its descendants, and what holds a port for another program (systemd.socket(5)).
_READ_ELSEWHERE = WEB_SERVERS | {"systemd", "init"}

#: LiteSpeed and OpenLiteSpeed, as the kernel shows them.
_LITESPEED = frozenset({"litespeed", "openlitespeed", "lshttpd"})

#: The layers whose checks use what these probes observe.
_LAYERS = ("server", "listener", "tls", "certificate", "http", "upstream", "websocket")


@probe(after=Listeners)
async def web_servers(ctx: ProbeContext, listeners: Listeners) -> None:
    if not any(map(ctx.options.wants, _LAYERS)) or listeners.failure is not None:
        return
    holders = {socket.process for socket in listeners.on(ctx.target.port)}
    is_published = all((holder or "?") in CONTAINER_PROCESSES for holder in holders)
    is_ours = not holders or None in holders or not holders.isdisjoint(PRODUCTS)
    if not is_ours and not is_published:
        await _report_other_program(ctx, holders)
        return
    servers = await list_servers(ctx, listeners)
    if servers is None:
        return
    if is_published and await _observe_inner(ctx, servers):
        return
    chosen = list(candidates(servers, ctx.target.port, bool(holders)))[:MAX_READ]
    await asyncio.gather(*(_observe(ctx, candidate) for candidate in chosen))
    if not holders:
        # Nobody has the port. A server that has the site is meant, whatever else is installed.
        known = {candidate.name for candidate in chosen}
        idle = [one for one in stopped_servers(servers, is_sought=True) if one.name not in known]
        await asyncio.gather(*(_observe_idle(ctx, one, True) for one in idle[:MAX_READ]))


async def _report_other_program(ctx: ProbeContext, holders: Collection[str | None]) -> None:
    """Report that nobody looks into the program that answers: lighttpd, Envoy, an application. Of
    LiteSpeed the files of the site are named."""
    names = {name for name in holders if name and name not in CONTAINER_PROCESSES}
    if len(names) != 1 or not names.isdisjoint(_READ_ELSEWHERE):
        return
    name = clean(names.pop(), 60)
    title, enable = name, ""
    if name in _LITESPEED:
        # Imported late: few servers have it.
        from diagnose.probes.inside.web_servers.litespeed import site_files

        title, files = "LiteSpeed", await site_files(ctx)
        enable = f"sudo cat {shlex.join(files)}" if files else ""
    emit_not_observed(ctx, f"{title}'s configuration", "diagnose does not read it", enable)


async def list_servers(ctx: ProbeContext, listeners: Listeners) -> InstalledServers | None:
    """List the web servers; None if the command gave no answer, which is said once."""
    result = await ctx.machine.run(*LIST_COMMAND)
    if result.status is not None:
        return parse_servers(result.out, listeners.sockets)
    if not any(unseen.what == _LIST_SUBJECT for unseen in ctx.observed(Unseen)):
        emit_unanswered(ctx, _LIST_SUBJECT, result)
    return None


async def _observe_inner(ctx: ProbeContext, servers: InstalledServers) -> bool:
    """Observe the server in a container that has the port; return whether there is one."""
    if not any(process.container for process in servers.processes):
        return False
    # Imported late: few servers have such a one.
    from diagnose.probes.inside.web_servers.in_containers import observe_inner_server

    return await observe_inner_server(ctx, servers)


@probe(after=Handshake, needs=Listeners)
async def idle_servers(ctx: ProbeContext, handshake: Handshake, listeners: Listeners) -> None:
    """Look for a server that is meant to answer and could not open the port, after visitors got a
    certificate that is not for the name."""
    if not is_first(ctx, handshake, _is_foreign):
        return
    if listeners.failure is not None or not any(map(ctx.options.wants, _LAYERS)):
        return
    servers = await list_servers(ctx, listeners)
    if servers is None:
        return
    chosen = list(stopped_servers(servers))[:MAX_READ]
    await asyncio.gather(*(_observe_idle(ctx, candidate) for candidate in chosen))


@probe(after=Exchange, needs=Listeners)
async def idle_servers_of_page(ctx: ProbeContext, exchange: Exchange, listeners: Listeners) -> None:
    """Do the same after visitors got the page of a package, with whatever certificate; and test the
    configuration of the server that has the site."""
    if not is_first(ctx, exchange, _is_new_installation) or not listeners.on(ctx.target.port):
        return
    servers = await list_servers(ctx, listeners)
    if servers is None:
        return
    # No site answers, so that one is sought which a person has switched off, too.
    chosen = list(stopped_servers(servers, is_sought=True))[:MAX_READ]
    await asyncio.gather(*(_observe_idle(ctx, candidate, True) for candidate in chosen))


def _is_new_installation(ctx: ProbeContext, exchange: Exchange) -> bool:
    return exchange.is_page_of(ctx.target) and is_default_page(exchange.status, exchange.body)


@probe(after=Exchange, needs=Listeners)
async def servers_behind(ctx: ProbeContext, exchange: Exchange, listeners: Listeners) -> None:
    """Read the servers on other ports after the page redirects to itself, names itself with http,
    or is that of a new installation, or loses a login or an address by somebody's words: one of
    them may stand behind the program that ends TLS, and answer. Such a program may be one of these
    servers too, unless the page is that of a new installation, or run on another machine."""
    if is_first(ctx, exchange, _may_come_from_behind):
        is_new = is_default_page(exchange.status, exchange.body)
        await _look_behind(ctx, listeners, is_scheme=not is_new)


@probe(after=Page, needs=Listeners)
async def servers_behind_page(ctx: ProbeContext, page: Page, listeners: Listeners) -> None:
    """Do the same where what the page names with http stands in its text alone."""
    is_known = any(_may_come_from_behind(ctx, exchange) for exchange in ctx.observed(Exchange))
    if not is_known and is_first(ctx, page, _names_itself):
        await _look_behind(ctx, listeners, is_scheme=True)


@probe(after=UpstreamTry, needs=Listeners)
async def stopped_behind(ctx: ProbeContext, attempt: UpstreamTry, listeners: Listeners) -> None:
    """Look for a server that does not run where nginx passes requests on to a port of this machine
    at which nothing listens."""
    is_refused = attempt.failure is not None and attempt.failure.kind == "refused"
    if is_refused and attempt.port and not listeners.on(attempt.port):
        # Imported late: a healthy site has no such one.
        from diagnose.probes.inside.web_servers.stopped import is_question, observe_stopped

        servers = (
            await list_servers(ctx, listeners) if is_question(ctx, attempt, listeners) else None
        )
        if servers is not None:
            await observe_stopped(ctx, attempt, servers)


def _names_itself(ctx: ProbeContext, page: Page) -> bool:
    return _names_itself_plain(page, ctx.target.host)


async def _look_behind(ctx: ProbeContext, listeners: Listeners, is_scheme: bool) -> None:
    holders = {socket.process for socket in listeners.on(ctx.target.port)}
    if listeners.failure is not None:
        return
    if not is_scheme and (not holders or not holders.isdisjoint(PRODUCTS)):
        return
    servers = await list_servers(ctx, listeners)
    if servers is None:
        return
    running = [
        process
        for process in servers.processes
        if process.name in PRODUCTS and process.ports and ctx.target.port not in process.ports
    ]
    chosen = [Candidate(server.name, server.program, server) for server in running][:MAX_READ]
    await asyncio.gather(*(observe_behind(ctx, candidate) for candidate in chosen))


def _may_come_from_behind(ctx: ProbeContext, exchange: Exchange) -> bool:
    is_page = exchange.is_page_of(ctx.target)
    return is_page and (
        leads_to_itself(exchange)
        or is_default_page(exchange.status, exchange.body)
        or _is_of_no_site(exchange)
        or _is_bad_request(exchange)
        or _names_itself_plain(exchange, ctx.target.host)
        or _is_told_of(ctx, exchange)
    )


def _is_bad_request(exchange: Exchange) -> bool:
    """Return whether a page is refused with 400, and not by nginx: a proxy between may have added a
    field that the application does not take twice."""
    return exchange.status == 400 and "<center>nginx" not in exchange.body


def _is_of_no_site(exchange: Exchange) -> bool:
    """Return whether a server answers with nothing, or refuses the page itself: it may stand behind
    the one that has the port, and have no site for the name."""
    if exchange.status == 200 and exchange.method == "GET":
        return not exchange.body
    if exchange.status not in {400, 403, 404, 410, 421}:
        return False
    from diagnose.parsers.inner_sites import is_without_site

    return is_without_site(exchange) and "<center>nginx" not in exchange.body


def _is_told_of(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Return whether somebody says that a login, a session or the visitors' address is lost on a
    page that is there, or that WebSockets end: any server on their way may end them."""
    symptom = ctx.target.symptom
    if symptom is not None and symptom.kind in {"websocket-closed", "closed"}:
        return True
    if symptom is None or not 200 <= (exchange.status or 0) < 300:
        return False
    is_login = symptom.kind in {"cookie", "login", "csrf"}
    return symptom.kind == "visitor-address" or (is_login and ctx.target.uses_tls)


def _names_itself_plain(answer: Exchange | Page, host: str) -> bool:
    """Return whether a page of https names the site with http. What cannot is not read further."""
    if isinstance(answer, Exchange):
        may_name = answer.status in REDIRECTS
    else:
        urls = (*(file.url for file in answer.files), *answer.insecure_frames)
        may_name = bool(answer.insecure_forms or answer.logins) or any(
            url.startswith("http:") for url in urls
        )
    if not may_name:
        return False
    from diagnose.parsers.own_scheme import names_itself_plain

    return names_itself_plain(answer, host)


async def observe_behind(ctx: ProbeContext, candidate: Candidate) -> None:
    """Emit a server on another port than the target's and its configuration, unless one of its
    product was observed."""
    reader = reader_of(PRODUCTS[candidate.name])
    server = await reader.describe(ctx, candidate)
    known_products = {server.product for server in ctx.observed(WebServer)}
    if server is None or server.foreign or server.product in known_products:
        return
    config = await reader.read_config(ctx, server)
    known_products = {web_server.product for web_server in ctx.observed(WebServer)}
    if config is not None and server.product not in known_products:
        ctx.emit(server)
        ctx.emit(config)


def _is_foreign(ctx: ProbeContext, handshake: Handshake) -> bool:
    """Return whether a visitor got a certificate for other names than the target's, or found a
    program that speaks plain HTTP."""
    if handshake.port == ctx.target.port and speaks_plain_http(handshake):
        return True
    is_visit = handshake.port == ctx.target.port and handshake.is_browser_like
    if not is_visit or not handshake.chain or is_address(ctx.target.host):
        return False
    leaf = handshake.chain[0]
    return not covers(ctx.target.host, leaf.dns_names, leaf.addresses)


async def _observe_idle(ctx: ProbeContext, candidate: Candidate, is_sought: bool = False) -> None:
    """Emit a server that does not run and its configuration, if it has the target's site; and its
    test if it `is_sought` because nobody answers."""
    reader = reader_of(PRODUCTS[candidate.name])
    server = await reader.describe(ctx, candidate)
    known_products = {server.product for server in ctx.observed(WebServer)}
    config = await reader.read_config(ctx, server) if server else None
    is_held = any(listeners.on(ctx.target.port) for listeners in ctx.observed(Listeners))
    if server is not None and config is None and is_held:
        config = await _refused_config(ctx, server)
    if server is None or config is None or server.product in known_products:
        return
    sites = answering_sites(config, ctx.target.port, ctx.target.host)
    nameless = [site for site in sites if not site.names]
    # A frontend of HAProxy need not name its sites: its certificate does.
    paths = [path for site in nameless for path in site.paths("certificate", "bundle")]
    await observe_certificate_files(ctx, paths, ())
    names = [
        name
        for file in ctx.observed(CertificateFile)
        if file.path in paths and file.chain
        for name in file.chain[0].dns_names
    ]
    if any(has_name(site, ctx.target.host) for site in sites) or covers(ctx.target.host, names, ()):
        ctx.emit(server)
        ctx.emit(config)
        await _emit_start_files(ctx, server, config)
        if is_sought and not server.foreign:
            await _run_test(ctx, reader, server)


async def _emit_start_files(ctx: ProbeContext, server: WebServer, config: WebServerConfig) -> None:
    """Emit who may read the certificates of a server that does not run."""
    if server.pid is None and not server.foreign:
        # Imported late: few servers do not run.
        from diagnose.probes.inside.web_servers.start_files import emit_start_files

        await emit_start_files(ctx, server, config)


async def _refused_config(ctx: ProbeContext, server: WebServer) -> WebServerConfig | None:
    """Return the names and the text of a configuration that the server itself refuses; None if
    there is none, or the server's own reader reads it all the same."""
    if server.product != "caddy":
        return None
    # Imported late: few servers have a stopped Caddy with a mistake in its file.
    from diagnose.probes.inside.web_servers.caddy import refused_config

    return await refused_config(ctx, server)


async def _observe(ctx: ProbeContext, candidate: Candidate) -> None:
    reader = reader_of(PRODUCTS[candidate.name])
    server = await reader.describe(ctx, candidate)
    if server is None:
        return
    ctx.emit(server)
    if server.foreign:
        emit_not_observed(
            ctx, f"{server.title}'s configuration", "it runs in a container or for another user"
        )
        return
    await asyncio.gather(_run_test(ctx, reader, server), _observe_config(ctx, reader, server))


async def _with_missing_file(ctx: ProbeContext, test: WebServerTest) -> WebServerTest:
    """Return a test that failed with the file that is not there, and what it was before."""
    # Imported late: few tests fail.
    from diagnose.probes.inside.former_files import find_former

    missing, former = await find_former(ctx, test.message)
    return replace(test, missing=missing, former=former)


async def _run_test(ctx: ProbeContext, reader: Reader, server: WebServer) -> None:
    test = await reader.run_test(ctx, server)
    if test is not None:
        ctx.emit(test if test.passed else await _with_missing_file(ctx, test))
        return
    if server.product == "traefik":
        # It has no such command.
        return
    subject = test_subject(server)
    if any(unseen.what == subject for unseen in ctx.observed(Unseen)):
        return
    if any(host.privileged for host in ctx.observed(Host) if host.vantage is Vantage.SERVER):
        emit_not_observed(ctx, subject, "it could not be run as the service runs it")
    else:
        enable = f"sudo {shlex.join(server.test)}" if server.test else ""
        emit_not_observed(ctx, subject, "needs root", enable)


async def _observe_config(ctx: ProbeContext, reader: Reader, server: WebServer) -> None:
    """Emit the configuration, then the certificates and keys of the sites that may answer."""
    config = await reader.read_config(ctx, server) or await _refused_config(ctx, server)
    if config is None:
        return
    ctx.emit(config)
    await _emit_start_files(ctx, server, config)
    if ctx.target.uses_tls:
        await _observe_certificates(ctx, config)


async def _observe_certificates(ctx: ProbeContext, config: WebServerConfig) -> None:
    sites = answering_sites(config, ctx.target.port, ctx.target.host)
    certificates = [path for site in sites for path in site.paths("certificate", "chain", "bundle")]
    if not certificates and (config.product == "apache" or not sites):
        # Visitors get the certificate of another site on the port, and one may be for this name.
        others = [site for site in config.sites if site.listens_on(ctx.target.port)]
        paths = (path for site in others for path in site.paths("certificate", "bundle"))
        certificates = list(dict.fromkeys(paths))[:_MAX_OTHER_CERTIFICATES]
    keys = [path for site in sites for path in site.paths("key", "bundle")]
    await observe_certificate_files(ctx, certificates, keys)
    is_listening = any(socket.port == ctx.target.port for socket in config.listens)
    # Where no site is on its port, Apache's main server answers.
    has_plain_port = sites or (config.product == "apache" and is_listening and not certificates)
    if has_plain_port and not any(map(_may_have_tls, sites)):
        # Imported late: sites on a port of https have TLS.
        from diagnose.probes.inside.stored_certificates import emit_stored_certificates

        await emit_stored_certificates(ctx, posixpath.dirname(config.path))


def _may_have_tls(site: WebSite) -> bool:
    return bool(site.files) or site.passthrough or any(socket.tls for socket in site.sockets)
