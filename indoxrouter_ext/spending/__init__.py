"""What calls may cost: the protocol of a budget, the budget of one process, estimates. No requests, no responses."""
