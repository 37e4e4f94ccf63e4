"""What a client and a single call can be configured with: defaults, checks, typed options. Imports nothing above it."""
