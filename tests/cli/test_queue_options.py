from argparse import Namespace

import pytest

from diagnose.cli.queue_options import queue_access, queue_vantages
from diagnose.fleet.jetstream import Access
from diagnose.parsers.target import UsageError


def test_without_a_server_there_is_no_queue() -> None:
    options = Namespace(nats=None, nats_creds=None, nats_ca=None, vantage_names=[])
    assert queue_access(options) is None
    assert queue_vantages(options) == ()


def test_a_root_needs_tls() -> None:
    options = Namespace(nats="tls://192.0.2.1", nats_creds=None, nats_ca="/ca.pem")
    assert queue_access(options) == Access("tls://192.0.2.1", None, "/ca.pem")
    options.nats = "nats://127.0.0.1"
    with pytest.raises(UsageError, match="tls://"):
        queue_access(options)
