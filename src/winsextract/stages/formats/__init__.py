"""One file a format: what the reader makes of it is a list of blocks, written out as plain text."""
