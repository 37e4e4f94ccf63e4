"""The hand-written part of the client: what a spec cannot say. Import its names from `indoxrouter`."""
