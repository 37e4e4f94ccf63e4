"""Made-up content that is valid in its format: text, vectors, PNG, audio, MP4; and readers for uploaded audio.

Pure functions of their arguments and a seed. Nothing here knows a request, an account or the spec.
"""
