"""Scenarios of certificate.wrong-intermediate, where the right one lies on the server."""

from .. import apache, certificates, site
from ..apache import HTTP, HTTPS, KEY, PEM
from ..lab import Lab
from ..scenario import scenario
from .apache import FILES, apache_scenario, healthy_apache

FOLDER = "/etc/ssl/lab/authority"
KEY_LINE = f"    SSLCertificateKeyFile {KEY}\n"


def _apart(lab: Lab, chain: str) -> None:
    """Apache reads the issuers from a file of their own; the right one lies beside that."""
    apache.install(lab, "")
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    lab.server.write(PEM, certificates.good().pem)
    lab.server.write(f"{FOLDER}/chain.pem", chain)
    lab.server.write(f"{FOLDER}/intermediate.pem", certificates.intermediate().pem)
    naming = f"{KEY_LINE}    SSLCertificateChainFile {FOLDER}/chain.pem\n"
    lab.server.write(apache.SITE, HTTPS.replace(KEY_LINE, naming) + HTTP)
    apache.start(lab)


@apache_scenario(
    outside="certificate.wrong-intermediate",
    differs=(*FILES, PEM, f"{FOLDER}/chain.pem", f"{FOLDER}/intermediate.pem"),
)
def apache_reads_the_chain_of_another_authority(lab: Lab) -> None:
    """https://github.com/haiwen/seafile-client/issues/641: the chain is another product's."""
    _apart(lab, certificates.other_intermediate().pem)


@healthy_apache()
def apache_reads_the_chain_apart(lab: Lab) -> None:
    _apart(lab, certificates.intermediate().pem)


@scenario(outside="certificate.wrong-intermediate", differs=(site.PEM,))
def intermediate_of_another_authority_beside_the_right_one(lab: Lab) -> None:
    """After the same: the old bundle stands behind the new certificate."""
    good = certificates.good()
    lab.install(good.pem + certificates.other_intermediate().pem, good.key_pem)
    lab.server.write("/etc/nginx/ssl/authority.ca-bundle", certificates.intermediate().pem)
