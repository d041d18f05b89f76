"""The checks, a folder a layer, a file a question; their words lie beside them."""
