"""The linker: joins pseudonyms of one round and counts per school; run by the trusted third party."""
