"""Server-sent events, chunks, the state of a stream and the two stream classes, blocking and asynchronous."""
