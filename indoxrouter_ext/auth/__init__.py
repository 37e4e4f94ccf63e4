"""Token storage, refresh and exchange. Nothing here sends a request."""
