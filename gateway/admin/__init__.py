"""The dashboard, the API and the metrics, on a listener of their own."""
