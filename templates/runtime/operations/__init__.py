"""An operation of the API as a table, and how arguments become a request. No I/O."""
