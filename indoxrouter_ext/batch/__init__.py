"""Many requests at once, for `client.map`: pace, budget, results. Imported when `map` is called."""
