"""A certificate or key file that a site's configuration names is not there. The server cannot load
its configuration; while it runs, it keeps what it loaded before."""

from collections.abc import Iterator

from checks.server import (
    ServerView,
    manual_fix,
    place_text,
    refused_config_severity,
    reload_steps,
    server_view,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Evidence,
    Fix,
    Severity,
    Subject,
    server_commands,
)
from diagnose.model.nginx import CertificateFile, KeyFile
from diagnose.model.web_servers import SiteFile, WebServer, WebServerConfig, WebServerTest, WebSite
from diagnose.parsers.web_sites import has_name


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, WebServerTest],
    explains=[
        "server.config-invalid",
        "server.not-running",
        "server.port-not-served",
        "server.certificate-not-loaded",
    ],
)
def certificate_file_missing(evidence: Evidence) -> Iterator[Claim]:
    view = server_view(evidence)
    if view is None or view.config is None or view.test is None:
        return
    # Caddy's test does not open the files.
    if view.test.passed and view.server.product != "caddy":
        return
    missing = (
        (site, file)
        for site in view.config.sites
        for file in site.files
        if _is_missing(evidence, file, view.test)
    )
    site, file = next(missing, (None, None))
    if site is None or file is None:
        return
    # Imported late: most files are there.
    from checks.server._certificate_lines import stored_bundle, stored_pair_edit

    replacement = stored_pair_edit(view, site) or stored_bundle(view, site)
    disable = None if replacement else _disabling_command(view, site)
    running = view.server.pid is not None
    yield Claim(
        about=Subject(text=file.path),
        covers=(Subject(),),
        because=(view.test, view.config, view.server),
        facts={
            **view.facts,
            "file": file.path,
            "place": place_text(file.file, file.line),
            "key": file.role == "key",
            "other_site": next(iter(site.names), "") if disable else "",
            "stored": replacement[1].path if replacement else "",
            "stored_key": replacement[1].key if replacement else "",
            "joined": replacement is not None and isinstance(replacement[0], Command),
            "running": running,
            "message": view.test.message,
            "test": " ".join(view.server.test),
        },
        severity=refused_config_severity(view),
        fix=Fix((replacement[0], *reload_steps(view.server)), replacement[1].applicability)
        if replacement
        else Fix((disable, *reload_steps(view.server)), Applicability.REVIEW)
        if disable
        else manual_fix(view, "file"),
    )


def _disabling_command(view: ServerView, site: WebSite) -> Command | None:
    """Return the command that takes another site out of Debian's folder of Apache, so that those
    beside it are served again; None where its file has the target's name, too."""
    folder, _, name = site.file.rpartition("/")
    beside = view.config.sites if view.config else ()
    is_own = any(
        has_name(other, view.evidence.target.host) for other in beside if other.file == site.file
    )
    if is_own or folder != "/etc/apache2/sites-enabled" or not name.endswith(".conf"):
        return None
    return server_commands.disable_apache_site(name.removesuffix(".conf"))


def _is_missing(evidence: Evidence, file: SiteFile, test: WebServerTest) -> bool:
    """Return whether the file is missing: it was looked for, or the server's test names it and its
    line as missing or empty."""
    observations: tuple[CertificateFile | KeyFile, ...] = (
        *evidence.of(CertificateFile),
        *evidence.of(KeyFile),
    )
    file_observations = [
        observation for observation in observations if observation.path == file.path
    ]
    if any(file.failure is None for file in file_observations):
        return False
    if any(file.failure and file.failure.kind == "missing" for file in file_observations):
        return True
    named = file.path in test.message and test.line in {0, file.line}
    return named and ("does not exist" in test.message or "No such file" in test.message)
