"""A service beside the site may not read its key, and somebody pasted its journal, after
https://github.com/websockets/ws/issues/2155."""

from .. import certificates
from ..hosts import until
from ..lab import Lab
from ..machines import Machine
from ..scenario import healthy, scenario
from .application_services import ONE_LAYOUT
from .nginx_files import LIVE, of_certbot

WORDS = f"Error: EACCES: permission denied, open '{LIVE}/privkey.pem'"
PROGRAM = f"""\
const https = require('https'), fs = require('fs');
https.createServer({{
  key: fs.readFileSync('{LIVE}/privkey.pem'), cert: fs.readFileSync('{LIVE}/fullchain.pem'),
}}, (request, response) => response.end('chat')).listen(8443);
"""
UNIT = """\
[Unit]
Description=The chat
[Service]
User=www-data
ExecStart=/usr/bin/node /srv/chat/server.js
Restart=on-failure
RestartSec=2
[Install]
WantedBy=multi-user.target
"""


@scenario(
    outside=None, server="host.file-closed-to-service", args=(WORDS,), not_on=ONE_LAYOUT,
    differs=("processes", "listeners"),
)  # fmt: skip
def chat_beside_the_site_may_not_read_its_key(lab: Lab) -> None:
    """The site is served, and the service of the message has a port of its own."""
    _chat(lab, 0o700)
    ask = ["journalctl", "-u", "chat", "-b", "--no-pager"]
    until(lambda: "EACCES" in lab.server.run(ask).stdout, "the journal says EACCES")


@scenario(
    outside=None, server="host.file-closed-to-service", args=(WORDS,), not_on=ONE_LAYOUT,
    differs=("processes", "listeners"),
)  # fmt: skip
def chat_with_a_log_of_its_own_may_not_read_its_key(lab: Lab) -> None:
    """After https://github.com/eclipse-mosquitto/mosquitto/issues/1972: the program writes into a
    file, and the journal has nothing of it."""
    server, log = lab.server, "/var/log/chat/chat.log"
    server.sh("mkdir -p /var/log/chat")
    lab.undo(lambda: server.sh("rm -rf /var/log/chat"))
    own = f"User=www-data\nStandardOutput=append:{log}\nStandardError=append:{log}\n"
    _chat(lab, 0o700, UNIT.replace("User=www-data\n", own))
    until(lambda: "EACCES" in server.sh(f"cat {log} || :"), "the log says EACCES")


@healthy(args=(WORDS,), not_on=ONE_LAYOUT)
def chat_beside_the_site_reads_its_key(lab: Lab) -> None:
    """Its twin: somebody mended it and pastes the message still."""
    _chat(lab, 0o755)
    until(lambda: lab.server.listening(8443), "the chat listens")


def _chat(lab: Lab, mode: int, unit: str = UNIT) -> None:
    server = lab.server
    assert isinstance(server, Machine)
    of_certbot(lab, certificates.good())
    server.sh(f"chmod {mode:o} /etc/letsencrypt/live /etc/letsencrypt/archive")
    if mode != 0o700:
        server.sh("chmod 644 /etc/letsencrypt/archive/*/privkey*")
    server.write("/srv/chat/server.js", PROGRAM)
    server.write("/etc/systemd/system/chat.service", unit)
    server.systemctl("daemon-reload")
    lab.undo(lambda: server.sh("systemctl stop chat; rm -rf /srv/chat /etc/letsencrypt"))
    server.systemctl("enable", "--now", "chat")
