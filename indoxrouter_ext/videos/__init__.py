"""Video jobs: the handles that wait for them. Nothing else polls."""
