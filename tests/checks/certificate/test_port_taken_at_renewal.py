"""certificate.port-taken-at-renewal: when it fires, and when it is silent."""

from dataclasses import replace
from datetime import timedelta

from diagnose.model import Applicability, Command, Confidence, Severity, Vantage
from diagnose.model.nginx import CertificateFile
from diagnose.model.renewal import OwnServerRenewal, RenewalFailure
from diagnose.model.server import Listener, Listeners
from tests.support.certificates import leaf
from tests.support.check_evidence import NOW, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.nginx_evidence import BUILD, RUNNING, config

CHECK = "certificate.port-taken-at-renewal"
LIVE = "/etc/letsencrypt/live/shop.example.com/fullchain.pem"
OWN = OwnServerRenewal(
    vantage=Vantage.SERVER, tool="certbot", name="shop.example.com", folder="/var/www/html",
    source="/etc/letsencrypt/renewal/shop.example.com.conf",
)  # fmt: skip
PLAIN = """\
server {
    listen 80;
    server_name shop.example.com;
    location / {
        return 301 https://$host$request_uri;
    }
}
"""


def file(days: float = 5) -> CertificateFile:
    end = NOW + timedelta(days=days)
    chain = (leaf(not_before=end - timedelta(days=90), not_after=end),)
    return CertificateFile(path=LIVE, chain=chain)


def held(process: str, port: int = 80) -> Listeners:
    socket = Listener(
        vantage=Vantage.SERVER, address="0.0.0.0", port=port, family=4, process=process
    )
    return Listeners(vantage=Vantage.SERVER, sockets=(socket,))


def test_fires_where_nginx_has_the_port_and_adds_a_location() -> None:
    (claim,) = judge(CHECK, OWN, file(), held("nginx"), config(PLAIN), BUILD, RUNNING)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+        root /var/www/html;" in claim.fix.edits[0].diff
    renewal, *loading = claim.fix.steps[-3:]
    assert getattr(renewal, "argv", ())[-3:] == ("--webroot", "-w", "/var/www/html")
    # certbot loads nothing by itself.
    assert [step.argv[-1] for step in loading if isinstance(step, Command)] == ["-t", "reload"]


CHALLENGES = "    location ^~ /.well-known/acme-challenge/ {\n        root /srv/acme;\n    }\n"
SERVED = PLAIN.replace("    location / {", f"{CHALLENGES}    location / {{")


def test_fires_and_renews_by_the_folder_that_nginx_serves_already() -> None:
    (claim,) = judge(CHECK, OWN, file(), held("nginx"), config(SERVED), BUILD, RUNNING)
    assert claim.fix
    renewal, *loading = claim.fix.steps
    argv = getattr(renewal, "argv", ())
    assert argv[4:7] == ("--webroot", "-w", "/srv/acme")
    assert argv[-2:] == ("--deploy-hook", "nginx -s reload")
    assert len(loading) == 2
    # Another name of the certificate is answered from another folder.
    blog = SERVED.replace("shop.example", "blog.example").replace("/srv/acme", "/srv/blog")
    two = replace(file().chain[0], dns_names=("shop.example.com", "blog.example.com"))
    other = replace(file(), chain=(two,))
    (claim,) = judge(CHECK, OWN, other, held("nginx"), config(SERVED + blog), BUILD, RUNNING)
    assert "--deploy-hook" not in str(claim.fix)


def test_a_certificate_that_is_not_due_is_renewed_nevertheless() -> None:
    """Only a renewal stores the new method."""
    for text in (SERVED, PLAIN):
        (claim,) = judge(CHECK, OWN, file(60), held("nginx"), config(text), BUILD, RUNNING)
        assert "--force-renewal" in str(claim.fix)
    (claim,) = judge(CHECK, OWN, file(29), held("nginx"), config(SERVED), BUILD, RUNNING)
    assert "--force-renewal" not in str(claim.fix)


def test_fires_and_uses_the_plugin_that_is_there() -> None:
    for process, plugin in (("nginx", "nginx"), ("apache2", "apache"), ("httpd", "apache")):
        (claim,) = judge(CHECK, replace(OWN, plugins=(plugin,)), file(-1), held(process))
        assert claim.severity is Severity.ERROR
        assert claim.fix
        (step,) = claim.fix.steps
        assert str(getattr(step, "argv", "")).endswith(f"--{plugin}')")


def test_fires_for_acme_sh_and_keeps_its_home() -> None:
    home = "/root/.acme.sh"
    own = replace(OWN, tool="acme.sh", source=f"{home}/shop.example.com_ecc/shop.example.com.conf")
    late = replace(file(), path=f"{home}/shop.example.com_ecc/fullchain.cer")
    (claim,) = judge(CHECK, own, late, held("nginx"), config(PLAIN), BUILD, RUNNING)
    assert claim.fix
    argv = getattr(claim.fix.steps[-3], "argv", ())
    assert argv[:3] == (f"{home}/acme.sh", "--home", home)
    assert argv[-3:] == ("--ecc", "-w", "/var/www/html")


def test_a_service_without_a_plugin_is_stopped_meanwhile() -> None:
    (claim,) = judge(CHECK, OWN, file(), held("haproxy"), HAPROXY, haproxy_config())
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (renewal,) = claim.fix.steps
    assert isinstance(renewal, Command)
    live = "/etc/letsencrypt/live/shop.example.com"
    assert renewal.argv[4:] == (
        "--pre-hook", "systemctl stop haproxy", "--post-hook", "systemctl start haproxy",
        "--deploy-hook", f"cat {live}/fullchain.pem {live}/privkey.pem > /etc/haproxy/shop.pem",
    )  # fmt: skip
    # Nobody knows what starts a program without a unit again.
    program = replace(HAPROXY, unit="", stop=("kill", "-TERM", "10"))
    (claim,) = judge(CHECK, OWN, file(), held("haproxy"), program, haproxy_config())
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_certain_where_the_log_says_so() -> None:
    failure = RenewalFailure(
        tool="certbot", source="x", message="Could not bind TCP port 80 because it is in use"
    )
    (claim,) = judge(CHECK, OWN, failure, file(), held("haproxy"), masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_something_stops_the_server_or_the_port_is_free() -> None:
    assert not judge(CHECK, replace(OWN, stopped_by="/etc/cron.d/certbot"), file(), held("nginx"))
    assert not judge(CHECK, OWN, file(), held("nginx", 443))
    assert not judge(CHECK, OWN, file(), held("certbot"))
    assert not judge(CHECK, replace(OWN, port=8888), file(), held("nginx"))
    assert not judge(CHECK, replace(OWN, name="blog.example.com"), file(), held("nginx"))


def test_not_certain_by_a_failure_of_the_run_that_wrote_the_file() -> None:
    for when, confidence in ((1000.0, Confidence.LIKELY), (1001.0, Confidence.CERTAIN)):
        failure = RenewalFailure(
            tool="certbot", source="x", message="Could not bind TCP port 80", when=when
        )
        written = replace(file(), changed=1000.0)
        (claim,) = judge(CHECK, OWN, failure, written, held("haproxy"), masked=False)
        assert claim.confidence is confidence


def test_fires_and_has_lego_write_its_files() -> None:
    words = "lego --path /etc/lego --http -d shop.example.com renew"
    own = replace(OWN, tool="lego", source="/etc/cron.d/lego", command=words)
    (claim,) = judge(CHECK, own, file(), held("nginx"), config(PLAIN), BUILD, RUNNING)
    assert claim.fix
    typed = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    by_folder = "--http --http.webroot /var/www/html"
    assert tuple(words.replace("--http", by_folder).split()) in typed
    assert ("sed", "-i", "-e", f"s# --http # {by_folder} #", "/etc/cron.d/lego") in typed
    other = replace(own, command=words.replace("--http", "-http"))
    (claim,) = judge(CHECK, other, file(), held("nginx"), config(PLAIN), BUILD, RUNNING)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
