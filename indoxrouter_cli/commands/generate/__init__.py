"""Commands that generate text, vectors, images, sound and video.

Each module holds its command as `command`.
"""
