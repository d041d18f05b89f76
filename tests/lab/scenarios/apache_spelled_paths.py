"""Apache decodes characters of a path that an application has signed."""

from tests.lab import apache
from tests.lab.lab import Lab
from tests.lab.scenarios.apache import apache_scenario, healthy_apache
from tests.lab.scenarios.apache_threads import site_with

PAGE = "https://shop.example.com/io/files/Report%20%2B%20notes.txt"
#: An application that takes no other spelling of a signed path.
PROGRAM = (
    "require('http').createServer((q,r)=>{const p=q.url;"
    "if(/[+@:;&~!$,=()]/.test(p)){r.statusCode=403;return r.end('SignatureDoesNotMatch')}"
    "r.setHeader('content-type','text/plain');r.end('the words of the file '+p)})"
    ".listen(8331,'127.0.0.1')"
)


def _site(lab: Lab, line: str) -> None:
    lab.server.write("/srv/shop/signed.js", PROGRAM)
    lab.undo(lambda: lab.server.sh("rm -f /srv/shop/signed.js"))
    lab.spawn(lab.server, ("node", "/srv/shop/signed.js"), 8331)
    shop = "ProxyPass /ws ws://127.0.0.1:3000/ws\nProxyPass / http://127.0.0.1:3000/\n"
    apache.serve(lab, site_with(f"{line}\n{shop}"))


@apache_scenario(
    outside=None, server="server.apache-path-decoded", target=PAGE, differs=(apache.SITE,)
)  # fmt: skip
def apache_writes_a_signed_path_anew(lab: Lab) -> None:
    """https://github.com/pydio/cells/issues/162"""
    _site(lab, "ProxyPass /io http://127.0.0.1:8331/io retry=0")


@apache_scenario(
    outside=None, server="server.apache-path-decoded", target=PAGE, differs=(apache.SITE,)
)  # fmt: skip
def apache_section_writes_a_signed_path_anew(lab: Lab) -> None:
    _site(lab, "<Location /io>\n    ProxyPass http://127.0.0.1:8331/io\n</Location>")


@healthy_apache(target=PAGE)
def apache_leaves_a_signed_path(lab: Lab) -> None:
    _site(lab, "ProxyPass /io http://127.0.0.1:8331/io nocanon")


COMMAND = "https://shop.example.com/io/commands/%2FCcsds%2FHeader"


@apache_scenario(
    outside=None, server="server.apache-path-decoded", target=COMMAND, differs=(apache.SITE,)
)  # fmt: skip
def apache_refuses_slashes_of_a_name(lab: Lab) -> None:
    """https://github.com/yamcs/yamcs/issues/793"""
    _site(lab, "ProxyPass /io/ http://127.0.0.1:8331/io/")


@healthy_apache(target=COMMAND)
def apache_leaves_slashes_of_a_name(lab: Lab) -> None:
    line = "ProxyPass /io/ http://127.0.0.1:8331/io/ nocanon"
    _site(lab, f"AllowEncodedSlashes NoDecode\n{line}")


def _slashes_of_the_main_server(lab: Lab, own: str = "") -> None:
    conf = "/etc/apache2/conf-enabled/slashes.conf"
    lab.server.write(conf, "AllowEncodedSlashes NoDecode\n")
    lab.undo(lambda: lab.server.sh(f"rm -f {conf}"))
    _site(lab, f"{own}ProxyPass /io http://127.0.0.1:8331/io nocanon")


@apache_scenario(
    outside=None, server="server.rule-refuses", target=COMMAND, differs=(apache.SITE,)
)  # fmt: skip
def apache_allows_slashes_in_the_main_server_alone(lab: Lab) -> None:
    """https://github.com/loris-imageserver/loris/pull/344"""
    _slashes_of_the_main_server(lab)


@healthy_apache(target=COMMAND)
def apache_allows_slashes_in_the_virtual_host(lab: Lab) -> None:
    _slashes_of_the_main_server(lab, "AllowEncodedSlashes NoDecode\n")
