"""Models as objects: what they read as, what they give back, and how large answers are filled."""
