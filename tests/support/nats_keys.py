"""Keys and certificates for a NATS server of a test."""

import base64
import json
import os
from pathlib import Path

import nkeys
import trustme


def user_key(folder: Path, name: str) -> tuple[Path, str]:
    """Return a file with the seed of a new user, and the public key, which the server knows."""
    seed = nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER)
    path = folder / f"{name}.nk"
    path.write_bytes(bytes(seed) + b"\n")
    return path, nkeys.from_seed(bytearray(seed)).public_key.decode()


def tls_config(folder: Path) -> tuple[Path, str]:
    """Return a file with the root to trust, and the server's configuration of TLS."""
    authority = trustme.CA()
    leaf = authority.issue_cert("127.0.0.1")
    root, pem, key = folder / "ca.pem", folder / "leaf.pem", folder / "leaf.key"
    authority.cert_pem.write_to_path(root)
    leaf.cert_chain_pems[0].write_to_path(pem)
    leaf.private_key_pem.write_to_path(key)
    return root, f'tls {{ cert_file: "{pem}", key_file: "{key}" }}'


def signed_credentials(folder: Path) -> tuple[Path, str]:
    """Return a .creds file, and the configuration of a server that trusts its operator: an operator
    signs an account, and the account the user (docs.nats.io, "JWT")."""
    operator, account, user = (
        _key(prefix)
        for prefix in (
            nkeys.PREFIX_BYTE_OPERATOR, nkeys.PREFIX_BYTE_ACCOUNT, nkeys.PREFIX_BYTE_USER,
        )
    )  # fmt: skip
    unlimited = dict.fromkeys(
        ("subs", "data", "payload", "imports", "exports", "conn", "leaf", "mem_storage",
         "disk_storage", "streams", "consumer"), -1,
    )  # fmt: skip
    operator_token = _token(operator, operator, {"type": "operator"})
    limits = {**unlimited, "wildcards": True}
    account_token = _token(operator, account, {"type": "account", "limits": limits})
    user_limits = {"type": "user", "subs": -1, "data": -1, "payload": -1}
    user_token = _token(account, user, user_limits)
    path = folder / "user.creds"
    path.write_text(
        f"-----BEGIN NATS USER JWT-----\n{user_token}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.seed.decode()}\n------END USER NKEY SEED------\n"
    )
    name = account.public_key.decode()
    return path, (
        f'operator: "{operator_token}"\nresolver: MEMORY\n'
        f'resolver_preload: {{ {name}: "{account_token}" }}'
    )


def _key(prefix: int) -> nkeys.KeyPair:
    return nkeys.from_seed(bytearray(nkeys.encode_seed(os.urandom(32), prefix)))


def _token(issuer: nkeys.KeyPair, subject: nkeys.KeyPair, claims: dict[str, object]) -> str:
    body = {
        "iat": 1,
        "iss": issuer.public_key.decode(),
        "jti": "test",
        "name": "test",
        "sub": subject.public_key.decode(),
        "nats": {"version": 2, **claims},
    }
    parts = ({"typ": "JWT", "alg": "ed25519-nkey"}, body)
    text = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
    return f"{text}.{_encoded(issuer.sign(text.encode()))}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
