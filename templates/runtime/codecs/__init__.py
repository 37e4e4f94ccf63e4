"""Codecs between Python values and JSON, forms and multipart bodies. Nothing here knows models or requests."""
