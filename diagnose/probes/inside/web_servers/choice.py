"""Which of the listed web servers are looked at: those that hold a port, or should run."""

from collections.abc import Iterator

from diagnose.model.web_servers import Product
from diagnose.probes.inside.web_servers.processes import (
    Candidate,
    InstalledServers,
    ServerProcess,
)
from diagnose.probes.inside.web_servers.readers import PRODUCTS, products_of, service_of

#: Words of a command line of each product that serves nothing.
_QUESTIONS: dict[Product, frozenset[str]] = {
    "apache": frozenset({"-t", "-v", "-V"}),
    "caddy": frozenset({"version", "adapt", "validate", "fmt", "reload", "stop", "trust"}),
    "haproxy": frozenset({"-c", "-v", "-vv"}),
    "traefik": frozenset({"version", "healthcheck"}),
}


def stopped_servers(servers: InstalledServers, is_sought: bool = False) -> Iterator[Candidate]:
    """Return the servers that are installed and do not run, unless systemd says that they need
    not; also those if one `is_sought` because nobody answers."""
    running = {PRODUCTS[process.name] for process in servers.processes if process.name in PRODUCTS}
    for name in PRODUCTS:
        service, program = service_of(servers, name), servers.program(name)
        is_due = is_sought or service is None or service.enabled or service.state == "failed"
        if program and PRODUCTS[name] not in running and is_due:
            yield Candidate(name, program, None, service)


def candidates(servers: InstalledServers, port: int, is_held: bool) -> Iterator[Candidate]:
    """Return the servers that hold the port. If nobody does (`is_held` is False), those that hold
    another port of web sites, and those that should run: they start at boot, have failed, or are
    the only ones on this machine."""
    ports = {port} if is_held else {port, 80, 443}
    running = [
        process
        for process in servers.processes
        if process.name in PRODUCTS and not _is_question(process)
    ]
    yield from (
        Candidate(
            process.name,
            process.program or servers.program(process.name),
            process,
            servers.service(process.unit) or service_of(servers, process.name),
        )
        for process in running
        if not ports.isdisjoint(process.ports)
    )
    seen = {PRODUCTS[process.name] for process in running}
    # A service may have another name than its program, as apache2 of Alpine's httpd.
    names = sorted(PRODUCTS, key=lambda name: not servers.program(name))
    for name in () if is_held else names:
        service, program = service_of(servers, name), servers.program(name)
        is_due = service is not None and (service.enabled or service.state == "failed")
        is_only = bool(program) and not servers.nginx and products_of(servers) == {PRODUCTS[name]}
        if (is_due or is_only) and PRODUCTS[name] not in seen:
            seen.add(PRODUCTS[name])
            yield Candidate(name, program, None, service)


def _is_question(process: ServerProcess) -> bool:
    """Return whether the process only tests or shows something, perhaps for another run of ours at
    the same time."""
    return bool(_QUESTIONS[PRODUCTS[process.name]].intersection(process.title.split()[1:]))
