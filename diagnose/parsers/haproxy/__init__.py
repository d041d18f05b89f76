"""HAProxy's configuration, its messages and its statistics. No I/O."""
