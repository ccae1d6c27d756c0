"""Sans-I/O codecs, one file per direction of a wire protocol: values to bytes and bytes to events."""
