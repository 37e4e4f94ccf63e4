"""Output that is drawn at a terminal: tables, progress bars, images.

Answers of a model are shown by `chat/`.
"""
