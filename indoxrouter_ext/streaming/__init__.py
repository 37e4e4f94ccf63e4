"""Server-sent events, chunks, the state of a stream and the two stream classes, blocking and asynchronous.

Bytes are received elsewhere: in `http`, or by the engines of the package.
"""
