"""The only way out of the process, with its guards."""
