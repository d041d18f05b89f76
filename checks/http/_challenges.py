"""What checks share that judge challenges of ACME (RFC 8555 section 8.3)."""

import re

#: Clients that write no file: certbot's plugins change the configuration while they ask, and the
#: others have a server of their own.
ANSWERS_ITSELF = re.compile(r"(?i)authenticator: (?:nginx|apache|standalone)|standalone|--nginx")
