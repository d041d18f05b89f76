"""What a server runs out of: connections, open files, room and inodes; after threads about each."""

import re

from .. import certificates, site
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario
from .kernel import HOLD as VISITORS
from .nginx_files import LIVE, of_certbot

MAIN = "/etc/nginx/nginx.conf"
LAYOUT = {"[!n]*": "its files lie elsewhere", "nginx*": "the same"}
ROOM = "room has to be made by a person"

#: Many WebSockets that stay open, from one address.
_HOLD = f"""
import socket, ssl, sys, threading, time
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
held = []
def one():
    try:
        tls = context.wrap_socket(socket.create_connection(("{SERVER}", 443), timeout=3))
        tls.settimeout(3)
        tls.sendall(b"GET /ws HTTP/1.1\\r\\nHost: shop.example.com\\r\\nUpgrade: websocket\\r\\n"
            b"Connection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n")
        held.append((tls, tls.recv(99)))
    except OSError as error:
        held.append(error)
threads = [threading.Thread(target=one, daemon=True) for _ in range(int(sys.argv[1]))]
for thread in threads:
    thread.start()
    time.sleep(0.05)
for thread in threads:
    thread.join(4)
open("/run/held", "w").close()
time.sleep(600)
"""

#: An application that may open thirty files and keeps what it accepts.
_SMALL = """
import resource, socket, time
resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))
listening, held = socket.create_server(("127.0.0.1", 3000), backlog=64), []
while True:
    try:
        held.append(listening.accept()[0])
    except OSError:
        time.sleep(1)
"""


def hold(lab: Lab, number: int) -> None:
    lab.client.path("/run/held").unlink(missing_ok=True)
    lab.client.write("/run/hold.py", _HOLD)
    program = lab.client.python("/run/hold.py", str(number))
    lab.spawn(lab.client, program, lab.client.path("/run/held").exists)


def workers(lab: Lab, connections: int) -> None:
    """One worker, which may have so many connections."""
    text = re.sub(r"worker_processes \w+;", "worker_processes 1;", lab.server.read(MAIN))
    text, found = re.subn(r"worker_connections \d+;", f"worker_connections {connections};", text)
    if not found:
        text = re.sub(r"events \{", f"events {{ worker_connections {connections};", text)
    lab.server.write(MAIN, text.encode())
    lab.restart_nginx()


def small(lab: Lab, options: str) -> None:
    """nginx's temporary files lie on a small file system of their own."""
    lab.server.sh(f"mount -t tmpfs -o {options} lab /var/lib/nginx")
    lab.undo(lambda: lab.server.sh("umount -l /var/lib/nginx"))
    lab.restart_nginx()


def upload(lab: Lab) -> None:
    command = "head -c 300k /dev/zero | curl -sk --data-binary @- https://shop.example.com/upload"
    lab.client.sh(f"{command} -o /dev/null; :")


@healthy(not_on=LAYOUT)
def websockets_take_half_of_the_connections(lab: Lab) -> None:
    workers(lab, 80)
    hold(lab, 15)


@scenario(
    outside="http.server-error", server="host.files-exhausted",
    manual="the limit is set where the program is started",
)  # fmt: skip
def application_has_no_file_left(lab: Lab) -> None:
    """ "accept4: too many open files", after
    https://github.com/centrifugal/centrifugo/issues/429."""
    lab.application_service.stop()
    lab.server.write("/run/small.py", _SMALL)
    lab.spawn(lab.server, lab.server.python("/run/small.py"), 3000)
    lab.server.write("/run/visitors.py", VISITORS)
    visitors = lab.server.python("/run/visitors.py", "127.0.0.1", "3000", "40")
    lab.spawn(lab.server, visitors, lambda: len(_files(lab)) >= 30)


def _files(lab: Lab) -> list[str]:
    said = lab.server.run(["sh", "-c", "ls /proc/$(pgrep -of small.py)/fd"]).stdout
    return said.split()


@scenario(outside=None, server="host.disk-full", manual=ROOM, not_on=LAYOUT)
def uploads_have_no_room(lab: Lab) -> None:
    """The page works and uploads get 500, after
    https://github.com/filebrowser/filebrowser/issues/2104."""
    small(lab, "size=64k")
    lab.server.sh("head -c 200k /dev/zero >/var/lib/nginx/full; :", check=False)
    upload(lab)


@scenario(outside=None, server="host.disk-full", manual=ROOM, not_on=LAYOUT)
def uploads_have_no_inode(lab: Lab) -> None:
    """`df -h` shows room, after https://github.com/NixOS/nixpkgs/issues/74524."""
    small(lab, "size=50m,nr_inodes=20")
    lab.server.sh("for i in $(seq 40); do : >/var/lib/nginx/x$i; done; :", check=False)


@scenario(
    outside=None, server="nginx.temp-files-unwritable", manual="whose it shall be", not_on=LAYOUT
)
def uploads_may_not_be_written(lab: Lab) -> None:
    """The folder belongs to root, after https://github.com/ZoeyVid/NPMplus/issues/3369."""
    lab.server.sh("chown root:root /var/lib/nginx/body; chmod 700 /var/lib/nginx/body")
    lab.undo(lambda: lab.server.sh("chown www-data:root /var/lib/nginx/body"))
    upload(lab)


def _body_in_memory(lab: Lab, size: str) -> None:
    """A tmpfs has the bodies of uploads alone; the log has an upload of 300 kB."""
    lab.server.sh(f"mount -t tmpfs -o size={size},mode=0700 lab /var/lib/nginx/body")
    lab.undo(lambda: lab.server.sh("umount -l /var/lib/nginx/body; rm -rf /var/lib/nginx/nginx-*"))
    lab.restart_nginx()
    upload(lab)


@scenario(outside=None, server="nginx.temp-files-unwritable", differs=(site.CONF,), not_on=LAYOUT)
def uploads_do_not_fit_into_memory(lab: Lab) -> None:
    """After https://oleg.is/blog/nginx-upload-buffering: the folder is a small tmpfs."""
    _body_in_memory(lab, "64k")


@healthy(not_on=LAYOUT)
def uploads_fit_into_memory(lab: Lab) -> None:
    _body_in_memory(lab, "20m")


@healthy(not_on=LAYOUT)
def uploads_have_little_room(lab: Lab) -> None:
    """A small file system that is nearly full, and an upload that fits."""
    small(lab, "size=4m,nr_inodes=100")
    lab.server.sh("head -c 2m /dev/zero >/var/lib/nginx/half")
    upload(lab)


@scenario(
    outside="certificate.expires-soon", server="certificate.renewal-failed",
    both="certificate.renewal-failed", manual="the links have to be set again",
)  # fmt: skip
def live_folder_was_copied_without_links(lab: Lab) -> None:
    """certbot touches no plain files in `live`, after
    https://github.com/NginxProxyManager/nginx-proxy-manager/issues/3925."""
    leaf = certificates.leaf(starts=-85, ends=5)
    of_certbot(lab, leaf)
    lab.server.sh(f"""
        cd {LIVE}
        for f in *.pem; do cp -L $f x; rm $f; mv x $f; done
        touch -d '85 days ago' *
    """)
    lab.server.write(site.PEM, leaf.chain)
    logger = "2026-03-12 08:37:46,911:ERROR:certbot._internal.renewal"
    lab.server.write(
        "/var/log/letsencrypt/letsencrypt.log",
        f"{logger}:Renewal configuration file /etc/letsencrypt/renewal/{site.NAME}.conf is broken."
        f"\n{logger}:The error was: expected {LIVE}/cert.pem to be a symlink\nSkipping.\n",
    )
    lab.edit(site.PEM, f"{LIVE}/fullchain.pem")
    lab.change(site.KEY, f"{LIVE}/privkey.pem")


@scenario(
    outside="certificate.expired", server="certificate.renewal-failed",
    both="certificate.renewal-failed", manual="a person writes the record at the DNS provider",
)  # fmt: skip
def record_that_a_person_wrote_is_not_renewed(lab: Lab) -> None:
    """acme.sh's manual DNS mode, with its log as it was, after
    https://github.com/acmesh-official/acme.sh/issues/1504."""
    leaf = certificates.leaf(starts=-93, ends=-3)
    lab.install(leaf.chain, leaf.key_pem)
    lab.server.sh(f"touch -d '93 days ago' {site.PEM} {site.KEY}")
    said = (
        f"Renew: '{site.NAME}'",
        f'{site.NAME}:Challenge error: {{"type":"urn:ietf:params:acme:error:malformed","detail":'
        '"Unable to update challenge :: The challenge is not pending.","status": 400}',
        "The dns manual mode can not renew automatically, you must issue it again manually. You'd"
        " better use the other modes instead.",
    )
    lines = "".join(f"[Mon Apr  9 17:02:13 CEST 2018] {line}\n" for line in said)
    lab.server.write("/root/.acme.sh/acme.sh.log", lines)


def _one_disk(lab: Lab) -> None:
    """nginx's logs and its temporary files lie on one small file system."""
    lab.server.sh("""
        mkdir -p /run/disk && mount -t tmpfs -o size=8m lab /run/disk
        mkdir /run/disk/log /run/disk/lib
        mount --bind /run/disk/log /var/log/nginx && mount --bind /run/disk/lib /var/lib/nginx
    """)
    lab.undo(lambda: lab.server.sh("umount -l /var/log/nginx /var/lib/nginx /run/disk"))
    lab.restart_nginx()


@scenario(
    outside=None, server="host.disk-full",
    differs=("/var/log/nginx/access.log", "/var/log/nginx/access.log.1"), not_on=LAYOUT,
)  # fmt: skip
def log_of_visits_fills_the_disk(lab: Lab) -> None:
    """After https://github.com/earthcubeprojects-chords/chords/issues/231: nobody put the log of
    all requests aside."""
    _one_disk(lab)
    lab.server.sh("""
        cd /var/log/nginx
        head -c 3m /dev/zero | tr '\\0' '\\n' >access.log.1
        head -c 9m /dev/zero | tr '\\0' '\\n' >>access.log; :
    """, check=False)  # fmt: skip
    upload(lab)


@healthy(not_on=LAYOUT)
def log_of_visits_leaves_room(lab: Lab) -> None:
    """Its twin: the log is large, and the disk has room."""
    _one_disk(lab)
    lab.server.sh("head -c 5m /dev/zero | tr '\\0' '\\n' >>/var/log/nginx/access.log")
    upload(lab)
