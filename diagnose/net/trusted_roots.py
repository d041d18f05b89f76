"""The roots that this machine trusts, loaded in a thread."""

import contextlib
import os
import ssl
import threading
from concurrent.futures import Future
from functools import lru_cache
from pathlib import Path

from diagnose.model.frozen import frozen
from diagnose.net.tls import HTTP1, client_context

#: Where distributions keep their trusted roots, for a Python whose OpenSSL looks elsewhere.
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


@frozen
class Trust:
    """A context that verifies chains against the roots that this machine trusts.

    `empty` is True if it trusts none: then no chain is verified. `problem` names the file that
    could not be read.
    """

    context: ssl.SSLContext
    empty: bool = False
    problem: str = ""


def trust(cafile: str | None = None, alpn: tuple[str, ...] = HTTP1) -> "Future[Trust]":
    """Load the trusted roots in a thread, and return a future for the result.

    The roots are those of SSL_CERT_FILE and SSL_CERT_DIR, as OpenSSL reads them
    (SSL_CTX_set_default_verify_paths(3)), and those of `cafile`.

    Loading takes up to 10 ms. The result is cached, so that many targets share it, as long as the
    files are what they were.
    """
    env_paths = tuple(os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"))
    return _cached_trust(cafile, env_paths, _stamps(cafile), alpn)


def _stamps(cafile: str | None) -> tuple[tuple[int, ...], ...]:
    """Return what tells one content of the files and folders with roots from another."""
    usual = ssl.get_default_verify_paths()
    folders = os.environ.get("SSL_CERT_DIR", "").split(":")
    return tuple(map(_stamp, (cafile, usual.cafile, usual.capath, *folders, *BUNDLES)))


def _stamp(path: str | None) -> tuple[int, ...]:
    try:
        status = os.stat(path or "")  # noqa: PTH116 (each run asks; pathlib takes ten times as long)
    except OSError:
        return ()
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def system_trust(alpn: tuple[str, ...] = HTTP1) -> Trust:
    """Load the roots that this machine trusts into a new context, in the caller's thread."""
    has_env_paths = any(os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"))
    return _load_trust(None, has_env_paths, alpn)


@lru_cache(maxsize=4)
def _cached_trust(
    cafile: str | None,
    env_paths: tuple[str | None, ...],
    stamps: tuple[tuple[int, ...], ...],
    alpn: tuple[str, ...],
) -> "Future[Trust]":
    future: Future[Trust] = Future()
    # Several callers share the future: cancelling one must not cancel it for the others.
    future.set_running_or_notify_cancel()

    def load() -> None:
        try:
            future.set_result(_load_trust(cafile, any(env_paths), alpn))
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=load, name="trusted roots", daemon=True).start()
    return future


def _load_trust(cafile: str | None, has_env_paths: bool, alpn: tuple[str, ...]) -> Trust:
    ssl_context, problem = client_context(alpn), ""
    ssl_context.verify_mode = ssl.CERT_REQUIRED
    # Like curl: every certificate in the store is trusted, even one that is not a root.
    ssl_context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if folder := None if has_env_paths else _hashed_folder():
        ssl_context.load_verify_locations(capath=folder)
    else:
        ssl_context.set_default_verify_paths()
    if not has_env_paths and not _has_roots(ssl_context):
        for bundle in filter(os.path.exists, BUNDLES):
            with contextlib.suppress(OSError):
                ssl_context.load_verify_locations(bundle)
                break
    if cafile:
        try:
            ssl_context.load_verify_locations(cafile)
        except OSError as error:
            problem = f"{cafile}: {error.strerror or error}"
    empty = not has_env_paths and not _has_roots(ssl_context)
    if empty:
        ssl_context.verify_mode = ssl.CERT_NONE
    return Trust(ssl_context, empty, problem)


def _hashed_folder() -> str | None:
    """Return the usual folder of roots if it holds what the usual file holds, each certificate
    under the name by which OpenSSL finds it (openssl-rehash(1)). Then only the root of a chain is
    read, and not the file, which takes 4 ms. Debian makes the file of the files in the folder, one
    after the other: both are as large."""
    usual = ssl.get_default_verify_paths()
    if not usual.cafile or not usual.capath:
        return None
    try:
        with os.scandir(usual.capath) as entries:
            size = sum(entry.stat().st_size for entry in entries if _is_hashed(entry.name))
        return usual.capath if 0 < size == Path(usual.cafile).stat().st_size else None
    except OSError:
        return None


def _is_hashed(name: str) -> bool:
    """Whether a file has a name such as 5ed36f99.0."""
    return name[8:9] == "." and name[9:].isdecimal()


def _has_roots(ssl_context: ssl.SSLContext) -> bool:
    """Whether anything is trusted; OpenSSL reads a directory of roots only when it needs one."""
    if ssl_context.cert_store_stats()["x509"]:
        return True
    folder = ssl.get_default_verify_paths().capath
    return bool(folder) and any(Path(folder).glob("*.0"))
