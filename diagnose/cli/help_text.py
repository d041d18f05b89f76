"""The commands, and the texts of their help."""

from typing import NamedTuple


class CommandHelp(NamedTuple):
    """A command besides `diagnose TARGET`: its purpose and its operand."""

    purpose: str
    operand: str = ""


COMMANDS = {
    "explain": CommandHelp("The page of a check: what it means, and what to do.", "CHECK ..."),
    "list": CommandHelp("All checks, by layer; with LAYER, its checks.", "[LAYER ...]"),
    "fix": CommandHelp(
        "Apply the fix of the root cause, and undo it if it did not help.", "TARGET"
    ),
    "record": CommandHelp("Write what was seen of a target, masked, to a file.", "TARGET"),
    "bundle": CommandHelp(
        "Write the report in every form and the recording, masked, to one file for support.",
        "TARGET",
    ),
    "replay": CommandHelp("Run today's checks on a recording, without a network.", "FILE"),
    "fleet": CommandHelp(
        "Any number of targets, one a line, as a stream: a JSON line for each as it is finished,"
        " and at the end one group for all that fail for the same cause.",
        "FILE",
    ),
    "worker": CommandHelp(
        "Diagnoses the targets of a fleet that come from a queue (NATS), from where it runs."
    ),
    "watch": CommandHelp(
        "Ask three small questions in each interval; run the whole diagnosis if an answer differs,"
        " and from time to time.",
        "TARGET ...",
    ),
    "config": CommandHelp("The values of the configuration, and where each comes from."),
    "keys": CommandHelp(
        "The keys of the screen, what they do, and their names in the configuration."
    ),
    "demo": CommandHelp("A broken site of its own on loopback, diagnosed.", "[FAULT]"),
    "serve": CommandHelp(
        "An exporter for Prometheus in the place of blackbox_exporter. It also names the reason of"
        " a failure."
    ),
    "web": CommandHelp("The screen, in a browser on this machine or through SSH.", "[TARGET ...]"),
    "mcp": CommandHelp("Three tools for agents that only read, on stdin and stdout (MCP)."),
}

DESCRIPTION = """\
Says the one thing that is wrong with an HTTPS or WebSocket site, why, and how to fix it.

  diagnose https://shop.example.com/   what visitors meet; on the server: why
  diagnose shop.example.com --ws /ws   its WebSocket too
  diagnose 'MESSAGE'                   an error message, as it was shown
  diagnose fix shop.example.com        apply the fix; undo it if it did not help
  diagnose --server ssh://root@203.0.113.10 shop.example.com
                                       from your desk, and inside the server
  diagnose --json shop.example.com     for a script
  diagnose                             the sites of this server

On a terminal it opens full screen; the report stays when you quit. In a pipe, or with --format
text, it prints the report alone.
"""

#: The last line of the short help.
SHORT_HELP_END = "diagnose --help shows every option and command."

#: The heading of the options that a command shares with `diagnose TARGET`.
SHARED_OPTIONS = "how to look and what to ask, as diagnose --help says"

#: What each exit status means. 128 and more: a signal of this number less 128 ended the run.
EXIT_STATUSES = {
    0: "ok",
    1: "warning",
    2: "critical",
    3: "unknown: could not be judged",
    64: "usage",
    70: "a fault of diagnose itself",
    78: "a configuration or a queue that cannot be used",
    130: "ended by SIGINT",
    143: "ended by SIGTERM",
}

#: The other commands, above the options of `diagnose TARGET`.
COMMAND_LIST = """\
commands:
  diagnose fix TARGET                  apply the fix, or undo it
  diagnose explain CHECK               the page of a check
  diagnose list                        all checks
  diagnose watch TARGET ...            run again and again, and say what changes
  diagnose fleet FILE|-                many targets, one JSON line each
  diagnose worker --nats URL           work for a fleet on another machine
  diagnose record TARGET -o FILE       write what was seen, masked, to a file
  diagnose replay FILE                 check a recording, without a network
  diagnose bundle TARGET -o FILE.zip   report and recording, for support
  diagnose serve                       an exporter, like blackbox_exporter
  diagnose web [TARGET]                the screen, in a browser
  diagnose mcp                         three read-only tools for agents (MCP)
  diagnose config                      the configuration, and where it stands
  diagnose keys                        the keys of the screen, and what they do
  diagnose demo [FAULT]                a broken site of its own, diagnosed
"""

#: What follows the options of `diagnose TARGET`.
EPILOG = """\
exit status:
  0 ok   1 warning   2 critical   3 unknown: could not be judged
  64 usage   70 a fault of diagnose itself   130, 143 ended by a signal

It reads. Only fix, and the key a of the screen after it has asked, change something. It connects to
the target, to where the target redirects, and to the name servers; on a cloud's machine whose port
does not answer also to the metadata service; with --cloud to the API of the provider. With
--vantage globalping, what is measured and the results become public.

documentation:
  man diagnose       and one for each command: man diagnose-fix
  make docs          builds the site, in a checkout
"""

#: The examples of a command, above its options.
EXAMPLES = {
    "explain": """\
examples:
  diagnose explain firewall.port-closed
  diagnose explain http.redirect-loop --lang zh
""",
    "list": """\
examples:
  diagnose list                        all checks
  diagnose list dns tls                those of these layers
""",
    "fix": """\
examples:
  diagnose fix --dry-run shop.example.com    show the steps, and change nothing
  diagnose fix shop.example.com              show them, ask, apply, and look again
  diagnose fix --undo                        take the last fix back
  diagnose fix --server ssh://root@203.0.113.10 shop.example.com

It applies only what the report calls safe. It saves each file before it changes it, and undoes a
fix that did not help. It prints the other steps, for you to do by hand.
""",
    "record": """\
examples:
  diagnose record shop.example.com -o shop.jsonl
  diagnose replay shop.jsonl                     on any machine, without a network
""",
    "bundle": """\
examples:
  diagnose bundle shop.example.com -o shop.zip
  diagnose replay shop.zip                       on any machine, without a network
""",
    "replay": """\
examples:
  diagnose replay shop.jsonl                     of diagnose record, or a bundle
  diagnose replay shop.jsonl --format html -o shop.html
""",
    "web": """\
examples:
  diagnose web shop.example.com                  prints an address, for a browser on this machine
  ssh -L 8043:127.0.0.1:8043 SERVER              on your desk, if diagnose runs on SERVER

It needs textual-serve: pipx inject diagnose-https textual-serve.
""",
    "demo": """\
examples:
  diagnose demo                        choose a fault on the screen
  diagnose demo websocket              a WebSocket that answers 404
  diagnose demo redirect-loop --json   the report of a redirect loop
  diagnose demo --list                 the names of the faults

Where there is an nginx, it runs in a temporary folder on loopback, and a fix can be applied and
undone. Nothing is left behind.
""",
    "config": """\
examples:
  diagnose config                      each value, and the file and line that it comes from
  diagnose config --timeout 5          as a run with this option would have it
  diagnose config --template           a file to begin with: every key, as a comment
""",
    "keys": """\
examples:
  diagnose keys                        the keys in effect
  diagnose keys --config none          those without a configuration
  diagnose keys --lang zh
""",
    "mcp": """\
examples:
  diagnose mcp                               this machine looks, names and addresses masked
  diagnose mcp --server ssh://root@web1      it also looks inside that server
  {"mcpServers": {"diagnose": {"command": "diagnose", "args": ["mcp"]}}}
                                             in the settings of an agent

The tools are diagnose, explain and replay. None of them changes anything. Text of the examined site
is marked as such. It needs the extra mcp: in a checkout,
pipx install --force '.[mcp]'.
""",
    "serve": """\
examples:
  diagnose serve --config.file=/etc/prometheus/blackbox.yml
  diagnose serve --config.file=blackbox.yml --config.check
  diagnose serve --web.listen-address=:9115 --web.config.file=web.yml --allow '*.example.com'
  diagnose serve --resident            and diagnose --json of this user takes a seventh of its CPU
  curl 'http://127.0.0.1:9115/probe?module=http_2xx&target=https://shop.example.com/&debug=true'

It listens on loopback only, unless --web.listen-address says otherwise. SIGHUP and POST /-/reload
load the configuration again. It needs the extra serve: in a checkout,
pipx install --force '.[serve]'.
The resident's socket is $XDG_RUNTIME_DIR/diagnose/resident.
""",
    "fleet": """\
examples:
  diagnose fleet sites.txt >>results.jsonl
  diagnose fleet sites.txt --resume >>results.jsonl     after it was cut off: the rest
  zcat names.gz | diagnose fleet - --summary --rate 5 | jq -r 'select(.type == "verdict")'
  diagnose fleet sites.txt --summary | jq 'select(.type == "group")'
  diagnose fleet sites.txt --nats tls://nats.example.net --vantage-name paris --vantage-name tokyo

FILE has a target a line; what follows # is a comment. Each line of the output has a type: report
(as of diagnose --json) or, with --summary, verdict; error (the line names no target); at the end
group and summary. Lines leave in the order in which targets are finished.

What is finished is kept in a journal until the end of the list is reached. A list given twice in
one run is diagnosed once. With --nats the workers look (diagnose worker); a target that is seen
from several vantages is a line of the type comparison.
""",
    "worker": """\
examples:
  diagnose worker --nats tls://nats.example.net:4222 --nats-creds paris.creds --vantage-name paris
  diagnose worker --nats tls://10.0.0.5:4222 --nats-ca ca.pem --nats-creds lab.nk --allow 10.0.0.0/8
  diagnose worker --nats nats://127.0.0.1:4222          a server on this machine, for a trial

It runs until a signal ends it: what is at work is then finished within seconds, or given back. It
looks from outside only, and never at link-local or metadata addresses. The server needs JetStream.
It needs the extra fleet: in a checkout, pipx install --force '.[fleet]'.
""",
    "watch": """\
examples:
  diagnose watch shop.example.com                       until Ctrl-C: a line when something changes
  diagnose watch --interval 30s --full-interval 10m shop.example.com www.example.org
  diagnose watch --ws /ws --jsonl wss://shop.example.com/ws | jq 'select(.type == "verdict")'
  diagnose watch --count 1 shop.example.com             one diagnosis and one pulse, and its status

A pulse asks one address for HTTPS, HTTP and the WebSocket, if there is one, and compares the
answers with those of the last whole diagnosis. It looks from outside only. With --jsonl there is a
line for each pulse (type pulse) and each whole diagnosis (type verdict).
""",
}


FORMAT_HELP = {
    "json": "one JSON document",
    "jsonl": "events, one a line, as they happen",
    "nagios": "the output and status of a monitoring plugin",
}
