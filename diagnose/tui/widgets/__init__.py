"""The widgets, one per file: attributes go down, messages go up."""
