"""The base class of all models and the tables that describe their fields. No requests."""
