"""The handshake stands, and the certificate is wrong. A new one comes from an authority."""

import time

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from .. import certificates, site
from ..certificates import Issued
from ..lab import SERVER, Lab, trust
from ..scenario import healthy, scenario
from .nginx_files import LIVE, of_certbot

AUTHORITY = "a new certificate comes from an authority"
CHAIN = "the intermediate comes from the authority"


def serve(lab: Lab, leaf: Issued, chain: str = "") -> None:
    lab.install(chain or leaf.chain, leaf.key_pem)


@scenario(outside="certificate.expired", manual=AUTHORITY)
def certificate_expired(lab: Lab) -> None:
    """Five days ago."""
    serve(lab, certificates.leaf(starts=-95, ends=-5))


@scenario(outside="certificate.expires-soon", manual=AUTHORITY)
def certificate_expires_soon(lab: Lab) -> None:
    """In five of ninety days."""
    serve(lab, certificates.leaf(starts=-85, ends=5))


@scenario(outside="certificate.not-yet-valid", manual=AUTHORITY)
def certificate_of_the_future(lab: Lab) -> None:
    """Valid from the day after tomorrow."""
    serve(lab, certificates.leaf(starts=2, ends=92))


@scenario(outside="certificate.self-signed", manual=AUTHORITY)
def certificate_signed_by_itself(lab: Lab) -> None:
    """Made with openssl req -x509."""
    serve(lab, certificates.leaf(issuer="self"))


@scenario(outside="certificate.chain-incomplete", manual=CHAIN)
def intermediate_missing(lab: Lab) -> None:
    """The file holds the leaf only."""
    serve(lab, certificates.good(), certificates.good().pem)


@scenario(outside="certificate.chain-incomplete", differs=(site.CONF,))
def whole_chain_beside_the_leaf(lab: Lab) -> None:
    """fullchain.cer lies in the same folder, as acme.sh and authorities of China deliver it.
    https://segmentfault.com/a/1190000043973064"""
    good = certificates.good()
    serve(lab, good, good.pem)
    lab.server.write("/etc/nginx/ssl/fullchain.cer", good.chain)
    lab.server.write("/etc/nginx/ssl/other.cer", certificates.leaf("other.example.com").chain)


@scenario(outside="certificate.chain-incomplete", differs=(site.PEM,))
def bundle_of_the_authority_beside_the_leaf(lab: Lab) -> None:
    """The authority sent the certificate and a *.ca-bundle; only the first one was installed."""
    good = certificates.good()
    serve(lab, good, good.pem.rstrip("\n"))
    bundle = certificates.intermediate().pem + certificates.root().pem
    lab.server.write("/etc/nginx/ssl/shop_example_com.ca-bundle", bundle)


@healthy()
def leaf_of_a_root_beside_many_files(lab: Lab) -> None:
    """Nothing is missing from a file with one certificate; three hundred others lie beside."""
    leaf = certificates.leaf(issuer=certificates.root())
    serve(lab, leaf, leaf.pem)
    namesake = certificates.authority("Lab Root", certificates.private_root())
    lab.server.write("/etc/nginx/ssl/ca bundle.crt", certificates.root().pem + namesake.pem)
    lab.server.sh(f"""
        cd /etc/nginx/ssl; mkfifo pipe.pem
        i=0; while [ $i -lt 300 ]; do cp {site.PEM} "old $i.pem"; i=$((i+1)); done
    """)


@scenario(outside="certificate.chain-incomplete", manual=CHAIN)
def issuers_that_do_not_fit_lie_beside_the_leaf(lab: Lab) -> None:
    """One has expired, one has the name of the issuer and another key, and a pipe is there."""
    good, own = certificates.good(), certificates.intermediate()
    serve(lab, good, good.pem)
    top, name = certificates.root(), "Lab Intermediate"
    old = certificates.authority(name, top, key=own.key, starts=-900, ends=-3)
    for path, text in (
        ("old.crt", old.pem),
        ("fullchain-old.cer", good.pem + old.pem),
        ("other.crt", certificates.authority(name, top).pem),
        ("nameless.crt", certificates.authority(name, top, identifiers=False).pem),
    ):
        lab.server.write(f"/etc/nginx/ssl/{path}", text)
    lab.server.sh("mkfifo /etc/nginx/ssl/pipe.pem")


@scenario(outside="certificate.chain-incomplete", differs=(site.CONF,))
def bundle_with_a_key_and_whole_chain_beside_the_leaf(lab: Lab) -> None:
    """all.pem holds the key too: the file without it is named."""
    good = certificates.good()
    serve(lab, good, good.pem)
    lab.server.write("/etc/nginx/ssl/all.pem", good.chain + good.key_pem, 0o600)
    lab.server.write("/etc/nginx/ssl/fullchain.cer", good.chain)


@scenario(outside="certificate.chain-incomplete", differs=(site.CONF,))
def leaf_of_certbot_alone(lab: Lab) -> None:
    """cert.pem of certbot's where fullchain.pem is meant."""
    of_certbot(lab, certificates.good())
    lab.edit(site.PEM, f"{LIVE}/cert.pem")
    lab.change(site.KEY, f"{LIVE}/privkey.pem")


@scenario(outside="certificate.wrong-intermediate", manual=CHAIN)
def intermediate_of_another_authority(lab: Lab) -> None:
    """The file's second certificate did not issue the first."""
    good = certificates.good()
    serve(lab, good, good.pem + certificates.other_intermediate().pem)


@scenario(outside="certificate.untrusted-root", manual=AUTHORITY)
def root_of_the_company(lab: Lab) -> None:
    """The whole chain is sent, up to a root that no client has."""
    leaf = certificates.leaf(issuer=certificates.private_root())
    serve(lab, leaf, leaf.whole_chain)


@scenario(outside="certificate.untrusted-root", manual=AUTHORITY)
def root_and_intermediate_of_the_company(lab: Lab) -> None:
    """Leaf, intermediate and root, all of the company's own."""
    between = certificates.authority("Company Intermediate", certificates.private_root())
    leaf = certificates.leaf(issuer=between)
    serve(lab, leaf, leaf.whole_chain)


@scenario(outside="certificate.untrusted-root", manual="leave-the-tests")
def authority_of_tests(lab: Lab) -> None:
    """certbot was run with --test-cert, and the site was switched to what it got."""
    root = certificates.authority("(STAGING) Pretend Pear X1")
    between = certificates.authority("(STAGING) Puzzling Parsnip E7", root)
    leaf = certificates.leaf(issuer=between)
    serve(lab, leaf, leaf.chain)


@scenario(outside="certificate.self-signed", differs=(site.CONF,))
def stand_in_beside_one_of_certbot(lab: Lab) -> None:
    """The stand-in is still named, and certbot has got one that nobody has installed."""
    serve(lab, certificates.leaf(issuer="self", ends=3000))
    of_certbot(lab, certificates.good())


@scenario(outside="certificate.name-mismatch", differs=(site.CONF,))
def another_lineage_has_the_name(lab: Lab) -> None:
    """The block names the lineage of another site."""
    serve(lab, certificates.leaf("www.example.org", "example.org"))
    of_certbot(lab, certificates.good())


@scenario(outside="certificate.name-mismatch", manual=AUTHORITY)
def lineage_of_certbot_lacks_the_name(lab: Lab) -> None:
    """certbot keeps the site's certificate for the other name of the block alone."""
    of_certbot(lab, certificates.leaf("www.example.com"), "www.example.com")
    live = LIVE.replace(site.NAME, "www.example.com")
    lab.edit(f"server_name {site.NAME};", f"server_name {site.NAME} www.example.com;")
    lab.edit(site.PEM, f"{live}/fullchain.pem")
    lab.change(site.KEY, f"{live}/privkey.pem")


@healthy()
def lineage_of_certbot_has_both_names(lab: Lab) -> None:
    both = certificates.leaf("www.example.com", site.NAME)
    of_certbot(lab, both, "www.example.com")
    live = LIVE.replace(site.NAME, "www.example.com")
    lab.edit(f"server_name {site.NAME};", f"server_name {site.NAME} www.example.com;")
    lab.edit(site.PEM, f"{live}/fullchain.pem")
    lab.change(site.KEY, f"{live}/privkey.pem")


@scenario(outside="certificate.name-mismatch", manual=AUTHORITY)
def certificate_for_another_name(lab: Lab) -> None:
    """The site's own certificate covers other names."""
    serve(lab, certificates.leaf("www.example.org", "example.org"))


@scenario(outside="certificate.name-mismatch", manual=AUTHORITY)
def wildcard_does_not_cover_itself(lab: Lab) -> None:
    """*.shop.example.com does not cover shop.example.com."""
    serve(lab, certificates.leaf("*.shop.example.com"))


@scenario(outside="certificate.name-mismatch", manual=AUTHORITY)
def wildcard_two_labels_deep(lab: Lab) -> None:
    """*.com covers one label only."""
    serve(lab, certificates.leaf("*.com", "*.example.org"))


@scenario(outside="certificate.name-mismatch", target=f"https://{SERVER}/", manual=AUTHORITY)
def asked_by_address(lab: Lab) -> None:
    """The visitor types the address, the certificate names the host."""


@scenario(outside="certificate.no-san", manual=AUTHORITY)
def only_a_common_name(lab: Lab) -> None:
    """curl and Python are content, browsers are not."""
    serve(lab, certificates.leaf(san=False))


@scenario(outside="certificate.wrong-purpose", manual=AUTHORITY)
def certificate_for_clients(lab: Lab) -> None:
    """Its extended key usage is clientAuth."""
    serve(lab, certificates.leaf(usage=ExtendedKeyUsageOID.CLIENT_AUTH))


@scenario(outside="certificate.weak", manual=AUTHORITY)
def key_of_1024_bits(lab: Lab) -> None:
    """RSA 1024; nginx had to be told that this is fine."""
    lab.edit("ssl_protocols", "ssl_ciphers DEFAULT:@SECLEVEL=0;\n  ssl_protocols")
    serve(lab, certificates.leaf(key="rsa1024"))


@scenario(outside="certificate.key-unsupported", manual=AUTHORITY)
def key_on_a_curve_that_browsers_do_not_offer(lab: Lab) -> None:
    """After threads about Pi-hole and Brave: P-521, which curl and Firefox accept."""
    serve(lab, certificates.leaf(key="p521"))


@healthy()
def second_certificate_for_browsers(lab: Lab) -> None:
    """RSA beside P-521: each client gets the one that it can use."""
    serve(lab, certificates.leaf(key="p521"))
    second = certificates.leaf(key="rsa")
    lab.server.write("/etc/nginx/ssl/rsa.pem", second.chain)
    lab.server.write("/etc/nginx/ssl/rsa.key", second.key_pem, 0o600)
    pair = "ssl_certificate /etc/nginx/ssl/rsa.pem;\n  ssl_certificate_key /etc/nginx/ssl/rsa.key;"
    lab.change("  ssl_session_timeout", f"  {pair}\n  ssl_session_timeout")


@scenario(outside="certificate.key-usage", manual=AUTHORITY)
def key_that_must_not_sign(lab: Lab) -> None:
    """After threads about mirror-registry and Malcolm: keyEncipherment and dataEncipherment alone,
    "ERR_SSL_KEY_USAGE_INCOMPATIBLE"."""
    usage = x509.KeyUsage(False, False, True, True, False, False, False, False, False)
    serve(lab, certificates.leaf(key="rsa", key_usage=usage))


@scenario(outside="certificate.must-staple", manual=AUTHORITY)
def staple_demanded_and_not_sent(lab: Lab) -> None:
    """Firefox refuses, the others do not look."""
    serve(lab, certificates.leaf(must_staple=True))


OUTDATED = f"The Lets Encrypt certificate for https://{site.NAME}/ expired on October 17."


@scenario(
    outside="certificate.expired", server="certificate.renewed-not-loaded", args=(OUTDATED,),
)  # fmt: skip
def renewed_and_not_loaded_by_words(lab: Lab) -> None:
    """https://github.com/xkbcommon/libxkbcommon/issues/71: what a visitor says of it."""
    renewed_and_not_loaded(lab)


@healthy(args=(OUTDATED,))
def renewed_and_loaded_by_words(lab: Lab) -> None:
    """The same words, and nginx has the new file."""


NO_NUMBER = (
    f"{OUTDATED}, the file is the renewed one, nginx -s reload: "
    'nginx: [error] invalid PID number "" in "/run/nginx.pid"'
)


@scenario(
    outside="certificate.expired", server="listener.orphan-nginx", args=(NO_NUMBER,),
    keeps=("listeners",),
)  # fmt: skip
def renewed_where_no_reload_reaches_nginx(lab: Lab) -> None:
    """https://kkkkh.github.io/my-note/article/tech/index/2026-03-05-SSL-TLS: the pid file is empty,
    so that the hook's reload fails, and so would the advice to reload."""
    renewed_and_not_loaded(lab)
    lab.server.write("/run/nginx.pid", "")


@healthy(args=(NO_NUMBER,))
def renewed_where_a_reload_reached_nginx(lab: Lab) -> None:
    renewed_and_not_loaded(lab)
    lab.reload()


@scenario(outside="certificate.expired", server="certificate.renewed-not-loaded")
def renewed_and_not_loaded(lab: Lab) -> None:
    """The file was renewed in time, and nginx was never told."""
    serve(lab, certificates.leaf(starts=-95, ends=-5))
    time.sleep(0.2)  # files carry times, processes too
    good = certificates.good()
    lab.server.write(site.PEM, good.chain)
    lab.server.write(site.KEY, good.key_pem, 0o600)


@healthy()
def wildcard_certificate(lab: Lab) -> None:
    """*.example.com covers shop.example.com."""
    serve(lab, certificates.leaf("*.example.com", "example.com"))


@healthy()
def common_name_of_another(lab: Lab) -> None:
    """The common name says something else; only the alternative names count."""
    names = ("example.com", "SHOP.example.com")
    serve(lab, certificates.leaf(*names, common_name="Example Inc"))


@healthy(target=f"https://{SERVER}/")
def certificate_for_the_address(lab: Lab) -> None:
    """An IP address among the alternative names."""
    serve(lab, certificates.leaf("shop.example.com", SERVER))


@healthy()
def certificate_for_ten_years(lab: Lab) -> None:
    """A private authority's: far longer than public ones may."""
    serve(lab, certificates.leaf(starts=-900, ends=1900))


@healthy()
def certificate_for_six_days(lab: Lab) -> None:
    """Short-lived on purpose: two of six days have passed."""
    serve(lab, certificates.leaf(starts=-2, ends=4))


@healthy()
def root_sent_along(lab: Lab) -> None:
    """Superfluous, harmless."""
    serve(lab, certificates.good(), certificates.good().whole_chain)


@healthy()
def chain_in_another_order(lab: Lab) -> None:
    """A second intermediate that nobody needs, before the right one."""
    good, other = certificates.good(), certificates.other_intermediate()
    serve(lab, good, good.pem + other.pem + certificates.intermediate().pem)


@healthy()
def expired_cross_sign_sent_along(lab: Lab) -> None:
    """Old clients may stumble, today's find another way: worth a note at most."""
    old = certificates.authority("Old Root", starts=-4000, ends=-30)
    root = certificates.root()
    cross = certificates.authority("Lab Root", old, key=root.key, starts=-3000, ends=-30)
    good = certificates.good()
    serve(lab, good, good.chain + cross.pem)


@healthy()
def root_without_identifiers(lab: Lab) -> None:
    """A company's root without key identifiers, which the machines trust."""
    root = certificates.authority("Old Company Root", identifiers=False)
    leaf = certificates.leaf(issuer=root, identifiers=False)
    for host in (lab.client, lab.server):
        trust(host, root)
    serve(lab, leaf)


@healthy()
def windows_line_ends(lab: Lab) -> None:
    """The PEM files were edited on Windows: a byte order mark and CRLF."""
    good = certificates.good()
    lab.server.write(site.KEY, good.key_pem.replace("\n", "\r\n"), 0o600)
    lab.server.write(site.PEM, "\ufeff" + good.chain.replace("\n", "\r\n"))
    lab.reload()


@scenario(outside="certificate.self-signed", manual=AUTHORITY)
def stand_in_of_an_ingress_controller(lab: Lab) -> None:
    """cert-manager has none yet, after https://github.com/kubernetes/ingress-nginx/issues/1984."""
    name = "Kubernetes Ingress Controller Fake Certificate"
    serve(lab, certificates.leaf("ingress.local", issuer="self", common_name=name))
