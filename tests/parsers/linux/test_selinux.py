"""SELinux cannot run where these tests do: the texts are as getsebool(8) and ausearch(8) print
them on Rocky Linux 9."""

from diagnose.model.upstream import Denial
from diagnose.parsers.linux import selinux

BOOLEANS = """\
httpd_can_network_connect --> off
httpd_can_network_relay --> on
"""
AUDIT = """\
----
time->Tue Nov 24 17:59:01 2026
type=PROCTITLE msg=audit(1795543141.121:412): proctitle=6E67696E783A20776F726B6572
type=SYSCALL msg=audit(1795543141.121:412): arch=c000003e syscall=42 success=no exit=-13 a0=c \
comm="nginx" exe="/usr/sbin/nginx" subj=system_u:system_r:httpd_t:s0 key=(null)
type=AVC msg=audit(1795543141.121:412): avc:  denied  { name_connect } for  pid=1893 comm="nginx" \
dest=3000 scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:object_r:ntop_port_t:s0 \
tclass=tcp_socket permissive=0
----
type=AVC msg=audit(1795543142.004:413): avc:  denied  { name_connect } for  pid=1893 comm="nginx" \
dest=3000 scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:object_r:ntop_port_t:s0 \
tclass=tcp_socket permissive=0
type=AVC msg=audit(1795543143.010:414): avc:  denied  { connectto } for  pid=1893 comm="nginx" \
path="/run/app/app.sock" scontext=system_u:system_r:httpd_t:s0 \
tcontext=system_u:system_r:unconfined_service_t:s0 tclass=unix_stream_socket permissive=1
"""


def test_the_booleans() -> None:
    assert dict(selinux.booleans(BOOLEANS)) == {
        "httpd_can_network_connect": False,
        "httpd_can_network_relay": True,
    }


def test_each_denial_once() -> None:
    assert selinux.denials(AUDIT) == (
        Denial("name_connect", "nginx", 3000),
        Denial("connectto", "nginx", None, "/run/app/app.sock", enforced=False),
    )


def test_nothing_is_read_where_nothing_was_denied() -> None:
    assert selinux.denials("<no matches>\n") == ()
