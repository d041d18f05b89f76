"""The widgets, one a file: attributes down, messages up."""
