"""What runs beside the traffic: pruning, the disk guard. Small steps, never in a request's way."""
