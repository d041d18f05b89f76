from diagnose.model import Applicability, Confidence, Edit, Failure
from tests.support.check_evidence import judge
from tests.support.tls_evidence import shake
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-proxy-protocol"
CUT = shake(failure=Failure("closed", "closed"))
LINE = "    RemoteIPProxyProtocol On\n"
ON = HTTPS.replace("    SSLEngine", f"{LINE}    SSLEngine")


def test_fires_where_every_connection_was_cut() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(ON), CUT)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"\n-{LINE}" in edit.diff


def test_fires_for_a_line_outside_of_the_virtual_hosts_and_of_a_neighbour() -> None:
    for text in (
        f"<IfModule mod_remoteip.c>\n{LINE}</IfModule>\n{HTTPS}",
        f"{HTTPS}\n{ON.replace('shop.example.com', 'blog.example.com')}",
    ):
        assert judge(CHECK, APACHE, apache_config(text), CUT)


def test_silent_where_one_connection_opened_or_it_is_off_here() -> None:
    assert not judge(CHECK, APACHE, apache_config(ON), CUT, shake())
    assert not judge(CHECK, APACHE, apache_config(ON), shake(failure=Failure("timeout", "late")))
    assert not judge(CHECK, APACHE, apache_config(ON.replace(" On\n", " Off\n")), CUT)
    other = f"{HTTPS}\n<VirtualHost *:8443>\n{LINE}</VirtualHost>\n"
    assert not judge(CHECK, APACHE, apache_config(other), CUT)
