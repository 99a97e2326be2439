"""The linker: joins the pseudonyms of one round and counts per school; run by the TTP."""
