"""Prints who the metadata service says this machine is, as the program asks it. The arguments are
the provider's name, and for how many seconds it may be silent if that is not the program's time: on
a busy machine a service that answers may take long."""

import asyncio
import sys

from diagnose.cloud.registry import provider
from diagnose.machine.local import LocalMachine
from diagnose.net import api_client
from diagnose.probes import cloud_rules

name, *patience = sys.argv[1:]
for seconds in patience:
    api_client.METADATA_TIMEOUT = cloud_rules.METADATA_TIMEOUT = float(seconds)
providers = tuple(filter(None, [provider(name)]))
instance, metadata = asyncio.run(cloud_rules.identify(LocalMachine(), providers))
print(metadata, instance.id if instance else "-", instance.private_address if instance else "-")
