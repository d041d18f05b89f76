"""Patterns of Apache's that end before the path of a WebSocket does: the rest is lost."""

from functools import partial

from tests.lab import apache
from tests.lab.lab import Lab
from tests.lab.scenarios.apache import apache_scenario, healthy_apache
from tests.lab.scenarios.apache_threads import site_with

SOCKET = "wss://shop.example.com/lab/terminals/websocket/1"
#: Opens a WebSocket at /lab/terminals/websocket/1 and alike, and has nothing without the number.
PROGRAM = (
    "const c=require('crypto'),s=require('http').createServer((q,r)=>{"
    "r.statusCode=q.url=='/lab'?200:404;r.end('Jupyter '+q.url)});"
    "s.on('upgrade',(q,k)=>{k.on('error',()=>k.destroy());"
    "if(!/^\\/lab\\/(terminals\\/websocket|api\\/kernels)\\/./.test(q.url))"
    "return k.end('HTTP/1.1 404 Not Found\\r\\nContent-Length: 0\\r\\n\\r\\n');"
    "const a=c.createHash('sha1').update(q.headers['sec-websocket-key']"
    "+'258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');"
    "k.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade"
    "\\r\\nSec-WebSocket-Accept: '+a+'\\r\\n\\r\\n')});s.listen(8888,'127.0.0.1')"
)
LAB = "<Location /lab>\n    ProxyPass http://127.0.0.1:8888/lab\n</Location>\n"
SHOP = "ProxyPass /ws ws://127.0.0.1:3000/ws\nProxyPass / http://127.0.0.1:3000/\n"
GROUP = "(api/kernels/[^/]+/channels|terminals/websocket)"


def _site(lab: Lab, lines: str, section: bool = True) -> None:
    lab.server.write("/srv/shop/lab.js", PROGRAM)
    lab.undo(lambda: lab.server.sh("rm -f /srv/shop/lab.js"))
    lab.spawn(lab.server, ("node", "/srv/shop/lab.js"), 8888)
    # A section has the say over every line of the virtual host.
    pages = LAB if section else "ProxyPass /lab http://127.0.0.1:8888/lab\n"
    own = f"{pages}{lines}\n" if section else f"{lines}{pages}"
    apache.serve(lab, site_with(f"{own}{SHOP}"))


ending_early = partial(
    apache_scenario,
    outside="websocket.not-upgraded",
    server="server.path-changed",
    target=SOCKET,
    differs=(apache.SITE,),
)


@ending_early()
def apache_section_with_a_pattern_that_ends_early(lab: Lab) -> None:
    """https://github.com/jupyterlab/jupyterlab/issues/7966: ProxyPass within a LocationMatch takes
    the section's pattern, and `$1` lacks the number of the terminal."""
    lines = f'<LocationMatch "/lab/{GROUP}/?">\n    ProxyPass ws://127.0.0.1:8888/lab/$1\n'
    _site(lab, f"{lines}</LocationMatch>")


@ending_early()
def apache_match_that_ends_early(lab: Lab) -> None:
    lines = f"ProxyPassMatch ^/lab/{GROUP} ws://127.0.0.1:8888/lab/$1\n"
    _site(lab, lines, section=False)


@ending_early()
def apache_rule_that_ends_early(lab: Lab) -> None:
    lines = f"RewriteEngine On\nRewriteRule ^/lab/{GROUP} ws://127.0.0.1:8888/lab/$1 [P]\n"
    _site(lab, lines, section=False)


@healthy_apache(target=SOCKET)
def apache_section_with_a_pattern_to_the_end(lab: Lab) -> None:
    lines = (
        '<LocationMatch "/lab/(api/kernels/[^/]+/channels|terminals/websocket/[^/]+)/?">\n'
        "    ProxyPass ws://127.0.0.1:8888/lab/$1\n</LocationMatch>"
    )
    _site(lab, lines)
