"""Apache's configuration and the output of its tools, to values. No I/O."""
