"""nginx behind another server of the same machine: a block with an address of its own (`listen
127.0.0.1:80`) takes all requests that the server in front sends there, and the block with the name
has `listen 80` (https://nginx.org/en/docs/http/request_processing.html)."""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import listen_edits, written_listen
from diagnose.model import Applicability, Claim, Confidence, Fix, Manual, Subject, Where
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import InnerNginx
from diagnose.model.web_servers import TITLES
from diagnose.parsers.http import UNKNOWN_SITE, proxy_page
from diagnose.parsers.nginx.address_blocks import TakenAddress, taken_address
from diagnose.parsers.nginx.config import children
from diagnose.parsers.stray_pages import is_default_page

#: How the servers in front answer where nginx closes the connection (`return 444`).
_CLOSED = {502, 503}


def inner_claims(nginx: Nginx, inner: InnerNginx) -> Iterator[Claim]:
    """Yield the claim for the address at which the server in front asks, if a block without the
    name answers there and another block has the name on every address."""
    main = nginx.config.main if nginx.config else ()
    taken = taken_address(main, inner.address, inner.port, inner.host)
    pages = page_exchanges(nginx.evidence)
    if taken and pages and all(_is_other(nginx, taken, page) for page in pages):
        yield _claim(nginx, inner, taken, pages)


def _is_other(nginx: Nginx, taken: TakenAddress, page: Exchange) -> bool:
    """Return whether a page is none of the site: a block's refusal of a name that it does not have,
    the page of a package, or that of a block with other sites' names alone."""
    symptom = nginx.evidence.target.symptom
    is_told = symptom is not None and symptom.kind == "wrong-site"
    closes = any(line.args[:1] == ("444",) for line in children(taken.other.block, "return"))
    return (
        _is_refusal(page)
        or is_default_page(page.status, page.body)
        or (closes and page.status in _CLOSED)
        or (page.status == 200 and (is_told or taken.is_of_other_sites))
    )


def _is_refusal(page: Exchange) -> bool:
    return page.status in {403, *UNKNOWN_SITE} and proxy_page(page.body) == "nginx"


def _claim(
    nginx: Nginx,
    inner: InnerNginx,
    taken: TakenAddress,
    pages: tuple[Exchange, ...],
) -> Claim:
    server, listen = taken.own, taken.listen
    target, address = nginx.evidence.target, written_listen(taken.socket.address, inner.port)
    edits = listen_edits(nginx, ((listen, taken.socket),))
    is_sure = all(map(_is_refusal, pages))
    step = edits or (Manual("listen-there", Where.SERVER),)
    applicability = Applicability.AUTOMATIC if is_sure else Applicability.REVIEW
    return Claim(
        about=Subject(port=inner.port, text=f"listen {address}"),
        covers=(Subject(port=target.port), Subject(port=target.port, path=target.path)),
        because=(*pages, inner, *nginx.configs),
        confidence=Confidence.CERTAIN if is_sure else Confidence.LIKELY,
        facts={
            **dict.fromkeys(("plain_listen", "plain_own", "onward"), ""),
            "front": next(
                (text for name, text in TITLES.items() if name == inner.product), inner.product
            ),
            "name": inner.host,
            "addresses": (),
            "listen": address,
            "own": file_line(server.block),
            "own_listen": written_listen(listen.address, inner.port),
            "other": file_line(taken.other.block),
            "other_names": taken.other.names,
            "status": pages[0].status or "",
            "closed": False,
            "inner": False,
            "certificate": False,
            "specific": True,
            "ssl": taken.socket.ssl,
        },
        location=nginx.location(listen.directive or server.block),
        fix=Fix((*step, *reload_steps(nginx)), applicability if edits else Applicability.MANUAL),
    )
