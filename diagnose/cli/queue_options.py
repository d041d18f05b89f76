"""The options about the queue of a fleet and its workers, and what they mean together."""

import argparse
from argparse import Namespace
from typing import TYPE_CHECKING

from diagnose.cli import option_values as values
from diagnose.parsers.target import UsageError

if TYPE_CHECKING:
    from diagnose.fleet.jetstream import Access


def add_queue_options(group: "argparse._ActionsContainer", is_worker: bool = False) -> None:
    add = group.add_argument
    add("--nats", type=values.nats_url, metavar="URL",
        help="the NATS server with the queue: tls://HOST:PORT, or nats:// on this machine",
    )  # fmt: skip
    add("--nats-creds", type=values.readable_file, metavar="FILE",
        help="the credentials for it: a .creds file, or the seed of an nkey")  # fmt: skip
    add("--nats-ca", type=values.readable_file, metavar="FILE",
        help="trust these roots for it, and no others")  # fmt: skip
    if is_worker:
        add("--vantage-name", dest="vantage_name", type=values.vantage_name, metavar="NAME",
            default="default", help="what this place is called (default)")  # fmt: skip
    else:
        add("--vantage-name", dest="vantage_names", type=values.vantage_name, metavar="NAME",
            action="append", default=[],
            help="of the workers that look (default); repeated, each target is seen from each",
        )  # fmt: skip


def add_worker_limits(group: "argparse._ActionsContainer") -> None:
    add = group.add_argument
    add("--concurrency", type=values.concurrency, metavar="N",
        help="targets at work at the same time, at most (200)")  # fmt: skip
    add("--allow", action="append", default=[], metavar="NAME|NETWORK",
        help="diagnose only such targets: *.example.com, 10.0.0.0/8 (repeatable)")  # fmt: skip


#: Options of a fleet that workers on other machines do not get: what is secret, what names a file
#: or a server of this machine, and what leads elsewhere than to the target.
_LOCAL_OPTIONS = (
    "address", "resolver", "cafile", "proxy", "idle", "cloud", "cloud_role", "origin_address",
    "header", "cookie", "origin", "subprotocol", "method",
)  # fmt: skip


def queue_access(namespace: Namespace) -> "Access | None":
    from diagnose.fleet.jetstream import Access

    if namespace.nats is None:
        if namespace.nats_creds or namespace.nats_ca:
            raise UsageError("--nats-creds and --nats-ca are for a server: add --nats URL.")
        return None
    if namespace.nats_ca and namespace.nats.startswith("nats://"):
        raise UsageError("--nats-ca is about TLS: write --nats tls://HOST:PORT.")
    return Access(namespace.nats, namespace.nats_creds, namespace.nats_ca)


def queue_vantages(namespace: Namespace) -> tuple[str, ...]:
    """Return the names of the places that a fleet is seen from; () without workers."""
    from diagnose.fleet.jetstream import DEFAULT_VANTAGE

    if namespace.nats is None:
        if namespace.vantage_names:
            raise UsageError("--vantage-name is of workers: add --nats URL.")
        return ()
    for option in _LOCAL_OPTIONS:
        if getattr(namespace, option):
            name = option.replace("_", "-")
            raise UsageError(f"Workers on other machines do not get --{name}: leave it out.")
    return tuple(dict.fromkeys(namespace.vantage_names)) or (DEFAULT_VANTAGE,)
