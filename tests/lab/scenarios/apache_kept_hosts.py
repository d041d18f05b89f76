"""Apache compares the certificate of its application with the name that it sends on as Host."""

from .. import apache, certificates
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .apache_log import KEY, PEM

SECURE = "    SSLProxyEngine on\n    ProxyPreserveHost"


def _serve(lab: Lab, name: str, *certified: str, lines: str = "") -> None:
    hosts = lab.server.read("/etc/hosts")
    lab.server.write("/etc/hosts", f"{hosts}127.0.0.1 {name}\n")
    issued = certificates.leaf(*certified) if certified else certificates.good()
    lab.server.write(PEM, issued.chain)
    lab.server.write(KEY, issued.key_pem, 0o600)
    lab.application("--certificate", PEM, "--key", KEY)
    text = HTTPS.replace("http://127.0.0.1:", f"https://{name}:")
    text = text.replace("ws://127.0.0.1:", f"wss://{name}:")
    apache.serve(lab, f"{text.replace('    ProxyPreserveHost', lines + SECURE)}\n{HTTP}")


@apache_scenario(
    outside="http.server-error", server="server.backend-tls-fails", differs=(apache.SITE,)
)
def apache_keeps_the_host_for_an_application_with_its_own_name(lab: Lab) -> None:
    """AH02411: the certificate is for the application's name, and Host is the visitor's."""
    _serve(lab, "app.example.net", "app.example.net")


@apache_scenario(
    outside="http.server-error", server="server.backend-tls-fails", differs=(apache.SITE,)
)
def apache_keeps_the_host_for_an_application_of_the_own_network(lab: Lab) -> None:
    _serve(lab, "app.internal", "app.internal")


@healthy_apache()
def apache_keeps_the_host_for_an_application_with_the_sites_certificate(lab: Lab) -> None:
    _serve(lab, "app.example.net")


@healthy_apache()
def apache_keeps_the_host_and_does_not_compare_the_name(lab: Lab) -> None:
    lines = "    SSLProxyCheckPeerName off\n"
    _serve(lab, "app.internal", "app.internal", lines=lines)
