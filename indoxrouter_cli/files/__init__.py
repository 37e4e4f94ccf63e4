"""Files that commands read and write: attachments, recordings, vectors.

General helpers for writing files are in `output/`.
"""
