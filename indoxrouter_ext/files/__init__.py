"""Files that leave and enter: image inputs, downloads, where they are saved. No response classes."""
