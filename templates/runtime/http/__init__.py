"""What an HTTP engine has to do, and the engine over httpx. Nothing here knows operations, schemas or errors."""
