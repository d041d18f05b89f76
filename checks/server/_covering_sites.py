"""The site of a web server whose certificate covers the target's name, although another site
answers it, or the site of the name has no certificate."""

from collections.abc import Iterable, Iterator

from checks.server import ServerView
from diagnose.model.files import OtherCertificate
from diagnose.model.nginx import CertificateFile
from diagnose.model.tls import Certificate
from diagnose.model.web_servers import WebSite
from diagnose.parsers.hostnames import covers


def covering_site(view: ServerView, sites: Iterable[WebSite]) -> WebSite | None:
    """Return the only one of these sites whose certificate is valid and covers the target's name;
    None without one, or with several."""
    covering = [site for site in sites if _covers(view, site)]
    return covering[0] if len(covering) == 1 else None


def _covers(view: ServerView, site: WebSite) -> bool:
    host, paths = view.evidence.target.host, site.paths("certificate", "bundle")
    return any(
        path in paths
        and leaf.is_current(view.evidence.started_at)
        and covers(host, leaf.dns_names, leaf.addresses)
        for path, leaf in _leaves(view)
    )


def _leaves(view: ServerView) -> Iterator[tuple[str, Certificate]]:
    """Yield the certificates that lie on the server, each with its path."""
    for file in view.evidence.good(CertificateFile):
        if file.chain:
            yield file.path, file.chain[0]
    for other in view.evidence.good(OtherCertificate):
        yield other.path, other.leaf
