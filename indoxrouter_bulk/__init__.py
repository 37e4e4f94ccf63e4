"""Many requests at once: `client.map`, pace, budget, journal, files. Loaded when `map` is called."""
