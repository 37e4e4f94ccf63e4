"""What becomes of the package when the description changes."""
